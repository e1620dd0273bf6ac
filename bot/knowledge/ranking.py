"""How well a passage answers a question: signals, and the order they make.

The weights come from the development set in `tests/evaluation/knowledge/dev`, by `tests.evaluation.knowledge.calibrate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.knowledge.asked import holds
from bot.knowledge.index import STEM, Index, PassageWords
from bot.knowledge.letters import stem
from bot.knowledge.matching import match
from bot.knowledge.query import Query, QueryWord

MAX_RARITY_OF_CONCEPT = 3.0
PAIR_WEIGHT = 0.5
"""Of a word that counts only as a part of words in a row, such as "how" of "how much"."""

WEIGHTS = {
    "lexical": 3.73,
    "concepts": 1.97,
    "stems": -1.07,
    "coverage": 2.01,
    "piece": 2.07,
    "alone": 1.19,
    "heading": 1.74,
    "precision": 1.08,
    "kind": 0.64,
    "piece_kind": 1.55,
    "own": 0.76,
    "related": 0.50,
    "answers": 1.00,
    "answers_heading": 0.60,
}
_MOST = sum(weight for weight in WEIGHTS.values() if weight > 0)


@dataclass(frozen=True, slots=True)
class Weighted:
    """A query's words with what each tells, of one index.

    Attributes:
        words: of the question and of the turns it leans on.
        weights: by place; rare words tell more.
        total: of all weights; never 0.
    """

    words: tuple[QueryWord, ...]
    weights: tuple[float, ...]
    total: float

    def share(self, degrees: Sequence[float]) -> float:
        """Return 0-1: the share of the weight that words found to these degrees make."""
        return (
            sum(weight * degree for weight, degree in zip(self.weights, degrees, strict=True))
            / self.total
        )


def weigh(index: Index, query: Query) -> Weighted:
    """Return how much each word of a query tells among the passages of an index."""
    listed = (*query.words, *query.earlier)
    weights = tuple(word.weight * _rarity(index, word) for word in listed)
    return Weighted(listed, weights, sum(weights) or 1.0)


def _rarity(index: Index, word: QueryWord) -> float:
    """Return how rare a word is among the passages; a known concept's rarity is bounded."""
    rarest = min((index.rarity(STEM + stem(spelling)) for spelling in word.spellings), default=0.0)
    if word.concepts:
        common = min(index.rarity(f"c{name}") for name in word.concepts)
        return (
            min(rarest or common, max(common, 0.3), MAX_RARITY_OF_CONCEPT)
            if word.spellings
            else PAIR_WEIGHT
        )
    return rarest


@dataclass(frozen=True, slots=True)
class Signals:
    """What a passage's place is decided by; all 0-1.

    Attributes:
        lexical: BM25 as a share of the best candidate's.
        concepts: the same of concepts alone, whatever the language.
        stems: the same of the beginnings of words alone.
        coverage: how much of the question's weight the passage holds.
        piece: how much one of its sentences with the headings holds.
        alone: how much one of its sentences holds without the headings.
        heading: how much the title and headings hold.
        precision: the share of the headings' words that the question holds: a heading may be about something narrower.
        kind: whether the passage holds the kind of thing asked for.
        piece_kind: whether the best sentence does.
        own: whether the passage is in the customer's language.
        related: BM25, as a share of the best candidate's, of what such questions are often answered by.
        answers: the share of the question's weight that the passage does not hold but often answers.
        answers_heading: the same of the title and headings.
    """

    lexical: float
    concepts: float
    stems: float
    coverage: float
    piece: float
    alone: float
    heading: float
    precision: float
    kind: float
    piece_kind: float
    own: float
    related: float
    answers: float
    answers_heading: float

    @property
    def score(self) -> float:
        """What the order is by, at most 1; comparable only within one search."""
        return sum(weight * float(getattr(self, name)) for name, weight in WEIGHTS.items()) / _MOST


@dataclass(frozen=True, slots=True)
class Strengths:
    """BM25 of one passage, as shares of the best candidate's: of all terms, of concepts, of the beginnings of words,
    and of what such questions are often answered by.
    """

    lexical: float
    concepts: float
    stems: float
    related: float


def signals(
    index: Index, row: int, query: Query, weighted: Weighted, strengths: Strengths
) -> Signals:
    """Return the signals of one passage, those of single sentences left at what the passage as a whole has."""
    passage = index.passages[row]
    held, above = index.words_of(row), index.heading_words_of(row)
    degrees = degrees_in(held, weighted)
    degrees_above = degrees_in(above, weighted)
    coverage = weighted.share(degrees)
    kind = holds(passage.text, query.kinds)
    return Signals(
        lexical=strengths.lexical,
        concepts=strengths.concepts,
        stems=strengths.stems,
        coverage=coverage,
        piece=coverage,
        alone=coverage,
        heading=weighted.share(degrees_above),
        precision=_precision(index, row, query),
        kind=kind,
        piece_kind=kind,
        own=float(passage.language == query.language),
        related=strengths.related,
        answers=weighted.share(_answered(held, weighted, degrees)),
        answers_heading=weighted.share(_answered(above, weighted, degrees_above)),
    )


def with_pieces(
    found: Signals, index: Index, row: int, query: Query, weighted: Weighted
) -> Signals:
    """Return the signals of a passage with those of its single sentences."""
    degrees = degrees_in(index.words_of(row), weighted)
    above = degrees_in(index.heading_words_of(row), weighted)
    best, best_alone, best_text = 0.0, 0.0, ""
    for text, held in index.pieces_of(row):
        # What the whole passage does not hold, no piece of it does.
        alone = [
            match(word, held) if degree else 0.0
            for word, degree in zip(weighted.words, degrees, strict=True)
        ]
        best_alone = max(best_alone, weighted.share(alone))
        joined = weighted.share([max(pair) for pair in zip(alone, above, strict=True)])
        if joined > best or not best_text:
            best, best_text = joined, text
    return replace(found, piece=best, alone=best_alone, piece_kind=holds(best_text, query.kinds))


def degrees_in(held: PassageWords, weighted: Weighted) -> list[float]:
    """Return to what degree each word of a query is held."""
    return [match(word, held) for word in weighted.words]


def _answered(held: PassageWords, weighted: Weighted, degrees: Sequence[float]) -> list[float]:
    """Return 1 for each word that is not held, but of whose questions what is held is often the answer."""
    return [
        float(not degree and not held.concepts.isdisjoint(word.related))
        for word, degree in zip(weighted.words, degrees, strict=True)
    ]


def _precision(index: Index, row: int, query: Query) -> float:
    terms = index.heading_terms_of(row)
    if not terms:
        return 0.0
    stems = query.stems
    concepts = query.all_concepts
    return sum(
        beginning in stems or not concepts.isdisjoint(names) for beginning, names in terms
    ) / len(terms)
