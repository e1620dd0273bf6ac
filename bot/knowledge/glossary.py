"""Concepts that businesses and customers talk about, whichever of the three languages the word is in.

A concept is a term of retrieval beside the letters: "қанша тұрады" and "how much" meet in `price`.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from bot.knowledge.letters import MIN_RESPELLED, cyrillic, is_latin, words

_MIN_BEGINNING = 2
_MAX_REMEMBERED = 50_000


class Glossary:
    """Concepts by the beginnings of their words."""

    def __init__(self, text: str) -> None:
        self._beginnings: dict[str, set[str]] = {}
        self._whole: dict[str, set[str]] = {}
        self._pairs: list[tuple[str, str, str]] = []
        self._words: dict[str, frozenset[str]] = {}
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                name, _, entries = line.partition(":")
                for entry in entries.replace("|", " ").split():
                    self._add(name.strip(), entry)
        self._longest = max(map(len, self._beginnings), default=0)
        self._pairs_by_first: dict[str, list[tuple[str, str, str]]] = {}
        for pair in self._pairs:
            self._pairs_by_first.setdefault(pair[0][:_MIN_BEGINNING], []).append(pair)

    def _add(self, name: str, entry: str) -> None:
        if "_" in entry or "-" in entry:
            parts = words(entry.replace("_", " "))
            if len(parts) >= 2:
                self._pairs.append((parts[0], parts[1], name))
            return
        folded = words(entry)
        if folded:
            index = self._whole if entry.endswith("=") else self._beginnings
            index.setdefault(folded[0], set()).add(name)

    def of_word(self, word: str) -> frozenset[str]:
        """Return the concepts of one folded word; a Latin one is also read as romanised Cyrillic."""
        found = self._lookup(word)
        if not found and is_latin(word) and len(word) >= MIN_RESPELLED:
            found = self._lookup(cyrillic(word))
        return frozenset(found)

    def of_words(self, folded: Sequence[str]) -> list[frozenset[str]]:
        """Return the concepts of each word, those of pairs given to both of their words."""
        found = [set(self._remembered(word)) for word in folded]
        for place in range(len(folded) - 1):
            for first, second in {
                (folded[place], folded[place + 1]),
                _respelled(folded[place], folded[place + 1]),
            }:
                for left, right, name in self._pairs_by_first.get(first[:_MIN_BEGINNING], ()):
                    # A first word of a pair may be inflected only when it is long enough to be told apart.
                    same = first == left or (len(left) > 3 and first.startswith(left))
                    if same and second.startswith(right):
                        found[place].add(name)
                        found[place + 1].add(name)
        return [frozenset(names) for names in found]

    def _remembered(self, word: str) -> frozenset[str]:
        found = self._words.get(word)
        if found is None:
            if len(self._words) >= _MAX_REMEMBERED:
                self._words.clear()
            found = self._words[word] = self.of_word(word)
        return found

    def _lookup(self, word: str) -> set[str]:
        found = set(self._whole.get(word, ()))
        for end in range(min(len(word), self._longest), _MIN_BEGINNING - 1, -1):
            names = self._beginnings.get(word[:end])
            if names:
                found |= names
                break
        return found


def _respelled(first: str, second: str) -> tuple[str, str]:
    return (
        cyrillic(first) if is_latin(first) else first,
        cyrillic(second) if is_latin(second) else second,
    )


@cache
def business_glossary() -> Glossary:
    """Return the built-in glossary."""
    return Glossary(files("bot.knowledge").joinpath("glossary.txt").read_text("utf-8"))


def is_city(concept: str) -> bool:
    """Tell whether a concept is a city."""
    return concept.startswith("@")
