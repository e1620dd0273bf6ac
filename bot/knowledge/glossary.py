"""Concepts that businesses and customers talk about, whichever of the three languages the word is in.

A concept is a term of retrieval beside the letters: "қанша тұрады" and "how much" meet in `price`. The concepts stand in
`concepts/*.txt`, one a line: `name: ru | kk | en`. A word there is the beginning of words and stands for all its
inflections; with `=` at its end it is the whole word; `a_b` is words in a row. Of several beginnings that fit, the longest
counts.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from bot.knowledge.letters import MIN_RESPELLED, cyrillic, is_latin, words

_MIN_BEGINNING = 2
_MAX_REMEMBERED = 50_000
_INFLECTED = 4
"""Letters from which the first word of a row may have an ending: a shorter one could be the beginning of any word."""


class Glossary:
    """Concepts by the beginnings of their words."""

    def __init__(self, text: str) -> None:
        self._beginnings: dict[str, set[str]] = {}
        self._whole: dict[str, set[str]] = {}
        self._words: dict[str, frozenset[str]] = {}
        # Words in a row, by the beginning of the first and that of the second: most texts have none of them.
        self._rows: dict[str, dict[str, list[tuple[tuple[str, ...], str]]]] = {}
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                name, _, entries = line.partition(":")
                for entry in entries.replace("|", " ").split():
                    self._add(name.strip(), entry)
        self._longest = max(map(len, self._beginnings), default=0)

    def _add(self, name: str, entry: str) -> None:
        parts = tuple(words(entry.replace("_", " ")))
        if len(parts) >= 2:
            seconds = self._rows.setdefault(parts[0][:_INFLECTED], {})
            seconds.setdefault(parts[1][:_MIN_BEGINNING], []).append((parts, name))
        elif parts:
            index = self._whole if entry.endswith("=") else self._beginnings
            index.setdefault(parts[0], set()).add(name)

    def of_word(self, word: str) -> frozenset[str]:
        """Return the concepts of one folded word; a Latin one is also read as romanised Cyrillic."""
        found = self._lookup(word)
        if not found and is_latin(word) and len(word) >= MIN_RESPELLED:
            found = self._lookup(cyrillic(word))
        return frozenset(found)

    def of_words(self, folded: Sequence[str]) -> list[frozenset[str]]:
        """Return the concepts of each word, those of words in a row given to each of them."""
        found = [set(self._remembered(word)) for word in folded]
        self._add_rows(folded, found)
        if any(map(is_latin, folded)):
            self._add_rows([cyrillic(word) if is_latin(word) else word for word in folded], found)
        return [frozenset(names) for names in found]

    def _add_rows(self, spelled: Sequence[str], found: Sequence[set[str]]) -> None:
        for place, (first, second) in enumerate(pairwise(spelled)):
            seconds = self._rows.get(first[:_INFLECTED])
            if seconds is None:
                continue
            for beginning in {second[:_MIN_BEGINNING], second[:1]}:
                for parts, name in seconds.get(beginning, ()):
                    if _stands_at(spelled, place, parts):
                        for inside in range(place, place + len(parts)):
                            found[inside].add(name)

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


def _stands_at(spelled: Sequence[str], place: int, parts: Sequence[str]) -> bool:
    first = spelled[place]
    if len(spelled) - place < len(parts):
        return False
    if first != parts[0] and not (len(parts[0]) >= _INFLECTED and first.startswith(parts[0])):
        return False
    return all(spelled[place + step].startswith(part) for step, part in enumerate(parts) if step)


@cache
def business_glossary() -> Glossary:
    """Return the built-in glossary."""
    folder = files("bot.knowledge").joinpath("concepts")
    parts = sorted(folder.iterdir(), key=lambda part: part.name)
    return Glossary("\n".join(part.read_text("utf-8") for part in parts))


def is_city(concept: str) -> bool:
    """Tell whether a concept is a city."""
    return concept.startswith("@")
