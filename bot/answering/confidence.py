"""How sure it is that the best passage answers the question.

Lexical scores alone cannot tell an answerable question from one the documents are silent about. What helps: whether the
question's rare words are known to the documents at all, whether one quote holds them together, whether it holds the kind
of thing asked for, and how far the best passage is ahead. A logistic model combines them; its weights come from the
development set in `tests/evaluation/knowledge/dev`, by `tests.evaluation.knowledge.calibrate`.
"""

import math
from dataclasses import dataclass

from bot.answering.extractive import Extract
from bot.knowledge.index import CONCEPT, STEM, Index
from bot.knowledge.letters import stem
from bot.knowledge.matching import match
from bot.knowledge.query import QueryWord
from bot.knowledge.retrieval import Found, word_weight

THRESHOLD = 0.5
"""Below it the answer is "I don't know"."""

WEIGHTS = {
    "coverage": 1.74,
    "quote": 2.09,
    "missing": -0.31,
    "unknown": -1.07,
    "heading": 1.58,
    "kind": 0.50,
    "margin": 0.62,
    "words": 1.82,
    "foreign": 0.65,
    "strength": 1.09,
}
# Put so that, leaving one question out at a time, nine of ten answerable questions of the set are answered.
BIAS = -3.21


@dataclass(frozen=True, slots=True)
class Features:
    """What the judgement is made of; all 0-1.

    Attributes:
        coverage: share of the question's weight that the best passage holds.
        quote: the same of the quote with its headings.
        missing: weight of the heaviest word that the passage does not hold, as a share of the heaviest word's.
        unknown: share of the question's weight that no passage at all holds.
        heading: share that the title and headings hold.
        kind: whether the quote holds the kind of thing asked for.
        margin: how far the best passage is ahead of the third.
        words: how many words there are to judge by (1 for five and more).
        foreign: whether the passage is in another language than the question.
        strength: BM25 of the best candidate against the most it could be.
    """

    coverage: float
    quote: float
    missing: float
    unknown: float
    heading: float
    kind: float
    margin: float
    words: float
    foreign: float
    strength: float


def features(index: Index, found: Found, extracts: list[Extract]) -> Features:
    """Return the features of a search with at least one hit."""
    hit = found.hits[0]
    known = index.words_of(hit.row)
    weighted = [
        (word, word.weight * word_weight(index, word))
        for word in (*found.query.words, *found.query.earlier)
    ]
    total = sum(weight for _, weight in weighted) or 1.0
    heaviest = max((weight for _, weight in weighted), default=0.0) or 1.0
    missing = max((weight * (1 - match(word, known)) for word, weight in weighted), default=0.0)
    near = [index.words_of(other.row) for other in found.hits]
    unknown = sum(
        weight
        for word, weight in weighted
        if not _is_known(index, word) and not any(match(word, passage) for passage in near)
    )
    third = found.hits[2].score if len(found.hits) > 2 else 0.0
    return Features(
        coverage=hit.coverage,
        quote=extracts[0].coverage,
        missing=missing / heaviest,
        unknown=unknown / total,
        heading=hit.heading,
        kind=hit.kind if found.query.kinds else 0.5,
        margin=min(1.0, max(0.0, (hit.score - third) / max(hit.score, 0.01))),
        words=min(len(found.query.words), 5) / 5,
        foreign=float(hit.passage.language != found.query.language),
        strength=min(1.0, found.strength / found.possible) if found.possible else 0.0,
    )


def _is_known(index: Index, word: QueryWord) -> bool:
    if any(index.frequency(CONCEPT + name) for name in word.concepts):
        return True
    return any(index.frequency(STEM + stem(spelling)) for spelling in word.spellings)


def confidence(values: Features) -> float:
    """Return the probability, 0-1, that the best passage answers."""
    total = BIAS + sum(weight * getattr(values, name) for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
