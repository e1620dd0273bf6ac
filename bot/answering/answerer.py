"""A customer's question -> an answer from the company's own documents, or an honest "I don't know"."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from bot.answering import wording
from bot.answering.confidence import THRESHOLD, confidence, features
from bot.answering.extractive import Extract, extract
from bot.answering.models import ChatModels
from bot.answering.prompt import Reading
from bot.answering.writing import NotWrittenError, Writer
from bot.knowledge.index import Index
from bot.knowledge.languages import LANGUAGES
from bot.knowledge.library import IndexLibrary, LoadSnapshot
from bot.knowledge.retrieval import Found, Hit, search

PASSAGES = 5
MAX_QUOTE = 300
# What is left for the extractive answer after the provider was given up on.
RESERVE_SECONDS = 0.3
_CUSTOMER = frozenset({"customer", "user"})


class Source(TypedDict):
    """What an answer rests on. `quote` is the passage's own words, `score` 0-1."""

    document: str
    title: str
    heading: list[str]
    passage_id: str
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the customer.

    Attributes:
        text: complete, in `language`, with the line that names the sources.
        language: ru, kk or en.
        answered: False when the documents do not tell.
        confidence: 0-1, how sure it is that the best passage answers.
        sources: what the text rests on; of a declined answer empty.
        trace: how it came about: `method` (extractive, llm, declined), `knowledge_version`, `passages` with scores,
            `model`, `masked_prompt` and `raw_answer` (what the provider saw and wrote), `provider_error`,
            `elapsed_ms`. Holds nothing that must not be stored.
    """

    text: str
    language: str
    answered: bool
    confidence: float
    sources: list[Source] = field(default_factory=list)
    trace: dict[str, Any] = field(default_factory=dict)


class Answerer:
    """Answers from knowledge. One serves a whole process: it holds the indexes and the models."""

    def __init__(
        self,
        *,
        http_deadline_seconds: float = 8,
        library: IndexLibrary | None = None,
        models: ChatModels | None = None,
    ) -> None:
        self._deadline_seconds = http_deadline_seconds
        self._library = library or IndexLibrary()
        self._writer = Writer(models or ChatModels())

    async def warm(self) -> None:
        """Import what takes seconds to import. Worth calling at start where a language model is in use."""
        await self._writer.warm()

    async def answer(
        self,
        *,
        question: str,
        language: str,
        history: Sequence[Mapping[str, str]],
        context: Mapping[str, Any],
        load_snapshot: LoadSnapshot,
    ) -> Answer:
        """Answer within the deadline.

        Args:
            question: the customer's words.
            language: the customer's; an unknown one counts as Russian.
            history: turns before, oldest first: role (customer, bot, operator) and text.
            context: as `GET /internal/conversations/{id}/context` gives it.
            load_snapshot: fetches the passages of a knowledge version.

        Raises:
            TimeoutError: the snapshot did not come within the deadline.
            Whatever `load_snapshot` raises. A provider's errors are never raised: the answer is then quoted.
        """
        started = time.monotonic()
        language = language if language in LANGUAGES else "ru"
        version = int(context["assistant"]["knowledge_version"])
        turns = _before(history, question)
        async with asyncio.timeout(self._deadline_seconds):
            index = await self._library.index(
                str(context["organization"]["id"]), version, load_snapshot
            )
        earlier = [str(turn["text"]) for turn in turns if turn["role"] in _CUSTOMER]
        found = search(index, question, language=language, earlier=earlier, limit=PASSAGES)
        extracts = extract(index, found)
        sure = confidence(features(index, found, extracts)) if found.hits else 0.0
        trace: dict[str, Any] = {
            "knowledge_version": version,
            "assistant_version": context["assistant"].get("version"),
            "passages": [
                {
                    "passage_id": hit.passage.id,
                    "document": hit.passage.document,
                    "score": round(hit.score, 3),
                }
                for hit in found.hits
            ],
            **dict.fromkeys(("model", "masked_prompt", "raw_answer", "provider_error")),
        }
        result: Answer | None = None
        llm = context["assistant"].get("llm")
        if llm and found.hits:
            seconds = self._deadline_seconds - (time.monotonic() - started) - RESERVE_SECONDS
            result = await self._written(
                found,
                extracts,
                sure,
                trace,
                question=question,
                language=language,
                turns=turns,
                context=context,
                seconds=seconds,
            )
        if result is None:
            result = _quoted(index, language, extracts, sure, trace)
        trace["elapsed_ms"] = round((time.monotonic() - started) * 1000, 1)
        return result

    async def _written(
        self,
        found: Found,
        extracts: Sequence[Extract],
        sure: float,
        trace: dict[str, Any],
        **asked: Any,
    ) -> Answer | None:
        """Return what a language model makes of the passages; None when that is of no use."""
        language: str = asked["language"]
        passages = [hit.passage for hit in found.hits]
        try:
            reading = await self._writer.write(passages=passages, trace=trace, **asked)
        except NotWrittenError as error:
            trace["provider_error"] = error.code
            return None
        if reading.declined:
            return _declined(language, sure, trace)
        trace["method"] = "llm"
        sources = _cited(reading, found.hits, extracts)
        line = wording.source_line([source["title"] for source in sources], language)
        return Answer(
            f"{reading.text}\n\n{line}",
            language,
            answered=True,
            confidence=sure,
            sources=sources,
            trace=trace,
        )


def _declined(language: str, sure: float, trace: dict[str, Any]) -> Answer:
    trace["method"] = "declined"
    return Answer(
        wording.declined(language), language, answered=False, confidence=sure, trace=trace
    )


def _quoted(
    index: Index, language: str, extracts: Sequence[Extract], sure: float, trace: dict[str, Any]
) -> Answer:
    if not extracts or sure < THRESHOLD or not len(index):
        return _declined(language, sure, trace)
    trace["method"] = "extractive"
    sources = [_source(extract.hit, extract.text) for extract in extracts]
    intro = wording.introduction(language, extracts[0].hit.passage.language)
    body = "\n".join(extract.text for extract in extracts)
    line = wording.source_line([source["title"] for source in sources], language)
    text = "\n".join(part for part in (intro, body) if part) + f"\n\n{line}"
    return Answer(text, language, answered=True, confidence=sure, sources=sources, trace=trace)


def _cited(reading: Reading, hits: Sequence[Hit], extracts: Sequence[Extract]) -> list[Source]:
    """Return the passages the model named; the best one when it named none."""
    quotes = {extract.hit.row: extract.text for extract in extracts}
    chosen = [hits[number - 1] for number in reading.cited] or list(hits[:1])
    return [_source(hit, quotes.get(hit.row) or hit.passage.text[:MAX_QUOTE]) for hit in chosen]


def _source(hit: Hit, quote: str) -> Source:
    passage = hit.passage
    return Source(
        document=passage.document,
        title=passage.title,
        heading=list(passage.heading),
        passage_id=passage.id,
        quote=quote,
        score=round(min(1.0, hit.coverage), 3),
    )


def _before(history: Sequence[Mapping[str, str]], question: str) -> list[Mapping[str, str]]:
    """Return the turns before the question: a caller's history may already end with it."""
    turns = list(history)
    if (
        turns
        and turns[-1]["role"] in _CUSTOMER
        and str(turns[-1]["text"]).strip() == question.strip()
    ):
        turns.pop()
    return turns
