"""A question -> the passages that may answer it, best first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.knowledge.asked import holds
from bot.knowledge.index import STEM, Index, terms_of
from bot.knowledge.letters import stem
from bot.knowledge.matching import match
from bot.knowledge.passages import Passage
from bot.knowledge.query import Query, QueryWord, make_query

CANDIDATES = 20
COVERAGE_SHARE = 1.4
KIND_SHARE = 0.3
OWN_LANGUAGE = 0.3
NEARLY_AS_GOOD = 0.95
HEADING_SHARE = 1.0
PRECISION_SHARE = 0.3
MAX_RARITY_OF_CONCEPT = 3.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found.

    Attributes:
        passage: the passage.
        row: its place in the index.
        score: what the order is by; comparable only within one answer.
        lexical: BM25 as a share of the best candidate's.
        coverage: 0-1, how much of the question's weight, rare words counting more, the passage holds.
        kind: 0-1, whether it holds the kind of thing asked for.
        heading: 0-1, like `coverage`, in the title and the headings alone.
    """

    passage: Passage
    row: int
    score: float
    lexical: float
    coverage: float
    kind: float
    heading: float


@dataclass(frozen=True, slots=True)
class Found:
    """The passages found for a query, best first.

    `strength` is the best BM25 score, 0 when nothing matched; `possible` is what a passage that holds every term of the
    query would have at least.
    """

    query: Query
    hits: tuple[Hit, ...]
    strength: float
    possible: float


def search(
    index: Index, question: str, *, language: str, earlier: Sequence[str] = (), limit: int = 5
) -> Found:
    """Return up to `limit` passages. `earlier` are the customer's messages before, oldest first."""
    query = make_query(question, language=language, earlier=earlier, glossary=index.glossary)
    terms: dict[str, float] = {}
    for word in (*query.words, *query.earlier):
        for place, spelling in enumerate(word.spellings or ("",)):
            weight = word.weight * (0.8 if place else 1.0)
            for term in (
                terms_of(spelling, word.concepts if not place else ())
                if spelling
                else _concept_terms(word)
            ):
                terms[term] = max(terms.get(term, 0.0), weight)
    if not terms or not len(index):
        return Found(query, (), 0.0, 0.0)
    scores = index.scores(terms)
    count = min(CANDIDATES, len(scores))
    rows = np.argpartition(-scores, count - 1)[:count]
    rows = rows[scores[rows] > 0]
    if not len(rows):
        return Found(query, (), 0.0, 0.0)
    strength = float(scores[rows].max())
    weights = [
        (word, word.weight * word_weight(index, word)) for word in (*query.words, *query.earlier)
    ]
    hits = [_hit(index, int(row), float(scores[row]) / strength, query, weights) for row in rows]
    hits.sort(key=lambda hit: (-hit.score, hit.row))
    _put_own_language_first(hits, query.language)
    return Found(query, tuple(hits[:limit]), strength, index.possible(terms))


def _put_own_language_first(hits: list[Hit], language: str) -> None:
    """Let an equally good passage in the customer's language stand before one in another."""
    best = hits[0]
    if best.passage.language == language:
        return
    for place, hit in enumerate(hits):
        if hit.score < NEARLY_AS_GOOD * best.score:
            return
        if hit.passage.language == language and hit.coverage >= best.coverage - 0.05:
            hits.insert(0, hits.pop(place))
            return


def word_weight(index: Index, word: QueryWord) -> float:
    """Return how much a word tells: its rarity among the passages; a known concept's is bounded."""
    rarest = min((index.rarity(STEM + stem(spelling)) for spelling in word.spellings), default=0.0)
    if word.concepts:
        common = min(index.rarity(f"c{name}") for name in word.concepts)
        return (
            min(rarest or common, max(common, 0.3), MAX_RARITY_OF_CONCEPT)
            if word.spellings
            else 0.5
        )
    return rarest


def _concept_terms(word: QueryWord) -> list[str]:
    return [f"c{name}" for name in word.concepts]


def _hit(
    index: Index, row: int, lexical: float, query: Query, weights: list[tuple[QueryWord, float]]
) -> Hit:
    passage = index.passages[row]
    known = index.words_of(row)
    total = sum(weight for _, weight in weights)
    held = sum(weight * match(word, known) for word, weight in weights if weight)
    coverage = held / total if total else 0.0
    kind = holds(passage.text, query.kinds)
    above = index.heading_words_of(row)
    heading = (
        sum(weight * match(word, above) for word, weight in weights if weight) / total
        if total
        else 0.0
    )
    precision = _precision(index, row, query)
    own = 1.0 if passage.language == query.language else 0.0
    score = (
        lexical
        + COVERAGE_SHARE * coverage
        + KIND_SHARE * kind
        + HEADING_SHARE * heading
        + PRECISION_SHARE * precision
        + OWN_LANGUAGE * own
    )
    return Hit(passage, row, score, lexical, coverage, kind, heading)


def _precision(index: Index, row: int, query: Query) -> float:
    """Return the share of the headings' words that the question holds: a heading may be about something narrower."""
    terms = index.heading_terms_of(row)
    if not terms:
        return 0.0
    stems = query.stems
    concepts = query.all_concepts
    return sum(
        beginning in stems or not concepts.isdisjoint(names) for beginning, names in terms
    ) / len(terms)
