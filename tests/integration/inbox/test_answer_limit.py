"""Two machines must not talk to each other without end."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.settings import Settings
from crm.inbox import texts
from crm.inbox.answering import DAYS_WORTH
from tests.integration.inbox.conftest import Bench

LIMIT = 4
OPERATOR = {"_id": ObjectId(), "name": "Demo Operator"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"bot_answers_limit": LIMIT})


async def lines(bench: Bench, event: str) -> list[dict[str, Any]]:
    return await bench.inbox.store.messages.find({"data.event": event}).to_list()


async def test_a_bot_that_is_answered_by_a_bot_falls_silent(bench: Bench) -> None:
    for number in range(LIMIT + 5):
        await bench.say(str(number), "I am away until Monday")
    assert len(bench.engine.turns) == LIMIT
    said = [message.text for message in bench.connector.sent]
    assert said[-1] == texts.TOO_MANY_ANSWERS["en"]
    assert len(said) == 1 + LIMIT + 1, "told once; the disclosure came first"
    conversation = await bench.conversation()
    assert (conversation["owner"], conversation["status"]) == ("operator", "waiting")
    assert conversation["summary"]["reason"] == "too_many_answers"
    assert conversation["unread"] > 0
    (line,) = await lines(bench, "too_many_answers")
    assert (line["data"]["answers"], line["data"]["minutes"]) == (LIMIT, 10)
    states = await bench.inbox.store.messages.distinct("state", {"direction": "in"})
    assert states == ["handled"], "all of it is shown, and nothing waits"


async def test_it_does_not_return_to_the_bot_by_itself_but_a_person_may_give_it_back(
    bench: Bench,
) -> None:
    for number in range(LIMIT + 1):
        await bench.say(str(number), "I am away until Monday")
    assert await bench.inbox.handover.return_abandoned() == 0
    await bench.take_over(OPERATOR)
    where = bench.organization_id, (await bench.conversation())["_id"]
    await bench.inbox.handover.hand_back(*where, user=OPERATOR)
    await bench.settle()
    await bench.say("again", "where is my order?")
    assert bench.connector.sent[-1].text == "echo: where is my order?"


async def test_who_writes_much_over_a_long_time_is_answered(bench: Bench) -> None:
    for number in range(LIMIT * 2):
        await bench.say(str(number), "hello")
        if number % 2:
            passed = utc_now() - timedelta(minutes=11)
            await bench.inbox.store.conversations.update_many(
                {}, {"$set": {"answers.since": passed}}
            )
    assert len(bench.engine.turns) == LIMIT * 2
    assert await lines(bench, "too_many_answers") == []


async def test_machines_that_take_their_time_are_noticed_within_a_day(bench: Bench) -> None:
    conversations = bench.inbox.store.conversations
    for number in range(LIMIT * DAYS_WORTH + 3):
        await bench.say(str(number), "I am away until Monday")
        passed = utc_now() - timedelta(minutes=11)
        with_bot = {"owner": "bot"}
        await conversations.update_many(with_bot, {"$set": {"answers.since": passed}})
    assert len(bench.engine.turns) == LIMIT * DAYS_WORTH
    (line,) = await lines(bench, "too_many_answers")
    assert (line["data"]["answers"], line["data"]["minutes"]) == (LIMIT * DAYS_WORTH, 24 * 60)
    where = bench.organization_id, (await bench.conversation())["_id"]
    await bench.inbox.handover.hand_back(*where, user=OPERATOR)
    await bench.settle()
    await bench.say("again", "where is my order?")
    assert bench.connector.sent[-1].text == "echo: where is my order?"


async def test_each_day_is_counted_by_itself(bench: Bench) -> None:
    yesterday = utc_now() - timedelta(hours=25)
    for number in range(LIMIT * DAYS_WORTH + 3):
        await bench.say(str(number), "hello")
        passed = {"answers.since": yesterday, "answers.day_since": yesterday}
        await bench.inbox.store.conversations.update_many({}, {"$set": passed})
    assert len(bench.engine.turns) == LIMIT * DAYS_WORTH + 3


async def test_that_it_cannot_answer_counts_as_well(bench: Bench) -> None:
    async def refuse(_: dict[str, Any]) -> web.Response:
        return web.Response(status=400)

    bench.engine.answer = refuse
    for number in range(LIMIT + 5):
        await bench.say(str(number), "I am away until Monday")
    assert len(bench.engine.turns) == LIMIT
    assert (await bench.conversation())["owner"] == "operator"


async def test_each_chat_is_counted_by_itself(bench: Bench) -> None:
    for chat_id in ("one", "two"):
        for number in range(LIMIT):
            await bench.say(f"{chat_id}-{number}", "hello", chat_id)
    assert len(bench.engine.turns) == LIMIT * 2


async def test_the_customer_reads_why_in_their_language() -> None:
    assert texts.TOO_MANY_ANSWERS.keys() == {"ru", "kk", "en"}
