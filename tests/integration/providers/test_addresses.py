"""Where the installation allows no private addresses, a tenant's model server has none."""

from typing import Any

import pytest
from pydantic import SecretStr

from crm.core.feature import Core
from crm.core.settings import Settings
from crm.providers.blocks import ContextBlocks
from tests.fakes.openai_server import FakeOpenAI
from tests.support.console import Console


@pytest.fixture
def settings(settings: Settings, provider: FakeOpenAI) -> Settings:
    """Settings of an installation that many reach, with a model on its own machine."""
    return settings.model_copy(
        update={
            "allow_private_addresses": False,
            "llm_model": "openai:own",
            "llm_base_url": provider.base_url,
            "llm_api_key": SecretStr("sk-installation"),
        }
    )


@pytest.mark.parametrize("name", ["", "fallback", "embeddings"])
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/v1", "http://localhost/v1", "http://169.254.169.254", "http://[::1]"],
)
async def test_no_private_address_is_saved(admin: Console, name: str, url: str) -> None:
    await admin.patch("/api/organization/llm", {"model": "openai:m", "api_key": "sk"})
    model = {"model": "openai:m", "base_url": url}
    change: dict[str, Any] = {name: model} if name else model
    problem = await admin.patch("/api/organization/llm", change, status=422)
    (error,) = problem["errors"]
    field = f"{name}.base_url" if name else "base_url"
    assert (error["field"], error["code"]) == (field, "url_private")


@pytest.mark.parametrize("stored", [False, True])
async def test_the_check_reaches_and_tells_nothing_inside(
    admin: Console, provider: FakeOpenAI, core: Core, stored: bool
) -> None:
    asked: dict[str, Any] = {"model": "openai:m", "base_url": provider.base_url}
    if stored:  # from a time when it was allowed
        await core.database.collection("organizations").update_one(
            {"_id": admin.organization_id}, {"$set": {"llm": asked}}
        )
    for check in ({} if stored else asked, {"model": "ollama:m"}):
        checked = await admin.post("/api/organization/llm/check", check)
        assert (checked["ok"], checked["error"]) == (False, "provider_private")
    assert provider.seen == []


async def test_the_installations_own_model_may_be_inside(
    admin: Console, provider: FakeOpenAI, core: Core, settings: Settings
) -> None:
    provider.reply("INTERNAL-SECRET")
    checked = await admin.post("/api/organization/llm/check", {})
    assert checked["ok"]
    (call,) = (await admin.get("/api/privacy/calls"))["items"]
    detail = await admin.get(f"/api/privacy/calls/{call['id']}")
    assert "INTERNAL-SECRET" not in f"{checked}{detail}"
    blocks = ContextBlocks(database=core.database, settings=settings, secrets=core.secrets)
    found = blocks.llm({"_id": admin.organization_id})
    assert found is not None
    assert "public_only" not in found
