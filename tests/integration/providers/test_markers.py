"""A marker stands for one value in a conversation, however many calls begin at the same moment."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from actions.crm_client import CrmClient
from actions.ledger import CrmLedger
from bot.answering.calls import Ledger, MarkersTakenError, Part, Said
from bot.answering.embedding import Embedder
from bot.answering.failures import ProviderError
from bot.answering.gateway import Gateway
from bot.answering.masked import new_masking
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.providers.ledger import BoundLedger, ProviderLedger
from tests.fakes.openai_server import FakeOpenAI
from tests.integration.providers.conftest import Customer
from tests.integration.providers.test_ledger import call

PHONES = [f"8701555012{number}" for number in range(8)]


async def rows(customer: Customer) -> dict[tuple[str, int], str]:
    markers = (await customer.conversation())["markers"]
    found = {(row["kind"], row["number"]): row["value"] for row in markers}
    assert len(found) == len(markers)
    return found


async def test_calls_at_the_same_moment_mask_anew_where_a_marker_was_taken(
    core: Core,
    server: TestServer,
    settings: Settings,
    customer: Customer,
    provider: FakeOpenAI,
) -> None:
    crm = CrmClient(
        str(server.make_url("")).rstrip("/"), settings.internal_token.get_secret_value()
    )
    ids = (customer.organization_id, customer.conversation_id)
    here = BoundLedger(ProviderLedger(database=core.database), *ids)
    ledgers: list[Ledger] = [CrmLedger(crm, *map(str, ids)), here]
    gateway, embedder = Gateway(), Embedder()
    provider.reply("OK")
    llm: dict[str, Any] = {"model": "openai:m", "base_url": provider.base_url, "api_key": "k"}

    async def one(number: int, phone: str) -> None:
        text = f"звоните {phone}"
        common: Any = {
            "masking": new_masking(None),  # each with the markers as they were before
            "llm": llm,
            "seconds": 20,
            "ledger": ledgers[number % 2],
        }
        if number % 4 == 3:
            await embedder.embed([text], **common)
            return
        reply = await gateway.ask(purpose="answer", parts=[Part("human", (Said(text),))], **common)
        (sent,) = (message for role, message in reply.messages if role == "human")
        assert common["masking"].restore(sent).text == text

    await asyncio.gather(*(one(number, phone) for number, phone in enumerate(PHONES)))
    await gateway.drain()
    await crm.close()
    found = await rows(customer)
    assert sorted(found.values()) == PHONES
    calls = await core.database.collection("provider_calls").find({}).to_list()
    said = {call["masked_prompt"][0]["text"] for call in calls}
    assert said == {f"звоните <PHONE_{number}>" for _, number in found}


async def test_nothing_leaves_as_it_was_masked_before(core: Core, customer: Customer) -> None:
    ids = (customer.organization_id, customer.conversation_id)
    ledger = BoundLedger(ProviderLedger(database=core.database), *ids)
    first = {"kind": "PHONE", "number": 1, "value": "a"}
    await ledger.open(call(markers=(first,)))
    await ledger.open(call(markers=(first, {"kind": "PHONE", "number": 2, "value": "b"})))
    with pytest.raises(MarkersTakenError) as taken:
        await ledger.open(call(markers=({"kind": "PHONE", "number": 2, "value": "c"},)))
    assert [row["value"] for row in taken.value.rows] == ["a", "b"]
    assert await core.database.collection("provider_calls").count_documents({}) == 2
    assert len(await rows(customer)) == 2


async def test_who_never_gets_a_marker_gives_up(provider: FakeOpenAI) -> None:
    class Taken:
        async def open(self, _: Any) -> str:
            raise MarkersTakenError(())

        async def close(self, *_: Any) -> None:
            raise AssertionError

    with pytest.raises(ProviderError, match="ledger_unavailable"):
        await Gateway().ask(
            purpose="answer",
            parts=[Part("human", (Said("?"),))],
            masking=new_masking(None),
            llm={"model": "openai:m", "base_url": provider.base_url},
            seconds=10,
            ledger=Taken(),
        )
    assert provider.seen == []
