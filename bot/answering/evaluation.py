"""How well a folder of documents is answered from: figures for a file of questions.

A line of the file is {"text", "lang", "answer"?: null, "evidence": [{"doc", "quote"}], "must_contain"?: [...],
"history"?: [{"role": "user"|"assistant", "text"}], "kind"}. A quote counts as found when a passage of that document
(`*`: of any) holds 60% of its words, a quote of up to three words when it holds all of them.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering.answerer import Answer, Answerer
from bot.answering.confidence import Features, features
from bot.answering.extractive import extract
from bot.knowledge.documents import KINDS, decode, passages_of
from bot.knowledge.index import Index
from bot.knowledge.letters import words
from bot.knowledge.passages import Passage, Snapshot
from bot.knowledge.retrieval import Found, search

FOUND_SHARE = 0.6
SHORT_QUOTE = 3
_ROLES = {"user": "customer", "assistant": "bot"}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one question. `rank` is the place of the first passage with evidence, from 0; None: not found."""

    question: Mapping[str, Any]
    found: Found
    rank: int | None
    answer: Answer
    features: Features | None
    search_ms: float

    @property
    def answerable(self) -> bool:
        """Whether the documents hold the answer."""
        return bool(self.question["evidence"])


def read_folder(folder: Path) -> Index:
    """Return the index of all documents of a folder."""
    files = sorted(path for path in folder.iterdir() if path.suffix in KINDS)
    passages = [
        passage
        for path in files
        for passage in passages_of(name=path.name, content=decode(path.read_bytes()))
    ]
    return Index(Snapshot(1, tuple(passages)))


async def evaluate(documents: Path, questions: Path) -> list[Result]:
    """Answer every question without a language model."""
    index = read_folder(documents)
    answerer = Answerer()
    snapshot = {"version": 1, "passages": [passage.to_mapping() for passage in index.passages]}
    context = {
        "organization": {"id": str(documents), "name": documents.name},
        "assistant": {"version": 1, "knowledge_version": 1, "llm": None},
    }

    async def load(_: int) -> dict[str, Any]:
        return snapshot

    results = []
    for question in _read(questions):
        turns = [
            {"role": _ROLES[turn["role"]], "text": turn["text"]}
            for turn in question.get("history", [])
        ]
        earlier = [turn["text"] for turn in turns if turn["role"] == "customer"]
        began = time.perf_counter()
        found = search(index, question["text"], language=question["lang"], earlier=earlier)
        search_ms = (time.perf_counter() - began) * 1000
        answer = await answerer.answer(
            question=question["text"],
            language=question["lang"],
            history=turns,
            context=context,
            load_snapshot=load,
        )
        ranks = [rank for rank, hit in enumerate(found.hits) if _is_evidence(hit.passage, question)]
        judged = features(index, found, extract(index, found)) if found.hits else None
        rank = ranks[0] if ranks else None
        results.append(Result(question, found, rank, answer, judged, search_ms))
    return results


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """Return the figures of all results, and of each kind of question."""
    kinds = sorted({result.question["kind"] for result in results})
    silent = [result.answer.confidence for result in results if not result.answerable]
    known = [result.answer.confidence for result in results if result.answerable]
    answered = [result for result in results if result.answerable and result.answer.answered]
    right = [
        all(part in result.answer.text for part in result.question.get("must_contain", []))
        for result in answered
    ]
    times = sorted(result.search_ms for result in results)
    return {
        **_shares(results),
        "answerability_auc": _area(known, silent),
        "must_contain": _mean(right),
        "p95_ms": times[int(len(times) * 0.95)] if times else None,
        "per_kind": {
            kind: _shares([r for r in results if r.question["kind"] == kind]) for kind in kinds
        },
    }


def _shares(results: Sequence[Result]) -> dict[str, Any]:
    known = [result for result in results if result.answerable]
    silent = [result for result in results if not result.answerable]
    return {
        "n": len(results),
        "hit_at_1": _mean([result.rank == 0 for result in known]),
        "hit_at_3": _mean([result.rank is not None and result.rank < 3 for result in known]),
        "answered_answerable": _mean([result.answer.answered for result in known]),
        "declined_unanswerable": _mean([not result.answer.answered for result in silent]),
    }


def _mean(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None


def _area(high: Sequence[float], low: Sequence[float]) -> float | None:
    """Return the probability that an answerable question is judged surer than an unanswerable one."""
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in high for b in low]
    return round(sum(pairs) / len(pairs), 3) if pairs else None


def _is_evidence(passage: Passage, question: Mapping[str, Any]) -> bool:
    held = set(words(" ".join((*passage.heading, passage.text))))
    for evidence in question["evidence"]:
        quoted = words(evidence["quote"])
        needed = 1.0 if len(quoted) <= SHORT_QUOTE else FOUND_SHARE
        share = sum(word in held for word in quoted) / max(1, len(quoted))
        if evidence["doc"] in {"*", passage.document} and share >= needed:
            return True
    return False


def _read(questions: Path) -> Iterator[dict[str, Any]]:
    for line in questions.read_text("utf-8").splitlines():
        if line.strip():
            yield json.loads(line)
