"""What a platform tells holds in the order it was made, however late and often it comes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.contract import ChatChange, InboundEvent, Notice, Reaction, RejectedError, Sender
from crm.core.clock import utc_now
from tests.integration.inbox.conftest import Bench

NOW = utc_now()


@pytest.fixture
async def answered(bench: Bench) -> Bench:
    await bench.say("1", "first wording")
    return bench


async def tell(bench: Bench, *events: InboundEvent) -> None:
    await bench.inbox.gateway.receive(bench.connection, events)
    await bench.settle()


async def again(bench: Bench, external_id: str) -> None:
    """An event is left over: its process died before it noted that it was applied."""
    events = bench.database.db["channel_events"]
    left = {"state": "waiting", "next_attempt_at": utc_now()}
    found = await events.update_one({"external_id": external_id}, {"$set": left})
    assert found.matched_count == 1
    await bench.inbox.channel_events.sweep()
    event = await events.find_one({"external_id": external_id})
    assert event is not None
    assert (event["state"], event["applied"]) == ("done", True)


async def original(bench: Bench) -> dict[str, Any]:
    found = await bench.inbox.store.messages.find_one({"external_id": "1"})
    assert found is not None
    return found


def reaction(name: str, emoji: str | None, at: datetime | None = None) -> Reaction:
    return Reaction(external_id=name, chat_id="chat", platform_id="1", emoji=emoji, at=at)


def change(name: str, *, reachable: bool, at: datetime | None = None) -> ChatChange:
    person = Sender(external_id="chat")
    return ChatChange(external_id=name, chat_id="chat", sender=person, reachable=reachable, at=at)


async def test_a_reaction_that_was_taken_back_stays_away(answered: Bench) -> None:
    await tell(answered, reaction("set", "👍"), reaction("off", None))
    assert (await original(answered))["reactions"] == []
    await again(answered, "reaction:set")
    assert (await original(answered))["reactions"] == []


async def test_the_platforms_time_counts_before_ours(answered: Bench) -> None:
    late, early = NOW - timedelta(minutes=1), NOW - timedelta(days=2)
    await tell(answered, reaction("new", "👍", late))
    await tell(answered, reaction("old", "👎", early))
    assert (await original(answered))["reactions"][0]["emoji"] == "👍"


async def test_what_was_made_in_one_second_goes_by_how_it_came(answered: Bench) -> None:
    second = NOW.replace(microsecond=0) - timedelta(seconds=5)
    await tell(answered, reaction("set", "👍", second), reaction("off", None, second))
    assert (await original(answered))["reactions"] == []


async def test_a_moment_in_the_future_does_not_last(answered: Bench) -> None:
    await tell(answered, reaction("set", "👍", NOW + timedelta(days=30)))
    await tell(answered, reaction("off", None))
    assert (await original(answered))["reactions"] == []


async def test_the_last_wording_is_shown(answered: Bench) -> None:
    for number, text in (("2", "second wording"), ("3", "third wording")):
        await tell(answered, replace(answered.message(number, text), edit_of="1"))
    await again(answered, "edit:2")
    assert (await original(answered))["edited_text"] == "third wording"


async def test_an_edit_that_comes_late_is_not_shown(answered: Bench) -> None:
    for number, days in (("2", 1), ("3", 2)):
        edit = answered.message(number, f"of {days} days ago")
        await tell(answered, replace(edit, edit_of="1", sent_at=NOW - timedelta(days=days)))
    assert (await original(answered))["edited_text"] == "of 1 days ago"


async def test_who_has_written_since_is_not_blocked(answered: Bench) -> None:
    await tell(answered, change("b", reachable=False))
    assert (await answered.conversation())["reachable"] is False
    await answered.say("2", "I am back")
    await again(answered, "chat:b")
    assert (await answered.conversation())["reachable"] is True
    lines = {"kind": "event", "data.event": "blocked"}
    assert await answered.inbox.store.messages.count_documents(lines) == 1


async def test_what_was_written_before_the_block_does_not_undo_it(answered: Bench) -> None:
    await tell(answered, change("b", reachable=False))
    late = replace(answered.message("2", "of yesterday"), sent_at=NOW - timedelta(days=1))
    await answered.inbox.store.conversations.update_one(
        {}, {"$set": {"last_inbound_at": NOW - timedelta(days=2)}}
    )
    await tell(answered, late)
    assert (await answered.conversation())["reachable"] is False
    await answered.say("3", "I am back")
    assert (await answered.conversation())["reachable"] is True


async def test_the_later_of_block_and_return_holds(answered: Bench) -> None:
    await tell(answered, change("back", reachable=True, at=utc_now()))
    await tell(answered, change("away", reachable=False, at=NOW - timedelta(days=1)))
    assert (await answered.conversation()).get("reachable", True) is True
    await tell(answered, change("gone", reachable=False))
    await again(answered, "chat:back")
    assert (await answered.conversation())["reachable"] is False


async def test_who_blocks_at_once_is_known_as_soon_as_the_conversation_is(bench: Bench) -> None:
    await tell(bench, change("b", reachable=False))
    event = await bench.database.db["channel_events"].find_one({})
    assert event is not None
    assert event["state"] == "waiting"
    hello = replace(bench.message("1", "hello"), sent_at=NOW - timedelta(minutes=1))
    await tell(bench, hello)
    await again(bench, "chat:b")
    assert (await bench.conversation())["reachable"] is False


async def test_operators_are_told_when_a_message_finds_the_chat_blocked(answered: Bench) -> None:
    store = answered.inbox.store
    seq = await store.events.last_seq(answered.organization_id)
    answered.connector.failures = [RejectedError("blocked_by_customer", "They blocked us.")]
    await answered.say("2", "hello?")
    assert (await answered.conversation())["reachable"] is False
    told = answered.database.db["events"].find({"seq": {"$gt": seq}})
    states = [
        one["data"]["reachable"] async for one in told if one["type"] == "conversation.updated"
    ]
    assert states[-1] is False


async def test_a_notice_is_kept_once(answered: Bench) -> None:
    connections = answered.database.db["connections"]
    row = {
        "_id": ObjectId(answered.connection.id),
        "organization_id": answered.organization_id,
    }
    await connections.insert_one(row)
    await tell(answered, Notice(external_id="n", topic="quality", data={"event": "FLAGGED"}))
    await again(answered, "notice:n")
    stored = await connections.find_one(row)
    assert stored is not None
    assert len(stored["notices"]) == 1
