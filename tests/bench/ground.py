"""What all rows stand on: one running product, one company in it, the load generators, one mongod for both sides."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from crm.cli.supervisor import Supervisor
from tests.bench.driver import Driver
from tests.bench.figures import Figures, median
from tests.product.office import Office
from tests.product.running import running_product

# Telegram lets a bot send thirty messages a second, and so do we: more bots than the load needs.
BOTS = 8
QUIET_CPU_SHARE = 0.15

type Measure = Callable[[], Awaitable[Figures]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long is measured."""

    rounds: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a row is given."""

    product: Supervisor
    office: Office
    connections: list[dict[str, Any]]
    turns: Driver
    requests: Driver
    database: AsyncDatabase[dict[str, Any]]
    folder: Path
    effort: Effort

    @property
    def mongodb_uri(self) -> str:
        """Address of the one mongod."""
        uri = self.product.settings.mongodb_uri
        assert uri is not None
        return uri.get_secret_value()

    async def interleaved(self, sides: Mapping[str, Measure]) -> dict[str, Figures]:
        """Measure all sides by turns, several rounds, the first of which only warms up."""
        rounds: dict[str, list[Figures]] = {name: [] for name in sides}
        for number in range(self.effort.rounds + 1):
            for name, measure in sides.items():
                figures = await measure()
                if number:
                    rounds[name].append(figures)
        return {name: median(figures) for name, figures in rounds.items()}

    async def quiet(self, patience: float = 120.0) -> None:
        """Wait until the product has nothing left to do."""
        give_up_at = time.monotonic() + patience
        while time.monotonic() < give_up_at:
            before = self._cpu_seconds()
            await asyncio.sleep(1.0)
            if self._cpu_seconds() - before < QUIET_CPU_SHARE:
                return

    def _cpu_seconds(self) -> float:
        pids = [process.pid for process in self.product.processes.values()]
        ticks = 0
        for pid in pids:
            # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime
            fields = (
                Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            )
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def prepared(effort: Effort) -> AsyncIterator[Ground]:
    """Start what all rows stand on."""
    async with AsyncExitStack() as stack:
        turns = await stack.enter_async_context(Driver.start("tests.bench.load_turns"))
        requests = await stack.enter_async_context(Driver.start("tests.bench.load_requests"))
        bots = await turns.ask("bots", count=BOTS)
        product = await stack.enter_async_context(
            running_product(telegram_api_url=bots["url"], bot_answers_limit=1_000_000)
        )
        office = await stack.enter_async_context(
            await Office.open(product.settings.public_url, "Bench")
        )
        connections = [await office.connect_telegram(token) for token in bots["tokens"]]
        uri = product.settings.mongodb_uri
        assert uri is not None
        client = AsyncMongoClient[dict[str, Any]](uri.get_secret_value())
        stack.push_async_callback(client.close)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="aitys-bench-"))
        yield Ground(
            product=product,
            office=office,
            connections=connections,
            turns=turns,
            requests=requests,
            database=client[product.settings.mongodb_database],
            folder=Path(folder),
            effort=effort,
        )
