"""Customers who do not lose patience: what could not be delivered is delivered again, as the widget and Telegram do."""

import asyncio
import contextlib
import json
import random
import secrets
from collections import deque
from typing import Any, Protocol

import aiohttp

from tests.fakes.telegram_api import SECRET_HEADER, FakeBot
from tests.fakes.telegram_server import TelegramServer
from tests.faults.screens import Screen, Shown

RECONNECT_SECONDS = 0.5
ACK_SECONDS = 10.0
WEBHOOK_SECONDS = 20.0

Json = dict[str, Any]


class Customer(Protocol):
    """Somebody who writes. ``said`` holds the external ids and texts of their messages, in order."""

    channel: str
    screen: Screen
    said: list[tuple[str, str]]

    @property
    def chat_id(self) -> str:
        """The conversation's address in the product."""
        ...

    async def say(self, text: str) -> None:
        """Write; returns when the product has acknowledged it."""
        ...

    async def close(self) -> None:
        """Go away."""
        ...


class WebVisitor:
    """The widget's behaviour: one socket, which comes back; unacknowledged messages are sent again under their ids."""

    channel = "webchat"

    def __init__(self, http: aiohttp.ClientSession, address: str, connection_id: str) -> None:
        self.screen = Screen()
        self.said: list[tuple[str, str]] = []
        self._http = http
        self._url = f"{address}/webchat/{connection_id}/socket"
        self._token: str | None = None
        self._newest: str | None = None
        self._outbox: deque[Json] = deque()
        self._acknowledged: dict[str, asyncio.Event] = {}
        self._life = asyncio.create_task(self._live())

    @property
    def chat_id(self) -> str:
        """The visitor's name, which is the part of the token that is no seal."""
        assert self._token is not None
        return self._token.partition(".")[0]

    async def say(self, text: str) -> None:
        """See the protocol."""
        client_id = secrets.token_hex(8)
        done = self._acknowledged[client_id] = asyncio.Event()
        self._outbox.append({"type": "message", "id": client_id, "text": text})
        await done.wait()
        self.said.append((f"{self.chat_id}:{client_id}", text))

    async def close(self) -> None:
        """See the protocol."""
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with self._http.ws_connect(self._url) as socket:
                    await socket.send_json(
                        {"type": "hello", "token": self._token, "after": self._newest}
                    )
                    sender = asyncio.create_task(self._send(socket))
                    try:
                        await self._listen(socket)
                    finally:
                        sender.cancel()
                        await asyncio.gather(sender, return_exceptions=True)
            await asyncio.sleep(RECONNECT_SECONDS * random.uniform(0.5, 1.0))

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Send the oldest message until it is acknowledged, then the next."""
        while True:
            if not self._outbox or self._token is None:
                await asyncio.sleep(0.02)
                continue
            frame = self._outbox[0]
            await socket.send_json(frame)
            try:
                async with asyncio.timeout(ACK_SECONDS):
                    await self._acknowledged[frame["id"]].wait()
            except TimeoutError:
                await socket.close()
                return
            self._outbox.popleft()

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            frame = json.loads(message.data)
            match frame["type"]:
                case "welcome":
                    for told in frame["history"]:
                        self._show(told)
                    self._token = frame["token"]
                case "message":
                    self._show(frame["message"])
                case "ack":
                    self._acknowledged[frame["id"]].set()
                case "error":
                    # The widget waits and sends again; a new socket does the same.
                    await asyncio.sleep(frame.get("retry_after") or RECONNECT_SECONDS)
                    await socket.close()

    def _show(self, message: Json) -> None:
        self._newest = max(self._newest or "", message["id"])
        if message["author"] != "contact":
            self.screen.show(Shown(message["id"], message["text"]))


class BotApi(TelegramServer):
    """The Bot API; puts what a bot sends on the screen it is sent to."""

    def __init__(self) -> None:
        super().__init__()
        self.screens: dict[int, Screen] = {}

    async def _do(self, bot: FakeBot, method: str, given: Json) -> Any:
        result = await super()._do(bot, method, given)
        if method.lower() == "sendmessage" and (screen := self.screens.get(int(given["chat_id"]))):
            screen.show(Shown(str(result["message_id"]), result["text"]))
        return result


class TelegramCustomer:
    """Telegram's behaviour: an update is delivered until it is confirmed, and now and then once more."""

    channel = "telegram"

    def __init__(self, http: aiohttp.ClientSession, api: BotApi, chat_id: int) -> None:
        self.screen = api.screens.setdefault(chat_id, Screen())
        self.said: list[tuple[str, str]] = []
        self._http = http
        self._api = api
        self._chat_id = chat_id

    @property
    def chat_id(self) -> str:
        """The chat's number."""
        return str(self._chat_id)

    async def say(self, text: str) -> None:
        """See the protocol."""
        bot = self._api.bot
        message = self._api.message(bot, self._chat_id, text=text)
        update = self._api.update(bot, message=message)
        while not await self._deliver(update):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(RECONNECT_SECONDS)
        if update["update_id"] % 3 == 0:  # an answer that was lost on its way
            await self._deliver(update)
        self.said.append((f"update:{bot.id}:{update['update_id']}", text))

    async def close(self) -> None:
        """See the protocol."""

    async def _deliver(self, update: Json) -> bool:
        bot = self._api.bot
        headers = {SECRET_HEADER: bot.webhook["secret_token"]}
        try:
            async with (
                asyncio.timeout(WEBHOOK_SECONDS),
                self._http.post(bot.webhook["url"], json=update, headers=headers) as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
