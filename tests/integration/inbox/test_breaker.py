"""A platform that does not answer: its connection rests, one message tries, and nobody else is harmed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from crm.contract import RetryableError
from crm.core.clock import utc_now
from crm.inbox.breaker import FAILURES, LONGEST_REST_SECONDS, RESTING, Breaker, Passage, pace_key
from crm.inbox.pacing import Pacing
from tests.integration.inbox.conftest import Bench

AWAY = RetryableError("platform_unavailable", "away")
CHATS = [f"chat-{number}" for number in range(FAILURES)]


async def held(bench: Bench) -> float:
    return await Pacing(database=bench.database).held(pace_key(bench.connection.id))


async def over(bench: Bench) -> None:
    """Let the rest be over."""
    gone = {"held_until": utc_now() - timedelta(seconds=1)}
    await bench.database.db["paces"].update_one(
        {"_id": pace_key(bench.connection.id)}, {"$set": gone}
    )


async def rested(bench: Bench) -> Breaker:
    """A breaker of a connection that rests."""
    breaker = Breaker(database=bench.database)
    for chat_id in CHATS:
        await breaker.failed(Passage(bench.connection.id), chat_id)
    return breaker


async def test_a_platform_that_fails_in_many_chats_rests(bench: Bench) -> None:
    bench.connector.failures = [AWAY] * FAILURES
    for chat_id in CHATS:
        await bench.say(chat_id, "hello", chat_id)
    assert bench.connector.failures == []
    assert 20 < await held(bench) <= 30
    await bench.say("another", "hello", "another")
    waiting = await bench.inbox.store.messages.find_one({"chat_id": "another", "attempts": 1})
    assert waiting is not None
    assert (waiting["state"], waiting["error"]["code"]) == ("queued", RESTING)
    assert bench.connector.sent == [], "nobody knocks while it rests"


async def test_one_chat_that_always_fails_lets_nobody_wait(bench: Bench) -> None:
    original = bench.connector.send

    async def poisoned(connection: Any, message: Any, part: str) -> Any:
        if message.chat_id == "poison":
            raise AWAY
        return await original(connection, message, part)

    bench.connector.send = poisoned  # type: ignore[method-assign]
    await bench.say("1", "hello", "poison")
    for _ in range(FAILURES + 3):
        await bench.sweep()
    await bench.say("2", "hello", "another")
    assert {message.chat_id for message in bench.connector.sent} == {"another"}


async def test_what_was_under_way_when_it_opened_makes_the_rest_no_longer(bench: Bench) -> None:
    breaker = Breaker(database=bench.database)
    await asyncio.gather(
        *(breaker.failed(Passage(bench.connection.id), f"chat-{number}") for number in range(40))
    )
    assert 20 < await held(bench) <= 30


async def test_after_a_rest_one_message_tries_for_all(bench: Bench) -> None:
    breaker = await rested(bench)
    await over(bench)
    assert await breaker.check(bench.connection.id)
    trial = await breaker.enter(bench.connection.id, 30)
    other = Breaker(database=bench.database)
    with pytest.raises(RetryableError) as refused:
        await other.check(bench.connection.id)
    assert refused.value.code == RESTING
    with pytest.raises(RetryableError):
        await other.enter(bench.connection.id, 30)
    await breaker.answered(trial)
    assert not await other.check(bench.connection.id), "the platform is back"


async def test_a_trial_that_fails_doubles_the_rest(bench: Bench) -> None:
    breaker, rest = await rested(bench), 30.0
    for _ in range(8):
        await over(bench)
        trial = await breaker.enter(bench.connection.id, 15)
        await breaker.failed(trial, "chat")
        rest = min(rest * 2, LONGEST_REST_SECONDS)
        assert rest - 10 < await held(bench) <= rest
    assert rest == LONGEST_REST_SECONDS


async def test_a_trial_whose_process_died_is_followed_by_another(bench: Bench) -> None:
    breaker = await rested(bench)
    await over(bench)
    await breaker.enter(bench.connection.id, 30)
    await over(bench)
    assert (await breaker.enter(bench.connection.id, 30)).trial_until is not None


async def test_a_wish_of_the_platform_outlives_the_trial(bench: Bench) -> None:
    breaker = await rested(bench)
    await over(bench)
    trial = await breaker.enter(bench.connection.id, 15)
    await Pacing(database=bench.database).hold(pace_key(bench.connection.id), 300)
    await breaker.answered(trial)
    assert await held(bench) > 200
    with pytest.raises(RetryableError) as refused:
        await breaker.check(bench.connection.id)
    assert refused.value.code == "rate_limited"


async def test_a_connection_that_takes_nothing_is_not_asked_for_each_of_its_chats(
    bench: Bench,
) -> None:
    for chat_id in CHATS:
        await bench.say(chat_id, "hello", chat_id)
    outbox, messages = bench.inbox.outbox, bench.inbox.store.messages
    await Pacing(database=bench.database).hold(pace_key(bench.connection.id), 40)
    await bench.say("1", "again", CHATS[0])
    for chat_id in CHATS[1:]:
        conversation = await bench.conversation(chat_id)
        await messages.insert_one(
            bench.inbox.store.outbound(conversation, "late", author={"kind": "operator"})
        )
    await bench.make_due()
    assert await outbox.sweep() == 0
    assert await messages.count_documents({"text": "late", "attempts": 0}) == len(CHATS) - 1
    await over(bench)
    outbox._full = dict.fromkeys(outbox._full, 0.0)
    assert await outbox.sweep() == len(CHATS)
    assert bench.connector.parts.count("late") == len(CHATS) - 1


async def test_a_platform_that_asks_to_wait_has_answered(bench: Bench) -> None:
    breaker = await rested(bench)
    await over(bench)
    bench.connector.failures = [RetryableError("rate_limited", "slow", retry_after=20)]
    await bench.say("1", "hello", "busy")
    assert bench.connector.failures == []
    assert not await breaker.check(bench.connection.id), "it is this chat that has to wait"


async def test_all_go_on_when_the_platform_is_back(bench: Bench) -> None:
    bench.connector.failures = [AWAY] * FAILURES
    for chat_id in CHATS:
        await bench.say(chat_id, "hello", chat_id)
    for _ in range(3):
        await over(bench)
        bench.inbox.outbox._full.clear()
        await bench.sweep()
    assert {message.chat_id for message in bench.connector.sent} == set(CHATS)
