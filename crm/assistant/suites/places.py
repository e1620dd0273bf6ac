"""Which runs a worker does: few at a time, and fairly between organizations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from crm.assistant.suites.runs import OPEN
from crm.core.clock import utc_now
from crm.core.database import RawDocument

RUNS_AT_ONCE: Final = 2
SLICE_SECONDS: Final = 30.0
"""For so long a run keeps its place though others wait for one."""
MOST_SERVED: Final = 10_000


@dataclass(slots=True)
class _Running:
    """A run that this process does.

    Attributes:
        organization_id: whose.
        task: does it.
        since: when it got its place, monotonic.
        leaves: its place is wanted.
    """

    organization_id: ObjectId
    task: asyncio.Task[None]
    since: float
    leaves: bool = False


class Places:
    """A worker's places for runs.

    The organization served longest ago comes first. While others wait, nobody has two places, and who has had one for long
    leaves it after the case he is at: many cases, or a slow model, keep their own organization waiting and nobody else.

    Args:
        runs: where the runs are.
        run: does one, given its organization and its id; never raises.
    """

    def __init__(
        self,
        *,
        runs: AsyncCollection[RawDocument],
        run: Callable[[ObjectId, ObjectId], Coroutine[None, None, None]],
    ) -> None:
        self._runs = runs
        self._run = run
        self._running: dict[ObjectId, _Running] = {}
        self._served: dict[ObjectId, float] = {}

    async def fill(self) -> int:
        """Begin with runs that nobody does, as many as there are places for, and return how many that were."""
        queues = await self._waiting()
        begun = 0
        while queues and len(self._running) < RUNS_AT_ONCE:
            following = min(queues, key=self._order)
            self._begin(following, queues[following].pop(0))
            begun += 1
            if not queues[following]:
                del queues[following]
        present = {running.organization_id for running in self._running.values()}
        self._make_room(queues.keys() - present)
        return begun

    def is_wanted(self, run_id: ObjectId) -> bool:
        """Return whether a run's place is wanted by others: it is to stop, and to wait for its turn again."""
        running = self._running.get(run_id)
        return running is not None and running.leaves

    async def close(self) -> None:
        """Stop what runs."""
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _waiting(self) -> dict[ObjectId, list[ObjectId]]:
        """Return the runs that nobody does, the oldest first, by organization."""
        waiting = {"state": {"$in": list(OPEN)}, **free(utc_now())}
        rows = self._runs.find(waiting, {"organization_id": 1})
        queues: dict[ObjectId, list[ObjectId]] = {}
        async for row in rows.sort([("created_at", 1), ("_id", 1)]):
            if row["_id"] not in self._running:
                queues.setdefault(row["organization_id"], []).append(row["_id"])
        return queues

    def _order(self, organization_id: ObjectId) -> tuple[int, float]:
        """Return by what the organizations that wait come one after the other."""
        places = sum(one.organization_id == organization_id for one in self._running.values())
        return places, self._served.get(organization_id, 0.0)

    def _begin(self, organization_id: ObjectId, run_id: ObjectId) -> None:
        if len(self._served) > MOST_SERVED:
            self._served.clear()
        self._served[organization_id] = time.monotonic()
        task = asyncio.create_task(self._run(organization_id, run_id))
        self._running[run_id] = _Running(organization_id, task, time.monotonic())
        task.add_done_callback(partial(self._forget, run_id))

    def _forget(self, run_id: ObjectId, _: asyncio.Future[None]) -> None:
        self._running.pop(run_id, None)

    def _make_room(self, waiting: Collection[ObjectId]) -> None:
        """Ask for a place for each of the organizations that wait without one."""
        staying = [one for one in self._running.values() if not one.leaves]
        leaving = len(self._running) - len(staying)
        for one in sorted(staying, key=lambda one: one.since):
            if leaving >= len(waiting):
                return
            places = sum(other.organization_id == one.organization_id for other in staying)
            if places > 1 or time.monotonic() - one.since > SLICE_SECONDS:
                one.leaves = True
                staying.remove(one)
                leaving += 1


def free(now: datetime) -> RawDocument:
    """Return the condition that nobody does a run."""
    return {"$or": [{"lease": None}, {"lease.until": {"$lt": now}}]}
