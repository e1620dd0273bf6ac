"""WhatsApp as a connector."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel

from connectors.base.meta_webhook import MetaWebhook
from connectors.base.values import mapping, mappings, text
from connectors.whatsapp import account, limits
from connectors.whatsapp.client import DEFAULT_API_URL, Graphs, answer
from connectors.whatsapp.config import WhatsAppConfig
from connectors.whatsapp.inbound import FIELDS, changes_of, events_of
from connectors.whatsapp.moves import Moves
from connectors.whatsapp.outbound import CAPABILITIES, Part, render
from connectors.whatsapp.sending import PartSender
from connectors.whatsapp.templates import as_template, fetch_templates
from crm.contract import (
    Account,
    ChatState,
    Connection,
    Health,
    Inbox,
    MediaStream,
    OutboundMessage,
    Pace,
    Reach,
    RejectedError,
    RetryableError,
    SendResult,
    Template,
    Webhook,
)
from crm.contract.errors import ConnectorError

_LINK_REF: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GREETINGS: Final[Mapping[str, str]] = {
    "ru": "Здравствуйте!",
    "kk": "Сәлеметсіз бе!",
    "en": "Hello!",
}


class WhatsAppConnector:
    """Sends and receives through the Graph API at ``api_url``: Meta's own, or a fake on loopback."""

    channel = "whatsapp"
    title = "WhatsApp"
    config_model: type[BaseModel] = WhatsAppConfig
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        api_url: str = DEFAULT_API_URL,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._graphs = Graphs(api_url=api_url)
        self._sender = PartSender(self._graphs)
        self._now = now

    async def verify(self, config: BaseModel) -> Account:
        """See the protocol."""
        checked = WhatsAppConfig.model_validate(config, from_attributes=True)
        return await account.verify(self._graphs, checked)

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        """Subscribe the app to the account, and have the number's and the account's calls come to us.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override.
        The number's own address goes before the account's, so that several numbers of one account
        do not take each other's messages away; templates and alerts come to the account's.
        """
        config, url = _config(connection), webhook_url(connection, public_url)
        graph, secret = self._graphs.graph(config), connection.webhook_secret
        try:
            await answer(graph.set_waba_alternate_callback_url(config.waba_id, url, secret))
            await answer(
                graph.set_phone_alternate_callback_url(url, secret, config.phone_number_id)
            )
        except RejectedError as error:
            # An app's own address, typed in by hand, serves as well.
            await answer(graph.delete_waba_alternate_callback_url(config.waba_id))
            if not await account.delivers(self._graphs, config, address=_address(public_url)):
                raise RejectedError(
                    "webhook_refused", f"Meta could not register our address {url}: {error.detail}"
                ) from None

    async def disconnect(self, connection: Connection) -> None:
        """Take our addresses away. Credentials that no longer work leave nothing to undo.

        The app stays subscribed to the account: other numbers of it may be connected.
        """
        config = _config(connection)
        graph = self._graphs.graph(config)
        try:
            await answer(graph.delete_phone_alternate_callback_url(config.phone_number_id))
            told = await answer(graph.get_waba_subscribed_apps(config.waba_id))
            ours = f"/webhooks/{self.channel}/{connection.id}"
            for app in mappings(told.get("data")):
                known = text(mapping(app.get("whatsapp_business_api_data")).get("id"))
                address = text(app.get("override_callback_uri")) or ""
                if known == config.app_id and address.endswith(ours):
                    await answer(graph.delete_waba_alternate_callback_url(config.waba_id))
        except RetryableError:
            raise
        except ConnectorError:
            return

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        """See the protocol."""
        webhook = MetaWebhook(
            channel=self.channel,
            inbox=inbox,
            pieces_of=changes_of,
            events_of=lambda _, change: events_of(change),
            receive=Moves(inbox).receive,
        )
        return webhook.routes()

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
        """See the protocol. That Meta took it says nothing yet: statuses follow by webhook."""
        sent = await self._sender.send(_config(connection), message, part)
        return SendResult(platform_id=sent)

    def paces(self, connection: Connection, chat_id: str) -> Sequence[Pace]:
        """See the protocol."""
        return limits.paces(connection, chat_id)

    def reach(
        self,
        connection: Connection,  # noqa: ARG002 - the protocol names it
        chat: ChatState,
        *,
        author_kind: str,  # noqa: ARG002 - see above
        now: datetime,
    ) -> Reach:
        """See the protocol."""
        return limits.reach(chat, now=now)

    async def show_typing(
        self,
        connection: Connection,
        chat_id: str,  # noqa: ARG002 - WhatsApp shows it under a message
        *,
        answering: str | None,
    ) -> None:
        """Show "typing" for 25 seconds, or until a message comes. The customer's message counts as read."""
        if answering is not None:
            config = _config(connection)
            await answer(
                self._graphs.graph(config).set_indicator(config.phone_number_id, answering, "text")
            )

    async def mark_read(
        self,
        connection: Connection,
        chat_id: str,  # noqa: ARG002 - a message's id is enough
        *,
        platform_id: str,
    ) -> None:
        """Two blue ticks at the message and all before it."""
        config = _config(connection)
        await answer(
            self._graphs.graph(config).mark_message_as_read(config.phone_number_id, platform_id)
        )

    def open_media(
        self, connection: Connection, ref: Mapping[str, Any]
    ) -> AbstractAsyncContextManager[MediaStream]:
        """See the protocol."""
        return self._graphs.download(_config(connection), str(ref["media_id"]))

    async def templates(self, connection: Connection) -> Sequence[Template]:
        """See the protocol."""
        config = _config(connection)
        told = await fetch_templates(self._graphs.graph(config), config.waba_id)
        return [template for one in told if (template := as_template(one)) is not None]

    async def health(self, connection: Connection, *, public_url: str) -> Health:
        """Token, permissions, limits, quality, and whether Meta delivers to us."""
        return await account.health(
            self._graphs,
            _config(connection),
            address=_address(public_url),
            now=self._now(),
        )

    def webhook(self, connection: Connection, *, public_url: str) -> Webhook:
        """See the protocol."""
        return Webhook(
            url=webhook_url(connection, public_url),
            verify_token=connection.webhook_secret,
            fields=FIELDS,
        )

    def link(self, connection: Connection, *, ref: str | None) -> str | None:
        """A link that opens the chat with a greeting written in advance, which the mark is part of.

        https://faq.whatsapp.com/5913398998672934. WhatsApp knows no parameter that would not be
        seen; the mark is cut off again when the greeting comes.
        """
        if connection.account is None:
            return None
        shown = str(connection.account.data.get("display_phone_number") or "")
        digits = re.sub(r"\D", "", shown)
        if not digits:
            return None
        if ref is None:
            return f"https://wa.me/{digits}"
        if _LINK_REF.fullmatch(ref) is None:
            raise RejectedError(
                "bad_link_parameter", "A link may hold 64 Latin letters, digits, _ and -."
            )
        greeting = _GREETINGS.get(connection.language, _GREETINGS["ru"])
        return f"https://wa.me/{digits}?text={quote(f'{greeting} #ref-{ref}')}"

    async def close(self) -> None:
        """See the protocol."""
        await self._graphs.close()


def webhook_url(connection: Connection, public_url: str) -> str:
    """Where Meta delivers a connection's events."""
    return f"{_address(public_url)}{connection.id}"


def _address(public_url: str) -> str:
    """Where our webhooks of this messenger begin."""
    return f"{public_url.rstrip('/')}/webhooks/whatsapp/"


def _config(connection: Connection) -> WhatsAppConfig:
    return WhatsAppConfig.model_validate(dict(connection.config))
