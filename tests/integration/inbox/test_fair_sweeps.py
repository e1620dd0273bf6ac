"""No organization's events keep another's waiting."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.migration_steps import channel_events as indexes
from crm.inbox import channel_events, leases, sweep
from crm.inbox.turns import SWEPT_AT_ONCE
from tests.integration.inbox.conftest import Bench
from tests.support.patience import PATIENCE_SECONDS


def event(organization_id: ObjectId, number: int, **more: Any) -> dict[str, Any]:
    """A status of a message that another program sent through the same number."""
    moment = utc_now()
    return {
        "_id": ObjectId(),
        "organization_id": organization_id,
        "connection_id": organization_id,
        "channel": "recording",
        "external_id": f"status:{number}",
        "kind": "status",
        "data": {"platform_id": f"x{number}", "state": "sent", "data": {}},
        "state": "waiting",
        "attempts": 0,
        "next_attempt_at": moment - timedelta(minutes=1),
        "created_at": moment,
        **more,
    }


@pytest.fixture
def swept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[ObjectId]:
    """The organizations whose events were tried, in order."""
    tried: list[ObjectId] = []

    async def status(event: dict[str, Any]) -> bool:
        tried.append(event["organization_id"])
        return False

    monkeypatch.setattr(sweep, "PATIENCE_SECONDS", PATIENCE_SECONDS)  # all of it is waited for
    handlers = {"status": status}
    monkeypatch.setattr(bench.inbox.channel_events, "_handlers", handlers)
    return tried


async def test_a_flood_keeps_nobody_waiting(bench: Bench, swept: list[ObjectId]) -> None:
    stored = bench.database.db["channel_events"]
    flooding, other, third = ObjectId(), ObjectId(), ObjectId()
    await stored.insert_many([event(flooding, number) for number in range(2_000)])
    later = utc_now() - timedelta(seconds=1)
    await stored.insert_one(event(other, 1, next_attempt_at=later))
    await stored.insert_many([event(third, number) for number in range(3)])
    assert await bench.inbox.channel_events.sweep() <= channel_events.SWEPT_AT_ONCE
    assert {other, third} <= set(swept[:64]), "not behind all of the flood"
    assert [swept.count(one) for one in (other, third)] == [1, 3]
    assert swept.count(flooding) == channel_events.SWEPT_AT_ONCE // 3


async def test_one_alone_has_all_of_a_sweep(bench: Bench, swept: list[ObjectId]) -> None:
    one = ObjectId()
    await bench.database.db["channel_events"].insert_many(
        [event(one, number) for number in range(channel_events.SWEPT_AT_ONCE + 50)]
    )
    assert await bench.inbox.channel_events.sweep() == channel_events.SWEPT_AT_ONCE
    assert len(swept) == channel_events.SWEPT_AT_ONCE
    await bench.inbox.channel_events.sweep()
    untried = {"attempts": 0}
    assert await bench.database.db["channel_events"].count_documents(untried) == 0


async def test_of_very_many_organizations_each_has_its_turn(
    bench: Bench, swept: list[ObjectId]
) -> None:
    """All of them have more than their share, so that none is out of the way of the next."""
    organizations = [ObjectId() for _ in range(2 * channel_events.ORGANIZATIONS_AT_ONCE + 5)]
    each = 3 * channel_events.SWEPT_AT_ONCE // channel_events.ORGANIZATIONS_AT_ONCE
    await bench.database.db["channel_events"].insert_many(
        [event(one, number) for one in organizations for number in range(each)]
    )
    for _ in range(3):  # the third goes on from the beginning
        assert await bench.inbox.channel_events.sweep() == channel_events.SWEPT_AT_ONCE
    assert set(swept) == set(organizations)


async def test_looking_for_the_due_reads_little(bench: Bench) -> None:
    await indexes.run(bench.database)
    stored = bench.database.db["channel_events"]
    one, later = ObjectId(), utc_now() + timedelta(hours=1)
    await stored.insert_many(
        [event(ObjectId(), number, next_attempt_at=later) for number in range(50)]
        + [event(one, number, next_attempt_at=later) for number in range(1_000)]
        + [event(one, number, state="done") for number in range(1_000, 2_000)]
        + [event(one, 5_000)]
    )
    due = {"state": "waiting", "next_attempt_at": {"$lte": utc_now()}}
    for condition, order in (
        ({"organization_id": {"$gt": ObjectId(b"\0" * 12)}, **due}, "organization_id"),
        ({"organization_id": one, **due}, "next_attempt_at"),
    ):
        plan = await stored.find(condition).sort(order, 1).limit(10).explain()
        read = plan["executionStats"]
        assert (read["nReturned"], read["totalDocsExamined"]) == (1, 1)
        assert read["totalKeysExamined"] < 150


async def test_what_is_tried_here_is_not_tried_by_the_sweep_as_well(
    bench: Bench, swept: list[ObjectId]
) -> None:
    """The process that stored it and the worker both look at it: one of them tries it."""
    stored = bench.database.db["channel_events"]
    found = event(bench.organization_id, 1)
    await stored.insert_one(found)
    await bench.inbox.channel_events.sweep()
    await bench.inbox.channel_events.apply(bench.connection, [found["_id"]])
    assert len(swept) == 1


async def test_a_chat_with_very_many_messages_hides_no_other(bench: Bench) -> None:
    """One person's flood, which another process works on, is one chat to the sweeper."""
    await bench.say("0", "hello", "flood")
    leased = await leases.acquire(bench.inbox.store.conversations, {"chat_id": "flood"})
    assert leased is not None, "another process has it"
    many = [bench.message(str(number), "hi", "flood") for number in range(1, 2 * SWEPT_AT_ONCE)]
    await bench.inbox.gateway.receive(bench.connection, many)
    await bench.settle()
    messages = bench.inbox.store.messages
    waits = {"organization_id": bench.organization_id, "chat_id": "flood", "state": "received"}
    ago = utc_now() - timedelta(minutes=1)
    await messages.update_many(waits, {"$set": {"next_attempt_at": ago}})
    one = await messages.find_one(waits)
    assert one is not None
    left = {"_id": ObjectId(), "external_id": "left", "chat_id": "other", "text": "me too"}
    sender = {**one["sender"], "external_id": "other"}
    due = {"next_attempt_at": utc_now() - timedelta(seconds=1), "conversation_id": None}
    await messages.insert_one({**one, **left, **due, "sender": sender, "fresh": True})
    await bench.inbox.turns.sweep()
    await bench.settle()
    assert [sent.text for sent in bench.connector.sent if sent.chat_id == "other"][-1:] == [
        "echo: me too"
    ]
