"""Which runs a worker does: fairly between organizations, and none for ever over which workers die."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from bson import ObjectId

from crm.assistant.suites import places
from crm.assistant.suites.conversations import PastConversations
from crm.assistant.suites.places import Places
from crm.assistant.suites.runner import MAX_ATTEMPTS, RunWorker
from crm.assistant.trials import TrialReply, TrialTurn
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.feature import Core
from tests.support.console import Console
from tests.support.patience import until


class Held:
    """Runs that last until they are told to end."""

    def __init__(self) -> None:
        self.ends: dict[ObjectId, asyncio.Event] = {}
        self.whose: dict[ObjectId, ObjectId] = {}

    async def run(self, organization_id: ObjectId, run_id: ObjectId) -> None:
        self.whose[run_id] = organization_id
        self.ends[run_id] = asyncio.Event()
        await self.ends[run_id].wait()
        del self.whose[run_id]

    @property
    def running(self) -> list[ObjectId]:
        return list(self.whose.values())


class Queue:
    """Runs of organizations in the database."""

    def __init__(self, database: Database) -> None:
        self._runs = database.collection("assistant_runs")
        self._at = utc_now()

    async def add(self, organization_id: ObjectId) -> ObjectId:
        self._at += timedelta(seconds=1)
        run_id = ObjectId()
        row = {"_id": run_id, "organization_id": organization_id, "state": "queued", "lease": None}
        await self._runs.insert_one({**row, "created_at": self._at})
        return run_id

    async def end(self, held: Held, run_id: ObjectId) -> None:
        await self._runs.delete_one({"_id": run_id})
        held.ends[run_id].set()
        await asyncio.sleep(0.01)


async def fill(mine: Places, held: Held) -> list[ObjectId]:
    await mine.fill()
    await asyncio.sleep(0.01)
    return held.running


async def test_an_organization_with_many_runs_keeps_nobody_waiting(database: Database) -> None:
    queue, held = Queue(database), Held()
    busy, other, third = ObjectId(), ObjectId(), ObjectId()
    first, *_ = [await queue.add(busy) for _ in range(3)]
    mine = Places(runs=database.collection("assistant_runs"), run=held.run)
    second = await queue.add(other)
    assert await fill(mine, held) == [busy, other]
    await queue.add(third)
    await queue.end(held, second)
    assert await fill(mine, held) == [busy, third]
    # Each in turn: who was served longest ago comes first, whoever asked first.
    await queue.add(other)
    await queue.end(held, first)
    assert await fill(mine, held) == [third, busy]
    await queue.end(held, next(run for run, whose in held.whose.items() if whose == busy))
    assert await fill(mine, held) == [third, other]
    await mine.close()


async def test_a_second_place_is_given_only_while_nobody_waits(database: Database) -> None:
    queue, held = Queue(database), Held()
    busy, other = ObjectId(), ObjectId()
    first, second = [await queue.add(busy) for _ in range(2)]
    mine = Places(runs=database.collection("assistant_runs"), run=held.run)
    assert await fill(mine, held) == [busy, busy]
    assert not mine.is_wanted(first)
    await queue.add(other)
    await fill(mine, held)
    assert [mine.is_wanted(first), mine.is_wanted(second)] == [True, False]
    await mine.close()


async def test_a_long_run_leaves_its_place_to_who_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, held = Queue(database), Held()
    first, second = [await queue.add(ObjectId()) for _ in range(2)]
    mine = Places(runs=database.collection("assistant_runs"), run=held.run)
    await fill(mine, held)
    await queue.add(ObjectId())
    await fill(mine, held)
    assert not mine.is_wanted(first)
    monkeypatch.setattr(places, "SLICE_SECONDS", -1.0)
    await fill(mine, held)
    assert [mine.is_wanted(first), mine.is_wanted(second)] == [True, False]
    await mine.close()


class SlowTrials:
    """An assistant that answers when it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.asked = 0

    def was_asked(self, times: int) -> bool:
        return self.asked == times

    async def start(self, *_: Any, **__: Any) -> ObjectId:
        return ObjectId()

    async def say(self, *_: Any, **__: Any) -> TrialTurn:
        self.asked += 1
        await self.may.wait()
        reply = TrialReply(text="Здравствуйте!", buttons=[], sources=[], trace={})
        return TrialTurn(
            text="привет",
            replies=[reply],
            intent={"name": "greet", "confidence": 1.0},
            skill="greet",
            language="ru",
            effects=[],
            elapsed_ms=1.0,
            cost=None,
        )


@pytest.fixture
async def make_worker(core: Core) -> AsyncIterator[Callable[[SlowTrials], RunWorker]]:
    made: list[RunWorker] = []

    def make(trials: SlowTrials) -> RunWorker:
        slow: Any = trials
        past = PastConversations(database=core.database)
        worker = RunWorker(database=core.database, events=core.events, trials=slow, past=past)
        made.append(worker)
        return worker

    yield make
    for worker in made:
        await worker.close()


async def start_run(console: Console, cases: int) -> ObjectId:
    suite = await console.post("/api/assistant/suites", {"name": "Main"}, status=201)
    case = {"turns": ["привет"], "expect": {"language": "ru"}}
    for _ in range(cases):
        await console.post(f"/api/assistant/suites/{suite['id']}/cases", case, status=201)
    body = {"kind": "suite", "suite_id": suite["id"]}
    return ObjectId((await console.post("/api/assistant/runs", body, status=201))["id"])


async def stored(core: Core, run_id: ObjectId) -> RawDocument:
    found = await core.database.collection("assistant_runs").find_one(run_id)
    assert found is not None
    return found


async def test_a_run_whose_place_is_wanted_goes_on_later_where_it_was(
    owner: Console,
    stranger: Console,
    core: Core,
    make_worker: Callable[[SlowTrials], RunWorker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "RUNS_AT_ONCE", 1)
    monkeypatch.setattr(places, "SLICE_SECONDS", -1.0)
    trials = SlowTrials()
    worker = make_worker(trials)
    long = await start_run(owner, 6)
    await worker.sweep()
    await until(partial(trials.was_asked, 2))
    short = await start_run(stranger, 1)
    await worker.sweep()
    trials.may.set()
    for _ in range(2_000):
        await worker.sweep()
        await asyncio.sleep(0.01)
        if (await stored(core, short))["state"] == "done":
            break
    assert (await stored(core, short))["state"] == "done"
    assert (await stored(core, long))["state"] == "running"
    for _ in range(2_000):
        await worker.sweep()
        await asyncio.sleep(0.01)
        if (await stored(core, long))["state"] == "done":
            break
    after = await stored(core, long)
    # Of each case one result, and giving way is not dying.
    assert (after["state"], after["done"], after["passed"], after["attempts"]) == ("done", 6, 6, 0)
    assert trials.asked == 7


async def test_a_run_over_which_workers_die_is_given_up(
    owner: Console, core: Core, make_worker: Callable[[SlowTrials], RunWorker]
) -> None:
    run_id = await start_run(owner, 1)
    runs = core.database.collection("assistant_runs")
    for _ in range(MAX_ATTEMPTS):
        trials = SlowTrials()
        worker = make_worker(trials)
        await worker.sweep()
        await until(partial(trials.was_asked, 1))
        # As a killed process leaves it: nobody gives the lease back, it runs out.
        lease = (await stored(core, run_id))["lease"]
        await worker.close()
        lease["until"] = utc_now() - timedelta(seconds=1)
        await runs.update_one({"_id": run_id}, {"$set": {"lease": lease}})
    await make_worker(SlowTrials()).run(owner.organization_id, run_id)
    read = await owner.get(f"/api/assistant/runs/{run_id}")
    assert (read["state"], read["error"]) == ("failed", "run_gave_up")


async def test_a_worker_that_is_stopped_did_not_die(
    owner: Console, core: Core, make_worker: Callable[[SlowTrials], RunWorker]
) -> None:
    run_id = await start_run(owner, 1)
    for _ in range(MAX_ATTEMPTS + 1):
        trials = SlowTrials()
        worker = make_worker(trials)
        assert await worker.sweep() == 1
        await until(partial(trials.was_asked, 1))
        await worker.close()
    assert (await stored(core, run_id))["attempts"] == 0
