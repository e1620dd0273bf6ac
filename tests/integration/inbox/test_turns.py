"""Turns: once, in order, one at a time, and never after a person took over."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from bson import ObjectId

from crm.contract import RejectedError, RetryableError
from crm.core.clock import utc_now
from crm.core.errors import NotFound
from crm.core.events import Event
from crm.inbox import answering, leases, outbox
from crm.inbox.store import LeaseLostError
from crm.inbox.writing import Draft
from tests.integration.inbox.conftest import Bench
from tests.support.patience import PATIENCE_SECONDS, until

OPERATOR = {"_id": ObjectId(), "name": "Demo Operator"}


async def test_the_first_reply_is_preceded_by_the_disclosure_and_only_the_first(
    bench: Bench,
) -> None:
    await bench.say("1", "hello")
    await bench.say("2", "again")
    assert [m.text for m in bench.connector.sent] == [
        "You are talking to the AI assistant of Demo. I can call a person whenever you like.",
        "echo: hello",
        "echo: again",
    ]
    ids = [m.id for m in bench.connector.sent]
    assert ids == sorted(ids), "a chat on a page puts them in the order of their ids"


async def test_in_letters_the_disclosure_is_not_one_of_its_own(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.inbox.turns._answering, "_letters", {"recording"})
    await bench.say("1", "hello")
    (letter,) = {m.id: m.text for m in bench.connector.sent}.values()
    assert letter.startswith("You are talking to the AI assistant of Demo.")
    assert letter.endswith("\n\necho: hello")
    await bench.say("2", "again")
    assert bench.connector.sent[-1].text == "echo: again"


async def test_a_second_delivery_changes_nothing(bench: Bench) -> None:
    assert await bench.say("1", "hello") == 1
    assert await bench.say("1", "hello") == 0
    assert len(bench.engine.turns) == 1
    assert await bench.inbox.store.messages.count_documents({"direction": "in"}) == 1


async def test_two_deliveries_at_the_same_instant_are_one(bench: Bench) -> None:
    counts = await asyncio.gather(
        *(
            bench.inbox.gateway.receive(bench.connection, [bench.message("1", "hello")])
            for _ in range(8)
        )
    )
    await bench.settle()
    assert sum(counts) == 1
    assert len(bench.engine.turns) == 1
    assert await bench.inbox.store.conversations.count_documents({}) == 1
    assert await bench.inbox.store.contacts.count_documents({}) == 1


async def test_messages_are_answered_one_at_a_time_in_order_of_arrival(bench: Bench) -> None:
    running = 0

    async def slow(body: dict[str, Any]) -> web.Response:
        nonlocal running
        running += 1
        assert running == 1, "two turns ran at once"
        await asyncio.sleep(0.02)
        running -= 1
        return await bench.engine.echo(body)

    bench.engine.answer = slow
    for number in range(6):
        await bench.inbox.gateway.receive(
            bench.connection, [bench.message(str(number), f"n{number}")]
        )
        await asyncio.sleep(0.01)
    await bench.settle()
    assert [m.text for m in bench.connector.sent][1:] == [f"echo: n{n}" for n in range(6)]


async def test_a_takeover_silences_the_bot_even_while_it_writes(bench: Bench) -> None:
    await bench.say("1", "hello")
    conversation = await bench.conversation()
    asked, go = asyncio.Event(), asyncio.Event()

    async def held(body: dict[str, Any]) -> web.Response:
        asked.set()
        await go.wait()
        return await bench.engine.echo(body)

    bench.engine.answer = held
    await bench.inbox.gateway.receive(bench.connection, [bench.message("2", "late")])
    await asked.wait()
    await bench.inbox.handover.take_over(bench.organization_id, conversation["_id"], user=OPERATOR)
    go.set()
    await bench.settle()
    said = [m.text for m in bench.connector.sent]
    assert await bench.inbox.store.messages.count_documents({"text": "echo: late"}) == 0
    assert said[-1] == "Demo Operator from our team has joined the conversation."
    stored = await bench.inbox.store.messages.find_one({"external_id": "2"})
    assert stored is not None
    assert stored["state"] == "handled"


async def test_a_reply_that_waits_for_its_next_try_is_cancelled_by_a_takeover(
    bench: Bench,
) -> None:
    await bench.say("1", "hello")
    bench.connector.failures = [RetryableError("http_502", "bad gateway")]
    await bench.say("2", "late")
    await bench.take_over(OPERATOR)
    waiting = await bench.inbox.store.messages.find_one({"text": "echo: late"})
    assert waiting is not None
    assert waiting["state"] == "cancelled"


async def test_a_claimed_reply_with_an_older_fence_is_not_sent(bench: Bench) -> None:
    await bench.say("1", "hello")
    conversation = await bench.conversation()
    store = bench.inbox.store
    reply = store.outbound(conversation, "too late", author={"kind": "bot"})
    # Claimed by a process that died, so that the take-over did not find it queued.
    await store.messages.insert_one({**reply, "state": "sending", "attempts": 1})
    await bench.take_over(OPERATOR)
    await bench.sweep()
    assert "too late" not in [m.text for m in bench.connector.sent]
    stored = await store.messages.find_one({"_id": reply["_id"]})
    assert stored is not None
    assert stored["state"] == "cancelled"


async def test_what_people_said_reaches_the_engine_before_the_next_turn(bench: Bench) -> None:
    await bench.say("1", "hello")
    conversation = await bench.conversation()
    where = bench.organization_id, conversation["_id"]
    await bench.take_over(OPERATOR)
    await bench.say("2", "is it red?")
    await bench.inbox.writing.write(
        *where, Draft(text="It is blue.", client_id="client-0001"), user=OPERATOR
    )
    await bench.settle()
    await bench.inbox.writing.write(*where, Draft(text="a note", kind="note"), user=OPERATOR)
    assert len(bench.engine.turns) == 1, "the bot is silent"
    await bench.inbox.handover.hand_back(*where, user=OPERATOR)
    await bench.settle()
    await bench.say("3", "thanks")
    assert [(e["role"], e["text"]) for e in bench.engine.records[0]["events"]] == [
        ("customer", "is it red?"),
        ("operator", "It is blue."),
    ]
    await bench.say("4", "and again")
    assert [r["pause"] for r in bench.engine.records] == [True, False]
    assert [t["message"]["text"] for t in bench.engine.turns] == ["hello", "thanks", "and again"]


async def test_an_operators_message_repeated_by_a_bad_line_is_sent_once(bench: Bench) -> None:
    await bench.say("1", "hello")
    conversation = await bench.conversation()
    where = bench.organization_id, conversation["_id"]
    await bench.take_over(OPERATOR)
    first, second = [
        await bench.inbox.writing.write(
            *where, Draft(text="Hi", client_id="client-0001"), user=OPERATOR
        )
        for _ in range(2)
    ]
    await bench.settle()
    assert first["id"] == second["id"]
    assert [m.text for m in bench.connector.sent].count("Hi") == 1


async def test_an_engine_that_is_down_loses_nothing_and_runs_the_turn_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = True

    async def flaky(body: dict[str, Any]) -> web.Response:
        return web.Response(status=502) if down else await bench.engine.echo(body)

    bench.engine.answer = flaky
    await bench.say("1", "hello")
    assert bench.connector.sent == []
    long_ago = utc_now() - timedelta(seconds=answering.HOLDING_AFTER_SECONDS + 1)
    await bench.inbox.store.messages.update_many({}, {"$set": {"created_at": long_ago}})
    for _ in range(3):
        await bench.sweep()
    holding = "Сообщение получено. Отвечу чуть позже."
    assert [m.text for m in bench.connector.sent][1:] == [holding], "told once"
    down = False
    await bench.sweep()
    await bench.sweep()
    assert [m.text for m in bench.connector.sent][2:] == ["echo: hello"]


async def test_a_message_the_engine_always_fails_on_goes_to_a_person(bench: Bench) -> None:
    async def broken(body: dict[str, Any]) -> web.Response:
        if body["message"]["text"] == "bad":
            return web.Response(status=500)
        return await bench.engine.echo(body)

    bench.engine.answer = broken
    await bench.say("1", "bad")
    for _ in range(answering.MAX_FAILURES):
        await bench.sweep()
    conversation = await bench.conversation()
    assert conversation["status"] == "waiting"
    assert conversation["summary"]["reason"] == "bot_failed"
    await bench.say("2", "fine")
    assert bench.connector.sent[-1].text == "echo: fine"


async def test_a_dead_process_is_followed_by_the_sweeper(bench: Bench) -> None:
    await bench.say("0", "first")
    # As if the process had died after storing the message, holding the lease.
    conversations = bench.inbox.store.conversations
    lease = {"holder": "dead", "until": utc_now() + timedelta(hours=1)}
    await conversations.update_one({}, {"$set": {"lease": lease}})
    await bench.inbox.gateway.receive(bench.connection, [bench.message("1", "orphan")])
    await bench.settle()
    await bench.make_due()
    await bench.inbox.turns.sweep()
    assert len(bench.engine.turns) == 1, "the lease still holds"
    await conversations.update_one({}, {"$set": {"lease.until": utc_now() - timedelta(seconds=1)}})
    await bench.inbox.turns.sweep()
    assert bench.connector.sent[-1].text == "echo: orphan"


async def test_a_process_that_lost_its_lease_stores_nothing(bench: Bench) -> None:
    await bench.say("0", "first")

    async def robbed(body: dict[str, Any]) -> web.Response:
        await bench.inbox.store.conversations.update_one({}, {"$set": {"lease.holder": "another"}})
        return await bench.engine.echo(body)

    bench.engine.answer = robbed
    await bench.say("1", "again")
    assert bench.connector.sent[-1].text == "echo: first"
    stored = await bench.inbox.store.messages.find_one({"external_id": "1"})
    assert stored is not None
    assert stored["state"] == "received", "the other process answers it"


async def test_deliveries_keep_their_order_under_retry(bench: Bench) -> None:
    bench.connector.failures = [RetryableError("http_502", "bad gateway")]
    await bench.say("1", "one")
    assert bench.connector.sent == []
    await bench.say("2", "two")
    assert bench.connector.sent == [], "nothing overtakes the message that waits"
    await bench.sweep()
    assert [m.text for m in bench.connector.sent][1:] == ["echo: one", "echo: two"]


async def test_retry_after_is_obeyed_to_the_second(bench: Bench) -> None:
    bench.connector.failures = [RetryableError("rate_limited", "slow down", retry_after=37)]
    before = utc_now()
    await bench.say("1", "one")
    waiting = await bench.inbox.store.messages.find_one({"state": "queued", "attempts": 1})
    assert waiting is not None
    wait = timedelta(seconds=37)
    assert before + wait <= waiting["next_attempt_at"] <= utc_now() + wait
    assert waiting["error"]["code"] == "rate_limited"


async def test_a_rejected_message_is_a_dead_letter_that_can_be_sent_again(bench: Bench) -> None:
    bench.connector.failures = [RejectedError("blocked_by_customer", "blocked")]
    await bench.say("1", "one")
    dead = await bench.inbox.store.messages.find_one({"state": "failed"})
    assert dead is not None
    assert dead["error"]["code"] == "blocked_by_customer"
    assert [m.text for m in bench.connector.sent] == ["echo: one"], "the next one still goes"
    await bench.inbox.outbox.resend(bench.organization_id, dead["_id"])
    await bench.inbox.outbox.deliver(dead["conversation_id"])
    assert len(bench.connector.sent) == 2


async def test_after_a_day_of_tries_a_message_is_given_up(bench: Bench) -> None:
    bench.connector.failures = [RetryableError("http_502", "bad gateway")] * 8
    await bench.say("1", "one")
    await bench.sweep()
    long_ago = utc_now() - outbox.GIVE_UP_AFTER - timedelta(minutes=1)
    await bench.inbox.store.messages.update_many(
        {"direction": "out"}, {"$set": {"created_at": long_ago}}
    )
    await bench.sweep()
    await bench.sweep()
    states = await bench.inbox.store.messages.distinct("state", {"direction": "out"})
    assert states == ["failed"]


async def test_a_conversation_left_alone_returns_to_the_bot(bench: Bench) -> None:
    await bench.say("1", "hello")
    await bench.take_over(OPERATOR)
    assert await bench.inbox.handover.return_abandoned() == 0
    long_ago = utc_now() - timedelta(minutes=31)
    await bench.inbox.store.conversations.update_one({}, {"$set": {"operator_active_at": long_ago}})
    assert await bench.inbox.handover.return_abandoned() == 1
    assert (await bench.conversation())["owner"] == "bot"
    await bench.say("2", "hello again")
    assert bench.connector.sent[-1].text == "echo: hello again"


@pytest.mark.parametrize(
    "text", ["", "👍👍", "\x00", "م" * 10, "a" * 30_000, "\ud800x", "\u202eabc"]
)
async def test_odd_texts_are_stored_and_answered(bench: Bench, text: str) -> None:
    await bench.say("1", text)
    stored = await bench.inbox.store.messages.find_one({"external_id": "1"})
    assert stored is not None
    assert stored["state"] == "handled"
    assert "\x00" not in stored["text"]
    assert len(stored["text"]) <= 10_000
    assert stored["data"].get("text_cut", False) is (len(text) > 10_000)


async def test_handover_waits_with_a_summary_and_tells_it_once(bench: Bench) -> None:
    await bench.say("1", "where is my order?")
    conversation = await bench.conversation()
    await bench.inbox.store.conversations.update_one({}, {"$set": {"facts": {"product": "tent"}}})
    for _ in range(2):
        await bench.inbox.handover.request(conversation["_id"], reason="asked")
    after = await bench.conversation()
    assert after["status"] == "waiting"
    assert after["owner"] == "bot"
    assert after["summary"]["text"] == "product: tent\n— where is my order?"
    events = await bench.inbox.store.messages.count_documents({"data.event": "handoff_requested"})
    assert events == 1


async def test_only_what_waits_for_people_is_unread(bench: Bench) -> None:
    await bench.say("1", "hello $name")
    conversation = await bench.conversation()
    assert conversation["unread"] == 0
    assert conversation["last_message"]["text"] == "echo: hello $name"
    await bench.inbox.handover.request(conversation["_id"], reason="asked")
    await bench.say("2", "hello?")
    assert (await bench.conversation())["unread"] == 2
    await bench.take_over(OPERATOR)
    assert (await bench.conversation())["unread"] == 0
    await bench.say("3", "there?")
    assert (await bench.conversation())["unread"] == 1


async def test_a_closed_conversation_opens_with_the_next_message(bench: Bench) -> None:
    await bench.say("1", "hello")
    conversation = await bench.conversation()
    await bench.inbox.desk.close(bench.organization_id, conversation["_id"])
    await bench.say("2", "one more thing")
    assert (await bench.conversation())["status"] == "open"
    assert bench.connector.sent[-1].text == "echo: one more thing"


async def test_a_takeover_during_intake_is_never_shown_as_undone(bench: Bench) -> None:
    await bench.say("1", "hello")
    store, conversation = bench.inbox.store, await bench.conversation()
    await store.messages.update_one(
        {"external_id": "1"}, {"$set": {"fresh": True, "state": "received"}}
    )
    leased = await leases.acquire(store.conversations, {"_id": conversation["_id"]})
    assert leased is not None
    await bench.take_over(OPERATOR)
    pending = await store.pending(conversation["connection_id"], conversation["chat_id"])
    attached = await store.attach_new(conversation, leased[1], pending)
    assert attached["owner"] == "operator"
    await store.messages.update_one({"external_id": "1"}, {"$set": {"fresh": True}})
    pending = await store.pending(conversation["connection_id"], conversation["chat_id"])
    with pytest.raises(LeaseLostError):
        await store.attach_new(conversation, "somebody who lost it", pending)


async def test_a_customers_typing_is_told_and_not_stored(bench: Bench) -> None:
    await bench.say("1", "hello")
    conversation = await bench.conversation()
    events = bench.inbox.store.events
    newest = await events.last_seq(bench.organization_id)
    told = bench.hub.subscribe(bench.organization_id, newest)
    waiting = asyncio.create_task(anext(told))
    await until(lambda: bench.hub._readers)
    await bench.inbox.gateway.typing(bench.connection, "chat")
    event = await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    assert isinstance(event, Event)
    assert event.type == "conversation.typing"
    assert event.subject_id == conversation["_id"]
    assert await events.last_seq(bench.organization_id) == newest
    await told.aclose()


async def test_operators_put_right_what_the_bot_learned(bench: Bench) -> None:
    await bench.say("1", "hello")
    conversation = await bench.conversation()
    read = await bench.inbox.desk.correct(
        bench.organization_id, conversation["_id"], {"product": "tent, green"}
    )
    assert read["facts"] == {"product": "tent, green"}
    with pytest.raises(NotFound):
        await bench.inbox.desk.correct(ObjectId(), conversation["_id"], {"product": "theirs"})
    assert (await bench.conversation())["facts"] == {"product": "tent, green"}


async def told(bench: Bench) -> list[tuple[str, str]]:
    events = await bench.inbox.store.events.read(bench.organization_id, 0)
    return [(event.type, event.data.get("direction") or "") for event in events]


async def test_a_quick_answer_is_shown_together_with_its_question(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "ANNOUNCE_AFTER_SECONDS", PATIENCE_SECONDS)
    await bench.say("1", "hello")
    before = len(await told(bench))
    await bench.say("2", "and one thing more")
    assert (await told(bench))[before:] == [
        ("message.created", "in"),
        ("message.created", "out"),
        ("conversation.updated", ""),
        ("message.updated", "out"),
    ]
    stored = await bench.inbox.store.messages.find_one({"external_id": "2"})
    assert stored is not None
    assert "fresh" not in stored


async def test_a_question_is_shown_while_the_answer_takes_its_time(bench: Bench) -> None:
    await bench.say("1", "hello")
    before, seen = len(await told(bench)), []

    async def slow(body: dict[str, Any]) -> web.Response:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(await told(bench)) < before + 2:  # noqa: ASYNC110 - it waits in the log
                await asyncio.sleep(0.01)
        seen.extend((await told(bench))[before:])
        return await bench.engine.echo(body)

    bench.engine.answer = slow
    await bench.say("2", "a hard one")
    assert seen == [("message.created", "in"), ("conversation.updated", "")]
    assert [kind for kind, _ in (await told(bench))[before:]].count("message.created") == 2


async def test_a_question_is_shown_once_when_a_person_takes_over_meanwhile(bench: Bench) -> None:
    await bench.say("1", "hello")
    before = len(await told(bench))

    async def taken_over(body: dict[str, Any]) -> web.Response:
        conversation = await bench.conversation()
        await bench.inbox.handover.take_over(
            bench.organization_id, conversation["_id"], user=OPERATOR
        )
        return await bench.engine.echo(body)

    bench.engine.answer = taken_over
    await bench.say("2", "is anybody there?")
    fresh = (await told(bench))[before:]
    assert fresh.count(("message.created", "in")) == 1
    assert (await bench.conversation())["unread"] == 1
    assert "echo: is anybody there?" not in [m.text for m in bench.connector.sent]
