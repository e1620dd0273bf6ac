"""The web chat as a connector."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web
from pydantic import BaseModel

from connectors.webchat.assets import Script, widget_script
from connectors.webchat.chat import Chat
from connectors.webchat.config import WebchatConfig
from connectors.webchat.frames import MAX_FRAME
from connectors.webchat.limits import Allowances, network_of
from connectors.webchat.outbound import CAPABILITIES, render
from connectors.webchat.screens import Screens, TooManyTabsError
from connectors.webchat.uploads import Uploads, preflight
from crm.contract import Account, Connection, Inbox, OutboundMessage, SendResult

_READABLE = {"Access-Control-Allow-Origin": "*"}
"""A refusal that the widget can tell from a lost network."""

_PAGE: Final = re.compile(r"https?://[^\s\"'<>\\]{1,480}")

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebchatConnector:
    """The chat of a company's own site. There is no platform: the CRM's store is the platform."""

    channel = "webchat"
    title = "Web chat"
    config_model: type[BaseModel] = WebchatConfig
    capabilities = CAPABILITIES

    def __init__(self, *, allowances: Allowances | None = None) -> None:
        self._allowances = allowances or Allowances()
        self._uploads = Uploads(allowances=self._allowances)
        self._screens = Screens()

    @cached_property
    def _script(self) -> Script:
        return widget_script()

    async def verify(self, config: BaseModel) -> Account:
        """There is nobody to ask. Makes no network call."""
        checked = WebchatConfig.model_validate(config, from_attributes=True)
        return Account(external_id="", name=checked.title)

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        """There is nothing to register."""

    async def disconnect(self, connection: Connection) -> None:
        """There is nothing to undo."""

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        """The widget's script, its settings, its socket, and where its files go."""
        return [
            web.get("/widget.js", self._serve_script),
            web.get("/webchat/{connection_id}/widget.js", self._serve_script),
            web.get("/webchat/{connection_id}/config", self._config_handler(inbox)),
            web.get("/webchat/{connection_id}/socket", self._socket_handler(inbox)),
            web.post("/webchat/{connection_id}/files", self._upload_handler(inbox)),
            web.options("/webchat/{connection_id}/files", self._preflight_handler(inbox)),
        ]

    def render(
        self,
        connection: Connection,  # noqa: ARG002 - the protocol names it
        message: OutboundMessage,
    ) -> Sequence[OutboundMessage]:
        """See the protocol."""
        return render(message)

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
        for screen in self._screens.of(connection.id, chat_id):
            await screen.show_typing()

    async def mark_read(self, connection: Connection, chat_id: str, *, platform_id: str) -> None:
        """Show it on the visitor's open screens of this process."""
        for screen in self._screens.of(connection.id, chat_id):
            await screen.show_read(platform_id)

    def follows(self, connection: Connection) -> bool:
        """See the protocol. Whoever is asked for an e-mail is told that we answer there."""
        return WebchatConfig.model_validate(dict(connection.config)).offline

    def page(self, connection: Connection, address: str) -> str | None:
        """See the protocol. Any browser may name any page: only those of the listed sites are believed."""
        config = WebchatConfig.model_validate(dict(connection.config))
        page = urlsplit(address)
        if not _PAGE.fullmatch(address) or not page.hostname or page.username is not None:
            return None
        origin = f"{page.scheme}://{page.netloc}"
        return address if config.allowed_origins and config.allows(origin, own_host="") else None

    async def close(self) -> None:
        """Ask all widgets to come back, so that the process can stop."""
        await self._screens.close()

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
            config = WebchatConfig.model_validate(dict(connection.config))
            shown = config.public(name=connection.name, language=connection.language)
            return web.json_response(shown, headers=headers)

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
                address=network_of(request.remote or ""),
            )
            if not await chat.greet():
                return socket
            try:
                with self._screens.joined(connection.id, chat.visitor, chat):
                    await chat.run()
            except TooManyTabsError:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too many tabs")
            return socket

        return handle

    def _upload_handler(self, inbox: Inbox) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            connection = await self._admitted(request, inbox)
            return await self._uploads.take(request, connection, inbox)

        return handle

    def _preflight_handler(self, inbox: Inbox) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            await self._admitted(request, inbox)
            return preflight(request)

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
