"""Which model is asked, for what price, and what may leave."""

from typing import Any

import pytest
from pydantic import SecretStr

from bot.answering.calls import Own, Part
from bot.answering.failures import ProviderError
from bot.answering.gateway import Gateway
from bot.answering.masked import new_masking
from bot.privacy.markers import ALL_KINDS
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.providers.blocks import ContextBlocks
from crm.providers.ledger import BoundLedger, ProviderLedger
from crm.providers.schemas import MaskedKinds, MaskedKindsUpdate
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.integration.providers.conftest import Customer, UseProvider
from tests.support.console import Console

FALLBACK = {"model": "openai:small", "base_url": "https://second.example.kz/v1", "api_key": "sk-2"}
PRICES = {"input": 0.4, "output": 1.6, "currency": "USD"}
TENGE = {**PRICES, "currency": "KZT"}
NONE = {
    "model": None,
    "base_url": None,
    "has_api_key": False,
    "fallback": None,
    "embeddings": None,
    "prices": None,
    "monthly_limit": None,
    "installation_model": None,
}


async def organization(core: Core, console: Console) -> dict[str, Any]:
    found = await core.database.collection("organizations").find_one(console.organization_id)
    assert found is not None
    return found


def blocks(core: Core, settings: Settings) -> ContextBlocks:
    return ContextBlocks(database=core.database, settings=settings, secrets=core.secrets)


async def test_keys_are_written_and_never_read(owner: Console, core: Core) -> None:
    llm = await owner.patch(
        "/api/organization/llm",
        {
            "model": "openai:gpt-4.1-mini",
            "base_url": "https://llm.example.kz/v1/",
            "api_key": "sk-secret",
            "fallback": FALLBACK,
            "prices": PRICES,
            "monthly_limit": 50,
        },
    )
    assert llm == {
        **NONE,
        "model": "openai:gpt-4.1-mini",
        "base_url": "https://llm.example.kz/v1",
        "has_api_key": True,
        "fallback": {
            "model": "openai:small",
            "base_url": "https://second.example.kz/v1",
            "has_api_key": True,
            "prices": None,
        },
        "prices": PRICES,
        "monthly_limit": 50,
    }
    stored = await organization(core, owner)
    assert "sk-" not in str(stored)
    assert core.secrets.decrypt(stored["llm"]["api_key_encrypted"]) == "sk-secret"
    events = await core.events.read(owner.organization_id, 0)
    assert "encrypted" not in str(events)
    assert not {"llm", "privacy"} & events[-1].data.keys()
    # A key was typed for one provider: it is not sent to another.
    moved = await owner.patch("/api/organization/llm", {"base_url": "https://evil.example"})
    assert not moved["has_api_key"]
    assert moved["fallback"]["has_api_key"]
    moved = await owner.patch(
        "/api/organization/llm", {"fallback": {**FALLBACK, "base_url": "https://evil.example"}}
    )
    assert moved["fallback"]["has_api_key"]
    fallback = {"model": "openai:small", "base_url": "https://other.example"}
    moved = await owner.patch("/api/organization/llm", {"fallback": fallback})
    assert not moved["fallback"]["has_api_key"]
    gone = await owner.patch("/api/organization/llm", {"model": None})
    assert gone == {**NONE, "prices": PRICES, "monthly_limit": 50}


async def test_a_change_of_the_provider_drops_the_key(owner: Console) -> None:
    await owner.patch("/api/organization/llm", {"model": "openai:a", "api_key": "sk"})
    assert (await owner.patch("/api/organization/llm", {"model": "openai:b"}))["has_api_key"]
    moved = await owner.patch("/api/organization/llm", {"model": "anthropic:c"})
    assert not moved["has_api_key"]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"api_key": "sk"}, "model", "missing"),
        ({"fallback": FALLBACK}, "model", "missing"),
        ({"monthly_limit": 5}, "prices", "prices_missing"),
        ({"model": "gpt"}, "model", "string_pattern_mismatch"),
        ({"model": "huggingface:m"}, "model", "provider_unknown"),
        (
            {"model": "openai:m", "fallback": {"model": "aws:m"}},
            "fallback.model",
            "provider_unknown",
        ),
        ({"embeddings": {"model": "huggingface:m"}}, "embeddings.model", "provider_unknown"),
        ({"embeddings": {"model": "anthropic:m"}}, "embeddings.model", "provider_unknown"),
        (
            {"prices": PRICES, "monthly_limit": 5, "embeddings": {"model": "openai:e"}},
            "embeddings.prices",
            "prices_missing",
        ),
        (
            {"prices": PRICES, "embeddings": {"model": "openai:e", "prices": TENGE}},
            "embeddings.prices.currency",
            "currency_differs",
        ),
        ({"model": "openai:m", "base_url": "ftp://a"}, "base_url", "url_invalid"),
        ({"model": "openai:m", "base_url": "http://u:secret@a.kz/v1"}, "base_url", "url_plain"),
        ({"model": "openai:m", "base_url": "http://a.kz/v1?key=secret"}, "base_url", "url_plain"),
        ({"model": "openai:m", "base_url": "http://a.kz/admin?#"}, "base_url", "url_plain"),
        (
            {"prices": {"input": -1, "output": 1, "currency": "USD"}},
            "prices.input",
            "greater_than_equal",
        ),
    ],
)
async def test_what_does_not_fit_is_refused(
    owner: Console, change: dict[str, Any], field: str, code: str
) -> None:
    problem = await owner.patch("/api/organization/llm", change, status=422)
    assert (problem["errors"][0]["field"], problem["errors"][0]["code"]) == (field, code)


async def test_embeddings_without_prices_of_their_own_cost_what_the_model_costs(
    owner: Console, core: Core, settings: Settings
) -> None:
    """From a time when a limit took no notice of them."""
    llm = {"model": "openai:m", "prices": PRICES, "embeddings": {"model": "openai:e"}}
    await core.database.collection("organizations").update_one(
        {"_id": owner.organization_id}, {"$set": {"llm": llm}}
    )
    found = blocks(core, settings).embedding_model(await organization(core, owner))
    assert found is not None
    assert found["price"] == PRICES


async def test_a_draft_names_no_model_that_would_not_be_asked(owner: Console) -> None:
    assistant = await owner.get("/api/assistant")
    revision = assistant["draft"]["revision"]

    async def name(model: str | None, status: int = 200) -> Any:
        nonlocal revision
        change = {"revision": revision, "model": {"name": model}}
        answer = await owner.patch("/api/assistant/draft", change, status=status)
        revision = answer["draft"]["revision"] if status == 200 else revision
        return answer

    await owner.patch("/api/organization/llm", {"model": "openai:a", "api_key": "sk"})
    problem = await name("anthropic:x", 422)
    (error,) = problem["errors"]
    assert (error["field"], error["code"]) == ("model.name", "provider_not_allowed")
    await name("openai:b")
    await owner.patch("/api/organization/llm", {"model": "anthropic:c", "api_key": "sk"})
    # What was right is not: the rest of the draft may change, and nothing is published.
    answer = await owner.patch("/api/assistant/draft", {"revision": revision, "tone": "kind"})
    revision = answer["draft"]["revision"]
    problem = await owner.post("/api/assistant/publish", {"revision": revision}, status=422)
    assert [error["code"] for error in problem["errors"]] == ["provider_not_allowed"]
    await name(None)
    await owner.post("/api/assistant/publish", {"revision": revision}, status=201)


@pytest.mark.parametrize("own", [False, True])
async def test_a_key_goes_to_the_provider_it_was_given_for(
    owner: Console, core: Core, settings: Settings, provider: FakeOpenAI, own: bool
) -> None:
    values = {"model": "openai:a", "base_url": provider.base_url, "api_key": "sk-theirs"}
    if own:
        await owner.patch("/api/organization/llm", values)
    else:
        changed = {f"llm_{name}": value for name, value in values.items()}
        settings = settings.model_copy(update={**changed, "llm_api_key": SecretStr("sk-theirs")})
    stored = await organization(core, owner)
    gateway = Gateway()
    asked: Any = {
        "purpose": "answer",
        "parts": [Part("human", (Own("?"),))],
        "masking": new_masking(None),
        "seconds": 10,
        "ledger": BoundLedger(ProviderLedger(database=core.database), owner.organization_id),
    }
    for name in ("anthropic:x", "ollama:x", "gigachat:x"):
        llm = blocks(core, settings).llm(stored, {"name": name})
        assert llm is not None
        with pytest.raises(ProviderError, match="provider_not_allowed"):
            await gateway.ask(**asked, llm=llm)
    assert (await owner.get("/api/privacy/calls"))["items"] == []
    llm = blocks(core, settings).llm(stored, {"name": "openai:b"})
    assert llm is not None
    assert (await gateway.ask(**asked, llm=llm)).model == "openai:b"
    assert [seen.body["model"] for seen in provider.seen] == ["b"]
    await gateway.drain()


async def test_the_context_gets_the_versions_own_choice(
    owner: Console, core: Core, settings: Settings
) -> None:
    assert blocks(core, settings).llm(await organization(core, owner)) is None
    await owner.patch(
        "/api/organization/llm",
        {"model": "openai:a", "api_key": "sk-1", "fallback": FALLBACK, "prices": PRICES},
    )
    stored = await organization(core, owner)
    choice = {"enabled": True, "name": "b", "temperature": 0.5, "max_tokens": 99}
    assert blocks(core, settings).llm(stored, choice) == {
        "model": "openai:b",
        "base_url": None,
        "api_key": "sk-1",
        "price": PRICES,
        "temperature": 0.5,
        "max_tokens": 99,
        "fallback": {
            "model": "openai:small",
            "base_url": "https://second.example.kz/v1",
            "api_key": "sk-2",
            "price": PRICES,
            "temperature": 0.5,
            "max_tokens": 99,
        },
    }
    assert blocks(core, settings).llm(stored, {"enabled": False}) is None
    installed = settings.model_copy(update={"llm_model": "ollama:q"})
    found = blocks(core, installed).llm({**stored, "llm": None}, {"name": "qwen3:8b"})
    assert found is not None
    assert found["model"] == "ollama:qwen3:8b"
    await owner.patch("/api/privacy/settings", {"providers_allowed": False})
    assert blocks(core, installed).llm(await organization(core, owner), choice) is None


async def test_privacy_switches(
    admin: Console, operator: Console, core: Core, settings: Settings, customer: Customer
) -> None:
    read = await operator.get("/api/privacy/settings")
    assert set(read["kinds"].values()) == {True}
    assert (read["mask_passages"], read["providers_allowed"]) == (True, True)
    await operator.patch("/api/privacy/settings", {"mask_passages": False}, status=403)
    changed = await admin.patch(
        "/api/privacy/settings", {"kinds": {"ADDRESS": False}, "mask_passages": False}
    )
    assert [kind for kind, on in changed["kinds"].items() if not on] == ["ADDRESS"]
    problem = await admin.patch("/api/privacy/settings", {"kinds": {"SHOE": True}}, status=422)
    assert problem["errors"][0]["field"] == "kinds.SHOE"
    row = {"kind": "PHONE", "number": 1, "value": "8 701"}
    await core.database.collection("conversations").update_one(
        {"_id": customer.conversation_id}, {"$set": {"markers": [row]}}
    )
    block = await blocks(core, settings).privacy(
        await organization(core, admin), await customer.conversation(), ["это Асель"]
    )
    assert "ADDRESS" not in block["kinds"]
    assert "PERSON" in block["kinds"]
    assert block["mask_passages"] is False
    assert block["markers"] == [row]
    assert "Асель Нурланова" in block["known"]


def test_the_api_names_every_kind_that_is_masked() -> None:
    assert tuple(MaskedKinds.model_fields) == tuple(MaskedKindsUpdate.model_fields) == ALL_KINDS


async def test_a_live_check_answers_or_says_why(
    admin: Console, provider: FakeOpenAI, use: UseProvider
) -> None:
    await admin.post("/api/organization/llm/check", {}, status=422)
    await use()
    provider.reply("OK")
    checked = await admin.post("/api/organization/llm/check", {})
    assert checked["ok"]
    assert (checked["model"], checked["error"]) == ("openai:test", None)
    assert provider.base_url.split("/")[2] == checked["host"]
    assert provider.seen[-1].authorization == "Bearer sk-own"
    provider.reply(FakeReply(status=401))
    checked = await admin.post("/api/organization/llm/check", {"model": "openai:other"})
    assert (checked["ok"], checked["error"]) == (False, "provider_rejected_key")
    assert checked["detail"] == "The provider refused the key."
    nowhere = {"base_url": "http://127.0.0.1:9/v1"}
    checked = await admin.post("/api/organization/llm/check", nowhere)
    assert checked["error"] == "provider_unreachable"
    checked = await admin.post("/api/organization/llm/check", {"model": "nosuch:m"})
    assert "nosuch" in checked["detail"]
    calls = (await admin.get("/api/privacy/calls"))["items"]
    assert {call["purpose"] for call in calls} == {"check"}
    assert len(calls) == 4
    await admin.patch("/api/privacy/settings", {"providers_allowed": False})
    problem = await admin.post("/api/organization/llm/check", {}, status=409)
    assert problem["code"] == "providers_forbidden"


async def test_a_stored_key_is_not_tried_elsewhere(
    admin: Console, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    async with FakeOpenAI.running() as other:
        await admin.post("/api/organization/llm/check", {"base_url": other.base_url})
        assert other.seen
        assert "sk-own" not in other.everything
    await admin.post(
        "/api/organization/llm/check", {"model": "ollama:m", "base_url": provider.base_url}
    )
    assert "sk-own" not in provider.everything
