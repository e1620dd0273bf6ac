"""What goes wrong in one place must not block, lose or double anything elsewhere."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from bson import ObjectId

from crm.contract import InboundMessage, RetryableError, Sender
from crm.core.clock import utc_now
from crm.core.errors import Conflict
from crm.core.events import Event, EventLog
from crm.core.listing import ListQuery
from crm.inbox.writing import Draft
from tests.integration.inbox.conftest import Bench
from tests.support.patience import PATIENCE_SECONDS, until

OPERATOR = {"_id": ObjectId(), "name": "Demo Operator"}


async def rubbish(_: dict[str, Any]) -> web.Response:
    return web.Response(text="<html>", content_type="text/html")


async def another_form(_: dict[str, Any]) -> web.Response:
    return web.json_response({"replies": "none"})


@pytest.mark.parametrize("answer", [rubbish, another_form])
async def test_an_engine_that_answers_rubbish_blocks_nothing_for_ever(
    bench: Bench, answer: Any
) -> None:
    bench.engine.answer = answer
    await bench.say("1", "hello")
    waiting = await bench.inbox.store.messages.find_one({"external_id": "1"})
    assert waiting is not None
    assert waiting["failures"] == 1
    for _ in range(12):
        await bench.sweep()
    assert (await bench.conversation())["status"] == "waiting", "a person is asked"
    bench.engine.answer = bench.engine.echo
    await bench.say("2", "again")
    assert bench.connector.sent[-1].text == "echo: again"


async def test_a_reply_no_database_can_hold_is_cleaned(bench: Bench) -> None:
    async def odd(body: dict[str, Any]) -> web.Response:
        return web.Response(
            text='{"replies": [{"text": "a\\ud800b\\u0000c"}]}', content_type="application/json"
        )

    bench.engine.answer = odd
    await bench.say("1", "hello")
    assert bench.connector.sent[-1].text == "abc"


async def test_a_button_the_engine_refuses_is_taken_for_its_title(bench: Bench) -> None:
    async def strict(body: dict[str, Any]) -> web.Response:
        if body["message"]["payload"]:
            return web.Response(status=400)
        return await bench.engine.echo(body)

    bench.engine.answer = strict
    tap = replace(bench.message("1", "Old button"), payload="/gone")
    await bench.inbox.gateway.receive(bench.connection, [tap])
    await bench.settle()
    assert bench.connector.sent[-1].text == "echo: Old button"


async def test_what_the_engine_refuses_goes_to_a_person_at_once(bench: Bench) -> None:
    async def refuse(_: dict[str, Any]) -> web.Response:
        return web.Response(status=400)

    bench.engine.answer = refuse
    await bench.say("1", "hello")
    assert len(bench.engine.turns) == 1
    assert (await bench.conversation())["status"] == "waiting"


def frame(external_id: str, chat_id: str, client_id: str) -> InboundMessage:
    return InboundMessage(
        external_id=external_id,
        chat_id=chat_id,
        sender=Sender(external_id=chat_id),
        text="hello",
        data={"client_id": client_id},
    )


async def test_visitors_own_message_ids_concern_nobody_else(bench: Bench) -> None:
    for chat_id in ("one", "two"):
        message = frame(f"{chat_id}:same-id-1", chat_id, "same-id-1")
        assert await bench.inbox.gateway.receive(bench.connection, [message]) == 1
    await bench.settle()
    assert {m.chat_id for m in bench.connector.sent} == {"one", "two"}


async def test_a_visitor_cannot_jam_a_chat_with_an_operators_message_id(bench: Bench) -> None:
    await bench.say("1", "hello")
    await bench.take_over(OPERATOR)
    where = bench.organization_id, (await bench.conversation())["_id"]
    await bench.inbox.writing.write(
        *where, Draft(text="Hi", client_id="operators-id"), user=OPERATOR
    )
    await bench.inbox.handover.hand_back(*where, user=OPERATOR)
    await bench.settle()
    history = await bench.inbox.gateway.history(bench.connection, "chat")
    assert {message.client_id for message in history} == {None}
    await bench.inbox.gateway.receive(bench.connection, [frame("2", "chat", "operators-id")])
    await bench.settle()
    assert bench.connector.sent[-1].text == "echo: hello"


async def test_the_log_and_the_thread_tell_the_same_states(bench: Bench) -> None:
    await bench.say("1", "hello")
    bench.connector.failures = [RetryableError("http_502", "bad gateway")]
    await bench.say("2", "late")
    await bench.take_over(OPERATOR)
    told: dict[str, str] = {}
    for event in await EventLog(bench.database).read(bench.organization_id, 0):
        if event.type.startswith("message."):
            told[event.data["id"]] = event.data["state"]
    asked = await bench.inbox.desk.messages(
        bench.organization_id, (await bench.conversation())["_id"], ListQuery(limit=200)
    )
    assert {item["id"]: item["state"] for item in asked["items"]} == told
    assert "cancelled" in told.values()


async def test_screens_are_sent_away_when_the_log_cannot_be_followed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.hub.start()
    updates = bench.inbox.gateway.updates(bench.connection, "chat")
    waiting = asyncio.ensure_future(anext(updates))
    await until(lambda: bench.hub._readers)

    async def broken(*_: Any) -> list[Event]:
        raise OSError("the log cannot be read")

    monkeypatch.setattr(EventLog, "read", broken)
    for readers in bench.hub._readers.values():
        for reader in readers:
            reader.nudge()
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    monkeypatch.undo()
    again = bench.inbox.gateway.updates(bench.connection, "chat")
    waiting = asyncio.ensure_future(anext(again))
    await until(lambda: bench.hub._readers)
    await bench.say("1", "hello")
    update = await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    assert update.message is not None
    await again.aclose()  # type: ignore[attr-defined]
    await bench.hub.stop()


async def test_conversations_in_use_are_not_taken_back(bench: Bench) -> None:
    chats = ["one", "two", "three"]
    for chat_id in chats:
        await bench.say(f"{chat_id}:1", "hello", chat_id)
        await bench.take_over(OPERATOR, chat_id)
    long_ago = utc_now() - timedelta(minutes=31)
    await bench.inbox.store.conversations.update_many(
        {"chat_id": {"$ne": "two"}}, {"$set": {"operator_active_at": long_ago}}
    )
    counts = await asyncio.gather(*(bench.inbox.handover.return_abandoned() for _ in range(3)))
    await bench.settle()
    assert sum(counts) == 2, "each once, whoever was faster"
    assert (await bench.conversation("two"))["owner"] == "operator"
    with pytest.raises(Conflict):
        await bench.inbox.handover._return(
            await bench.conversation("two"), None, {"operator_active_at": {"$lt": long_ago}}
        )


async def test_the_sweepers_never_read_what_is_done(bench: Bench) -> None:
    await bench.say("1", "hello")
    moment = {"$lte": utc_now()}
    for query, index in (
        ({"state": "received", "next_attempt_at": moment}, "turns_due"),
        ({"state": {"$in": ["queued", "sending"]}, "next_attempt_at": moment}, "deliveries_due"),
    ):
        cursor = bench.inbox.store.messages.find(query).sort("next_attempt_at", 1)
        plan = await cursor.explain()
        assert index in str(plan["queryPlanner"]["winningPlan"]), query
