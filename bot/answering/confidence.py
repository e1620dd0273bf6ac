"""How sure it is that the best passage answers the question.

Lexical scores alone cannot tell an answerable question from one the documents are silent about. What helps: whether the
question's words, and the concepts behind them, are known to the documents at all, whether the best passage holds them
together, whether the headings are about just that, and how far the passage is ahead. A logistic model combines these; its
weights come from the development set in `tests/evaluation/knowledge/dev`, by `tests.evaluation.knowledge.calibrate`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.extractive import Extract
from bot.knowledge.glossary import is_city
from bot.knowledge.index import CONCEPT, Index
from bot.knowledge.matching import match
from bot.knowledge.query import QueryWord
from bot.knowledge.ranking import degrees_in
from bot.knowledge.retrieval import Found

THRESHOLD = 0.5
"""Below it the answer is "I don't know"."""

WEIGHTS = {
    "coverage": 0.59,
    "quote": 0.74,
    "piece": 0.59,
    "meaning": 1.40,
    "precision": 1.08,
    "missing": -0.12,
    "unknown_concepts": -1.91,
    "unknown_words": -0.29,
    "object_unknown": -1.08,
    "object_missing": -1.74,
    "short_unknown": -0.42,
    "other_city": -2.03,
    "margin": 1.83,
    "words": 1.76,
    "foreign": -0.74,
    "strength": 0.72,
}
# Put so that, leaving one company out at a time, more than nine of ten answerable questions of the set are answered.
BIAS = -2.07

_NO_THIRD = 0.5
"""The score of a third passage where there is none, as a share of the first's: few hits are no sign of a good one."""

_FOREIGN_SHARE = 0.5
"""How much words that are missing count where the passages are in another language."""

_MANY_WORDS = 5
_FEW_WORDS = 3
_TELLING = 0.5
"""The least weight of a word that tells what is asked; see `bot.knowledge.query`."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the judgement is made of; all 0-1.

    Attributes:
        coverage: share of the question's weight that the best passage holds.
        quote: the same of the quote with its headings.
        piece: the same of its best sentence with the headings.
        meaning: the same counting only words with known concepts; 0.5 when there are none.
        precision: the share of the headings' words that the question holds.
        missing: the share of the telling words that the passage does not hold.
        unknown_concepts: share of the question's weight with known concepts that no passage at all holds.
        unknown_words: the same of words without a known concept.
        object_unknown: of a question whether there is something, or what it costs: the share of its telling words that no
            passage holds.
        object_missing: of such a question: the share of its telling words' weight that no quoted passage holds; half of
            it where these are in another language.
        short_unknown: whether a question of few telling words has one that no passage holds.
        other_city: whether the question names a city and the passage does not.
        margin: how far the best passage is ahead of the third.
        words: how many words there are to judge by (1 for five and more).
        foreign: whether the passage is in another language than the question.
        strength: BM25 of the best candidate against the most it could be.
    """

    coverage: float
    quote: float
    piece: float
    meaning: float
    precision: float
    missing: float
    unknown_concepts: float
    unknown_words: float
    object_unknown: float
    object_missing: float
    short_unknown: float
    other_city: float
    margin: float
    words: float
    foreign: float
    strength: float


def features(index: Index, found: Found, extracts: Sequence[Extract]) -> Features:
    """Return the features of a search with at least one hit."""
    hit = found.hits[0]
    signals = hit.signals
    listed, weights, total = found.weighted.words, found.weighted.weights, found.weighted.total
    degrees = degrees_in(index.words_of(hit.row), found.weighted)
    near = [index.words_of(other.row) for other in found.hits]
    meant = held = unknown_concepts = unknown_words = 0.0
    telling: list[bool] = []
    strange = 0
    for word, weight, degree in zip(listed, weights, degrees, strict=True):
        if not word.spellings:
            continue
        unknown = not (_is_known(index, word) or any(match(word, passage) for passage in near))
        if word.concepts:
            meant += weight
            held += weight * degree
            unknown_concepts += weight * unknown
        else:
            unknown_words += weight * unknown
        if word.weight >= _TELLING:
            telling.append(degree > 0)
            strange += unknown
    third = found.hits[2].score if len(found.hits) > 2 else _NO_THIRD * hit.score
    return Features(
        coverage=signals.coverage,
        quote=extracts[0].coverage if extracts else 0.0,
        piece=signals.piece,
        meaning=held / meant if meant else 0.5,
        precision=signals.precision,
        missing=telling.count(False) / max(1, len(telling)),
        unknown_concepts=unknown_concepts / total,
        unknown_words=unknown_words / total,
        object_unknown=found.query.asks_whether * strange / max(1, len(telling)),
        object_missing=found.query.asks_whether * _object_missing(index, found, extracts),
        short_unknown=float(strange > 0 and len(telling) <= _FEW_WORDS),
        other_city=float(
            any(
                any(map(is_city, word.concepts)) and not degree
                for word, degree in zip(listed, degrees, strict=True)
            )
        ),
        margin=min(1.0, max(0.0, (hit.score - third) / max(hit.score, 0.01))),
        words=min(len(found.query.words), _MANY_WORDS) / _MANY_WORDS,
        foreign=1.0 - signals.own,
        strength=min(1.0, found.strength / found.possible) if found.possible else 0.0,
    )


def _object_missing(index: Index, found: Found, extracts: Sequence[Extract]) -> float:
    """Return the share of the weight of the question's own telling words that no quoted passage holds.

    Half of it where all that is quoted is in another language: a word without a known concept cannot be met there.
    """
    hits = [each.hit for each in extracts] or [found.hits[0]]
    quoted = [index.words_of(hit.row) for hit in hits]
    total = missing = 0.0
    for word, weight in zip(found.query.words, found.weighted.weights, strict=False):
        if word.spellings and word.weight >= _TELLING:
            total += weight
            missing += weight * (not any(match(word, passage) for passage in quoted))
    share = missing / (total or 1.0)
    return share if any(hit.signals.own for hit in hits) else _FOREIGN_SHARE * share


def _is_known(index: Index, word: QueryWord) -> bool:
    if any(index.frequency(CONCEPT + name) for name in word.concepts):
        return True
    return any(map(index.knows, word.spellings))


def confidence(values: Features) -> float:
    """Return the probability, 0-1, that the best passage answers."""
    total = BIAS + sum(weight * getattr(values, name) for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
