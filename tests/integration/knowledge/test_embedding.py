"""Passages get the vectors of the model their organization has chosen, and questions find by them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.answering.embedding import Embedder
from bot.knowledge.embeddings import Vectors
from bot.knowledge.library import IndexLibrary
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.knowledge.answers import KnowledgeSearch
from crm.knowledge.embedding import Embedding
from crm.knowledge.service import Knowledge
from crm.knowledge.vectors import VECTORS
from crm.providers.blocks import ContextBlocks
from crm.providers.ledger import BoundLedger, ProviderLedger
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.support.console import Console

MODEL = "openai:text-embedding-3-small"
TEXT = "# Доставка\n\n## Цена\n\nВ Астану 1 500 ₸.\n\n## Склад\n\nТелефон кладовщика 8 701 123 45 67, звоните до шести."


@pytest.fixture
async def provider() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI.running() as fake:
        yield fake


@pytest.fixture
def knowledge(core: Core) -> Knowledge:
    return Knowledge(database=core.database, events=core.events)


@pytest.fixture
def blocks(core: Core, settings: Settings) -> ContextBlocks:
    return ContextBlocks(database=core.database, settings=settings, secrets=core.secrets)


@pytest.fixture
def embedding(core: Core, knowledge: Knowledge, blocks: ContextBlocks) -> Embedding:
    ledger = ProviderLedger(database=core.database)
    return Embedding(
        database=core.database,
        versions=knowledge.versions,
        vectors=knowledge.vectors,
        embedder=Embedder(),
        model_of=blocks.embedding_model,
        ledger_of=lambda organization_id: BoundLedger(ledger, organization_id),
    )


async def choose(owner: Console, provider: FakeOpenAI, **more: Any) -> Any:
    chosen = {"model": MODEL, "base_url": provider.base_url, "api_key": "sk-e"}
    return await owner.patch("/api/organization/llm", {"embeddings": {**chosen, **more}})


async def add(owner: Console, text: str = TEXT, name: str = "delivery.md") -> Any:
    return await owner.post("/api/knowledge/sources", {"name": name, "content": text})


async def snapshot(core: Core, owner: Console, knowledge: Knowledge) -> dict[str, Any]:
    search = KnowledgeSearch(knowledge=knowledge, library=IndexLibrary())
    version = await knowledge.versions.current(owner.organization_id)
    return await search.snapshot(owner.organization_id, version)


async def organization(core: Core, owner: Console) -> dict[str, Any]:
    found = await core.database.collection("organizations").find_one(owner.organization_id)
    assert found is not None
    return found


async def test_passages_get_vectors_once_and_masked(
    owner: Console,
    core: Core,
    provider: FakeOpenAI,
    knowledge: Knowledge,
    blocks: ContextBlocks,
    embedding: Embedding,
) -> None:
    shown = await choose(owner, provider)
    assert shown["embeddings"] == {
        "model": MODEL,
        "base_url": provider.base_url,
        "has_api_key": True,
        "prices": None,
    }
    await add(owner)
    assert (await snapshot(core, owner, knowledge))["vectors"] is None
    version = await knowledge.versions.current(owner.organization_id)
    before = await blocks.embeddings(await organization(core, owner), version)
    assert before is not None
    assert not before["ready"]
    assert await embedding.sweep() >= 1
    (seen,) = provider.seen
    assert seen.authorization == "Bearer sk-e"
    assert len(seen.body["input"]) == 2
    assert "В Астану 1 500 ₸." in seen.body["input"][0]
    assert "701" not in seen.raw
    data = await snapshot(core, owner, knowledge)
    vectors = Vectors.from_mapping(data["vectors"])
    assert (vectors.model, len(vectors.matrix)) == (MODEL, len(data["passages"]))
    after = await blocks.embeddings(await organization(core, owner), version)
    assert after is not None
    assert after["ready"]
    assert after["api_key"] == "sk-e"
    # Nothing to do: nothing is sent. A new document: only its own text is.
    assert await embedding.sweep() == 0
    await add(owner, "# Возврат\n\nЗа 14 дней.", "return.md")
    await embedding.sweep()
    assert [len(seen.body["input"]) for seen in provider.seen] == [2, 1]
    calls = await owner.get("/api/privacy/calls?purpose=embed")
    assert len(calls["items"]) == 2
    assert {call["state"] for call in calls["items"]} == {"done"}


async def test_texts_that_need_no_masking_go_as_they_are(
    owner: Console, provider: FakeOpenAI, embedding: Embedding
) -> None:
    await choose(owner, provider)
    await owner.patch("/api/privacy/settings", {"mask_passages": False})
    await add(owner)
    await embedding.sweep()
    assert "8 701 123 45 67" in provider.seen[0].body["input"][1]


async def test_where_providers_are_forbidden_nothing_leaves(
    owner: Console, core: Core, provider: FakeOpenAI, blocks: ContextBlocks, embedding: Embedding
) -> None:
    await choose(owner, provider)
    await owner.patch("/api/privacy/settings", {"providers_allowed": False})
    await add(owner)
    assert await embedding.sweep() == 0
    assert provider.seen == []
    assert await blocks.embeddings(await organization(core, owner), 1) is None


async def test_a_failing_provider_is_left_alone_for_a_while(
    owner: Console, core: Core, provider: FakeOpenAI, knowledge: Knowledge, embedding: Embedding
) -> None:
    await choose(owner, provider)
    await add(owner)
    provider.reply(FakeReply(status=503))
    assert await embedding.sweep() == 0
    asked = len(provider.seen)
    assert asked >= 1
    assert await embedding.sweep() == 0
    assert len(provider.seen) == asked
    assert (await snapshot(core, owner, knowledge))["vectors"] is None


async def test_another_model_takes_the_place_of_the_first(
    owner: Console, core: Core, provider: FakeOpenAI, knowledge: Knowledge, embedding: Embedding
) -> None:
    await choose(owner, provider)
    await add(owner)
    await embedding.sweep()
    await choose(owner, provider, model="openai:other")
    await embedding.sweep()
    data = await snapshot(core, owner, knowledge)
    assert data["vectors"]["model"] == "openai:other"
    stored = core.database.collection(VECTORS).find({"organization_id": owner.organization_id})
    assert {row["model"] async for row in stored} == {"openai:other"}


async def test_one_organizations_vectors_that_are_too_long_keep_nobody_waiting(
    owner: Console, stranger: Console, core: Core, provider: FakeOpenAI, embedding: Embedding
) -> None:
    async with FakeOpenAI.running() as good:
        provider.embed = lambda _: [0.5] * 8_193
        for console, server in ((owner, provider), (stranger, good)):
            await choose(console, server)
            await add(console)
        assert await embedding.sweep() == 1
        assert len(good.seen) == 1
        assert await embedding.sweep() == 0
    assert len(provider.seen) == 1, "who was put off is not asked, nor charged, in the next sweep"
    state = await core.database.collection("knowledge_embedded").find_one(owner.organization_id)
    assert state is not None
    assert state["error"] == "provider_misconfigured"


async def test_what_is_wrong_with_one_organization_puts_off_that_one(
    owner: Console, stranger: Console, core: Core, provider: FakeOpenAI, embedding: Embedding
) -> None:
    for console in (owner, stranger):
        await choose(console, provider)
        await add(console)
    # As after an installation's key was lost: it cannot be read.
    await core.database.collection("organizations").update_one(
        {"_id": owner.organization_id}, {"$set": {"llm.embeddings.api_key_encrypted": "unreadable"}}
    )
    assert await embedding.sweep() == 1
    state = await core.database.collection("knowledge_embedded").find_one(owner.organization_id)
    assert state is not None
    assert state["error"] == "internal_error"


async def test_who_has_much_takes_turns_with_the_others(
    owner: Console,
    provider: FakeOpenAI,
    embedding: Embedding,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crm.knowledge.embedding.BATCH", 1)
    monkeypatch.setattr("crm.knowledge.embedding.TURN_SECONDS", 0.0)
    await choose(owner, provider)
    await add(owner)
    provider.embed = lambda text: [float(len(text)), 1.0]
    assert await embedding.sweep() == 0
    asked = len(provider.seen)
    assert asked < 2
    monkeypatch.setattr("crm.knowledge.embedding.TURN_SECONDS", 20.0)
    assert await embedding.sweep() >= 1
    assert len(provider.seen) == 2
