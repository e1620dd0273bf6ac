"""The web chat as a connector."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web
from pydantic import BaseModel

from connectors.base import Capabilities
from connectors.webchat.assets import Script, widget_script
from connectors.webchat.chat import Chat
from connectors.webchat.config import WebchatConfig
from connectors.webchat.frames import MAX_FRAME
from connectors.webchat.limits import Allowances
from crm.contract import Account, Connection, Inbox, OutboundMessage, SendResult

_MOST_SOCKETS = 10
"""Open sockets of one visitor: tabs of one browser."""

_READABLE = {"Access-Control-Allow-Origin": "*"}
"""A refusal that the widget can tell from a lost network."""

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebchatConnector:
    """The chat of a company's own site. There is no platform: the CRM's store is the platform."""

    channel = "webchat"
    title = "Web chat"
    config_model: type[BaseModel] = WebchatConfig
    capabilities = Capabilities(max_text=10_000, max_buttons=13, max_button_title=80, typing=True)

    def __init__(self, *, allowances: Allowances | None = None) -> None:
        self._allowances = allowances or Allowances()
        self._chats: dict[tuple[str, str], set[Chat]] = {}

    @cached_property
    def _script(self) -> Script:
        return widget_script()

    async def verify(self, config: BaseModel) -> Account:
        """There is nobody to ask. Makes no network call."""
        checked = WebchatConfig.model_validate(config, from_attributes=True)
        return Account(external_id="webchat", name=checked.title)

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        """There is nothing to register."""

    async def disconnect(self, connection: Connection) -> None:
        """There is nothing to undo."""

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        """The widget's script, its settings and its socket."""
        return [
            web.get("/widget.js", self._serve_script),
            web.get("/webchat/{connection_id}/widget.js", self._serve_script),
            web.get("/webchat/{connection_id}/config", self._config_handler(inbox)),
            web.get("/webchat/{connection_id}/socket", self._socket_handler(inbox)),
        ]

    def render(
        self,
        connection: Connection,  # noqa: ARG002 - the protocol names it
        message: OutboundMessage,
    ) -> Sequence[OutboundMessage]:
        """The widget shows a message as it is."""
        return [message]

    async def send(
        self,
        connection: Connection,  # noqa: ARG002 - the protocol names it
        message: OutboundMessage,
        part: OutboundMessage,  # noqa: ARG002 - as above
    ) -> SendResult:
        """The message is stored already; open sockets get it from the inbox's updates."""
        return SendResult(platform_id=message.id)

    async def show_typing(
        self,
        connection: Connection,
        chat_id: str,
        *,
        answering: str | None,  # noqa: ARG002 - the protocol names it
    ) -> None:
        """Show it on the visitor's open screens of this process."""
        for chat in tuple(self._chats.get((connection.id, chat_id), ())):
            await chat.show_typing()

    async def close(self) -> None:
        """Ask all widgets to come back, so that the process can stop."""
        chats = [chat for open_chats in self._chats.values() for chat in open_chats]
        await asyncio.gather(*(chat.close() for chat in chats), return_exceptions=True)

    async def _serve_script(self, request: web.Request) -> web.StreamResponse:
        script = self._script
        headers = {
            "ETag": script.etag,
            "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
            "Vary": "Accept-Encoding",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("If-None-Match") == script.etag:
            return web.Response(status=304, headers=headers)
        body = script.body
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"], body = "gzip", script.compressed
        return web.Response(
            body=body, headers=headers, content_type="text/javascript", charset="utf-8"
        )

    def _config_handler(self, inbox: Inbox) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            connection = await self._admitted(request, inbox)
            headers = {
                # The page's origin was checked; what is told is what the page shows anyway.
                "Access-Control-Allow-Origin": request.headers.get("Origin", "*"),
                "Vary": "Origin",
                "Cache-Control": "public, max-age=60",
            }
            return web.json_response(_public_config(connection), headers=headers)

        return handle

    def _socket_handler(self, inbox: Inbox) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            connection = await self._admitted(request, inbox)
            socket = web.WebSocketResponse(heartbeat=30, max_msg_size=MAX_FRAME, compress=False)
            await socket.prepare(request)
            chat = Chat(
                socket=socket,
                connection=connection,
                inbox=inbox,
                allowances=self._allowances,
                config=_public_config(connection),
                address=request.remote or "",
            )
            if not await chat.greet():
                return socket
            key = (connection.id, chat.visitor)
            open_chats = self._chats.setdefault(key, set())
            if len(open_chats) >= _MOST_SOCKETS:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too many tabs")
                return socket
            open_chats.add(chat)
            try:
                await chat.run()
            finally:
                open_chats.discard(chat)
                if not open_chats and self._chats.get(key) is open_chats:
                    del self._chats[key]
            return socket

        return handle

    async def _admitted(self, request: web.Request, inbox: Inbox) -> Connection:
        """The connection that a page may use.

        Raises:
            web.HTTPException: there is none such, it is paused, or the page's site is not allowed.
        """
        connection = await inbox.connection(request.match_info["connection_id"])
        if (
            connection is None
            or connection.channel != self.channel
            or connection.status == "paused"
        ):
            raise web.HTTPNotFound(text="There is no such chat.", headers=_READABLE)
        config = WebchatConfig.model_validate(dict(connection.config))
        if not config.allows(_origin_of(request), own_host=request.host):
            raise web.HTTPForbidden(text="This site may not show the chat.", headers=_READABLE)
        return connection


def _origin_of(request: web.Request) -> str | None:
    """Where the page comes from. A browser names no ``Origin`` when it reads from its own site."""
    if (origin := request.headers.get("Origin")) is not None:
        return origin
    page = urlsplit(request.headers.get("Referer", ""))
    return f"{page.scheme}://{page.netloc}" if page.netloc else None


def _public_config(connection: Connection) -> dict[str, Any]:
    """What the widget may know of the settings."""
    config = WebchatConfig.model_validate(dict(connection.config))
    return {
        "title": config.title or connection.name,
        "accent": config.accent,
        "position": config.position,
        "greeting": config.greeting.model_dump(),
        "language": connection.language,
    }
