"""Telegram as a connector."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel
from telegram.constants import ChatAction
from telegram.error import TelegramError

from connectors.telegram.chats import address_of, platform_id
from connectors.telegram.client import ALLOWED_UPDATES, DEFAULT_API_URL, Bots
from connectors.telegram.commands import TITLES, menu
from connectors.telegram.config import TelegramConfig
from connectors.telegram.errors import contract_error
from connectors.telegram.inbound import MalformedUpdateError, parse_update, plain_update
from connectors.telegram.limits import paces
from connectors.telegram.mentions import Myself
from connectors.telegram.outbound import CAPABILITIES, Part, render
from connectors.telegram.polling import Polling
from connectors.telegram.sending import send_part
from connectors.telegram.webhook import webhook_handler
from crm.contract import (
    Account,
    Connection,
    Health,
    InboundEvent,
    InboundMessage,
    Inbox,
    MediaStream,
    OutboundMessage,
    Pace,
    Profile,
    Quota,
    RejectedError,
    RetryableError,
    SendResult,
)

_START_PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


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
        """Register the webhook, or take it away when this connection is to be polled; set the menu."""
        config = _config(connection)
        bot = self._bots.bot(config)
        try:
            if self.wants_polling(connection, public_url=public_url):
                await bot.delete_webhook()
            else:
                await bot.set_webhook(
                    webhook_url(connection, public_url),
                    secret_token=connection.webhook_secret,
                    allowed_updates=list(ALLOWED_UPDATES),
                    max_connections=40,
                )
            if config.commands:
                await bot.set_my_commands(menu(connection.language))
                for language in TITLES:
                    await bot.set_my_commands(menu(language), language_code=language)
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
            answer = await send_part(bot, message, part)
        except TelegramError as error:
            raise contract_error(error, chat_id=message.chat_id) from error
        return SendResult(platform_id=platform_id(message.chat_id, answer.message_id))

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
        address = address_of(chat_id)
        try:
            await self._bots.bot(_config(connection)).send_chat_action(
                address.chat_id, ChatAction.TYPING, business_connection_id=address.business
            )
        except TelegramError as error:
            raise contract_error(error) from error

    def wants_polling(self, connection: Connection, *, public_url: str) -> bool:
        """Telegram calls only public https addresses; elsewhere messages are fetched."""
        choice = _config(connection).delivery
        return choice == "polling" or (choice == "auto" and not _is_public(public_url))

    def open_media(
        self, connection: Connection, ref: Mapping[str, Any]
    ) -> AbstractAsyncContextManager[MediaStream]:
        """See the protocol."""
        return self._bots.download(_config(connection), str(ref["file_id"]))

    async def profile(self, connection: Connection, external_id: str) -> Profile:
        """See the protocol: https://core.telegram.org/bots/api#getchat."""
        try:
            chat = await self._bots.bot(_config(connection)).get_chat(external_id)
        except TelegramError as error:
            raise contract_error(error) from error
        name = f"{chat.first_name or ''} {chat.last_name or ''}".strip()
        picture = {"file_id": chat.photo.big_file_id} if chat.photo is not None else None
        return Profile(name=name or None, username=chat.username, picture=picture)

    async def health(self, connection: Connection, *, public_url: str) -> Health:
        """Whether Telegram delivers to us, and how much waits there."""
        try:
            told = await self._bots.bot(_config(connection)).get_webhook_info()
        except TelegramError as error:
            raise contract_error(error) from error
        polled = self.wants_polling(connection, public_url=public_url)
        expected = "" if polled else webhook_url(connection, public_url)
        warnings = ["webhook_missing"] if told.url != expected else []
        if told.last_error_message and not polled:
            warnings.append("webhook_errors")
        return Health(
            quotas=[Quota(name="waiting_updates", used=told.pending_update_count)],
            warnings=warnings,
        )

    def link(self, connection: Connection, *, ref: str | None) -> str | None:
        """A deep link: https://core.telegram.org/bots/features#deep-linking."""
        username = _username(connection)
        if username is None:
            return None
        if ref is None:
            return f"https://t.me/{username}"
        if _START_PARAMETER.fullmatch(ref) is None:
            raise RejectedError(
                "bad_link_parameter", "A link may hold 64 Latin letters, digits, _ and -."
            )
        return f"https://t.me/{username}?start={ref}"

    async def poll(self, connection: Connection, inbox: Inbox) -> None:
        """Fetch and hand over updates until cancelled: ``connectors.telegram.polling``."""
        bot = self._bots.bot(_config(connection))
        polling = Polling(
            connection=connection,
            inbox=inbox,
            read=partial(_read, partial(parse_update, myself=_myself(connection))),
            read_plainly=partial(_read, partial(plain_update, myself=_myself(connection))),
            acknowledge=partial(self._acknowledge, connection),
        )
        try:
            await bot.delete_webhook()
            await polling.run(bot, seconds=self._poll_seconds)
        except TelegramError as error:
            raise contract_error(error) from error

    async def close(self) -> None:
        """See the protocol."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._bots.close()

    @staticmethod
    def _parse(connection: Connection, raw: Any) -> list[InboundEvent]:
        return parse_update(raw, _myself(connection))

    def _acknowledge(self, connection: Connection, events: Sequence[InboundEvent]) -> None:
        """Stop the waiting mark on tapped buttons. Of no consequence when it fails."""
        for event in events:
            if isinstance(event, InboundMessage) and "callback_query_id" in event.data:
                self._start(self._answer(connection, event.data["callback_query_id"]))

    async def _answer(self, connection: Connection, query_id: str) -> None:
        with contextlib.suppress(TelegramError):
            await self._bots.bot(_config(connection)).answer_callback_query(query_id)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def webhook_url(connection: Connection, public_url: str) -> str:
    """Where Telegram delivers a connection's updates."""
    return f"{public_url.rstrip('/')}/webhooks/telegram/{connection.id}"


def _read(
    parse: Callable[[dict[str, Any]], list[InboundEvent]], update: dict[str, Any]
) -> list[InboundEvent]:
    """What an update says; nothing, when it is none."""
    try:
        return parse(update)
    except MalformedUpdateError:
        return []


def _myself(connection: Connection) -> Myself:
    return Myself(_config(connection).bot_id, _username(connection))


def _username(connection: Connection) -> str | None:
    """The bot's own @name, without the @, as Telegram told it when it was connected."""
    if connection.account is None or not connection.account.name.startswith("@"):
        return None
    return connection.account.name.removeprefix("@")


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
