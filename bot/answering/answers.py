"""What an answer is, and how its text is put together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from bot.answering import wording
from bot.answering.confidence import THRESHOLD
from bot.answering.extractive import Extract
from bot.answering.gateway import CallRecord
from bot.answering.prompt import Reading
from bot.knowledge.retrieval import Hit

MAX_QUOTE = 300


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
            `model`, `masked_prompt` and `raw_answer` (what the provider saw and wrote), `provider_error`, `checks`
            (name, passed, detail), `judge` (verdict yes, no or none; null where nobody judged), `embedding_error`
            (why words alone were looked for, where embeddings are configured), `translated` (the question
            masked, in the documents' language), `call_ids`, `input_tokens`, `output_tokens`, `cost` and `currency` of all calls,
            `elapsed_ms`. Holds nothing that must not be stored.
        body: the text without the line that names the sources.
    """

    text: str
    language: str
    answered: bool
    confidence: float
    sources: list[Source] = field(default_factory=list)
    trace: dict[str, Any] = field(default_factory=dict)
    body: str = ""


def told(
    reading: Reading,
    hits: Sequence[Hit],
    extracts: Sequence[Extract],
    language: str,
    sure: float,
    trace: dict[str, Any],
) -> Answer:
    """Return what a language model wrote and the checks left, or that it declined."""
    if reading.declined:
        return declined(language, sure, trace)
    trace["method"] = "llm"
    sources = _cited(reading, hits, extracts)
    line = wording.source_line([source["title"] for source in sources], language)
    return Answer(
        f"{reading.text}\n\n{line}",
        language,
        answered=True,
        confidence=sure,
        sources=sources,
        trace=trace,
        body=reading.text,
    )


def declined(language: str, sure: float, trace: dict[str, Any]) -> Answer:
    """Return that the documents do not tell."""
    trace["method"] = "declined"
    text = wording.declined(language)
    return Answer(text, language, answered=False, confidence=sure, trace=trace, body=text)


def quoted(
    language: str,
    extracts: Sequence[Extract],
    sure: float,
    trace: dict[str, Any],
    *,
    believed: bool | None = None,
) -> Answer:
    """Return the documents' own words; `believed` is a judge's verdict, which stands above the built-in confidence."""
    if not extracts or not (believed or sure >= THRESHOLD):
        return declined(language, sure, trace)
    trace["method"] = "extractive"
    sources = [_source(extract.hit, extract.text) for extract in extracts]
    intro = wording.introduction(language, extracts[0].hit.passage.language)
    words = "\n".join(extract.text for extract in extracts)
    line = wording.source_line([source["title"] for source in sources], language)
    body = "\n".join(part for part in (intro, words) if part)
    return Answer(
        f"{body}\n\n{line}",
        language,
        answered=True,
        confidence=sure,
        sources=sources,
        trace=trace,
        body=body,
    )


def totals(records: Sequence[CallRecord], started: float) -> dict[str, Any]:
    """Return what the calls of an answer came to, and how long it took, for its trace."""
    return {
        "call_ids": [call.id for call in records],
        "input_tokens": sum(call.input_tokens for call in records),
        "output_tokens": sum(call.output_tokens for call in records),
        "cost": round(sum(call.cost for call in records), 6),
        "currency": next((call.currency for call in records if call.currency), None),
        "elapsed_ms": round((time.monotonic() - started) * 1000, 1),
    }


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
