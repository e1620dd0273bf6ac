"""Embeddings through LangChain's own classes, against a server on loopback."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bot.answering import Answer, Answerer
from bot.answering.embedding import Embedder
from bot.answering.failures import ProviderError
from bot.answering.masked import new_masking
from bot.knowledge.embeddings import EmbeddingModels, Vectors, packed
from bot.knowledge.index import Index
from bot.knowledge.library import IndexLibrary
from bot.knowledge.passages import Passage, Snapshot
from bot.knowledge.retrieval import search
from tests.fakes.ledger import FakeLedger
from tests.fakes.openai_server import FakeOpenAI, FakeReply

MODEL = "openai:text-embedding-3-small"
ANY = [MODEL, "ollama:nomic-embed-text", "google:gemini-embedding-001", "google_genai:m"]
PAID = "Заказ можно оплатить картой или наличными курьеру."
TIRED = "Спинка регулируется, а подголовник держит шею."
TEXTS = {"a": PAID, "b": TIRED, "c": "Магазин открыт ежедневно с десяти утра."}


def meaning(text: str) -> list[float]:
    """Two things there are to mean: weariness, and all else."""
    tired = any(word in text for word in ("шею", "устаю", "затекает"))
    return [1.0, 0.1] if tired else [0.1, 1.0]


def passages() -> tuple[Passage, ...]:
    return tuple(
        Passage(
            id=name,
            document=f"{name}.txt",
            title="Кресла",
            heading=(),
            language="ru",
            position=0,
            text=text,
        )
        for name, text in TEXTS.items()
    )


def vectors(model: str = MODEL) -> Vectors:
    rows = np.array([meaning(text) for text in TEXTS.values()], dtype=np.float32)
    return Vectors(model, rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.fixture
def llm(provider: FakeOpenAI) -> dict[str, Any]:
    provider.embed = meaning
    return {"model": MODEL, "base_url": provider.base_url, "api_key": "sk-embed"}


async def test_a_vector_a_text_comes_through_the_library(
    provider: FakeOpenAI, llm: dict[str, Any]
) -> None:
    found = await EmbeddingModels().embed(llm, ["мне шею ломит", "цена"])
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert found[0][0] > found[0][1]
    assert found[1][1] > found[1][0]
    (seen,) = provider.seen
    assert seen.path == "/v1/embeddings"
    assert seen.authorization == "Bearer sk-embed"
    assert seen.body["input"] == ["мне шею ломит", "цена"]


async def test_a_question_is_masked_and_written_down_before_it_leaves(
    provider: FakeOpenAI, llm: dict[str, Any], ledger: FakeLedger
) -> None:
    embedder = Embedder()
    await embedder.embed(
        ["Я устаю, позвоните 87011234567"],
        masking=new_masking(None),
        llm=llm,
        seconds=20,
        ledger=ledger,
    )
    assert "87011234567" not in provider.everything
    assert "<PHONE_1>" in provider.everything
    (call,) = ledger.opened.values()
    assert call.purpose == "embed"
    assert call.messages == (("human", "Я устаю, позвоните <PHONE_1>"),)
    assert ledger.closed[call.key].error is None


@pytest.mark.parametrize("refuses", ["providers_forbidden", "spend_limit_reached"])
async def test_what_the_ledger_refuses_is_not_sent(
    provider: FakeOpenAI, llm: dict[str, Any], refuses: str
) -> None:
    with pytest.raises(ProviderError, match=refuses):
        await Embedder().embed(
            ["вопрос"], masking=None, llm=llm, seconds=20, ledger=FakeLedger(refuses=refuses)
        )
    assert provider.seen == []


async def test_what_cannot_be_masked_is_not_sent(
    provider: FakeOpenAI, llm: dict[str, Any], ledger: FakeLedger
) -> None:
    class Broken:
        def mask(self, text: str) -> str:
            raise RuntimeError(text)

    with pytest.raises(ProviderError, match="masking_failed"):
        await Embedder().embed(["вопрос"], masking=Broken(), llm=llm, seconds=20, ledger=ledger)
    assert provider.seen == []
    assert ledger.opened == {}


@pytest.mark.parametrize(
    ("reply", "seconds", "code"),
    [
        (FakeReply(status=401), 20, "provider_rejected_key"),
        (FakeReply(status=503), 20, "provider_failed"),
        (FakeReply(delay=600), 2, "provider_timeout"),
    ],
)
async def test_what_goes_wrong_is_told_by_a_code(
    provider: FakeOpenAI,
    llm: dict[str, Any],
    ledger: FakeLedger,
    reply: FakeReply,
    seconds: float,
    code: str,
) -> None:
    await EmbeddingModels().embed(llm, ["warm"])
    provider.reply(reply)
    with pytest.raises(ProviderError, match=code):
        await Embedder().embed(["вопрос"], masking=None, llm=llm, seconds=seconds, ledger=ledger)
    assert [closed.error for closed in ledger.closed.values()] == [code]


@pytest.mark.parametrize("model", ANY)
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433"])
async def test_where_private_addresses_are_forbidden_nobody_is_reached(
    provider: FakeOpenAI, ledger: FakeLedger, model: str, host: str
) -> None:
    url = provider.base_url.replace("127.0.0.1", host)
    llm = {"model": model, "base_url": url, "api_key": "k", "public_only": True}
    with pytest.raises(ProviderError, match="provider_private"):
        await Embedder().embed(["вопрос"], masking=None, llm=llm, seconds=20, ledger=ledger)
    assert provider.seen == []


@pytest.mark.parametrize(
    "model", ["huggingface:m", "bedrock:m", "google_vertexai:m", "anthropic:m"]
)
async def test_only_known_providers_are_asked(ledger: FakeLedger, model: str) -> None:
    with pytest.raises(ProviderError, match="provider_misconfigured"):
        await Embedder().embed(
            ["вопрос"], masking=None, llm={"model": model}, seconds=20, ledger=ledger
        )


@pytest.mark.parametrize("model", ANY)
async def test_a_provider_that_sends_us_on_is_not_followed(
    provider: FakeOpenAI, ledger: FakeLedger, model: str
) -> None:
    async with FakeOpenAI.redirecting(provider.base_url) as url:
        llm = {"model": model, "base_url": url, "api_key": "k"}
        with pytest.raises(ProviderError, match="provider_"):
            await Embedder().embed(["вопрос"], masking=None, llm=llm, seconds=20, ledger=ledger)
    assert provider.seen == []


async def test_vectors_of_no_sensible_size_are_refused(
    provider: FakeOpenAI, llm: dict[str, Any], ledger: FakeLedger
) -> None:
    for size, code in ((9_000, "provider_misconfigured"), (3_000_000, "provider_too_long")):
        provider.embed = lambda _, size=size: [0.5] * size  # type: ignore[misc]
        with pytest.raises(ProviderError, match=code):
            await Embedder().embed(["вопрос"], masking=None, llm=llm, seconds=20, ledger=ledger)


async def test_embeddings_are_not_asked_for_at_private_addresses(
    provider: FakeOpenAI, llm: dict[str, Any], ledger: FakeLedger
) -> None:
    for model in (MODEL, "ollama:m"):
        with pytest.raises(ProviderError, match="provider_private"):
            await Embedder().embed(
                ["вопрос"],
                masking=None,
                llm={**llm, "model": model, "public_only": True},
                seconds=20,
                ledger=ledger,
            )
    assert provider.seen == []


def test_words_and_meaning_are_fused() -> None:
    index = Index(Snapshot(1, passages()), vectors=vectors())
    question = "за день затекает спина"
    unit = np.array(meaning(question), dtype=np.float32)
    by_words = search(index, question, language="ru")
    assert all(hit.passage.id != "b" for hit in by_words.hits[:1])
    by_both = search(index, question, language="ru", meaning=unit / np.linalg.norm(unit))
    assert by_both.hits[0].passage.id == "b"
    # A passage that holds the very words stays, although its meaning is no nearer than the others'.
    both = search(
        index, "затекает, а оплатить картой?", language="ru", meaning=unit / np.linalg.norm(unit)
    )
    assert {hit.passage.id for hit in both.hits[:2]} == {"a", "b"}


def test_vectors_of_another_size_are_left_alone() -> None:
    index = Index(Snapshot(1, passages()), vectors=vectors())
    found = search(index, "оплатить картой", language="ru", meaning=np.ones(7, dtype=np.float32))
    assert found.hits[0].passage.id == "a"
    with pytest.raises(ValueError, match="one vector a passage"):
        Index(Snapshot(1, passages()[:2]), vectors=vectors())


def test_vectors_travel_as_half_precision() -> None:
    made = vectors()
    again = Vectors.from_mapping(made.to_mapping())
    assert again.model == MODEL
    assert np.allclose(again.matrix, made.matrix, atol=1e-3)
    assert len(packed(made.matrix)) == made.matrix.size * 2


async def test_a_version_gets_its_vectors_later() -> None:
    loads: list[int] = []

    async def load(version: int) -> dict[str, Any]:
        loads.append(version)
        data: dict[str, Any] = {
            "version": version,
            "passages": [passage.to_mapping() for passage in passages()],
        }
        return {**data, "vectors": vectors().to_mapping()} if len(loads) > 1 else data

    library = IndexLibrary()
    first = await library.index("a", 1, load)
    assert first.vectors is None
    second = await library.index("a", 1, load, vectors=MODEL)
    assert second.vectors is not None
    assert await library.index("a", 1, load, vectors=MODEL) is second
    assert (await library.index("a", 1, load, vectors="openai:other")).vectors is None
    assert len(loads) == 3


type Ask = Callable[..., Any]


@pytest.fixture
def ask(context_with: Callable[..., dict[str, Any]], ledger: FakeLedger) -> Ask:
    answerer = Answerer()

    async def work(question: str, embeddings: dict[str, Any] | None, history: Any = ()) -> Answer:
        async def load(version: int) -> dict[str, Any]:
            return {
                "version": version,
                "passages": [passage.to_mapping() for passage in passages()],
                "vectors": vectors().to_mapping(),
            }

        return await answerer.answer(
            question=question,
            language="ru",
            history=history,
            context=context_with(embeddings=embeddings),
            load_snapshot=load,
            ledger=ledger,
        )

    return work


async def test_an_answer_uses_the_embedding_of_its_question(
    ask: Ask, provider: FakeOpenAI, llm: dict[str, Any]
) -> None:
    question = "за день затекает спина"
    await asyncio.to_thread(new_masking, None)
    answer = await ask(question, {**llm, "ready": True})
    assert answer.trace["passages"][0]["passage_id"] == "b"
    assert [seen.path for seen in provider.seen] == ["/v1/embeddings"]
    history = [{"role": "customer", "text": "Кресло для работы"}]
    await ask("а для шеи?", {**llm, "ready": True}, history)
    assert provider.seen[-1].body["input"] == ["Кресло для работы\nа для шеи?"]


async def test_when_the_provider_is_down_words_alone_answer(
    ask: Ask, provider: FakeOpenAI, llm: dict[str, Any]
) -> None:
    await EmbeddingModels().embed(llm, ["warm"])
    provider.reply(FakeReply(status=500))
    answer = await ask("можно ли оплатить картой", {**llm, "ready": True})
    assert "картой" in answer.text
    assert answer.trace["embedding_error"] == "provider_failed"


@pytest.mark.parametrize("ready", [False, None])
async def test_without_ready_vectors_nothing_is_sent(
    ask: Ask, provider: FakeOpenAI, llm: dict[str, Any], ready: bool | None
) -> None:
    answer = await ask(
        "можно ли оплатить картой", {**llm, "ready": False} if ready is False else None
    )
    assert "картой" in answer.text
    assert provider.seen == []
