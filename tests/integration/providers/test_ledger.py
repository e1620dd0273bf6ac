"""The ledger over the internal API, as the action server reaches it: nothing leaves that it refuses."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from bson import ObjectId

from actions.crm_client import CrmClient
from actions.ledger import CrmLedger
from bot.answering.calls import ClosedCall, OpenCall
from bot.answering.failures import ProviderError
from crm.core.clock import utc_now
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.providers.ledger import BoundLedger, ProviderLedger
from crm.providers.models import LOST_AFTER
from tests.integration.providers.conftest import Customer
from tests.support.console import Console

PRICES = {"input": 1.0, "output": 2.0, "currency": "USD"}


def call(**values: Any) -> OpenCall:
    return OpenCall(
        **{
            "purpose": "answer",
            "model": "openai:m",
            "host": "llm.example.kz",
            "messages": (("system", "Правила"), ("human", " Мой номер <PHONE_1> ")),
            "said": "Мой номер <PHONE_1>",
            "input_tokens": 100,
            "output_tokens": 400,
            "cost": 0.9,
            "currency": "USD",
            **values,
        }
    )


def closed(**values: Any) -> ClosedCall:
    fields = {
        "input_tokens": 90,
        "output_tokens": 10,
        "cost": 0.1,
        "elapsed_ms": 5.0,
        "attempts": 1,
    }
    return ClosedCall(**{"raw_answer": "Ответ про палатку", **fields, **values})


@pytest.fixture
async def crm(server: TestServer, settings: Settings) -> AsyncIterator[CrmClient]:
    client = CrmClient(
        str(server.make_url("")).rstrip("/"),
        settings.internal_token.get_secret_value(),
        deadline_seconds=3,
    )
    yield client
    await client.close()


@pytest.fixture
def ledger(crm: CrmClient, customer: Customer) -> CrmLedger:
    return CrmLedger(crm, str(customer.organization_id), str(customer.conversation_id))


async def limit(core: Core, customer: Customer, amount: float) -> None:
    await core.database.collection("organizations").update_one(
        {"_id": customer.organization_id},
        {"$set": {"llm": {"model": "openai:m", "prices": PRICES, "monthly_limit": amount}}},
    )


async def test_what_leaves_stands_there_before_and_after(
    ledger: CrmLedger, customer: Customer, viewer: Console
) -> None:
    row = {"kind": "PHONE", "number": 1, "value": " 8 701 "}
    opening = call(markers=(row,))
    call_id = await ledger.open(opening)
    assert await ledger.open(opening) == call_id
    entry = await viewer.get(f"/api/privacy/calls/{call_id}")
    assert entry["state"] == "sending"
    assert entry["masked_prompt"] == [
        {"role": "system", "text": "Правила"},
        {"role": "human", "text": " Мой номер <PHONE_1> "},
    ]
    assert entry["conversation_id"] == str(customer.conversation_id)
    assert (await customer.conversation())["markers"] == [row]
    await ledger.close(call_id, closed())
    await ledger.close(call_id, closed(cost=7.0, error="lost"))
    entry = await viewer.get(f"/api/privacy/calls/{call_id}")
    assert (entry["state"], entry["cost"], entry["error"]) == ("done", 0.1, None)
    assert entry["raw_answer"] == "Ответ про палатку"


async def test_the_privacy_page_lists_and_searches(
    ledger: CrmLedger, viewer: Console, stranger: Console, customer: Customer
) -> None:
    first = await ledger.open(call())
    await ledger.close(first, closed())
    second = await ledger.open(call(purpose="judge", said="Где вы находитесь?"))
    page = await viewer.get("/api/privacy/calls?limit=1")
    assert [item["id"] for item in page["items"]] == [second]
    assert "masked_prompt" not in page["items"][0]
    page = await viewer.get(f"/api/privacy/calls?limit=1&cursor={page['next_cursor']}")
    assert [item["id"] for item in page["items"]] == [first]

    async def found(query: str) -> list[str]:
        items = (await viewer.get(f"/api/privacy/calls?{query}"))["items"]
        return [item["id"] for item in items]

    assert await found("q=палатк") == [first]
    assert await found("q=<PHONE_1>") == [first]
    assert await found("q=находитесь где") == [second]
    assert await found("q=верблюд") == []
    assert await found("purpose=judge") == [second]
    assert await found(f"conversation_id={customer.conversation_id}") == [second, first]
    assert await found(f"conversation_id={ObjectId()}") == []
    assert await found("from=2200-01-01T00:00:00Z") == []
    assert await found("to=2200-01-01T00:00:00Z") == [second, first]
    assert (await stranger.get("/api/privacy/calls"))["items"] == []
    await stranger.get(f"/api/privacy/calls/{first}", status=404)


async def test_a_trial_has_its_own_entries_and_markers(
    crm: CrmClient, customer: Customer, core: Core
) -> None:
    trials = core.database.collection("assistant_trials")
    made = await trials.insert_one(
        {"organization_id": customer.organization_id, "markers": [], "created_at": utc_now()}
    )
    ledger = CrmLedger(crm, str(customer.organization_id), str(made.inserted_id))
    row = {"kind": "PERSON", "number": 1, "value": "Асель"}
    call_id = await ledger.open(call(markers=(row,)))
    trial = await trials.find_one({"_id": made.inserted_id})
    assert trial is not None
    assert trial["markers"] == [row]
    entry = await core.database.collection("provider_calls").find_one({"_id": ObjectId(call_id)})
    assert entry is not None
    assert (entry["trial_id"], entry["conversation_id"]) == (made.inserted_id, None)


async def test_a_foreign_conversation_refuses(
    crm: CrmClient, stranger: Console, customer: Customer
) -> None:
    foreign = CrmLedger(crm, str(stranger.organization_id), str(customer.conversation_id))
    with pytest.raises(ProviderError) as refused:
        await foreign.open(call())
    assert refused.value.code == "ledger_unavailable"


async def test_no_provider_at_all(ledger: CrmLedger, admin: Console, core: Core) -> None:
    await admin.patch("/api/privacy/settings", {"providers_allowed": False})
    with pytest.raises(ProviderError) as refused:
        await ledger.open(call())
    assert refused.value.code == "providers_forbidden"
    assert await core.database.collection("provider_calls").count_documents({}) == 0


async def test_an_unreachable_ledger_refuses(customer: Customer) -> None:
    client = CrmClient("http://127.0.0.1:9", "t", deadline_seconds=0.2)
    with pytest.raises(ProviderError) as refused:
        await CrmLedger(client, str(customer.organization_id), str(ObjectId())).open(call())
    assert refused.value.code == "ledger_unavailable"
    await client.close()


async def test_calls_at_the_same_moment_do_not_pass_the_limit_together(
    ledger: CrmLedger, customer: Customer, core: Core, owner: Console
) -> None:
    await limit(core, customer, 4.5)
    results = await asyncio.gather(
        *(ledger.open(call()) for _ in range(12)), return_exceptions=True
    )
    opened = [result for result in results if isinstance(result, str)]
    refused = [result for result in results if isinstance(result, ProviderError)]
    assert len(opened) == 5
    assert {error.code for error in refused} == {"spend_limit_reached"}
    assert len(refused) == 7
    # Two processes that share nothing but the database race as well.
    others = [
        BoundLedger(ProviderLedger(database=core.database), customer.organization_id)
        for _ in range(2)
    ]
    await asyncio.gather(*(ledger.close(call_id, closed()) for call_id in opened))
    usage = await owner.get("/api/organization/llm/usage")
    assert (usage["spent"], usage["reserved"], usage["left"]) == (0.5, 0.0, 4.0)
    assert (usage["calls"], usage["input_tokens"], usage["output_tokens"]) == (5, 450, 50)
    assert usage["currency"] == "USD"
    assert usage["purposes"] == [
        {
            "purpose": "answer",
            "model": "openai:m",
            "calls": 5,
            "failed": 0,
            "input_tokens": 450,
            "output_tokens": 50,
            "cost": 0.5,
        }
    ]
    again = await asyncio.gather(
        *(others[number % 2].open(call()) for number in range(12)), return_exceptions=True
    )
    assert sum(isinstance(result, str) for result in again) == 4


async def test_without_a_limit_nothing_is_reserved_and_everything_counted(
    ledger: CrmLedger, owner: Console
) -> None:
    call_id = await ledger.open(call())
    await ledger.close(call_id, closed(error="provider_failed", raw_answer=None))
    usage = await owner.get("/api/organization/llm/usage")
    assert (usage["limit"], usage["left"], usage["spent"], usage["failed"]) == (None, None, 0.1, 1)


async def test_what_a_dead_process_left_open_counts_as_spent(
    ledger: CrmLedger, customer: Customer, core: Core, owner: Console
) -> None:
    unlimited = await ledger.open(call())
    await limit(core, customer, 10)
    call_id, fresh = await ledger.open(call()), await ledger.open(call())
    calls = core.database.collection("provider_calls")
    await calls.update_many(
        {"_id": {"$in": [ObjectId(call_id), ObjectId(unlimited)]}},
        {"$set": {"at": utc_now() - LOST_AFTER - timedelta(seconds=1)}},
    )
    assert await ProviderLedger(database=core.database).settle_lost() == 2
    entry = await calls.find_one({"_id": ObjectId(call_id)})
    assert entry is not None
    assert (entry["state"], entry["error"], entry["cost"]) == ("failed", "lost", 0.9)
    usage = await owner.get("/api/organization/llm/usage")
    assert (usage["spent"], usage["reserved"]) == (1.8, 0.9)
    assert (await calls.find_one({"_id": ObjectId(fresh)}) or {})["state"] == "sending"


async def test_the_ledgers_address_wants_its_own_organization(
    server: TestServer, settings: Settings, customer: Customer, stranger: Console
) -> None:
    token = settings.internal_token.get_secret_value()
    path = f"/internal/organizations/{customer.organization_id}/provider-calls"
    for headers, status in (
        ({"X-Aitys-Organization": str(stranger.organization_id)}, 404),
        ({}, 404),
    ):
        body = {**{name: getattr(call(), name) for name in OpenCall.__slots__}}
        response = await stranger.request(
            "POST", path, json=body, headers={"Authorization": f"Bearer {token}", **headers}
        )
        assert response.status == status


async def test_the_longest_prompt_is_written_down(
    owner: Console, settings: Settings, customer: Customer
) -> None:
    token = settings.internal_token.get_secret_value()
    long = "ж" * 100_000
    body = {name: getattr(call(messages=(("human", long),)), name) for name in OpenCall.__slots__}
    response = await owner.request(
        "POST",
        f"/internal/organizations/{customer.organization_id}/provider-calls",
        json=body,
        headers={
            "Authorization": f"Bearer {token}",
            "X-Aitys-Organization": str(customer.organization_id),
        },
    )
    assert response.status < 300
    call_id = (await response.json())["call_id"]
    detail = await owner.get(f"/api/privacy/calls/{call_id}")
    assert detail["masked_prompt"] == [{"role": "human", "text": long}]
