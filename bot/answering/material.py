"""Passages as grounding reads them: pieces of clauses of words, each with its weight and its forms."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.answering.claims import Figure, Token, figures_of, links_of, tokens_of
from bot.answering.common_words import COMMON
from bot.answering.polarity import is_negative
from bot.knowledge.blocks import BULLET
from bot.knowledge.glossary import business_glossary
from bot.knowledge.languages import detect_language
from bot.knowledge.matching import similarity
from bot.knowledge.sentences import sentences
from bot.knowledge.stopwords import STOP_WORDS

SIMILAR = 0.62
"""From here two words are forms of one."""
PROPER = 3.0
_LOOSE = frozenset({"weekend", "hours", "duration"})
"""Concepts that tell what a question is about, but hold words that are no synonyms: Saturday and Sunday."""

_CLAUSE = re.compile(
    r",\s+|;\s*|\s+[—–-]\s+(?=[^\W\d_]+\s+[^\W\d_]+\s+[^\W\d_]+)|\s+(?:и|а|но|ал|және|бірақ|and|but|while|otherwise|иначе)\s+|\(|\)"
)


@dataclass(frozen=True)
class Clause:
    """A part of a sentence, with its words and figures."""

    tokens: tuple[Token, ...]
    first: bool

    @cached_property
    def figures(self) -> list[Figure]:
        """Its numbers with their units."""
        return figures_of(self.tokens)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Its telling words and how much each tells; numbers without a unit tell like names (iPhone 13)."""
        found: dict[str, float] = {}
        figures = {figure.place for figure in self.figures}
        for place, token in enumerate(self.tokens):
            if place in figures or is_common(token.text) or token.unit is not None:
                continue
            at_start = self.first and place == 0
            found[token.text] = PROPER if is_proper(token.raw, at_start=at_start) else 1.0
        for figure in self.figures:
            if figure.unit is None:
                found[f"#{figure.value}"] = PROPER
        return found

    @cached_property
    def negative(self) -> bool:
        """Whether it says no."""
        return is_negative(self.tokens)

    def words_before(self, figure: Figure) -> frozenset[str]:
        """The telling words before a figure. In Kazakh the verb and its object follow the last of several."""
        before = frozenset(token.text for token in self.tokens[: figure.place])
        return frozenset(word for word in self.weights if word in before or word[0] == "#")


@dataclass(frozen=True)
class Piece:
    """A sentence, row or list item of a passage, cut into clauses. `above`: the words of its headings."""

    clauses: tuple[Clause, ...]
    above: frozenset[str]
    language: str

    @cached_property
    def words(self) -> frozenset[str]:
        """The telling words of its own."""
        return frozenset(word for clause in self.clauses for word in clause.weights)

    @cached_property
    def everything(self) -> frozenset[str]:
        """Its words and those above it."""
        return self.words | self.above

    def tells(self, word: str) -> float:
        """Return how far it speaks of a word: 1 by itself, 0.5 when a heading above does."""
        return 1.0 if holds(self.words, word) else 0.5 * holds(self.above, word)

    @cached_property
    def folded(self) -> str:
        """All of it, folded."""
        return " ".join(token.text for clause in self.clauses for token in clause.tokens)


class Material:
    """The passages, read once for all sentences of an answer."""

    def __init__(self, passages: Sequence[str], question: str) -> None:
        self.pieces = [piece for passage in passages for piece in pieces_of(passage)]
        self.links = frozenset(link for passage in passages for link in links_of(passage))
        self.words = frozenset(word for piece in self.pieces for word in piece.everything)
        self.figures = frozenset(
            figure.value
            for piece in self.pieces
            for clause in piece.clauses
            for figure in clause.figures
        )
        self.amounts = frozenset(
            figure.amount
            for piece in self.pieces
            for clause in piece.clauses
            for figure in clause.figures
            if figure.amount is not None
        )
        asked = tokens_of(question)
        self.asked = frozenset(figure.value for figure in figures_of(asked) if figure.unit is None)
        self.markers = frozenset(token.text for token in asked if token.raw[:1] == "<")
        languages = [detect_language(passage) for passage in passages]
        self.languages = frozenset(languages)
        self.language = languages[0] if languages else "ru"


def is_common(word: str) -> bool:
    """Tell whether a folded word states nothing by itself."""
    return len(word) < 2 or word in STOP_WORDS or word in COMMON


def is_proper(raw: str, *, at_start: bool) -> bool:
    """Tell whether a word, as written, looks like a name, a model or a marker."""
    return any(map(str.isdigit, raw)) or (raw[:1].isupper() and not at_start) or raw[:1] == "<"


@lru_cache(maxsize=100_000)
def same(one: str, other: str) -> bool:
    """Tell whether two folded words are forms of one, or mean the same in the glossary."""
    if one == other:
        return True
    if one[0] in "#<" or other[0] in "#<":
        return False
    if "-" in one or "-" in other:
        # Check-in and check-out begin alike.
        parts, others = ([part for part in word.split("-") if part] for word in (one, other))
        return len(parts) == len(others) > 0 and all(map(same, parts, others))
    if similarity(one, other) >= SIMILAR:
        return True
    return bool((_concepts(one) & _concepts(other)) - _LOOSE)


@lru_cache(maxsize=20_000)
def _concepts(word: str) -> frozenset[str]:
    return business_glossary().of_word(word)


def holds(words: Iterable[str], word: str) -> bool:
    """Tell whether a word is among others in some form."""
    return any(same(word, other) for other in words)


def overlap(weights: dict[str, float], words: frozenset[str]) -> float:
    """Return how much of the weighted words is among the others."""
    return sum(weight for word, weight in weights.items() if holds(words, word))


def clauses_of(sentence: str) -> list[Clause]:
    """Return the parts of a sentence; one without a figure of its own belongs to the words around it all the same."""
    parts = [part for part in _CLAUSE.split(sentence) if part and part.strip()]
    return [
        Clause(tuple(tokens), first=place == 0)
        for place, part in enumerate(parts)
        if (tokens := tokens_of(part))
    ]


def pieces_of(passage: str) -> list[Piece]:
    """Return the sentences, rows and items of a passage; short lines without a stop are headings of what follows."""
    found: list[Piece] = []
    above: set[str] = set()
    language = detect_language(passage)
    for line in passage.splitlines():
        text = line.removeprefix(BULLET)
        is_row = ": " in text and "; " in text
        if is_row:
            tokens = tuple(tokens_of(text))
            found.append(Piece((Clause(tokens, first=True),), frozenset(above), language))
            continue
        for sentence in sentences(text):
            # What a semicolon parts speaks of different things, as two sentences do.
            found += [
                Piece(tuple(clauses), frozenset(above), language)
                for part in re.split(r";\s+", sentence)
                if (clauses := clauses_of(part))
            ]
        if not re.search(r"[.!?;:]", text) and len(text) < 80:
            above |= {word for clause in clauses_of(text) for word in clause.weights}
    return found


def without(words: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """Return the words of which no form is among the others."""
    return frozenset(word for word in words if not holds(others, word))
