"""What tenants may spend on the installation's own key, and on which model."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId
from pydantic import SecretStr

from bot.answering.calls import Own, Part
from bot.answering.failures import ProviderError
from bot.answering.gateway import Gateway
from bot.answering.masked import new_masking
from crm.core.clock import utc_now
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.providers.allowance import Allowance
from crm.providers.blocks import ContextBlocks
from crm.providers.ledger import BoundLedger, ProviderLedger
from crm.providers.models import LOST_AFTER
from tests.fakes.openai_server import FakeOpenAI
from tests.integration.providers.test_ledger import call, closed
from tests.support.console import Console

# 100 tokens read and 400 written, as `call` has them.
MOST = (100 * 1.0 + 400 * 2.0) / 1_000_000


@pytest.fixture
def settings(settings: Settings, provider: FakeOpenAI) -> Settings:
    """Settings of an installation that pays for its tenants' answers, up to five calls of the dearest kind."""
    return settings.model_copy(
        update={
            "llm_model": "openai:own",
            "llm_base_url": provider.base_url,
            "llm_api_key": SecretStr("sk-installation"),
            "llm_price": "1/2 USD",
            "llm_monthly_limit": 5 * MOST,
        }
    )


def ledger(core: Core, settings: Settings, organization_id: ObjectId) -> BoundLedger:
    own = ProviderLedger(database=core.database, allowance=Allowance.of(settings))
    return BoundLedger(own, organization_id)


async def test_each_tenant_has_its_limit_on_the_installations_key(
    core: Core, settings: Settings, owner: Console, stranger: Console
) -> None:
    ledgers = [ledger(core, settings, owner.organization_id) for _ in range(2)]
    results = await asyncio.gather(
        # What the tenant says of prices counts for nothing here.
        *(ledgers[n % 2].open(call(on_installation=True, cost=0.0)) for n in range(12)),
        return_exceptions=True,
    )
    opened = [result for result in results if isinstance(result, str)]
    refused = [result for result in results if isinstance(result, ProviderError)]
    assert (len(opened), len(refused)) == (5, 7)
    assert {error.code for error in refused} == {"spend_limit_reached"}
    # A model of the tenant's own costs the installation nothing, and other tenants have limits of their own.
    own = await ledgers[0].open(call())
    await ledger(core, settings, stranger.organization_id).open(call(on_installation=True))
    usage = await owner.get("/api/organization/llm/usage")
    assert usage["installation"] == {
        "currency": "USD",
        "limit": 5 * MOST,
        "spent": 0.0,
        "reserved": 5 * MOST,
        "left": 0.0,
    }
    for call_id in (*opened, own):
        await ledgers[0].close(call_id, closed(input_tokens=100, output_tokens=0, cost=0.0))
    usage = await owner.get("/api/organization/llm/usage")
    assert usage["installation"]["spent"] == pytest.approx(5 * 100 / 1_000_000)
    assert usage["installation"]["reserved"] == 0.0
    await owner.patch("/api/organization/llm", {"model": "openai:mine", "api_key": "sk"})
    assert (await owner.get("/api/organization/llm/usage"))["installation"] is None


async def test_what_a_dead_process_left_open_counts(
    core: Core, settings: Settings, owner: Console
) -> None:
    await ledger(core, settings, owner.organization_id).open(call(on_installation=True))
    await core.database.collection("provider_calls").update_many(
        {}, {"$set": {"at": utc_now() - 2 * LOST_AFTER}}
    )
    own = ProviderLedger(database=core.database, allowance=Allowance.of(settings))
    assert await own.settle_lost() == 1
    usage = await owner.get("/api/organization/llm/usage")
    assert usage["installation"]["spent"] == pytest.approx(MOST)
    assert usage["installation"]["reserved"] == 0.0


async def test_an_answer_counts_and_the_limit_ends_them(
    core: Core, settings: Settings, owner: Console, provider: FakeOpenAI
) -> None:
    blocks = ContextBlocks(database=core.database, settings=settings, secrets=core.secrets)
    llm = blocks.llm({"_id": owner.organization_id})
    assert llm is not None
    gateway, own = Gateway(), ledger(core, settings, owner.organization_id)
    asked: Any = {
        "purpose": "answer",
        "parts": [Part("human", (Own("?"),))],
        "masking": new_masking(None),
        "seconds": 10,
        "ledger": own,
        "llm": llm,
    }
    await gateway.ask(**asked)
    await gateway.drain()
    usage = await owner.get("/api/organization/llm/usage")
    assert usage["installation"]["spent"] > 0
    with pytest.raises(ProviderError, match="spend_limit_reached"):
        await gateway.ask(**asked, max_tokens=4_000)
    assert len(provider.seen) == 1


async def test_a_limited_key_is_for_the_model_whose_price_is_known(
    core: Core, settings: Settings, owner: Console
) -> None:
    assistant = await owner.get("/api/assistant")
    change = {"revision": assistant["draft"]["revision"], "model": {"name": "openai:o1-pro"}}
    problem = await owner.patch("/api/assistant/draft", change, status=422)
    (error,) = problem["errors"]
    assert (error["field"], error["code"]) == ("model.name", "model_not_allowed")
    blocks = ContextBlocks(database=core.database, settings=settings, secrets=core.secrets)
    organization = {"_id": owner.organization_id}
    for name in ("openai:o1-pro", "o1-pro"):
        assert blocks.refused(organization, {"name": name}) == "model_not_allowed"
    for own in ("openai:own", "own", None):
        assert blocks.refused(organization, {"name": own}) is None
    unlimited = settings.model_copy(update={"llm_monthly_limit": None})
    blocks = ContextBlocks(database=core.database, settings=unlimited, secrets=core.secrets)
    assert blocks.refused(organization, {"name": "openai:o1-pro"}) is None


async def test_the_live_check_tries_nothing_else_with_the_installations_key(
    admin: Console, provider: FakeOpenAI
) -> None:
    provider.reply("OK")
    await admin.post("/api/organization/llm/check", {"api_key": "sk"}, status=422)
    dear = {"model": "openai:o1-pro", "base_url": provider.base_url}
    await admin.post("/api/organization/llm/check", dear)
    assert provider.seen
    assert "sk-installation" not in provider.everything
    await admin.post("/api/organization/llm/check", {})
    assert provider.seen[-1].authorization == "Bearer sk-installation"
