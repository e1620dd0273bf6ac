"""Sending: part by part, at a pace that all processes share, within the channel's windows."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from bson import ObjectId

from crm.contract import (
    AuthenticationFailedError,
    Deletion,
    Pace,
    Reach,
    RejectedError,
    RetryableError,
    StatusUpdate,
)
from crm.core.clock import utc_now
from crm.core.listing import ListQuery
from crm.inbox.breaker import pace_key
from crm.inbox.claims import Claim
from crm.inbox.delivery import FAULT, ClaimLostError
from crm.inbox.outbox import MOST_FAULTS, _is_hopeless
from crm.inbox.pacing import Pacing
from crm.inbox.reach import WindowClosed
from crm.inbox.writing import Draft
from tests.integration.inbox.conftest import Bench

OPERATOR = {"_id": ObjectId(), "name": "Demo Operator"}


async def operators_message(bench: Bench, text: str, **more: Any) -> dict[str, Any]:
    conversation = await bench.conversation()
    return await bench.inbox.writing.write(
        bench.organization_id, conversation["_id"], Draft(text=text, **more), user=OPERATOR
    )


async def stored(bench: Bench, message: dict[str, Any]) -> dict[str, Any]:
    found = await bench.inbox.store.messages.find_one({"_id": ObjectId(message["id"])})
    assert found is not None
    return found


@pytest.fixture
async def taken(bench: Bench) -> Bench:
    await bench.say("1", "hello")
    await bench.take_over(OPERATOR)
    return bench


async def test_a_second_try_goes_on_behind_the_parts_that_went_out(taken: Bench) -> None:
    slow = RetryableError("platform_unavailable", "away")
    taken.connector.parts.clear()
    sent = await operators_message(taken, "one\ntwo\nthree")
    taken.connector.failures = []
    await taken.settle()
    assert taken.connector.parts == ["one", "two", "three"]

    taken.connector.parts.clear()
    original = taken.connector.send

    async def breaks(connection: Any, message: Any, part: str) -> Any:
        if part == "five" and not broken:
            broken.append(part)
            raise slow
        return await original(connection, message, part)

    broken: list[str] = []
    taken.connector.send = breaks  # type: ignore[method-assign]
    sent = await operators_message(taken, "four\nfive\nsix")
    await taken.settle()
    assert [part["platform_id"] for part in (await stored(taken, sent))["parts"]] == ["out-1"]
    await taken.sweep()
    assert taken.connector.parts == ["four", "five", "six"]
    assert len((await stored(taken, sent))["parts"]) == 3


async def test_a_closed_window_is_told_before_anything_is_stored(taken: Bench) -> None:
    taken.connector.window = lambda chat, author: Reach(open=False, code="window_closed")
    with pytest.raises(WindowClosed) as refused:
        await operators_message(taken, "too late")
    assert refused.value.code == "window_closed"
    assert refused.value.members == {"until": None, "templates": False, "tag": None}


async def test_a_notice_that_may_not_go_is_no_message(taken: Bench) -> None:
    taken.connector.window = lambda chat, author: Reach(open=False, code="window_closed")
    where = taken.organization_id, (await taken.conversation())["_id"]
    said = len(taken.connector.sent)
    await taken.inbox.handover.hand_back(*where, user=OPERATOR)
    await taken.take_over(OPERATOR)
    assert len(taken.connector.sent) == said
    messages = taken.inbox.store.messages
    assert (
        await messages.count_documents(
            {"author.kind": "system", "direction": "out", "kind": "text"}
        )
        == 1
    )
    assert (
        await messages.count_documents({"data.event": {"$in": ["handed_back", "taken_over"]}}) == 3
    )
    assert await messages.count_documents({"state": "failed"}) == 0


async def test_a_notice_whose_window_closes_on_the_way_is_taken_back(taken: Bench) -> None:
    taken.connector.failures = [RetryableError("platform_unavailable", "away")]
    where = taken.organization_id, (await taken.conversation())["_id"]
    await taken.inbox.handover.hand_back(*where, user=OPERATOR)
    await taken.settle()
    taken.connector.window = lambda chat, author: Reach(open=False, code="window_closed")
    await taken.sweep()
    notice = await taken.inbox.store.messages.find_one(
        {"text": "The AI assistant is back with you."}
    )
    assert notice is not None
    assert notice["state"] == "cancelled"
    failed = await taken.inbox.desk.failed(taken.organization_id, ListQuery())
    assert failed["items"] == []


async def test_an_exception_of_the_platform_is_for_people_who_name_it(taken: Bench) -> None:
    def by_tag(chat: Any, author: str) -> Reach:
        return Reach(open=False, code="window_closed", tag="HUMAN_AGENT")

    taken.connector.window = by_tag
    with pytest.raises(WindowClosed):
        await operators_message(taken, "without")
    sent = await operators_message(taken, "with", tag="HUMAN_AGENT")
    await taken.settle()
    assert (await stored(taken, sent))["state"] == "sent"
    assert taken.connector.sent[-1].tag == "HUMAN_AGENT"


async def test_a_window_that_closed_meanwhile_fails_the_message(taken: Bench) -> None:
    taken.connector.failures = [RetryableError("platform_unavailable", "away")]
    sent = await operators_message(taken, "in time")
    await taken.settle()
    taken.connector.window = lambda chat, author: Reach(open=False, code="window_closed")
    await taken.sweep()
    message = await stored(taken, sent)
    assert (message["state"], message["error"]["code"]) == ("failed", "window_closed")


async def test_the_window_depends_on_the_customers_last_message(taken: Bench) -> None:
    moments: list[Any] = []

    def remember(chat: Any, author: str) -> Reach:
        moments.append(chat.last_inbound_at)
        return Reach(open=True)

    taken.connector.window = remember
    await operators_message(taken, "now")
    await taken.settle()
    assert utc_now() - moments[0] < timedelta(minutes=5)


async def test_a_revoked_token_keeps_messages_until_it_is_renewed(taken: Bench) -> None:
    taken.connector.failures = [AuthenticationFailedError("token_rejected", "revoked")]
    sent = await operators_message(taken, "wait for me")
    await taken.settle()
    assert (await stored(taken, sent))["state"] == "queued"
    assert taken.failures[0].code == "token_rejected"
    await taken.sweep()
    assert (await stored(taken, sent))["state"] == "sent"


async def test_the_platforms_wish_is_obeyed_by_all_processes(taken: Bench) -> None:
    taken.connector.pace = lambda chat_id: [Pace(key=f"chat:{chat_id}", interval=0.01)]
    taken.connector.failures = [RetryableError("rate_limited", "slow", retry_after=40)]
    sent = await operators_message(taken, "hello")
    await taken.settle()
    other = Pacing(database=taken.database)
    with pytest.raises(RetryableError) as refused:
        await other.take([Pace(key="chat:chat", interval=0.01)])
    assert refused.value.retry_after is not None
    assert 35 < refused.value.retry_after <= 40
    await taken.sweep()
    assert (await stored(taken, sent))["state"] == "queued"


async def test_a_pace_is_shared(taken: Bench) -> None:
    pace = Pace(key="shared", interval=0.5, burst=2)
    one, other = Pacing(database=taken.database), Pacing(database=taken.database)
    waits = await asyncio.gather(*(each.take([pace]) for each in (one, other, one, other)))
    early, late = sorted(waits)[:2], sorted(waits)[2:]
    assert early == [0, 0]
    assert late[0] > 0.2
    assert late[1] > 0.7


async def test_who_would_wait_too_long_takes_no_place(taken: Bench) -> None:
    pacing, pace = Pacing(database=taken.database), Pace(key="slow", interval=60)
    await pacing.take([pace])
    for _ in range(3):
        with pytest.raises(RetryableError) as refused:
            await pacing.take([pace])
        assert refused.value.retry_after is not None
        assert refused.value.retry_after <= 60


async def test_who_blocked_us_is_marked_until_they_write_again(taken: Bench) -> None:
    taken.connector.failures = [RejectedError("blocked_by_customer", "blocked")]
    await operators_message(taken, "hello?")
    await taken.settle()
    assert (await taken.conversation())["reachable"] is False
    with pytest.raises(WindowClosed) as refused:
        await operators_message(taken, "still there?")
    assert refused.value.code == "blocked_by_customer"
    await taken.say("2", "I am back")
    assert (await taken.conversation())["reachable"] is True


async def test_sending_again_begins_with_the_part_that_failed(taken: Bench) -> None:
    sent = await operators_message(taken, "one\ntwo\nthree")
    await taken.settle()
    first, second, _ = (part["platform_id"] for part in (await stored(taken, sent))["parts"])
    told: list[tuple[str, Any]] = [(first, "delivered"), (second, "failed")]
    for platform_id, state in told:
        update = StatusUpdate(external_id=platform_id, platform_id=platform_id, state=state)
        await taken.inbox.gateway.receive(taken.connection, [update])
        await taken.settle()
    assert (await stored(taken, sent))["state"] == "failed"
    taken.connector.parts.clear()
    message = await taken.inbox.outbox.resend(taken.organization_id, ObjectId(sent["id"]))
    await taken.inbox.outbox.deliver(message["conversation_id"])
    assert taken.connector.parts == ["two", "three"]
    assert (await stored(taken, sent))["state"] == "sent"


async def test_a_fault_of_ours_blocks_a_chat_for_a_few_tries_only(taken: Bench) -> None:
    def broken(chat: Any, author: str) -> Reach:
        raise KeyError("a fault of ours")

    sent = await operators_message(taken, "first")
    await taken.settle()
    taken.connector.failures = [RetryableError("platform_unavailable", "away")]
    sent = await operators_message(taken, "poison")
    await taken.settle()
    taken.connector.window = broken
    for _ in range(MOST_FAULTS):
        await taken.sweep()
    assert (await stored(taken, sent))["state"] == "failed"
    taken.connector.window = lambda chat, author: Reach(open=True)
    after = await operators_message(taken, "after it")
    await taken.settle()
    assert (await stored(taken, after))["state"] == "sent"


async def test_a_day_of_tries_is_no_fault(taken: Bench) -> None:
    """A busy chat is put off by seconds, thousands of times."""
    taken.connector.failures = [RetryableError("platform_unavailable", "away")]
    sent = await operators_message(taken, "hello")
    await taken.settle()
    key = {"_id": ObjectId(sent["id"])}
    await taken.inbox.store.messages.update_one(key, {"$set": {"attempts": 5_000}})
    taken.connector.failures = [RetryableError("platform_unavailable", "away")]
    await taken.sweep()
    message = await stored(taken, sent)
    assert (message["state"], message["error"]["code"]) == ("queued", "platform_unavailable")

    async def broken(*_: Any) -> Any:
        raise KeyError("a fault of ours")

    original, taken.connector.send = taken.connector.send, broken  # type: ignore[assignment]
    await taken.sweep()
    message = await stored(taken, sent)
    assert (message["state"], message["error"]["code"]) == ("queued", FAULT), "its first fault"
    taken.connector.send = original  # type: ignore[method-assign]
    await taken.sweep()
    assert (await stored(taken, sent))["state"] == "sent"


async def test_what_waits_for_a_paused_channel_is_never_given_up(taken: Bench) -> None:
    sent = await operators_message(taken, "over the weekend")
    message = await stored(taken, sent)
    long_ago = utc_now() - timedelta(days=3)
    assert not _is_hopeless(
        {**message, "created_at": long_ago}, RetryableError("connection_paused", "paused")
    )
    assert _is_hopeless({**message, "created_at": long_ago}, RetryableError("http_502", "away"))


async def test_an_accounts_rest_holds_all_its_chats(taken: Bench) -> None:
    taken.connector.pace = lambda chat_id: [Pace(key=f"chat:{chat_id}", interval=0.01)]
    taken.connector.failures = [
        RetryableError("rate_limited", "slow", retry_after=50, account_wide=True)
    ]
    await operators_message(taken, "hello")
    await taken.settle()
    pacing = Pacing(database=taken.database)
    assert 40 < await pacing.held(pace_key(taken.connection.id)) <= 50


async def test_a_long_rest_is_not_forgotten_for_a_short_one(taken: Bench) -> None:
    pacing = Pacing(database=taken.database)
    await pacing.hold("k", 3600)
    await pacing.hold("k", 5)
    row = await taken.database.db["paces"].find_one({"_id": "k"})
    assert row is not None
    assert row["expires_at"] > utc_now() + timedelta(minutes=50)


async def test_a_late_delivery_does_not_close_the_window(taken: Bench) -> None:
    before = (await taken.conversation())["last_inbound_at"]
    late = replace(taken.message("9", "two days ago"), sent_at=utc_now() - timedelta(days=2))
    early = replace(taken.message("10", "from the future"), sent_at=utc_now() + timedelta(days=30))
    for message in (late, early):
        await taken.inbox.gateway.receive(taken.connection, [message])
        await taken.settle()
    after = (await taken.conversation())["last_inbound_at"]
    assert before <= after <= utc_now()


async def test_what_was_taken_back_is_not_put_to_the_bot(bench: Bench) -> None:
    await bench.say("1", "hello")
    bench.engine.answer = unavailable
    await bench.say("2", "my password is 123")
    gone = Deletion(external_id="d", chat_id="chat", platform_id="2")
    await bench.inbox.gateway.receive(bench.connection, [gone])
    await bench.settle()
    bench.engine.answer = bench.engine.echo
    turns = len(bench.engine.turns)
    await bench.sweep()
    assert all(
        turn["message"]["text"] != "my password is 123" for turn in bench.engine.turns[turns:]
    )


async def unavailable(_: dict[str, Any]) -> web.Response:
    return web.Response(status=503)


async def test_nothing_is_begun_when_the_claim_may_run_out(taken: Bench) -> None:
    sent = await operators_message(taken, "hello")
    await taken.settle()
    message = {**(await stored(taken, sent)), "state": "sending", "parts": []}
    said = len(taken.connector.parts)

    async def note(message: Any, part: Any) -> bool:
        return True

    with pytest.raises(ClaimLostError):
        await taken.inbox.outbox._delivery.run(
            message, Claim(10), conversation=await taken.conversation(), note_part=note
        )
    assert len(taken.connector.parts) == said


async def test_a_later_reply_that_somebody_else_has_is_left_to_them(bench: Bench) -> None:
    original = bench.connector.send

    async def slow(connection: Any, message: Any, part: str) -> Any:
        if "hello" in part:  # meanwhile another process takes the next one over
            await bench.inbox.store.messages.update_many(
                {"state": "sending", "text": "second"}, {"$inc": {"attempts": 1}}
            )
        return await original(connection, message, part)

    async def two(body: dict[str, Any]) -> web.Response:
        return web.json_response({"replies": [{"text": "hello"}, {"text": "second"}]})

    bench.connector.send = slow  # type: ignore[method-assign]
    bench.engine.answer = two
    await bench.say("1", "hi")
    assert "second" not in bench.connector.parts
