"""Customers' phones for `make run DEMO=channels`: fakes of the messengers, and a page to write from.

    python -m tests.fakes.phones --port 8090 --telegram 8091 --whatsapp 8092 --instagram 8093

Nothing of it is kept: after a restart the product's connections are made to deliver here anew
(`crm.demo.phones`). The ids go on from the clock, so that no message is taken for an old one.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.fakes.messengers import InstagramPhone, MailPhone, Phone, TelegramPhone, WhatsAppPhone

LOOPBACK = {"127.0.0.1", "localhost"}
MOST_BYTES = 30 * 2**20


class Phones:
    """The page and its calls."""

    def __init__(self, phones: list[Phone]) -> None:
        self._phones = {phone.name: phone for phone in phones}

    def app(self) -> web.Application:
        """What is served on the page's port."""
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[_only_from_here])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/api/messengers", self._messengers),
                web.get("/api/accounts", self._accounts),
                web.get("/api/thread", self._thread),
                web.post("/api/webhook", self._webhook),
                web.post("/api/say", self._say),
                web.post("/api/picture", self._picture),
                web.post("/api/tap", self._tap),
                web.post("/api/react", self._react),
            ]
        )
        return app

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(Path(__file__).with_name("phones.html"))

    async def _messengers(self, _: web.Request) -> web.Response:
        return web.json_response([phone.told() for phone in self._phones.values()])

    async def _accounts(self, _: web.Request) -> web.Response:
        """What an admin of each account types into the console."""
        found = {phone.name: phone.config() for phone in self._phones.values() if not phone.missing}
        return web.json_response(found)

    async def _webhook(self, request: web.Request) -> web.Response:
        """What an admin types into the platform's own dashboard."""
        given = await request.json()
        self._phones[given["messenger"]].set_webhook(str(given["url"]))
        return web.json_response({})

    async def _thread(self, request: web.Request) -> web.Response:
        phone = self._phone(dict(request.query))
        return web.json_response(await phone.thread(request.query["person"]))

    async def _say(self, request: web.Request) -> web.Response:
        given = await request.json()
        await self._phone(given).say(given["person"], str(given["text"]))
        return web.json_response({})

    async def _picture(self, request: web.Request) -> web.Response:
        given = await request.json()
        content = base64.b64decode(given["content"], validate=True)
        name, mime = str(given["name"]), str(given["mime"])
        await self._phone(given).send_picture(given["person"], content, name, mime)
        return web.json_response({})

    async def _tap(self, request: web.Request) -> web.Response:
        given = await request.json()
        await self._phone(given).tap(given["person"], given["id"], given["title"])
        return web.json_response({})

    async def _react(self, request: web.Request) -> web.Response:
        given = await request.json()
        await self._phone(given).react(given["person"], given["id"], given["emoji"])
        return web.json_response({})

    def _phone(self, given: dict[str, Any]) -> Phone:
        phone = self._phones.get(str(given.get("messenger")))
        if phone is None or phone.missing or given.get("person") not in phone.people:
            raise web.HTTPNotFound(text="There is no such person.")
        return phone


@web.middleware
async def _only_from_here(request: web.Request, handler: Any) -> web.StreamResponse:
    """No page of the network may write in somebody's name: not by a form, nor by a name of its own."""
    is_form = request.method == "POST" and request.content_type != "application/json"
    if (request.url.host or "") not in LOOPBACK or is_form:
        raise web.HTTPForbidden
    answer: web.StreamResponse = await handler(request)
    return answer


async def serve(port: int, telegram: int, whatsapp: int, instagram: int) -> None:
    """Serve until ended."""
    async with contextlib.AsyncExitStack() as held:
        phones: list[Phone] = [
            await held.enter_async_context(TelegramPhone(telegram)),
            await held.enter_async_context(WhatsAppPhone(whatsapp)),
            await held.enter_async_context(InstagramPhone(instagram)),
            await held.enter_async_context(MailPhone()),
        ]
        runner = web.AppRunner(Phones(phones).app(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        held.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (2, 15):
            loop.add_signal_handler(number, ended.set)
        await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Customers' phones, on loopback.")
    parser.add_argument("--port", type=int, default=8090)
    for name in ("telegram", "whatsapp", "instagram"):
        parser.add_argument(f"--{name}", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.telegram, given.whatsapp, given.instagram))
