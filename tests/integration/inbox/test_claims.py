"""Who sends a message: one process at a time, by the database's clock, and never for longer than it claimed."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from bson import ObjectId

from crm.contract import (
    AuthenticationFailedError,
    OutboundMessage,
    Pace,
    RetryableError,
    SendResult,
)
from crm.core.clock import utc_now
from crm.inbox import claims, delivery, leases, outbox, store
from crm.inbox.claims import Claims
from crm.inbox.outbox import MOST_FAULTS, Outbox, _is_hopeless, pause
from crm.inbox.pacing import LONGEST_HOLD_SECONDS, LONGEST_WAIT_SECONDS, FreeShares, Pacing
from crm.inbox.sweep import Sweep
from tests.integration.inbox.conftest import Bench
from tests.integration.inbox.test_delivery import operators_message, stored, taken
from tests.support.patience import until

__all__ = ["taken"]

AWAY = RetryableError("platform_unavailable", "away")
HOUR = timedelta(hours=1)


def another_worker(bench: Bench) -> Outbox:
    """The outbox of a second process over the same database."""
    return Outbox(store=bench.inbox.store, delivery=bench.inbox.outbox._delivery)


async def status(bench: Bench, state: str) -> None:
    """Let the connection be paused, failing or active."""
    object.__setattr__(bench.connection, "status", state)
    key = {"_id": ObjectId(bench.connection.id)}
    of = {"organization_id": bench.organization_id, "status": state}
    await bench.database.db["connections"].update_one(key, {"$set": of}, upsert=True)
    bench.inbox.connections.forget(bench.connection.id)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
async def test_a_wrong_clock_doubles_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    """Of the process that answers, or of the one that sweeps."""

    def wrong() -> datetime:
        return utc_now() + ahead

    await bench.say("1", "hello")
    other, original, under_way = another_worker(bench), bench.connector.send, asyncio.Event()

    async def slow(connection: Any, message: OutboundMessage, part: str) -> SendResult:
        if not under_way.is_set():
            under_way.set()
            for module in (claims, outbox, store):  # whoever looks now has another time
                monkeypatch.setattr(module, "utc_now", utc_now if ahead < timedelta() else wrong)
            for _ in range(3):
                await other.sweep()
                await other.deliver(message_of["conversation_id"])
        return await original(connection, message, part)

    if ahead < timedelta():  # the one that answers is behind
        for module in (claims, outbox, store):
            monkeypatch.setattr(module, "utc_now", wrong)
    bench.connector.send = slow  # type: ignore[method-assign]
    message_of = {"conversation_id": (await bench.conversation())["_id"]}
    await bench.say("2", "once")
    await other.close()
    assert bench.connector.parts.count("echo: once") == 1


async def test_nothing_holds_a_message_for_longer_than_its_claim(
    taken: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that sleeps or hangs would keep its chat from being swept: for ever, if need be."""
    monkeypatch.setattr(delivery, "MARGIN_SECONDS", 0.2)
    monkeypatch.setattr(
        taken.connector,
        "capabilities",
        taken.connector.capabilities.__class__(max_text=9, send_seconds=0.2),
    )
    hangs = asyncio.Event()

    async def hanging(*_: Any) -> float:
        hangs.set()
        await asyncio.Event().wait()
        return 0.0

    real = taken.inbox.outbox._delivery._pacing.take
    monkeypatch.setattr(taken.inbox.outbox._delivery._pacing, "take", hanging)
    sent = await operators_message(taken, "held up")
    await taken.settle()
    assert hangs.is_set()
    assert (await stored(taken, sent))["error"]["code"] == "connector_failed"
    for _ in range(MOST_FAULTS - 1):
        await taken.sweep()
    assert (await stored(taken, sent))["state"] == "failed", "it must not block its chat for ever"
    sent = await operators_message(taken, "held up once")
    await taken.settle()
    monkeypatch.setattr(taken.inbox.outbox._delivery._pacing, "take", real)
    await taken.sweep()
    assert (await stored(taken, sent))["state"] == "sent"


async def test_no_sender_waits_for_a_place_that_is_far_off(bench: Bench) -> None:
    """However many ask at once: who were told to wait for minutes would hold their chats as long."""
    pacing, pace = Pacing(database=bench.database), Pace(key="k", interval=0.1, burst=5)
    waits = await asyncio.gather(*(pacing.take([pace]) for _ in range(100)), return_exceptions=True)
    taken = [wait for wait in waits if isinstance(wait, float)]
    assert 20 <= len(taken) < 100
    assert max(taken) <= LONGEST_WAIT_SECONDS
    await pacing.hold("k", 600)
    with pytest.raises(RetryableError) as refused:
        await pacing.take([pace])
    assert refused.value.retry_after is not None
    assert refused.value.retry_after > 500


async def test_what_stands_behind_a_waiting_message_starves_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "SWEPT_AT_ONCE", 5)
    for chat_id in ("stuck", "other"):
        await bench.say(chat_id, "hello", chat_id)
        await bench.take_over({"_id": ObjectId(), "name": "Demo"}, chat_id)
    messages = bench.inbox.store.messages
    for chat_id, count in (("stuck", 12), ("other", 1)):
        conversation = await bench.conversation(chat_id)
        rows = [
            bench.inbox.store.outbound(conversation, f"{chat_id} {n}", author={"kind": "operator"})
            | {"next_attempt_at": utc_now() - timedelta(seconds=60 - (chat_id == "other"))}
            for n in range(count)
        ]
        rows[0] |= {"attempts": 1} if chat_id == "stuck" else {}
        rows[0]["next_attempt_at"] += HOUR if chat_id == "stuck" else timedelta()
        await messages.insert_many(rows)
    for _ in range(4):
        await bench.inbox.outbox.sweep()
    assert bench.connector.parts[-1] == "other 0"
    # Should whoever sends the first one die then: the others are found again, soon.
    waiting = await messages.find({"chat_id": "stuck", "attempts": 0, "state": "queued"}).to_list()
    assert len(waiting) == 11
    assert max(row["next_attempt_at"] for row in waiting) <= utc_now() + claims.BEHIND


async def test_a_slow_connection_keeps_no_other_from_being_swept() -> None:
    sweep, over, done = Sweep(at_once=6, share=2), asyncio.Event(), list[str]()

    async def slow() -> None:
        await over.wait()

    async def quick() -> None:
        done.append("quick")

    chats = [f"slow-{number}" for number in range(20)]
    first = asyncio.create_task(
        sweep.start(dict.fromkeys(chats, slow), dict.fromkeys(chats, "slow connection"))
    )
    await until(lambda: len(sweep.running) == 20)
    await sweep.start({"quick": quick}, {"quick": "another"})
    assert done == ["quick"]
    assert sweep.crowded(20) == ["slow connection"]
    assert sweep.crowded(21) == []
    over.set()
    await first
    await until(lambda: not sweep.running)
    assert sweep.crowded(0) == []


async def test_what_is_seen_to_is_not_looked_for(taken: Bench) -> None:
    taken.connector.failures = [AWAY]
    await operators_message(taken, "waits")
    await taken.settle()
    await taken.make_due()
    store, waits = Claims(database=taken.database), (await taken.conversation())["_id"]
    assert await store.due(but=[], but_of=[]) == {waits: ObjectId(taken.connection.id)}
    assert await store.due(but=[waits], but_of=[]) == {}
    assert await store.due(but=[], but_of=[ObjectId(taken.connection.id)]) == {}


async def test_the_sweep_reads_what_is_due_from_its_index(taken: Bench) -> None:
    query = {"state": {"$in": ["queued", "sending"]}, **claims._DUE}
    cursor = taken.inbox.store.messages.find(query).sort("next_attempt_at", 1).limit(500)
    plan = (await cursor.explain())["queryPlanner"]["winningPlan"]
    assert "deliveries_due" in str(plan)
    bounds = str(plan).partition("indexBounds")[2]
    assert "[MinKey, MaxKey]" not in bounds, bounds
    assert "SORT'" not in str(plan)


@pytest.mark.parametrize("state", ["paused", "failing"])
async def test_what_waits_for_its_connection_is_left_alone_until_it_is_back(
    taken: Bench, state: str
) -> None:
    await status(taken, state)
    sent = []
    for text in ("first", "second"):
        sent.append(await operators_message(taken, text))
        await taken.settle()
    tries = [(await stored(taken, one))["attempts"] for one in sent]
    assert tries == [1, 0]
    for _ in range(3):
        await taken.inbox.outbox._claims.wake()
        await taken.inbox.outbox.sweep()
        await taken.settle()
    assert [(await stored(taken, one))["attempts"] for one in sent] == [1, 0]
    due = [(await stored(taken, one))["next_attempt_at"] for one in sent]
    assert min(due) > utc_now() + HOUR
    assert (await stored(taken, sent[0]))["error"]["code"] == f"connection_{state}"

    await status(taken, "active")
    long_ago = {"created_at": utc_now() - timedelta(days=3)}
    await taken.inbox.store.messages.update_many({"text": "first"}, {"$set": long_ago})
    taken.connector.failures = [AWAY]
    taken.inbox.outbox._wake_at = 0.0
    await taken.inbox.outbox.sweep()
    first = await stored(taken, sent[0])
    assert first["state"] == "queued", "the days it waited are no tries"
    assert not _is_hopeless(first, AWAY)
    assert "parked" not in first
    await taken.sweep()
    assert taken.connector.parts[-2:] == ["first", "second"]


async def test_a_revoked_token_in_the_middle_of_a_message_doubles_no_part(taken: Bench) -> None:
    original = taken.connector.send

    async def revoked(connection: Any, message: OutboundMessage, part: str) -> SendResult:
        if part == "two":
            raise AuthenticationFailedError("token_rejected", "revoked")
        return await original(connection, message, part)

    taken.connector.send = revoked  # type: ignore[method-assign]
    sent = await operators_message(taken, "one\ntwo\nthree")
    await taken.settle()
    await status(taken, "failing")
    await taken.sweep()
    assert (await stored(taken, sent))["error"]["code"] == "connection_failing"
    taken.connector.send = original  # type: ignore[method-assign]
    await status(taken, "active")
    taken.inbox.outbox._wake_at = 0.0
    await taken.inbox.outbox.sweep()
    assert taken.connector.parts[-3:] == ["one", "two", "three"]
    assert (await stored(taken, sent))["state"] == "sent"


@pytest.mark.parametrize("wish", [1e15, float("inf"), float("nan"), -5.0])
async def test_an_absurd_wish_of_a_platform_blocks_nothing_for_ever(
    taken: Bench, wish: float
) -> None:
    assert 0 <= pause(1, wish) <= LONGEST_HOLD_SECONDS
    taken.connector.pace = lambda chat_id: [Pace(key=chat_id, interval=0.01)]
    taken.connector.failures = [RetryableError("rate_limited", "slow", retry_after=wish)]
    sent = await operators_message(taken, "hello")
    await taken.settle()
    message = await stored(taken, sent)
    assert (message["state"], message["error"]["code"]) == ("queued", "rate_limited")
    assert message["next_attempt_at"] <= utc_now() + timedelta(days=1)


async def test_a_turn_with_a_wrong_clock_steals_no_lease(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.say("1", "hello")
    conversations, key = (
        bench.inbox.store.conversations,
        {"_id": (await bench.conversation())["_id"]},
    )
    assert await leases.acquire(conversations, key) is not None
    monkeypatch.setattr(leases, "utc_now", lambda: utc_now() + HOUR, raising=False)
    assert await leases.acquire(conversations, key) is None
    await conversations.update_one(key, {"$set": {"lease.until": utc_now() - timedelta(seconds=1)}})
    assert await leases.acquire(conversations, key) is not None


async def test_what_was_woken_is_found_after_a_death(taken: Bench) -> None:
    await status(taken, "paused")
    sent = []
    for text in ("first", "second"):
        sent.append(await operators_message(taken, text))
        await taken.settle()
    await status(taken, "active")
    await taken.inbox.outbox._claims.wake()
    due = [(await stored(taken, one))["next_attempt_at"] for one in sent]
    assert max(due) <= utc_now(), "whichever of them a process leaves behind"


async def test_only_what_comes_near_it_keeps_to_the_organizations_pace() -> None:
    shares = FreeShares()
    assert [shares.take("a") for _ in range(25)].count(True) == 20
    assert shares.take("b")


async def test_replies_of_a_dead_process_are_sent_in_order(bench: Bench) -> None:
    """It died after it had stored them as its own, before it sent the first."""
    await bench.say("0", "hello")

    async def two(body: dict[str, Any]) -> web.Response:
        return web.json_response({"replies": [{"text": "first"}, {"text": "second"}]})

    bench.engine.answer = two
    bench.inbox.turns._answering._send = partial(asyncio.sleep, 0)
    await bench.say("1", "hi")
    claimed = await bench.inbox.store.messages.find({"state": "sending"}).to_list()
    assert [one["text"] for one in claimed] == ["first", "second"]
    ends = [one["next_attempt_at"] - one["created_at"] for one in claimed]
    assert timedelta(seconds=29) < ends[0] < ends[1] < timedelta(seconds=75)
    await bench.inbox.outbox.sweep()
    assert bench.connector.parts[-1] == "echo: hello", "they are still claimed"
    await bench.sweep()
    await bench.sweep()
    assert bench.connector.parts[-2:] == ["first", "second"]
