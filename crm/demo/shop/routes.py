"""The shop's page at `/demo`, with the chat of the demo company's connection."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

_PAGE: Final = Path(__file__).parent / "page"
_FILES: Final = {"shop.css": "text/css", "shop.js": "text/javascript", "art.svg": "image/svg+xml"}
_CONNECTION: Final = re.compile(r"[A-Za-z0-9]{1,64}")
_MARK: Final = "{{connection_id}}"

SHOP_CHAT: Final = "Tau Demo"
WORKSHOP_CHAT: Final = "Tau Service"

type ConnectionIdProvider = Callable[[str], Awaitable[str | None]]
"""Tells the id of the web chat of this name."""


def demo_routes(connection_id_provider: ConnectionIdProvider) -> Sequence[web.AbstractRouteDef]:
    """The routes of the demo shop.

    `connection_id_provider` names the web chat the page shows; None while there is none, and
    then the page has no chat and says so. `/demo?chat=workshop` shows the workshop's.
    """

    async def page(request: web.Request) -> web.Response:
        name = WORKSHOP_CHAT if request.query.get("chat") == "workshop" else SHOP_CHAT
        connection_id = await connection_id_provider(name) or ""
        if _CONNECTION.fullmatch(connection_id) is None:
            connection_id = ""
        text = (_PAGE / "index.html").read_text("utf-8").replace(_MARK, connection_id)
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def file(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        body = (_PAGE / name).read_bytes()
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=body, content_type=_FILES[name], charset="utf-8", headers=headers)

    return [web.get("/demo", page), web.get("/demo/", page), web.get("/demo/{name}", file)]
