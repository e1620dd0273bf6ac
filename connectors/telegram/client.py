"""Bots of python-telegram-bot that share their connections.

A bare ``Bot`` costs next to nothing, so thousands of connections live in one process; an
``Application`` per bot would not do.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from connectors.telegram.config import TelegramConfig
from connectors.telegram.errors import file_error
from crm.contract import MediaStream, RejectedError, RetryableError

DEFAULT_API_URL: Final = "https://api.telegram.org"
ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "message_reaction",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)
ANSWER_SECONDS: Final = 10.0
_KEPT_BOTS: Final = 2_000


class FetchingBot(Bot):
    """A bot that also gives updates as Telegram wrote them.

    ``Bot.get_updates`` parses the whole batch, so that one update the library does not
    understand would hold up all that come after it.
    """

    async def fetch_updates(self, *, offset: int | None, seconds: int) -> list[dict[str, Any]]:
        """Wait up to so many seconds for updates; ``offset`` confirms all before it."""
        parameters: dict[str, Any] = {"timeout": seconds, "allowed_updates": list(ALLOWED_UPDATES)}
        if offset is not None:
            parameters["offset"] = offset
        # The address ends in `getUpdates`, for which the library takes its second request object.
        found = await self._post("getUpdates", parameters, read_timeout=seconds + 5.0)
        return found if isinstance(found, list) else []


class Bots:
    """Makes and keeps bots by their token."""

    def __init__(self, *, api_url: str) -> None:
        self._base_url = f"{api_url.rstrip('/')}/bot"
        self._base_file_url = f"{api_url.rstrip('/')}/file/bot"
        self._bots: OrderedDict[str, FetchingBot] = OrderedDict()
        self._requests: tuple[HTTPXRequest, HTTPXRequest] | None = None
        self._downloads: httpx.AsyncClient | None = None

    def bot(self, config: TelegramConfig) -> FetchingBot:
        """The bot of this token. Makes no network call."""
        if self._requests is None:
            self._requests = (
                HTTPXRequest(
                    connection_pool_size=256, read_timeout=ANSWER_SECONDS, pool_timeout=3.0
                ),
                HTTPXRequest(connection_pool_size=256, read_timeout=30.0, pool_timeout=3.0),
            )
        token = config.token.get_secret_value()
        if (known := self._bots.get(token)) is not None:
            self._bots.move_to_end(token)
            return known
        request, updates_request = self._requests
        bot = FetchingBot(
            token,
            base_url=self._base_url,
            base_file_url=self._base_file_url,
            request=request,
            get_updates_request=updates_request,
        )
        self._bots[token] = bot
        if len(self._bots) > _KEPT_BOTS:
            self._bots.popitem(last=False)
        return bot

    @asynccontextmanager
    async def download(self, config: TelegramConfig, file_id: str) -> AsyncIterator[MediaStream]:
        """A file that a customer sent: https://core.telegram.org/bots/api#getfile.

        Raises:
            RejectedError: it is gone, or larger than the 20 MB that the Bot API gives out.
            RetryableError, AuthenticationFailedError: as they say.
        """
        try:
            file = await self.bot(config).get_file(file_id)
        except TelegramError as error:
            raise file_error(error) from error
        if not (file.file_path or "").startswith(("http://", "https://")):
            raise RejectedError("media_gone", "Telegram keeps the file where we cannot fetch it.")
        if self._downloads is None:
            self._downloads = httpx.AsyncClient(timeout=httpx.Timeout(30.0, connect=10.0))
        try:
            async with self._downloads.stream("GET", str(file.file_path)) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _download_error(answer.status_code)
                yield MediaStream(chunks=answer.aiter_bytes(65_536), size=file.file_size)
        except httpx.HTTPError:
            # Not chained: the error's text holds the address, and the address the token.
            raise RetryableError("platform_unavailable", "The file did not come whole.") from None

    async def close(self) -> None:
        """Close all connections. A bot asked for later opens new ones."""
        requests, self._requests = self._requests, None
        self._bots.clear()
        for request in requests or ():
            await request.shutdown()
        downloads, self._downloads = self._downloads, None
        if downloads is not None:
            await downloads.aclose()


def _download_error(status: int) -> RejectedError | RetryableError:
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        return RejectedError("media_gone", "Telegram no longer has the file.")
    return RetryableError("platform_unavailable", f"Telegram answered {status} for the file.")
