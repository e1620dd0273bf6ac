"""Statuses, reactions, edits, deletions, blocking: applied once, in whatever order they come."""

import time
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.contacts.consents import holds
from crm.contract import (
    Attachment,
    ChatChange,
    ChatMove,
    ConsentChange,
    Deletion,
    InboundEvent,
    MessageKind,
    Notice,
    Reaction,
    ReadMark,
    Sender,
    StatusUpdate,
)
from crm.core.clock import utc_now
from crm.inbox.channel_events import FEWEST_TRIES, PATIENCE, PAUSES_SECONDS, SHORT_PATIENCE
from tests.integration.inbox.conftest import Bench

OPERATOR = {"_id": ObjectId(), "name": "Demo Operator"}


async def tell(bench: Bench, *events: InboundEvent) -> None:
    await bench.inbox.gateway.receive(bench.connection, events)
    await bench.settle()


def status(state: Any, *, of: str = "out-1", **more: Any) -> StatusUpdate:
    return StatusUpdate(external_id=f"{of}:{state}", platform_id=of, state=state, **more)


async def answer_to(bench: Bench, text: str = "hello") -> dict[str, Any]:
    await bench.say("1", text)
    return await newest(bench)


async def newest(bench: Bench, **match: Any) -> dict[str, Any]:
    found = await bench.inbox.store.messages.find_one(
        {"direction": "out", "kind": "text", **match}, sort=[("created_at", -1)]
    )
    assert found is not None
    return found


@pytest.fixture
async def answered(bench: Bench) -> Bench:
    """A customer was told two things: the disclosure (out-1) and the answer (out-2)."""
    await bench.say("1", "hello")
    return bench


async def test_states_move_forward_whatever_order_they_come_in(answered: Bench) -> None:
    await tell(answered, status("read", of="out-2"))
    await tell(answered, status("delivered", of="out-2"), status("sent", of="out-2"))
    message = await newest(answered)
    assert message["state"] == "read"
    assert message["read_at"] is not None


async def test_what_a_widget_shows_moves_forward_only(answered: Bench) -> None:
    gateway, message = answered.inbox.gateway, await newest(answered)

    async def seen(*, read: bool) -> str:
        await gateway.seen(answered.connection, str(message["_id"]), read=read)
        return str((await newest(answered))["state"])

    await answered.inbox.store.messages.update_one(
        {"_id": message["_id"]}, {"$set": {"state": "sending"}}
    )
    assert await seen(read=False) == "delivered", "it may be faster than our note"
    assert await seen(read=True) == "read"
    assert await seen(read=False) == "read"
    await answered.inbox.store.messages.update_one(
        {"_id": message["_id"]}, {"$set": {"state": "failed"}}
    )
    assert await seen(read=True) == "failed"


async def test_a_failure_says_why_and_can_be_sent_again(answered: Bench) -> None:
    await tell(answered, status("failed", of="out-2", code="131026", detail="not on WhatsApp"))
    message = await newest(answered)
    assert message["state"] == "failed"
    assert message["error"] == {"code": "131026", "detail": "not on WhatsApp"}
    await answered.inbox.outbox.resend(answered.organization_id, message["_id"])


async def test_what_was_shown_cannot_fail_any_more(answered: Bench) -> None:
    await tell(answered, status("delivered", of="out-2"), status("failed", of="out-2"))
    assert (await newest(answered))["state"] == "delivered"


async def test_a_second_delivery_changes_nothing(answered: Bench) -> None:
    for _ in range(3):
        await tell(answered, status("delivered", of="out-2"))
    events = answered.database.db["channel_events"]
    assert await events.count_documents({"kind": "status"}) == 1


async def test_a_message_of_several_parts_is_as_far_as_its_last_one(bench: Bench) -> None:
    await bench.say("1", "one\ntwo")
    message = await newest(bench)
    first, second = (part["platform_id"] for part in message["parts"])
    await tell(bench, status("read", of=first))
    assert (await newest(bench))["state"] == "sent"
    await tell(bench, status("delivered", of=second))
    assert (await newest(bench))["state"] == "delivered"


async def test_a_late_status_does_not_undo_what_was_read(answered: Bench) -> None:
    await tell(answered, ReadMark(external_id="r1", chat_id="chat", platform_id="out-2"))
    await tell(answered, status("delivered"), status("delivered", of="out-2"))
    states = answered.inbox.store.messages.find({"direction": "out", "kind": "text"})
    assert [message["state"] async for message in states] == ["read", "read"]


async def test_a_part_that_was_read_stays_so(answered: Bench) -> None:
    messages = answered.inbox.store.messages
    message = await newest(answered)
    parts = [{"platform_id": name, "state": "sent"} for name in ("p1", "p2")]
    await messages.update_one(
        {"_id": message["_id"]}, {"$set": {"parts": parts, "platform_ids": ["p1", "p2"]}}
    )
    for told in (status("read", of="p1"), status("delivered", of="p1"), status("read", of="p2")):
        await tell(answered, told)
    assert (await newest(answered))["state"] == "read"


async def test_ids_are_known_on_their_own_connection_only(answered: Bench) -> None:
    """Two bots of a company number their messages alike."""
    other = replace(answered.connection, id=str(ObjectId()))
    reaction = Reaction(external_id="a", chat_id="chat", platform_id="out-2", emoji="👍")
    await answered.inbox.gateway.receive(other, [status("read", of="out-2"), reaction])
    await answered.settle()
    message = await newest(answered)
    assert (message["state"], message.get("reactions", [])) == ("sent", [])


async def test_a_status_that_is_faster_than_our_note_is_applied_later(bench: Bench) -> None:
    await tell(bench, status("delivered", of="out-2"))
    waiting = await bench.database.db["channel_events"].find_one({"kind": "status"})
    assert waiting is not None
    assert waiting["state"] == "waiting"
    await bench.say("1", "hello")
    await make_due(bench)
    await bench.inbox.channel_events.sweep()
    assert (await newest(bench))["state"] == "delivered"


@pytest.mark.parametrize(
    ("kind", "patience"), [("status", timedelta(minutes=3)), ("reaction", timedelta(hours=1))]
)
async def test_what_stays_unknown_is_given_up(bench: Bench, kind: str, patience: timedelta) -> None:
    reaction = Reaction(external_id="r", chat_id="chat", platform_id="out-99", emoji="👍")
    await tell(bench, status("delivered", of="out-99") if kind == "status" else reaction)
    events = bench.database.db["channel_events"]

    async def tried(age: timedelta) -> tuple[int, str]:
        changes = {"created_at": utc_now() - age, "next_attempt_at": utc_now()}
        await events.update_many({}, {"$set": changes})
        await bench.inbox.channel_events.sweep()
        event = await events.find_one({})
        assert event is not None
        return event["attempts"], event["state"]

    # It may have waited for a process: the tries count as well as the time.
    assert await tried(2 * patience) == (2, "waiting")
    for number in (3, 4, 5):
        assert await tried(timedelta()) == (number, "waiting")
    assert await tried(patience / 2) == (6, "waiting")
    assert await tried(patience) == (7, "done")
    event = await events.find_one({})
    assert event is not None
    assert event["applied"] is False
    assert await tried(patience) == (7, "done")


async def test_tries_are_few(bench: Bench) -> None:
    assert sum(PAUSES_SECONDS[: FEWEST_TRIES - 1]) > SHORT_PATIENCE.total_seconds()
    tries = len(PAUSES_SECONDS) + 1 + PATIENCE.total_seconds() // PAUSES_SECONDS[-1]
    assert tries < 15


async def test_what_is_charged_for_a_message_is_kept(answered: Bench) -> None:
    pricing = {"category": "service", "billable": False}
    await tell(answered, status("delivered", of="out-2", data=pricing))
    assert (await newest(answered))["cost"] == pricing


async def test_reading_up_to_a_message_reads_all_before_it(answered: Bench) -> None:
    await tell(answered, ReadMark(external_id="r1", chat_id="chat", platform_id="out-2"))
    states = answered.inbox.store.messages.find({"direction": "out", "kind": "text"})
    assert [message["state"] async for message in states] == ["read", "read"]


async def test_a_reaction_is_shown_and_taken_back(answered: Bench) -> None:
    await tell(answered, Reaction(external_id="a", chat_id="chat", platform_id="out-2", emoji="👍"))
    assert (await newest(answered))["reactions"] == [{"emoji": "👍", "by": "contact"}]
    await tell(answered, Reaction(external_id="b", chat_id="chat", platform_id="out-2", emoji=None))
    assert (await newest(answered))["reactions"] == []


async def test_a_deleted_message_stays_for_operators(answered: Bench) -> None:
    await tell(answered, Deletion(external_id="d", chat_id="chat", platform_id="1"))
    message = await answered.inbox.store.messages.find_one({"external_id": "1"})
    assert message is not None
    assert message["deleted_at"] is not None
    assert message["text"] == "hello"


async def test_an_edit_is_answered_and_marks_the_original(answered: Bench) -> None:
    await tell(answered, replace(answered.message("2", "helo, corrected"), edit_of="1"))
    assert answered.connector.sent[-1].text == "echo: helo, corrected"
    original = await answered.inbox.store.messages.find_one({"external_id": "1"})
    assert original is not None
    assert (original["text"], original["edited_text"]) == ("hello", "helo, corrected")


async def test_a_blocked_chat_is_shown_until_the_customer_is_back(answered: Bench) -> None:
    sender = Sender(external_id="chat")
    for name, reachable in (("b", False), ("c", False)):
        change = ChatChange(external_id=name, chat_id="chat", sender=sender, reachable=reachable)
        await tell(answered, change)
    assert (await answered.conversation())["reachable"] is False
    lines = {"kind": "event", "data.event": "blocked"}
    assert await answered.inbox.store.messages.count_documents(lines) == 1
    await answered.say("2", "I am back")
    assert (await answered.conversation())["reachable"] is True


async def test_a_chat_goes_on_under_new_ids(answered: Bench) -> None:
    before = await answered.conversation()
    person = Sender(external_id="new", phone="+77010000502")
    move = ChatMove(external_id="m1", chat_id="chat", new_chat_id="new", sender=person)
    await tell(answered, move)
    await tell(answered, replace(move, external_id="m2"))  # told by two webhooks
    message = replace(answered.message("2", "it is me"), chat_id="new", sender=person)
    await tell(answered, message)
    store = answered.inbox.store
    (after,) = await store.conversations.find({}).to_list()
    assert (after["_id"], after["chat_id"]) == (before["_id"], "new")
    contact = await store.contacts.find_one({"_id": before["contact_id"]})
    assert contact is not None
    assert [one["external_id"] for one in contact["identities"]] == ["new"]
    assert await store.contacts.count_documents({}) == 1
    assert (await newest(answered))["chat_id"] == "new"


async def test_a_move_comes_before_what_is_written_under_the_new_ids(answered: Bench) -> None:
    before = await answered.conversation()
    person = Sender(external_id="new")
    move = ChatMove(external_id="m1", chat_id="chat", new_chat_id="new", sender=person)
    message = replace(answered.message("2", "it is me"), chat_id="new", sender=person)
    await answered.inbox.gateway.receive(answered.connection, [message, move])
    await answered.settle()
    store = answered.inbox.store
    (after,) = await store.conversations.find({}).to_list()
    assert (after["_id"], after["chat_id"]) == (before["_id"], "new")
    assert await store.contacts.count_documents({}) == 1
    assert answered.connector.sent[-1].chat_id == "new"


async def test_a_number_s_next_owner_is_not_taken_for_the_former_one(answered: Bench) -> None:
    """Neither in the process that moved the chat, nor in one that has seen it long ago."""
    store, before = answered.inbox.store, await answered.conversation()
    known = store.known
    person = Sender(external_id="new")
    move = ChatMove(external_id="m1", chat_id="chat", new_chat_id="new", sender=person)
    await tell(answered, move)
    stranger = {**before, "chat_id": "chat"}
    assert await known.conversation_of(stranger) is None
    known.remember(stranger)  # as another process still does
    assert await known.conversation_of(stranger) == before["_id"]
    known._known = OrderedDict(
        (chat, (seen, time.monotonic())) for chat, (seen, _) in known._known.items()
    )
    assert await known.conversation_of(stranger) is None
    known.remember({**before, "chat_id": "new"})
    known._known = OrderedDict(
        (chat, (seen, time.monotonic())) for chat, (seen, _) in known._known.items()
    )
    assert await known.conversation_of({**before, "chat_id": "new"}) == before["_id"]


async def test_what_the_bot_says_goes_where_the_chat_has_moved(bench: Bench) -> None:
    await bench.say("1", "hello")
    person = Sender(external_id="new")

    async def slow(body: dict[str, Any]) -> Any:
        moved = ChatMove(external_id="m1", chat_id="chat", new_chat_id="new", sender=person)
        await bench.inbox.gateway.receive(bench.connection, [moved])
        return await bench.engine.echo(body)

    bench.engine.answer = slow
    await bench.say("2", "where are you?")
    assert bench.connector.sent[-1].text == "echo: where are you?"
    assert bench.connector.sent[-1].chat_id == "new"


async def test_what_is_written_under_the_new_ids_during_a_turn_is_answered_after_it(
    bench: Bench,
) -> None:
    person = Sender(external_id="new")
    message = replace(bench.message("3", "it is me"), chat_id="new", sender=person)

    async def slow(body: dict[str, Any]) -> Any:
        bench.engine.answer = bench.engine.echo
        moved = ChatMove(external_id="m1", chat_id="chat", new_chat_id="new", sender=person)
        await bench.inbox.gateway.receive(bench.connection, [moved, message])
        await bench.inbox.turns.run(ObjectId(bench.connection.id), "new")  # finds the lease taken
        assert [turn["message"]["text"] for turn in bench.engine.turns] == ["hello"]
        return await bench.engine.echo(body)

    bench.engine.answer = slow
    await bench.say("1", "hello")
    sent = [one.text for one in bench.connector.sent]
    assert sent[-2:] == ["echo: hello", "echo: it is me"]
    assert bench.inbox.turns._news == {}


async def test_a_chat_that_was_begun_anew_is_left_alone(answered: Bench) -> None:
    person = Sender(external_id="new")
    fresh = replace(answered.message("2", "it is me"), chat_id="new", sender=person)
    await tell(answered, fresh)
    await tell(
        answered, ChatMove(external_id="m1", chat_id="chat", new_chat_id="new", sender=person)
    )
    chats = [one["chat_id"] async for one in answered.inbox.store.conversations.find({})]
    assert sorted(chats) == ["chat", "new"]
    event = await answered.database.db["channel_events"].find_one({"kind": "move"})
    assert event is not None
    assert event["state"] == "done"


async def test_a_consent_is_recorded_once_with_its_channel(bench: Bench) -> None:
    refusal = ConsentChange(
        external_id="c1",
        chat_id="chat",
        sender=Sender(external_id="chat"),
        purpose="marketing",
        granted=False,
        at=utc_now(),
    )
    await tell(bench, bench.message("1", "stop"), refusal)
    await tell(bench, replace(refusal, external_id="c2"))
    await make_due(bench)
    await bench.inbox.channel_events.sweep()
    await bench.settle()
    contact = await bench.inbox.store.contacts.find_one({})
    assert contact is not None
    (consent,) = contact["consents"]
    assert (consent["kind"], consent["granted"]) == ("marketing", False)
    assert consent["channel"] == bench.connection.channel
    assert consent["conversation_id"] == (await bench.conversation())["_id"]


async def test_a_consent_that_comes_late_stands_before_the_later_one(answered: Bench) -> None:
    refusal = ConsentChange(
        external_id="stop",
        chat_id="chat",
        sender=Sender(external_id="chat"),
        purpose="marketing",
        granted=False,
        at=utc_now(),
    )
    earlier = utc_now() - timedelta(days=3)
    await tell(answered, refusal)
    await tell(answered, replace(refusal, external_id="resume", granted=True, at=earlier))
    contact = await answered.inbox.store.contacts.find_one({})
    assert contact is not None
    assert holds(contact["consents"], "marketing") is False
    assert [one["granted"] for one in contact["consents"]] == [True, False]


async def test_a_quoted_message_is_shown_with_the_answer(answered: Bench) -> None:
    await tell(answered, replace(answered.message("2", "this one?"), reply_to="out-2"))
    message = await answered.inbox.store.messages.find_one({"external_id": "2"})
    assert message is not None
    assert message["reply_to"]["text"] == "echo: hello"
    assert message["reply_to"]["author_kind"] == "bot"


async def test_files_wait_to_be_fetched(bench: Bench) -> None:
    photo = Attachment(kind=MessageKind.IMAGE, ref={"id": "f1"}, mime="image/jpeg", size=10)
    message = replace(bench.message("1", ""), kind=MessageKind.IMAGE, attachments=[photo])
    await tell(bench, message)
    stored = await bench.inbox.store.messages.find_one({"external_id": "1"})
    assert stored is not None
    assert stored["attachments"][0]["state"] == "waiting"
    assert stored["media_due_at"] is not None


async def test_a_notice_of_templates_asks_for_a_sync(bench: Bench) -> None:
    connections = bench.database.db["connections"]
    row = {"_id": ObjectId(bench.connection.id), "organization_id": bench.organization_id}
    await connections.insert_one(row)
    notice = Notice(
        external_id="n1", topic="templates", data={"name": "order", "event": "APPROVED"}
    )
    await tell(bench, notice)
    stored = await connections.find_one({"_id": row["_id"]})
    assert stored is not None
    assert stored["templates_due"] is True
    assert stored["notices"][0]["topic"] == "templates"


async def make_due(bench: Bench) -> None:
    await bench.database.db["channel_events"].update_many(
        {}, {"$set": {"next_attempt_at": utc_now()}}
    )


async def test_one_odd_value_loses_nothing_beside_it(bench: Bench) -> None:
    odd = replace(
        bench.message("1\ud800", "hello"),
        sender=Sender(external_id="chat", name="A\ud83d\x00"),
        data={"a\ud800": 2**70, "b": ["\x00x"]},
    )
    status = StatusUpdate(external_id="s\ud800", platform_id="out-1", state="delivered")
    await tell(bench, odd, status)
    stored = await bench.inbox.store.messages.find_one({"direction": "in"})
    assert stored is not None
    assert stored["sender"]["name"] == "A"
    assert stored["data"] == {"a": str(2**70), "b": ["x"]}
    assert bench.connector.sent[-1].text == "echo: hello"
