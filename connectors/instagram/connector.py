"""Instagram as a connector."""

from __future__ import annotations

import contextlib
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from aiohttp import web
from pydantic import BaseModel

from connectors.base.meta import account_ids
from connectors.base.meta_webhook import MetaWebhook
from connectors.base.values import id_of, text, written
from connectors.instagram import account, limits, tokens
from connectors.instagram.client import DEFAULT_FACEBOOK_URL, DEFAULT_INSTAGRAM_URL, Graph
from connectors.instagram.config import InstagramConfig
from connectors.instagram.inbound import FIELDS as WEBHOOK_FIELDS
from connectors.instagram.inbound import Entry, Myself, app_of, entries_of, events_of
from connectors.instagram.media import Media, is_loopback
from connectors.instagram.menu import FIELDS as MENU_FIELDS
from connectors.instagram.menu import profile_of
from connectors.instagram.outbound import CAPABILITIES, Part, body_of, render
from crm.contract import (
    Account,
    ChatState,
    Connection,
    ConnectorError,
    Health,
    InboundEvent,
    Inbox,
    MediaStream,
    OutboundMessage,
    Pace,
    Profile,
    Reach,
    RejectedError,
    RetryableError,
    SendResult,
    Webhook,
)

_log = logging.getLogger(__name__)

_SENT_KEPT: Final = 2_000
_LINK_PARAMETER: Final = re.compile(r"[A-Za-z0-9+/=\-.:_]{1,500}")


class InstagramConnector:
    """Sends and receives through Meta's Graph API.

    ``api_url`` serves accounts with a token of their own, ``graph_api_url`` those with a Page's.
    Both are Meta's own, or a fake on loopback.
    """

    channel = "instagram"
    title = "Instagram"
    config_model: type[BaseModel] = InstagramConfig
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        api_url: str = DEFAULT_INSTAGRAM_URL,
        graph_api_url: str = DEFAULT_FACEBOOK_URL,
        graph: Graph | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._graph = graph or Graph(instagram_url=api_url, facebook_url=graph_api_url)
        self._loopback = any(
            is_loopback(urlsplit(url).hostname or "") for url in (api_url, graph_api_url)
        )
        self._media = Media(loopback=self._loopback)
        self._sent: OrderedDict[str, None] = OrderedDict()
        self._apps: dict[str, str] = {}
        """Through which app a connection sends, where its admin has not said."""
        self._now = now

    async def verify(self, config: BaseModel) -> Account:
        """See the protocol."""
        checked = InstagramConfig.model_validate(config, from_attributes=True)
        return await account.verify(self._graph, checked)

    async def connect(
        self,
        connection: Connection,
        *,
        public_url: str,  # noqa: ARG002 - Meta knows one address for the whole app
    ) -> None:
        """Have the account's events delivered to the app; set the opening questions and the menu.

        Where the app delivers them is typed into its dashboard: ``webhook`` tells what.
        """
        config, node = _config(connection), account.node_of(connection.account)
        await account.subscribe(self._graph, config, node)
        if config.menu:
            await self._set_menu(config, node, connection.language)

    async def disconnect(self, connection: Connection) -> None:
        """Take the subscription and the menu away. A token that no longer works leaves nothing to undo."""
        config, node = _config(connection), account.node_of(connection.account)
        try:
            if config.menu:
                with contextlib.suppress(RejectedError):
                    await self._graph.delete(
                        config,
                        f"{node}/messenger_profile",
                        {"fields": list(MENU_FIELDS)},
                        platform="instagram",
                    )
            await self._graph.delete(config, f"{node}/subscribed_apps")
        except RetryableError:
            raise
        except ConnectorError as error:
            _log.info("nothing to undo at Instagram: %s", error.code)

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        """See the protocol."""
        webhook = MetaWebhook(
            channel=self.channel, inbox=inbox, pieces_of=entries_of, events_of=self._events_of
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
        """See the protocol. The tag is for people's answers; nobody else's carries it."""
        tagged = message.tag == limits.HUMAN_AGENT and message.author_kind == "operator"
        body: dict[str, Any] = {
            "recipient": {"id": message.chat_id},
            "message": body_of(message, part),
            "messaging_type": "MESSAGE_TAG" if tagged else "RESPONSE",
        }
        if tagged:
            body["tag"] = limits.HUMAN_AGENT
        if part.reply_to is not None:
            body["reply_to"] = {"mid": part.reply_to}
        answer = await self._graph.post(_config(connection), _messages(connection), body)
        platform_id = id_of(answer.get("message_id"))
        if platform_id is not None:
            self._sent[platform_id] = None
            if len(self._sent) > _SENT_KEPT:
                self._sent.popitem(last=False)
        return SendResult(platform_id=platform_id)

    def paces(self, connection: Connection, chat_id: str) -> Sequence[Pace]:
        """See the protocol."""
        return limits.paces(connection.id, chat_id)

    def reach(
        self,
        connection: Connection,  # noqa: ARG002 - the protocol names it
        chat: ChatState,
        *,
        author_kind: str,
        now: datetime,
    ) -> Reach:
        """See the protocol."""
        return limits.reach(chat, author_kind=author_kind, now=now)

    async def show_typing(
        self,
        connection: Connection,
        chat_id: str,
        *,
        answering: str | None,  # noqa: ARG002 - the protocol names it
    ) -> None:
        """Show "typing" for some seconds, or until a message comes."""
        await self._act(connection, chat_id, "typing_on")

    async def mark_read(
        self,
        connection: Connection,
        chat_id: str,
        *,
        platform_id: str,  # noqa: ARG002 - Instagram marks all of the chat
    ) -> None:
        """See the protocol."""
        await self._act(connection, chat_id, "mark_seen")

    def open_media(
        self,
        connection: Connection,  # noqa: ARG002 - the address itself is signed
        ref: Mapping[str, Any],
    ) -> AbstractAsyncContextManager[MediaStream]:
        """See the protocol."""
        return self._media.open(written(ref.get("url")))

    async def profile(self, connection: Connection, external_id: str) -> Profile:
        """See the protocol: https://developers.facebook.com/docs/messenger-platform/instagram/features/user-profile."""
        told = await self._graph.get(
            _config(connection), quote(external_id, safe=""), fields="name,username,profile_pic"
        )
        picture = written(told.get("profile_pic"))
        return Profile(
            name=written(told.get("name")) or None,
            username=written(told.get("username")) or None,
            picture={"url": picture} if picture else None,
        )

    async def health(
        self,
        connection: Connection,
        *,
        public_url: str,  # noqa: ARG002 - Instagram does not tell where the app delivers
    ) -> Health:
        """Whether Instagram delivers to the app, how long the token lasts, how much is used up."""
        return await account.health(self._graph, _config(connection), connection, now=self._now())

    async def renew(self, connection: Connection, inbox: Inbox) -> None:
        """See the protocol. A Page's token has no end of its own."""
        config = _config(connection)
        if config.login == "instagram":
            await tokens.renew(self._graph, config, connection, inbox, now=self._now())

    def webhook(self, connection: Connection, *, public_url: str) -> Webhook:
        """See the protocol."""
        return Webhook(
            url=f"{public_url.rstrip('/')}/webhooks/instagram/{connection.id}",
            verify_token=connection.webhook_secret,
            fields=WEBHOOK_FIELDS,
        )

    def link(self, connection: Connection, *, ref: str | None) -> str | None:
        """https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/ig-me-links."""
        name = connection.account.name if connection.account is not None else ""
        if len(name) < 2 or not name.startswith("@"):
            return None
        address = f"https://ig.me/m/{quote(name.removeprefix('@'), safe='')}"
        if ref is None:
            return address
        if _LINK_PARAMETER.fullmatch(ref) is None:
            raise RejectedError(
                "bad_link_parameter", "A link may hold Latin letters, digits and + / = - . : _"
            )
        return f"{address}?ref={quote(ref, safe='')}"

    async def close(self) -> None:
        """See the protocol."""
        await self._graph.close()
        await self._media.close()

    async def _set_menu(self, config: InstagramConfig, node: str, language: str) -> None:
        """An app that may not set it can still write and read."""
        try:
            await self._graph.post(
                config, f"{node}/messenger_profile", profile_of(language), platform="instagram"
            )
        except RejectedError as error:
            _log.warning("Instagram took no menu: %s", error.code)

    async def _act(self, connection: Connection, chat_id: str, action: str) -> None:
        body = {"recipient": {"id": chat_id}, "sender_action": action}
        await self._graph.post(_config(connection), _messages(connection), body)

    def _events_of(self, connection: Connection, entry: Entry) -> list[InboundEvent]:
        app_id = text(connection.config.get("app_id")) or self._app_of(connection, entry)
        return events_of(entry, Myself(account_ids(connection), app_id, self._loopback))

    def _app_of(self, connection: Connection, entry: Entry) -> str | None:
        """The app that we have seen our own messages come back from, in this process."""
        if connection.id not in self._apps and (found := app_of(entry, self._sent)) is not None:
            self._apps[connection.id] = found
        return self._apps.get(connection.id)


def _messages(connection: Connection) -> str:
    return f"{account.node_of(connection.account)}/messages"


def _config(connection: Connection) -> InstagramConfig:
    return InstagramConfig.model_validate(dict(connection.config))
