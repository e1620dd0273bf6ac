"""A message that may have arrived: tried once more, then a person's decision, and then another message."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.contract import RetryableError
from crm.core.clock import utc_now
from crm.inbox.delivery import PERHAPS_SENT
from tests.integration.inbox.conftest import Bench
from tests.integration.inbox.test_delivery import OPERATOR, operators_message, stored


@pytest.fixture
async def taken(bench: Bench) -> Bench:
    await bench.say("1", "hello")
    await bench.take_over(OPERATOR)
    bench.connector.sent.clear()
    return bench


def doubt() -> RetryableError:
    return RetryableError(PERHAPS_SENT, "no answer after the last dot", retry_after=600)


async def resend(bench: Bench, sent: dict[str, Any]) -> None:
    message = await bench.inbox.outbox.resend(bench.organization_id, ObjectId(sent["id"]))
    await bench.inbox.outbox.deliver(message["conversation_id"])


async def test_it_goes_once_more_and_not_soon(taken: Bench) -> None:
    taken.connector.failures = [
        doubt(),
        RetryableError("platform_unavailable", "away"),
        doubt(),
    ]
    sent = await operators_message(taken, "only once")
    await taken.settle()
    message = await stored(taken, sent)
    assert message["state"] == "queued"
    assert message["next_attempt_at"] > utc_now() + timedelta(minutes=5)
    await taken.sweep()
    assert (await stored(taken, sent))["state"] == "queued"
    await taken.sweep()
    message = await stored(taken, sent)
    assert (message["state"], message["error"]["code"]) == ("failed", PERHAPS_SENT)
    assert taken.connector.failures == []


async def test_what_a_person_sends_again_says_so(taken: Bench) -> None:
    sent = await operators_message(taken, "arrived?")
    await taken.settle()
    assert [one.resent for one in taken.connector.sent] == [0]
    messages = taken.inbox.store.messages
    for _ in range(2):
        await messages.update_one({"_id": ObjectId(sent["id"])}, {"$set": {"state": "failed"}})
        await messages.update_one({"_id": ObjectId(sent["id"])}, {"$set": {"parts": []}})
        await resend(taken, sent)
    assert [one.resent for one in taken.connector.sent] == [0, 1, 2]
    assert len({one.id for one in taken.connector.sent}) == 1


async def test_sending_again_begins_a_new_doubt(taken: Bench) -> None:
    taken.connector.failures = [doubt(), doubt(), doubt()]
    sent = await operators_message(taken, "again")
    await taken.settle()
    await taken.sweep()
    assert (await stored(taken, sent))["state"] == "failed"
    await resend(taken, sent)
    assert (await stored(taken, sent))["state"] == "queued"
    await taken.sweep()
    assert (await stored(taken, sent))["state"] == "sent"
