"""Telegram as a connector."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel
from telegram.constants import ChatAction
from telegram.error import TelegramError

from connectors.telegram.client import ALLOWED_UPDATES, DEFAULT_API_URL, Bots
from connectors.telegram.config import TelegramConfig
from connectors.telegram.errors import contract_error
from connectors.telegram.inbound import (
    MalformedUpdateError,
    Myself,
    is_from_group,
    parse_update,
)
from connectors.telegram.limits import paces
from connectors.telegram.outbound import CAPABILITIES, Part, render
from connectors.telegram.webhook import webhook_handler
from crm.contract import (
    Account,
    Connection,
    InboundMessage,
    Inbox,
    OutboundMessage,
    Pace,
    RetryableError,
    SendResult,
)

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS: Final = 30.0


class TelegramConnector:
    """Sends and receives through the Bot API at ``api_url``.

    ``api_url`` is Telegram's own, one's own Bot API server, or a fake on loopback.
    """

    channel = "telegram"
    title = "Telegram"
    config_model: type[BaseModel] = TelegramConfig
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        api_url: str = DEFAULT_API_URL,
        poll_seconds: int = 25,
    ) -> None:
        self._bots = Bots(api_url=api_url)
        self._poll_seconds = poll_seconds
        self._background: set[asyncio.Task[None]] = set()

    async def verify(self, config: BaseModel) -> Account:
        """See the protocol."""
        checked = TelegramConfig.model_validate(config, from_attributes=True)
        try:
            user = await self._bots.bot(checked).get_me()
        except TelegramError as error:
            raise contract_error(error) from error
        return Account(external_id=str(user.id), name=f"@{user.username}")

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        """Register the webhook, or take it away when this connection is to be polled."""
        bot = self._bots.bot(_config(connection))
        try:
            if self.wants_polling(connection, public_url=public_url):
                await bot.delete_webhook()
            else:
                await bot.set_webhook(
                    f"{public_url.rstrip('/')}/webhooks/telegram/{connection.id}",
                    secret_token=connection.webhook_secret,
                    allowed_updates=list(ALLOWED_UPDATES),
                    max_connections=40,
                )
        except TelegramError as error:
            raise contract_error(error) from error

    async def disconnect(self, connection: Connection) -> None:
        """Take the webhook away. A token that no longer works leaves nothing to undo."""
        try:
            await self._bots.bot(_config(connection)).delete_webhook()
        except TelegramError as error:
            found = contract_error(error)
            if isinstance(found, RetryableError):
                raise found from error

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        """See the protocol."""
        handler = webhook_handler(
            channel=self.channel, inbox=inbox, parse=self._parse, acknowledge=self._acknowledge
        )
        return [web.post("/webhooks/telegram/{connection_id}", handler)]

    def render(
        self,
        connection: Connection,  # noqa: ARG002 - the protocol names it
        message: OutboundMessage,
    ) -> Sequence[Part]:
        """See the protocol."""
        return render(message)

    async def send(
        self, connection: Connection, message: OutboundMessage, part: Part
    ) -> SendResult:
        """See the protocol."""
        bot = self._bots.bot(_config(connection))
        try:
            answer = await bot.send_message(message.chat_id, part.text, reply_markup=part.keyboard)
        except TelegramError as error:
            raise contract_error(error) from error
        # Message ids are unique within a chat only.
        return SendResult(platform_id=f"{message.chat_id}:{answer.message_id}")

    def paces(self, connection: Connection, chat_id: str) -> Sequence[Pace]:
        """See the protocol."""
        return paces(connection.id, chat_id)

    async def show_typing(
        self,
        connection: Connection,
        chat_id: str,
        *,
        answering: str | None,  # noqa: ARG002 - the protocol names it
    ) -> None:
        """Show "typing" for five seconds, or until a message comes."""
        try:
            await self._bots.bot(_config(connection)).send_chat_action(chat_id, ChatAction.TYPING)
        except TelegramError as error:
            raise contract_error(error) from error

    def wants_polling(self, connection: Connection, *, public_url: str) -> bool:
        """Telegram calls only public https addresses; elsewhere messages are fetched."""
        choice = _config(connection).delivery
        return choice == "polling" or (choice == "auto" and not _is_public(public_url))

    async def poll(self, connection: Connection, inbox: Inbox) -> None:
        """Fetch and hand over updates until cancelled.

        An update is confirmed (by the next call's offset) only after the inbox has stored it.
        While the inbox is unavailable the same updates are offered to it again.
        """
        bot = self._bots.bot(_config(connection))
        offset: int | None = None
        try:
            await bot.delete_webhook()
            while True:
                updates = await bot.fetch_updates(offset=offset, seconds=self._poll_seconds)
                if updates:
                    await self._hand_over(connection, inbox, updates)
                    offset = max(int(update["update_id"]) for update in updates) + 1
        except TelegramError as error:
            raise contract_error(error) from error

    async def close(self) -> None:
        """See the protocol."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._bots.close()

    async def _hand_over(
        self, connection: Connection, inbox: Inbox, updates: Sequence[dict[str, Any]]
    ) -> None:
        messages: list[InboundMessage] = []
        for update in updates:
            with contextlib.suppress(MalformedUpdateError):
                message = await self._parse(connection, update)
                if message is not None:
                    messages.append(message)
        pause = 1.0
        while messages:
            try:
                await inbox.receive(connection, messages)
                break
            except Exception as error:  # nothing may be confirmed that is not stored
                _log.error("inbox unavailable while polling: %s", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        for message in messages:
            self._acknowledge(connection, message)

    async def _parse(self, connection: Connection, raw: Any) -> InboundMessage | None:
        """Parse an update; asks for the bot's own name only when a group's message needs it."""
        config = _config(connection)
        username = None
        if isinstance(raw, dict) and is_from_group(raw):
            username = await self._bots.username(config)
        return parse_update(raw, Myself(config.bot_id, username))

    def _acknowledge(self, connection: Connection, message: InboundMessage) -> None:
        """Stop the waiting mark on a tapped button. Of no consequence when it fails."""
        query_id = message.data.get("callback_query_id")
        if not query_id:
            return

        async def answer() -> None:
            with contextlib.suppress(TelegramError):
                await self._bots.bot(_config(connection)).answer_callback_query(query_id)

        self._start(answer())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _config(connection: Connection) -> TelegramConfig:
    return TelegramConfig.model_validate(dict(connection.config))


def _is_public(public_url: str) -> bool:
    """Whether Telegram can call this address: https on a public host and one of its four ports.

    https://core.telegram.org/bots/webhooks#the-short-version: 443, 80, 88 or 8443.
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https" or (parts.port or 443) not in {443, 80, 88, 8443}:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        local = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
        return "." in host and not local
