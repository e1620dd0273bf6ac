"""A question -> the passages that may answer it, best first."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from bot.knowledge.embeddings import Matrix
from bot.knowledge.index import CONCEPT, STEM, Index, terms_of
from bot.knowledge.passages import Passage
from bot.knowledge.query import Query, QueryWord, make_query
from bot.knowledge.ranking import Signals, Strengths, Weighted, signals, weigh, with_pieces

CANDIDATES = 20
MORE_CANDIDATES = 8
"""Taken by each kind of term alone: what is in another language shares no letters with the question."""

RESPELLED_WEIGHT = 0.8
NEARLY_AS_GOOD = 0.85
LOOKED_INTO = 10
"""Candidates whose single sentences are looked at: that costs the most."""

ALIKE = 0.85
"""The share of words in common from which one of two passages tells nothing new."""

RANK_OFFSET = 10
"""Of reciprocal ranks: the less, the more the first places count."""

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: its place in the index, what the order is by (comparable only within one search), and why."""

    passage: Passage
    row: int
    score: float
    signals: Signals

    @property
    def coverage(self) -> float:
        """How much of the question's weight, rare words counting more, the passage holds; 0-1."""
        return self.signals.coverage


@dataclass(frozen=True, slots=True)
class Found:
    """The passages found for a query, best first.

    `strength` is the best BM25 score, 0 when nothing matched; `possible` is what a passage that holds every term of the
    query would have at least. `weighted` are the words that were looked for.
    """

    query: Query
    weighted: Weighted
    hits: tuple[Hit, ...]
    strength: float
    possible: float


def search(
    index: Index,
    question: str,
    *,
    language: str,
    earlier: Sequence[str] = (),
    limit: int = 5,
    day: date | None = None,
    meaning: Matrix | None = None,
) -> Found:
    """Return up to `limit` passages, none of which says what another one says.

    Args:
        index: of the organization's passages.
        question: the customer's message.
        language: ru, kk or en: the customer's.
        earlier: the customer's messages before it, oldest first.
        limit: how many passages at most.
        day: passages not valid on it are left out; None: all are valid.
        meaning: the question's embedding, by the model that made those of the index; None: words alone decide.
    """
    query = make_query(
        question,
        language=language,
        earlier=earlier,
        glossary=index.glossary,
        is_known=index.knows,
        holds_concept=index.speaks_of,
    )
    weighted = weigh(index, query)
    terms = _terms(query)
    if not len(index) or not (terms or meaning is not None):
        return Found(query, weighted, (), 0.0, 0.0)
    valid = index.valid_on(day)
    scores = [
        index.scores(part) * valid
        for part in (terms, _of_kind(terms, CONCEPT), _of_kind(terms, STEM), _related_terms(query))
    ]
    likeness = _likeness(index, meaning, valid)
    alike = [] if likeness is None else _best_rows(likeness, CANDIDATES)
    rows = {
        row
        for part, count in zip(scores, (CANDIDATES, *(MORE_CANDIDATES,) * 3), strict=True)
        for row in _best_rows(part, count)
    }
    hits = [_hit(index, row, query, weighted, scores) for row in {*rows, *alike}]
    if not hits:
        return Found(query, weighted, (), 0.0, 0.0)
    hits.sort(key=lambda hit: (-hit.score, hit.row))
    # The words may say nothing of what the embeddings put first: those are looked into as well.
    looked = {*(hit.row for hit in hits[:LOOKED_INTO]), *alike[:LOOKED_INTO]}
    hits = [_looked_into(index, hit, query, weighted) for hit in hits if hit.row in looked]
    hits.sort(key=lambda hit: (-hit.score, hit.row))
    if likeness is not None:
        hits = _fused(hits, likeness)
    _put_own_language_first(hits, query.language)
    chosen = _without_repetitions(index, hits, limit)
    return Found(query, weighted, chosen, float(scores[0].max()), index.possible(terms))


def _hit(
    index: Index,
    row: int,
    query: Query,
    weighted: Weighted,
    scores: Sequence[npt.NDArray[np.float32]],
) -> Hit:
    shares = (float(part[row]) / (float(part.max()) or 1.0) for part in scores)
    found = signals(index, row, query, weighted, Strengths(*shares))
    return Hit(index.passages[row], row, found.score, found)


def _likeness(index: Index, meaning: Matrix | None, valid: Matrix) -> Matrix | None:
    """Return how like the question each valid passage is; None where that cannot be told."""
    if meaning is None or index.vectors is None:
        return None
    if index.vectors.matrix.shape[1] != len(meaning):
        return None
    return index.vectors.likeness(meaning) * valid


def _fused(hits: Sequence[Hit], likeness: Matrix) -> list[Hit]:
    """Return the hits, given in the order of their words, in that of both orders' reciprocal ranks."""
    by_meaning = sorted(hits, key=lambda hit: (-float(likeness[hit.row]), hit.row))
    ranks = {hit.row: rank for rank, hit in enumerate(by_meaning)}
    sums = {
        hit.row: 1 / (RANK_OFFSET + rank) + 1 / (RANK_OFFSET + ranks[hit.row])
        for rank, hit in enumerate(hits)
    }
    return sorted(hits, key=lambda hit: -sums[hit.row])


def _looked_into(index: Index, hit: Hit, query: Query, weighted: Weighted) -> Hit:
    found = with_pieces(hit.signals, index, hit.row, query, weighted)
    return replace(hit, score=found.score, signals=found)


def _terms(query: Query) -> dict[str, float]:
    terms: dict[str, float] = {}
    for word in (*query.words, *query.earlier):
        for term, weight in _terms_of_word(word):
            terms[term] = max(terms.get(term, 0.0), weight * word.weight)
    return terms


def _terms_of_word(word: QueryWord) -> Iterable[tuple[str, float]]:
    if not word.spellings:
        yield from ((CONCEPT + name, 1.0) for name in word.concepts)
    for place, spelling in enumerate(word.spellings):
        names = () if place else word.concepts
        weight = RESPELLED_WEIGHT if place else 1.0
        yield from ((term, weight) for term in terms_of(spelling, names))


def _related_terms(query: Query) -> dict[str, float]:
    return {
        CONCEPT + name: word.weight
        for word in (*query.earlier, *query.words)
        for name in word.related
    }


def _of_kind(terms: dict[str, float], kind: str) -> dict[str, float]:
    return {term: weight for term, weight in terms.items() if term[0] == kind}


def _best_rows(scores: npt.NDArray[np.float32], count: int) -> list[int]:
    count = min(count, len(scores))
    rows = np.argpartition(-scores, count - 1)[:count]
    return [int(row) for row in rows if scores[row] > 0]


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


def _without_repetitions(index: Index, hits: Sequence[Hit], limit: int) -> tuple[Hit, ...]:
    chosen: list[Hit] = []
    for hit in hits:
        if len(chosen) == limit:
            break
        if not any(_says_the_same(index, hit, other) for other in chosen):
            chosen.append(hit)
    return tuple(chosen)


def _says_the_same(index: Index, one: Hit, other: Hit) -> bool:
    first, second = index.words_of(one.row).words, index.words_of(other.row).words
    if len(first & second) < ALIKE * len(first | second):
        return False
    # The same words with other numbers are another price.
    numbers = (set(_NUMBER.findall(hit.passage.text)) for hit in (one, other))
    return next(numbers) == next(numbers)
