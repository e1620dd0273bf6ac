"""A part hangs or is gone for longer than a customer waits: they are told once, and answered once when it is back."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from crm.inbox.answering import HOLDING_AFTER_SECONDS
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.faults.customers import Customer
from tests.faults.ledger import stored_messages
from tests.faults.stage import Stage

NOTICE_SECONDS = HOLDING_AFTER_SECONDS + 60.0
"""What a busy machine may add to the deadline included."""
CHANNELS = ("webchat", "telegram")


@asynccontextmanager
async def hanging(stage: Stage, name: str) -> AsyncIterator[None]:
    """Let a process hang while the body runs: it accepts connections and does nothing."""
    pid = stage.signal(name, signal.SIGSTOP)
    try:
        yield
    finally:
        stage.signal(name, signal.SIGCONT)
    assert stage.process(name).pid == pid, f"{name} was not alive all the time"


@asynccontextmanager
async def gone(stage: Stage, name: str) -> AsyncIterator[None]:
    """Kill a process, and keep the next one from working while the body runs."""
    killed = stage.signal(name, signal.SIGKILL)
    successor = await stage.until_started(name, killed)
    stage.signal(name, signal.SIGSTOP)
    try:
        yield
    finally:
        stage.signal(name, signal.SIGCONT)
    await stage.until_back(name, killed)
    assert stage.process(name).pid == successor


OUTAGES = {"hanging": hanging, "gone": gone}


async def stored_answers(stage: Stage, customer: Customer) -> list[dict[str, Any]]:
    conversation = await stage.conversation(customer)
    assert conversation is not None
    return await stored_messages(stage, conversation["_id"], "out")


async def greeted(stage: Stage, channel: str) -> Customer:
    """A customer who has been told already that an AI answers."""
    customer = stage.customer(channel)
    await customer.say("Здравствуйте")
    await customer.screen.wait_for_answers(2, seconds=120)
    return customer


@pytest.mark.parametrize("outage", OUTAGES)
async def test_without_the_engine_messages_are_kept_noticed_once_and_answered_once(
    stage: Stage, outage: str
) -> None:
    customers = [await greeted(stage, channel) for channel in CHANNELS]
    async with OUTAGES[outage](stage, "engine"):
        began = time.monotonic()
        for customer in customers:
            await customer.say("спасибо")
            await customer.say("до свидания")
        for customer in customers:
            await customer.screen.wait_for_notice(seconds=NOTICE_SECONDS)
            assert time.monotonic() - began > HOLDING_AFTER_SECONDS - 1
            assert len(customer.screen.answers) == 2
    for customer in customers:
        await customer.screen.wait_for_answers(4, seconds=120)
    await stage.until_settled()
    for customer in customers:
        assert len(customer.screen.notices) == 1
        stored = await stored_answers(stage, customer)
        assert [m["text"] for m in stored] == [m.text for m in customer.screen.arrived]
        replied_to = [m["trace"]["in_reply_to"] for m in stored if m["trace"].get("in_reply_to")]
        assert len(replied_to) == len(set(replied_to)) == 3


async def test_without_the_action_server_an_order_waits_and_is_taken_once(stage: Stage) -> None:
    customer = await greeted(stage, "telegram")
    phone = stage.phone()
    for text in ("Хочу заказать чехол", "Марат"):
        before = len(customer.screen.answers)
        await customer.say(text)
        await customer.screen.wait_for_answers(before + 1, seconds=120)
    before = len(customer.screen.answers)
    async with hanging(stage, "actions"):
        await customer.say(phone)
        await customer.screen.wait_for_notice(seconds=NOTICE_SECONDS)
    await customer.screen.wait_for_answers(before + 1, seconds=120)
    await stage.until_settled()
    assert len(customer.screen.notices) == 1
    assert len(customer.screen.arrived) == before + 2
    conversation = await stage.conversation(customer)
    assert conversation is not None
    mine = {"conversation_id": conversation["_id"]}
    assert await stage.database["deals"].count_documents(mine) == 1
    assert await stage.database["tasks"].count_documents({**mine, "kind": "lead"}) == 1
    assert await stage.database["contacts"].count_documents({"phone": phone}) == 1


async def test_while_the_database_hangs_messages_wait_and_are_answered_once(stage: Stage) -> None:
    customers = [await greeted(stage, channel) for channel in CHANNELS]
    async with hanging(stage, "mongod"):
        saying = [asyncio.create_task(customer.say("спасибо")) for customer in customers]
        await asyncio.sleep(6.0)
        assert not any(task.done() for task in saying), "acknowledged without a database"
    await asyncio.gather(*saying)
    for customer in customers:
        await customer.screen.wait_for_answers(3, seconds=120)
    await stage.until_settled()
    for customer in customers:
        stored = await stored_answers(stage, customer)
        assert [m["text"] for m in stored] == [m.text for m in customer.screen.arrived]
        assert len(customer.screen.answers) == 3


async def test_a_silent_language_model_is_not_waited_for(stage: Stage) -> None:
    customer = await greeted(stage, "webchat")
    async with FakeOpenAI.running() as provider:
        provider.replies = [FakeReply(text="too late", delay=600)]
        model = {"model": "openai:test", "base_url": provider.base_url, "api_key": "key"}
        await stage.office.patch("/api/organization/llm", model)
        try:
            before = len(customer.screen.answers)
            await customer.say("Есть ли доставка в Астану?")
            await customer.screen.wait_for_answers(before + 1, seconds=120)
        finally:
            await stage.office.patch("/api/organization/llm", {"model": None})
        assert provider.seen, "the language model was never asked"
    await stage.until_settled()
    answer = (await stored_answers(stage, customer))[-1]
    assert "1500" in answer["text"]
    assert "delivery" in str(answer["trace"]["sources"])
