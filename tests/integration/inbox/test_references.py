"""Messages that name others: answers, new wordings, what was taken back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.contract import Deletion, InboundEvent, Notice, ReadMark, StatusUpdate
from crm.core.clock import utc_now
from crm.core.migration_steps import channel_events as indexes
from tests.integration.inbox.conftest import Bench


@pytest.fixture
async def answered(bench: Bench) -> Bench:
    await bench.say("1", "my password is 123")
    return bench


async def tell(bench: Bench, *events: InboundEvent) -> None:
    await bench.inbox.gateway.receive(bench.connection, events)
    await bench.settle()


async def stored(bench: Bench, external_id: str) -> dict[str, Any]:
    found = await bench.inbox.store.messages.find_one({"external_id": external_id})
    assert found is not None
    return found


def deletion(platform_id: str) -> Deletion:
    return Deletion(external_id=f"d{platform_id}", chat_id="chat", platform_id=platform_id)


async def test_an_answer_shows_nothing_of_another_chat(answered: Bench) -> None:
    other = replace(answered.message("2", "and this?", "other"), reply_to="1")
    await tell(answered, other, replace(answered.message("3", "so?"), reply_to="1"))
    assert (await stored(answered, "2"))["reply_to"] == {"id": None, "platform_id": "1"}
    assert (await stored(answered, "3"))["reply_to"]["text"] == "my password is 123"


async def test_answers_are_looked_up_together(
    answered: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = answered.inbox.store.messages
    looked: list[Any] = []
    find, find_one = messages.find, messages.find_one

    def counted(question: Any, *more: Any, **options: Any) -> Any:
        looked.append(question)
        return find(question, *more, **options)

    def counted_one(question: Any, *more: Any, **options: Any) -> Any:
        looked.append(question)
        return find_one(question, *more, **options)

    monkeypatch.setattr(messages, "find", counted)
    monkeypatch.setattr(messages, "find_one", counted_one)
    many = [
        replace(answered.message(f"m{number}", "?"), reply_to=f"x{number}") for number in range(50)
    ]
    await answered.inbox.gateway.receive(answered.connection, many)
    assert len([one for one in looked if "platform_ids" in one]) == 1
    await answered.settle()


async def test_an_odd_name_of_another_message_loses_nothing(answered: Bench) -> None:
    odd = replace(answered.message("2", "hm"), reply_to="\ud800", edit_of="x\x00\ud800")
    await tell(answered, odd)
    assert answered.connector.sent[-1].text == "echo: hm"


async def test_what_is_taken_back_is_so_in_all_wordings(answered: Bench) -> None:
    await tell(answered, replace(answered.message("2", "my password is 124"), edit_of="1"))
    await tell(answered, replace(answered.message("3", "elsewhere", "other"), edit_of="9"))
    await tell(answered, deletion("1"))
    assert (await stored(answered, "1"))["deleted_at"] is not None
    assert (await stored(answered, "2"))["deleted_at"] is not None
    assert (await stored(answered, "3")).get("deleted_at") is None


async def test_wordings_are_found_without_reading_the_chat(answered: Bench) -> None:
    await indexes.run(answered.database)
    messages, first = answered.inbox.store.messages, await stored(answered, "1")
    rows = [
        {**first, "_id": ObjectId(), "external_id": f"x{number}", "edit_of": None}
        for number in range(500)
    ]
    rows[-1]["edit_of"] = "1"
    await messages.insert_many(rows)
    place = {name: first[name] for name in ("organization_id", "connection_id", "chat_id")}
    plan = await messages.find({**place, "edit_of": "1", "deleted_at": None}).explain()
    read = plan["executionStats"]
    assert (read["nReturned"], read["totalDocsExamined"]) == (1, 1)


async def test_a_wording_that_comes_after_it_was_taken_back_is_asked_of_nobody(
    answered: Bench,
) -> None:
    await tell(answered, deletion("1"))
    asked = len(answered.engine.turns)
    await tell(answered, replace(answered.message("2", "my password is 124"), edit_of="1"))
    assert (await stored(answered, "2"))["deleted_at"] is not None
    assert len(answered.engine.turns) == asked


async def test_a_read_mark_reads_nothing_that_was_sent_after_it(answered: Bench) -> None:
    """Its process died before it was applied; meanwhile the bot has said more."""
    future = utc_now() + timedelta(days=1)
    for name, until in (("r1", None), ("r2", future)):
        await tell(answered, ReadMark(external_id=name, chat_id="chat", until=until))
    events = answered.database.db["channel_events"]
    await answered.say("2", "more")
    left = {"state": "waiting", "next_attempt_at": utc_now()}
    await events.update_many({"kind": "read"}, {"$set": left})
    await answered.inbox.channel_events.sweep()
    ours = answered.inbox.store.messages.find({"direction": "out"}).sort("created_at", 1)
    assert [one["state"] async for one in ours] == ["read", "read", "sent"]


async def test_a_failure_of_what_was_read_is_no_error(bench: Bench) -> None:
    await bench.say("1", "one\ntwo")
    message = await bench.inbox.store.messages.find_one({"text": "echo: one\ntwo"})
    assert message is not None
    last = message["parts"][-1]["platform_id"]
    await tell(bench, ReadMark(external_id="r", chat_id="chat"))
    await tell(
        bench, StatusUpdate(external_id="f", platform_id=last, state="failed", code="131026")
    )
    message = await bench.inbox.store.messages.find_one({"_id": message["_id"]})
    assert message is not None
    assert (message["state"], message["error"]) == ("read", None)


async def test_what_is_nested_without_end_loses_nothing_beside_it(bench: Bench) -> None:
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"a": deep}
    notice = Notice(external_id="n", topic="account", data=deep)
    message = replace(bench.message("1", "hello"), data={"deep": deep, "flat": 1})
    await tell(bench, notice, message)
    assert (await stored(bench, "1"))["data"]["flat"] == 1
    assert await bench.database.db["channel_events"].count_documents({"kind": "notice"}) == 1
    assert bench.connector.sent[-1].text == "echo: hello"
