"""Bots of python-telegram-bot that share their connections.

A bare ``Bot`` costs next to nothing, so thousands of connections live in one process; an
``Application`` per bot would not do.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Any, Final

from telegram import Bot
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from connectors.telegram.config import TelegramConfig
from connectors.telegram.errors import contract_error
from crm.contract import RetryableError

DEFAULT_API_URL: Final = "https://api.telegram.org"
ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query")
_KEPT_BOTS: Final = 2_000

# A request's address holds the bot's token, and httpx logs every address at level INFO.
logging.getLogger("httpx").setLevel(logging.WARNING)


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
        self._bots: OrderedDict[str, FetchingBot] = OrderedDict()
        self._requests: tuple[HTTPXRequest, HTTPXRequest] | None = None
        self._usernames: dict[int, str] = {}

    def bot(self, config: TelegramConfig) -> FetchingBot:
        """The bot of this token. Makes no network call."""
        if self._requests is None:
            self._requests = (
                HTTPXRequest(connection_pool_size=256, read_timeout=10.0, pool_timeout=3.0),
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
            request=request,
            get_updates_request=updates_request,
        )
        self._bots[token] = bot
        if len(self._bots) > _KEPT_BOTS:
            self._bots.popitem(last=False)
        return bot

    async def username(self, config: TelegramConfig) -> str:
        """The bot's own @name, without the @; asked once a process.

        Raises:
            ConnectorError: Telegram did not tell.
        """
        if (known := self._usernames.get(config.bot_id)) is not None:
            return known
        try:
            async with asyncio.timeout(5):
                user = await self.bot(config).get_me()
        except TelegramError as error:
            raise contract_error(error) from error
        except TimeoutError as error:
            raise RetryableError("platform_timeout", "Telegram did not answer in time.") from error
        name = user.username or ""
        self._usernames[config.bot_id] = name
        return name

    async def close(self) -> None:
        """Close all connections. A bot asked for later opens new ones."""
        requests, self._requests = self._requests, None
        self._bots.clear()
        for request in requests or ():
            await request.shutdown()
