"""Load of whole conversations: customers who write, wait for the answer, and write again. Run as a process: see ``driver``.

It is Telegram on both sides of ours: it calls the webhooks, and it is the Bot API that the replies arrive at.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.bench.commands import serve
from tests.bench.figures import Figures
from tests.fakes.telegram_api import SECRET_HEADER, FakeBot
from tests.fakes.telegram_server import TelegramServer

PATIENCE_SECONDS = 60.0
TEXTS = ("Здравствуйте", "спасибо большое", "до свидания")
"""Skills that are a response of the domain, without a custom action."""

Json = dict[str, Any]
type Turn = Callable[["Customer", str], Awaitable[None]]


class NoAnswerError(Exception):
    """A customer got a wrong answer."""


@dataclass
class Customer:
    """One chat. ``said`` counts what they wrote."""

    chat_id: int
    bot: FakeBot
    said: int = 0
    answers: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)

    def next_text(self) -> str:
        self.said += 1
        return TEXTS[self.said % len(TEXTS)]


class ListeningServer(TelegramServer):
    """The Bot API; hands what a bot sends to the customer it is sent to."""

    def __init__(self) -> None:
        super().__init__()
        self.customers: dict[int, Customer] = {}

    async def _do(self, bot: FakeBot, method: str, given: Json) -> Any:
        result = await super()._do(bot, method, given)
        if method.lower() == "sendmessage":
            customer = self.customers.get(int(given["chat_id"]))
            if customer is not None:
                customer.answers.put_nowait(result)
        return result


class Turns:
    """The commands."""

    def __init__(self, server: ListeningServer, http: aiohttp.ClientSession) -> None:
        self._server = server
        self._http = http
        self._waiting: deque[Customer] = deque()

    async def bots(self, *, count: int) -> Json:
        """Make so many bots, and tell their tokens."""
        tokens = [f"{900_000_000 + number}:AAE-{'b' * 35}" for number in range(count)]
        for number, token in enumerate(tokens):
            self._server.add_bot(token, f"bench_{number}_bot")
        return {"url": self._server.url, "tokens": tokens}

    async def customers(self, *, count: int) -> Json:
        """Make so many customers who are known to the product: each has said one thing."""
        bots = [bot for bot in self._server.bots.values() if bot.webhook.get("url")]
        self._waiting.clear()
        first = len(self._server.customers)
        for number in range(first, first + count):
            customer = Customer(1_000_000 + number, bots[number % len(bots)])
            self._server.customers[customer.chat_id] = customer
            self._waiting.append(customer)
        gate = asyncio.Semaphore(8)

        async def meet(customer: Customer) -> None:
            async with gate, asyncio.timeout(PATIENCE_SECONDS):
                await self._write(customer, TEXTS[0])
                for _ in range(2):  # the disclosure comes first
                    await customer.answers.get()

        await asyncio.gather(*(meet(customer) for customer in self._waiting))
        return {"chat_ids": [str(customer.chat_id) for customer in self._waiting]}

    async def ours(self, *, concurrency: int, seconds: float) -> Figures:
        """So many customers at once write to the product."""
        return await self._run(self._telegram_turn, concurrency, seconds)

    async def rest(self, *, url: str, concurrency: int, seconds: float) -> Figures:
        """The same customers write to a bare Rasa."""

        async def turn(customer: Customer, text: str) -> None:
            await self._rest_turn(url, customer, text)

        return await self._run(turn, concurrency, seconds)

    async def ours_once(self, *, chat_ids: list[str], pause: float) -> Json:
        """One turn in each of these chats, one after the other; milliseconds, None without an answer."""
        return {"latencies": [await self._timed(self._telegram_turn, c, pause) for c in chat_ids]}

    async def rest_once(self, *, url: str, chat_ids: list[str], pause: float) -> Json:
        """The same of a bare Rasa."""

        async def turn(customer: Customer, text: str) -> None:
            await self._rest_turn(url, customer, text)

        return {"latencies": [await self._timed(turn, chat_id, pause) for chat_id in chat_ids]}

    async def _timed(self, turn: Turn, chat_id: str, pause: float) -> float | None:
        await asyncio.sleep(pause)
        customer = self._server.customers[int(chat_id)]
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await turn(customer, customer.next_text())
        except (TimeoutError, NoAnswerError, aiohttp.ClientError):
            return None
        return (time.perf_counter() - began) * 1000

    async def _run(self, turn: Turn, concurrency: int, seconds: float) -> Figures:
        latencies: list[float] = []
        failed = 0
        began = time.perf_counter()

        async def write_on() -> None:
            nonlocal failed
            while (now := time.perf_counter()) < began + seconds:
                customer = self._waiting.popleft()
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        await turn(customer, customer.next_text())
                    latencies.append(time.perf_counter() - now)
                except (TimeoutError, NoAnswerError, aiohttp.ClientError):
                    failed += 1
                finally:
                    self._waiting.append(customer)

        await asyncio.gather(*(write_on() for _ in range(concurrency)))
        return Figures.of(latencies, time.perf_counter() - began, failed)

    async def _telegram_turn(self, customer: Customer, text: str) -> None:
        await self._write(customer, text)
        answer = await customer.answers.get()
        if not answer.get("text"):
            raise NoAnswerError

    async def _write(self, customer: Customer, text: str) -> None:
        bot = customer.bot
        message = self._server.message(bot, customer.chat_id, text=text)
        update = self._server.update(bot, message=message)
        headers = {SECRET_HEADER: bot.webhook["secret_token"]}
        async with self._http.post(bot.webhook["url"], json=update, headers=headers) as answer:
            if answer.status != 200:
                raise NoAnswerError

    async def _rest_turn(self, url: str, customer: Customer, text: str) -> None:
        body = {"sender": str(customer.chat_id), "message": text}
        async with self._http.post(f"{url}/webhooks/rest/webhook", json=body) as answer:
            if answer.status != 200 or not any(m.get("text") for m in await answer.json()):
                raise NoAnswerError


async def main() -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with ListeningServer() as server, aiohttp.ClientSession(connector=connector) as http:
        turns = Turns(server, http)
        await serve(
            {
                name: getattr(turns, name)
                for name in ("bots", "customers", "ours", "rest", "ours_once", "rest_once")
            }
        )


if __name__ == "__main__":
    asyncio.run(main())
