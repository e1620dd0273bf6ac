"""A Bot API on loopback that answers as https://core.telegram.org/bots/api documents.

It keeps bots, chats and queues of updates in memory, delivers updates by webhook (with the secret
header) or long polling, records what bots send, and fails when told to. Alone:

    python -m tests.fakes.telegram_server --port 8081

prints a token; then `POST /fake/say {"text": "Сәлем"}` speaks as a customer and `GET /fake/sent`
shows what bots have sent.
"""

import argparse
import asyncio
import contextlib
import json
import time
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.fakes.loopback import LoopbackServer
from tests.fakes.telegram_api import (
    SECRET_HEADER,
    TOKEN,
    ApiError,
    Failure,
    FakeBot,
    Json,
    call,
    names,
)


class TelegramServer(LoopbackServer):
    """The server. ``async with TelegramServer() as server: server.url``."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.bots: dict[str, FakeBot] = {}
        self.bot = self.add_bot(TOKEN, "aitys_demo_bot")
        self._news = asyncio.Condition()

    def add_bot(self, token: str, username: str) -> FakeBot:
        self.bots[token] = FakeBot(token, username)
        return self.bots[token]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=60 * 2**20)
        app.add_routes(
            [
                web.route("*", "/bot{token}/{method}", self._handle),
                web.get("/file/bot{token}/documents/{file_id}", self._file),
                web.post("/fake/say", self._say),
                web.get("/fake/sent", self._sent),
            ]
        )
        await self._serve(app)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    # What customers do

    def update(self, bot: FakeBot, **content: Any) -> Json:
        """A new update with its own id."""
        bot.next_update_id += 1
        return {"update_id": bot.next_update_id, **content}

    def message(self, bot: FakeBot, chat_id: int, **content: Any) -> Json:
        """A private message of the customer whose chat it is."""
        return {
            "message_id": bot.message_id(chat_id),
            "from": bot.customer(chat_id),
            "chat": {"id": chat_id, "type": "private", **names(bot.customer(chat_id))},
            "date": int(time.time()),
            **content,
        }

    async def say(self, text: str, *, chat_id: int = 501, bot: FakeBot | None = None) -> Json:
        """A customer writes. Returns the update, delivered or queued."""
        bot = bot or self.bot
        update = self.update(bot, message=self.message(bot, chat_id, text=text))
        await self.publish(update, bot=bot)
        return update

    async def send(
        self,
        kind: str,
        content: bytes,
        *,
        chat_id: int = 501,
        bot: FakeBot | None = None,
        **told: Any,
    ) -> Json:
        """A customer sends a file: ``photo``, ``document``, ``voice``, ``video`` or ``audio``."""
        bot = bot or self.bot
        file_id = f"DOWN{len(bot.files)}"
        bot.files[file_id] = content
        file = {"file_id": file_id, "file_unique_id": file_id.lower(), "file_size": len(content)}
        if kind == "photo":
            shape: Any = [{**file, "width": 640, "height": 480}]
        else:
            shape = {**file, **({"duration": 3} if kind != "document" else {}), **told}
        update = self.update(bot, message=self.message(bot, chat_id, **{kind: shape}))
        await self.publish(update, bot=bot)
        return update

    async def tap(self, message: Json, title: str, *, bot: FakeBot | None = None) -> Json:
        """A customer taps a button under a message of the bot."""
        bot = bot or self.bot
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if b["text"] == title)
        chat_id = message["chat"]["id"]
        update = self.update(
            bot,
            callback_query={
                "id": str(4_382_000_000 + bot.next_update_id),
                "from": bot.customer(chat_id),
                "message": message,
                "chat_instance": "-3871",
                "data": data,
            },
        )
        await self.publish(update, bot=bot)
        return update

    async def publish(self, update: Json, *, bot: FakeBot | None = None) -> int | None:
        """Queue an update, and deliver it when a webhook is set. Returns the webhook's status."""
        bot = bot or self.bot
        bot.queue.append(update)
        async with self._news:
            self._news.notify_all()
        return await self.deliver(update, bot=bot) if bot.webhook.get("url") else None

    async def deliver(
        self, update: Json, *, bot: FakeBot | None = None, secret: str | None = None
    ) -> int:
        """Call the webhook with an update, for the first time or again. 2xx confirms it."""
        bot = bot or self.bot
        assert self._client is not None
        given = bot.webhook.get("secret_token") if secret is None else secret
        headers = {SECRET_HEADER: given} if given else {}
        url = bot.webhook["url"]
        async with self._client.post(url, json=update, headers=headers, ssl=False) as response:
            status = response.status
            with contextlib.suppress(aiohttp.ContentTypeError, ValueError):
                await self._call_back(bot, await response.json())
        if 200 <= status < 300:
            bot.queue = [u for u in bot.queue if u["update_id"] != update["update_id"]]
            bot.webhook.pop("last_error_message", None)
        else:
            bot.webhook["last_error_date"] = int(time.time())
            bot.webhook["last_error_message"] = f"Wrong response from the webhook: {status}"
        return status

    async def redeliver(self, *, bot: FakeBot | None = None) -> list[int]:
        """Deliver again what was not confirmed, in order, as Telegram does after a while."""
        bot = bot or self.bot
        return [await self.deliver(update, bot=bot) for update in list(bot.queue)]

    async def wait_for_sent(self, count: int, *, seconds: float = 60.0) -> list[Json]:
        """Wait until the first bot has sent so many messages."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(self.bot.sent) >= count)
        return self.bot.sent

    # The API

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        bot = self.bots.get(request.match_info["token"])
        method = request.match_info["method"]
        if bot is None:
            return _answer_error(ApiError(401, "Unauthorized"))
        parameters = await _parameters(request)
        bot.calls.append((method, parameters))
        failure = bot.next_failure(method)
        try:
            if failure is not None and not failure.after_doing:
                return await _fail(request, failure)
            result = await self._do(bot, method, parameters)
        except ApiError as error:
            return _answer_error(error)
        if failure is not None:
            return await _fail(request, failure)
        return web.json_response({"ok": True, "result": result})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        bot = self.bots.get(request.match_info["token"])
        content = bot.files.get(request.match_info["file_id"]) if bot else None
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content, content_type="application/octet-stream")

    async def _call_back(self, bot: FakeBot, body: Any) -> None:
        """A webhook's answer may hold one call; its result is not told."""
        if isinstance(body, dict) and isinstance(body.get("method"), str):
            bot.calls.append((body["method"], body))
            with contextlib.suppress(ApiError):
                await self._do(bot, body["method"], body)

    async def _do(self, bot: FakeBot, method: str, given: Json) -> Any:
        if method.lower() == "getupdates":
            return await self._get_updates(bot, given)
        result = call(bot, method, given)
        async with self._news:
            self._news.notify_all()
        return result

    async def _get_updates(self, bot: FakeBot, given: Json) -> list[Json]:
        if bot.webhook.get("url"):
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        bot.polls += 1
        mine = bot.polls
        if (offset := given.get("offset")) is not None:
            bot.queue = [u for u in bot.queue if u["update_id"] >= offset]

        def ready() -> bool:
            return bool(bot.queue) or bot.polls != mine

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(float(given.get("timeout", 0)), 50)), self._news:
                self._news.notify_all()
                await self._news.wait_for(ready)
        if bot.polls != mine:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
        return bot.queue[: min(int(given.get("limit", 100)), 100)]

    # For trying things by hand

    async def _say(self, request: web.Request) -> web.Response:
        given = await request.json()
        bot = self.bots[given.get("token", TOKEN)]
        update = await self.say(given["text"], chat_id=int(given.get("chat_id", 501)), bot=bot)
        return web.json_response(update)

    async def _sent(self, request: web.Request) -> web.Response:
        bot = self.bots[request.query.get("token", TOKEN)]
        return web.json_response(bot.sent)


async def _parameters(request: web.Request) -> Json:
    """Parameters come in the query, as a form, as multipart or as JSON; nested ones as JSON text."""
    found: Json = dict(request.query)
    if request.content_type == "application/json":
        found |= await request.json()
    elif request.method == "POST":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                found[name] = (value.filename, value.file.read())
            else:
                found[name] = value
    for name, value in found.items():
        if name != "text" and isinstance(value, str):
            with contextlib.suppress(ValueError):
                found[name] = json.loads(value)
    return found


async def _fail(request: web.Request, failure: Failure) -> web.Response:
    if failure.status < 0:
        await asyncio.sleep(30)
    if failure.status == 0:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    return _answer_error(ApiError(failure.status, failure.description, failure.parameters))


def _answer_error(error: ApiError) -> web.Response:
    body = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.status)


async def _serve(port: int) -> None:
    async with TelegramServer(port=port) as server:
        print(f"Bot API: {server.url}\nToken:   {TOKEN}", flush=True)  # noqa: T201 - its user reads it
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Bot API on loopback.")
    parser.add_argument("--port", type=int, default=8081)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args().port))
