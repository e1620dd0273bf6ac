"""BM25 over character n-grams, word beginnings and concepts, for one snapshot.

Every term of a passage has its weight worked out when the index is built; a query adds up columns. The three kinds of
terms are told apart by their first character and normalised by their own lengths.
"""

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.knowledge.embeddings import Vectors
from bot.knowledge.glossary import Glossary, business_glossary
from bot.knowledge.letters import MIN_RESPELLED, cyrillic, grams, is_latin, stem, words
from bot.knowledge.letters import STEM as STEM_LENGTH
from bot.knowledge.passages import Passage, Snapshot
from bot.knowledge.pieces import pieces_of
from bot.knowledge.stopwords import STOP_WORDS

GRAM, STEM, CONCEPT = "g", "s", "c"
K1 = 1.2
MAX_WORDS = 6_000
MAX_PIECES = 3_000
"""Passages whose words and pieces are remembered, over all indexes of the process."""

MIN_COMPARED = 4
"""Letters of a word below which a misspelling of it cannot be told from another word."""

LENGTH_SHARE = 0.5
HEADING_WEIGHT = 2.0
TITLE_WEIGHT = 1.0
KIND_WEIGHTS = {GRAM: 1.0, STEM: 1.5, CONCEPT: 2.5}


@dataclass(frozen=True, slots=True)
class PassageWords:
    """What re-ranking needs of a passage: its distinct folded words and its concepts."""

    words: frozenset[str]
    stems: frozenset[str]
    concepts: frozenset[str]
    by_letter: Mapping[str, Sequence[str]]
    """Its longer words by their first letter."""


class _Remembered[Value]:
    """What was made lately, the longest unused dropped first. For use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[tuple[int, int], Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[int, int], make: Callable[[], Value]) -> Value:
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
                return found
        made = make()
        with self._lock:
            self._values[key] = made
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        return made


_WORDS = _Remembered[PassageWords](MAX_WORDS)
_PIECES = _Remembered[tuple[tuple[str, PassageWords], ...]](MAX_PIECES)
_SERIALS = itertools.count()


class Index:
    """The terms of a snapshot's passages. Immutable once built; safe to read from several threads."""

    def __init__(
        self,
        snapshot: Snapshot,
        glossary: Glossary | None = None,
        *,
        vectors: Vectors | None = None,
    ) -> None:
        if vectors is not None and len(vectors.matrix) != len(snapshot.passages):
            raise ValueError("There is not one vector a passage.")
        self._serial = next(_SERIALS)
        self.snapshot = snapshot
        self.vectors = vectors
        """What the passages mean, where an embedding model is configured."""
        self.passages = snapshot.passages
        self.glossary = glossary or business_glossary()
        self._word_lists: list[tuple[str, ...]] = []
        self._concepts: list[tuple[str, ...]] = []
        # The same words and the same sets of concepts stand in many passages: each is kept once.
        self._shared: dict[Any, Any] = {}
        counts = [self._count(passage) for passage in self.passages]
        self._shared.clear()
        self._terms, self._starts, self._rows, self._weights = _columns(counts)
        self._has_validity = any(
            passage.valid_from or passage.valid_until for passage in self.passages
        )
        self._known_headings: dict[tuple[str, ...], PassageWords] = {}
        self._heading_terms: dict[tuple[str, ...], tuple[tuple[str, frozenset[str]], ...]] = {}
        self.languages = frozenset(passage.language for passage in self.passages)

    def __len__(self) -> int:
        return len(self.passages)

    @property
    def size_bytes(self) -> int:
        """About how much memory the index takes, texts included."""
        texts = sum(2 * len(passage.text) + 600 for passage in self.passages)
        arrays = sum(part.nbytes for part in (self._terms, self._starts, self._rows, self._weights))
        if self.vectors is not None:
            arrays += self.vectors.matrix.nbytes
        # What is remembered of passages seen lately is bounded for all indexes of the process together.
        return int(texts + arrays + 1_500 * len(self.passages))

    def frequency(self, term: str) -> int:
        """Return the number of passages that hold a term."""
        place = self._place(term)
        return 0 if place is None else int(self._starts[place + 1] - self._starts[place])

    def _place(self, term: str) -> int | None:
        wanted = hash(term)
        place = int(np.searchsorted(self._terms, wanted))
        return place if place < len(self._terms) and self._terms[place] == wanted else None

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a term, as BM25 has it; highest for an unknown term."""
        return _rarity(self.frequency(term), len(self.passages))

    def scores(self, query: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """Return the score of every passage for weighted terms."""
        found = np.zeros(len(self.passages), dtype=np.float32)
        for term, weight in query.items():
            place = self._place(term)
            if place is not None:
                start, end = self._starts[place], self._starts[place + 1]
                found[self._rows[start:end]] += np.float32(weight) * self._weights[start:end]
        return found

    def possible(self, query: Mapping[str, float]) -> float:
        """Return the score of a passage of usual length that holds each term once."""
        return sum(
            weight * KIND_WEIGHTS[term[0]] * self.rarity(term) for term, weight in query.items()
        )

    def knows(self, word: str) -> bool:
        """Tell whether a passage holds a word that begins like a folded one."""
        return self.frequency(STEM + stem(word)) > 0

    def speaks_of(self, concept: str) -> bool:
        """Tell whether a passage holds a concept."""
        return self.frequency(CONCEPT + concept) > 0

    def valid_on(self, day: date | None) -> npt.NDArray[np.float32]:
        """Return 1 for each passage that is valid on a day, and 0 for the others; without a day all are."""
        if day is None or not self._has_validity:
            return np.ones(len(self.passages), dtype=np.float32)
        return np.array([passage.is_valid_on(day) for passage in self.passages], dtype=np.float32)

    def pieces_of(self, row: int) -> Sequence[tuple[str, PassageWords]]:
        """Return the pieces of a passage that can be quoted, with their words; remembered."""

        def make() -> tuple[tuple[str, PassageWords], ...]:
            texts = pieces_of(self.passages[row].text)
            return tuple((text, read_words(text, self.glossary)) for text in texts)

        return _PIECES.get((self._serial, row), make)

    def words_of(self, row: int) -> PassageWords:
        """Return the words of a passage, its title and headings; remembered."""
        return _WORDS.get(
            (self._serial, row),
            lambda: _passage_words(self._word_lists[row], frozenset(self._concepts[row])),
        )

    def heading_words_of(self, row: int) -> PassageWords:
        """Return the words of a passage's title and headings; remembered."""
        passage = self.passages[row]
        key = (passage.title, *passage.heading)
        found = self._known_headings.get(key)
        if found is None:
            found = self._known_headings[key] = read_words(" . ".join(key), self.glossary)
        return found

    def heading_terms_of(self, row: int) -> tuple[tuple[str, frozenset[str]], ...]:
        """Return (beginning, concepts) of each word of a passage's title and headings that tells something."""
        passage = self.passages[row]
        key = (passage.title, *passage.heading)
        found = self._heading_terms.get(key)
        if found is None:
            listed = words(" . ".join(key))
            pairs = zip(listed, self.glossary.of_words(listed), strict=True)
            telling = (
                (stem(word), names) for word, names in pairs if word not in STOP_WORDS or names
            )
            found = self._heading_terms[key] = tuple(telling)
        return found

    def _count(self, passage: Passage) -> dict[str, float]:
        counts: dict[str, float] = {}
        distinct: set[str] = set()
        all_concepts: set[str] = set()
        fields = [
            (passage.text, 1.0),
            (" . ".join(passage.heading), HEADING_WEIGHT),
            (passage.title, TITLE_WEIGHT),
        ]
        for text, weight in fields:
            listed = words(text)
            concepts = self.glossary.of_words(listed)
            distinct.update(listed)
            all_concepts.update(*concepts)
            for word, names in zip(listed, concepts, strict=True):
                for term in terms_of(word, names):
                    counts[term] = counts.get(term, 0.0) + weight
        share = self._shared.setdefault
        self._word_lists.append(
            tuple(share(word, word) for word in sorted(_with_readings(distinct)))
        )
        together = tuple(sorted(all_concepts))
        self._concepts.append(share(together, together))
        return counts


def read_words(text: str, glossary: Glossary) -> PassageWords:
    """Return the words of a text as matching wants them. A Latin word is also there as it is read in Cyrillic."""
    listed = words(text)
    return _passage_words(
        _with_readings(listed), frozenset[str]().union(*glossary.of_words(listed))
    )


def _with_readings(listed: Iterable[str]) -> set[str]:
    distinct = set(listed)
    long_enough = [word for word in distinct if len(word) >= MIN_RESPELLED and is_latin(word)]
    distinct.update(map(cyrillic, long_enough))
    # Form 910.00 is asked for as 910.
    distinct.update([word[: word.index(".")] for word in distinct if word.endswith(".00")])
    return distinct


def _passage_words(distinct: Collection[str], concepts: frozenset[str]) -> PassageWords:
    by_letter: dict[str, list[str]] = {}
    for word in distinct:
        if len(word) >= MIN_COMPARED:
            by_letter.setdefault(word[0], []).append(word)
    return PassageWords(
        frozenset(distinct),
        frozenset([word[:STEM_LENGTH] for word in distinct]),
        concepts,
        by_letter,
    )


_TERMS: dict[str, tuple[str, ...]] = {}
_MAX_TERMS = 100_000


def terms_of(word: str, concepts: Iterable[str]) -> list[str]:
    """Return all terms of a folded word."""
    lexical = _TERMS.get(word)
    if lexical is None:
        if len(_TERMS) >= _MAX_TERMS:
            _TERMS.clear()
        # A brand written in Latin letters is asked for in Cyrillic: Kaspi, каспи.
        respelled = (
            {stem(cyrillic(word))} if is_latin(word) and len(word) >= MIN_RESPELLED else set()
        )
        stems = sorted({stem(word)} | respelled)
        lexical = _TERMS[word] = (
            *(GRAM + gram for gram in grams(word)),
            *(STEM + found for found in stems),
        )
    return [*lexical, *(CONCEPT + name for name in concepts)]


def _rarity(frequency: int, passages: int) -> float:
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def _columns(
    counts: Sequence[Mapping[str, float]],
) -> tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.uint16 | np.uint32],
    npt.NDArray[np.float16],
]:
    """Return the hashes of the terms in order, and the columns: rows and BM25 weights of each term, one after another.

    A term is known by its hash: in a hundred thousand terms two are alike once in a billion indexes.
    """
    kinds_in_order = list(KIND_WEIGHTS)
    hashes: list[int] = []
    rows: list[int] = []
    frequencies: list[float] = []
    kinds: list[int] = []
    lengths = np.ones((len(KIND_WEIGHTS), len(counts)))
    for row, of_passage in enumerate(counts):
        for term, count in of_passage.items():
            kind = kinds_in_order.index(term[0])
            hashes.append(hash(term))
            rows.append(row)
            frequencies.append(count)
            kinds.append(kind)
            lengths[kind, row] += count
    hash_array = np.array(hashes, dtype=np.int64)
    order = np.argsort(hash_array, kind="stable")
    terms, holding = np.unique(hash_array, return_counts=True)
    starts = np.concatenate(([0], np.cumsum(holding)))
    row_array = np.array(rows, dtype=np.int64)[order]
    kind_array = np.array(kinds, dtype=np.int64)[order]
    frequency = np.array(frequencies)[order]
    rarity = np.repeat(np.log(1 + (len(counts) - holding + 0.5) / (holding + 0.5)), holding)
    relative = lengths / lengths.mean(axis=1, keepdims=True) if counts else lengths
    norm = K1 * (1 - LENGTH_SHARE + LENGTH_SHARE * relative[kind_array, row_array])
    strength = np.array(list(KIND_WEIGHTS.values()))[kind_array]
    weights = strength * rarity * frequency * (K1 + 1) / (frequency + norm)
    smallest = np.uint16 if len(counts) <= np.iinfo(np.uint16).max else np.uint32
    return (
        terms,
        starts.astype(np.int32),
        row_array.astype(smallest),
        weights.astype(np.float16),
    )
