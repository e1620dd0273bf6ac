"""The product with a company, a bot and a chat on its site, ready for customers and for faults."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from crm.cli.processes import Process
from crm.cli.supervisor import Supervisor
from tests.fakes.telegram_api import TOKEN
from tests.faults.customers import BotApi, Customer, TelegramCustomer, WebVisitor
from tests.faults.scripts import DOCUMENT
from tests.product.office import Office
from tests.product.running import running_product

FIRST_CHAT = 40_000


@dataclass(slots=True, kw_only=True)
class Stage:
    """What a test of faults has at hand."""

    product: Supervisor
    office: Office
    api: BotApi
    database: AsyncDatabase[dict[str, Any]]
    http: aiohttp.ClientSession
    telegram_id: str
    webchat_id: str
    customers: list[Customer] = field(default_factory=list)
    phones: int = 0

    def customer(self, channel: str) -> Customer:
        """Somebody new."""
        made: Customer
        if channel == "telegram":
            made = TelegramCustomer(self.http, self.api, FIRST_CHAT + len(self.customers))
        else:
            made = WebVisitor(self.http, self.product.settings.public_url, self.webchat_id)
        self.customers.append(made)
        return made

    def phone(self) -> str:
        """A number nobody has had before."""
        self.phones += 1
        return f"+7701{self.phones:07d}"

    def process(self, name: str) -> Process:
        """One of the product's processes."""
        return self.product.processes[name]

    def signal(self, name: str, number: signal.Signals) -> int:
        """Send a signal to a process; returns its pid."""
        pid = self.process(name).pid
        assert pid is not None, f"{name} does not run"
        os.kill(pid, number)
        return pid

    async def until_started(self, name: str, old_pid: int, *, seconds: float = 120.0) -> int:
        """Wait until the supervisor has started a process again, which need not work yet; returns its pid.

        Raises:
            TimeoutError: it was not started.
        """
        process = self.process(name)
        async with asyncio.timeout(seconds):
            while (pid := process.pid) is None or pid == old_pid:  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.02)
        return pid

    async def until_back(self, name: str, old_pid: int, *, seconds: float = 120.0) -> None:
        """Wait until the supervisor has a process work again.

        Raises:
            TimeoutError: it did not come back.
        """
        process = self.process(name)
        async with asyncio.timeout(seconds):
            while process.pid in {None, old_pid} or not await process.program.ready():  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.1)

    async def conversation(self, customer: Customer) -> dict[str, Any] | None:
        """The customer's conversation as it is stored."""
        connection = self.telegram_id if customer.channel == "telegram" else self.webchat_id
        return await self.database["conversations"].find_one(
            {"connection_id": ObjectId(connection), "chat_id": customer.chat_id}
        )

    async def until_settled(self, *, seconds: float = 120.0) -> None:
        """Wait until nothing waits to be answered or sent.

        Raises:
            TimeoutError: something does.
        """
        unfinished = {"state": {"$in": ["received", "queued", "sending"]}}
        async with asyncio.timeout(seconds):
            while await self.database["messages"].find_one(unfinished, {"_id": 1}):  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.2)

    async def close(self) -> None:
        """Let all customers go."""
        for customer in self.customers:
            await customer.close()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Set the stage."""
    async with (
        BotApi() as api,
        running_product(telegram_api_url=api.url, bot_answers_limit=1_000_000) as product,
    ):
        settings = product.settings
        uri = settings.mongodb_uri
        assert uri is not None
        async with (
            await Office.open(settings.public_url, "Faults") as office,
            AsyncMongoClient[dict[str, Any]](uri.get_secret_value(), tz_aware=True) as client,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        ):
            await office.post(
                "/api/knowledge/sources", {"name": "delivery.md", "content": DOCUMENT}
            )
            stage = Stage(
                product=product,
                office=office,
                api=api,
                database=client[settings.mongodb_database],
                http=http,
                telegram_id=(await office.connect_telegram(TOKEN))["id"],
                webchat_id=(await office.connect_webchat())["id"],
            )
            try:
                yield stage
            finally:
                await stage.close()
