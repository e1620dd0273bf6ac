"""Concepts that businesses and customers talk about, whichever of the three languages the word is in.

A concept is a term of retrieval beside the letters: "қанша тұрады" and "how much" meet in `price`. The concepts stand in
`concepts/*.txt`, one a line: `name: ru | kk | en`. A word there is the beginning of words and stands for all its
inflections; with `=` at its end it is the whole word; `a_b` is words in a row, of which two long ones may stand the other
way round or with a word between. Of several beginnings that fit, the longest counts.

A line `name > other another` says what a question about the first is often answered by: who fell ill asks about absence.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from bot.knowledge.languages import is_english
from bot.knowledge.letters import MIN_RESPELLED, cyrillic, is_latin, words
from bot.knowledge.stopwords import STOP_WORDS

_MIN_BEGINNING = 2
_MAX_REMEMBERED = 50_000
_INFLECTED = 4
"""Letters from which the first word of a row may have an ending: a shorter one could be the beginning of any word."""

_NEGATIONS = frozenset(("не", "нет", "no", "not", "can't", "don't"))
_PREFIXES = (
    *(
        "пере",
        "пред",
        "подо",
        "разо",
        "при",
        "про",
        "под",
        "над",
        "раз",
        "рас",
        "без",
        "вос",
        "воз",
    ),
    *("изо", "обо", "ото", "до", "за", "из", "ис", "на", "об", "от", "по", "вы", "со"),
)
"""Of Russian verbs: `подремонтируете` is about what `ремонт` is about. The longest that fits is taken off first."""

_MIN_ROOT = 4
"""Letters of a beginning that a word without its prefix or ending is looked up by."""

_RUSSIAN_ENDINGS = """
айте уйте ейте овать ывать ивать ите ете ешь ишь ует уют яют ают еют ает яет еет ать ять еть ить уть ала яла ила ела али яли или
ели аем яем уем ами ями ого его ому ему ыми ими ит ет ут ют ат ят ал ял ил ел ем им аю яю ую ов ев ей ом ам ям ах ях ый ий ой ая
яя ое ее ые ие ых их юю ю у а я о е ы и ь
"""
_ENDINGS = tuple(_RUSSIAN_ENDINGS.split())
"""Of Russian words, the longest first, so that `кормить` is found by `кормят`; Kazakh ones come after a beginning that does not change."""


class Glossary:
    """Concepts by the beginnings of their words."""

    def __init__(self, text: str) -> None:
        self._beginnings: dict[str, set[str]] = {}
        self._without_endings: dict[str, set[str]] = {}
        self._whole: dict[str, set[str]] = {}
        self._words: dict[str, frozenset[str]] = {}
        self._english_words: dict[str, frozenset[str]] = {}
        # Words in a row, by the beginning of the first and that of the second: most texts have none of them.
        self._rows: dict[str, dict[str, list[tuple[tuple[str, ...], str]]]] = {}
        self._related: dict[str, frozenset[str]] = {}
        for line in text.splitlines():
            name, leads, others = line.partition(" > ")
            if leads:
                known = self._related.get(name, frozenset())
                self._related[name] = known.union(others.split())
            elif line.strip() and not line.startswith("#"):
                name, _, entries = line.partition(":")
                for entry in entries.replace("|", " ").split():
                    self._add(name.strip(), entry)
        self._longest = max(map(len, self._beginnings), default=0)

    def _add(self, name: str, entry: str) -> None:
        parts = tuple(words(entry.replace("_", " ")))
        if len(parts) >= 2:
            self._add_row(parts, name)
            if (
                len(parts) == 2
                and min(map(len, parts)) >= _INFLECTED
                and STOP_WORDS.isdisjoint(parts)
            ):
                self._add_row(parts[::-1], name)
        elif parts:
            index = self._whole if entry.endswith("=") else self._beginnings
            index.setdefault(parts[0], set()).add(name)
            if index is self._beginnings:
                self._without_endings.setdefault(_without_ending(parts[0]), set()).add(name)

    def _add_row(self, parts: tuple[str, ...], name: str) -> None:
        seconds = self._rows.setdefault(parts[0][:_INFLECTED], {})
        seconds.setdefault(parts[1][:_MIN_BEGINNING], []).append((parts, name))

    @property
    def names(self) -> set[str]:
        """The names of all concepts."""
        rows = (row for seconds in self._rows.values() for row in seconds.values())
        in_rows = {name for row in rows for _, name in row}
        return in_rows.union(*self._beginnings.values(), *self._whole.values())

    @property
    def relations(self) -> Mapping[str, frozenset[str]]:
        """What a question about each concept is often answered by."""
        return self._related

    def related(self, names: frozenset[str]) -> frozenset[str]:
        """Return the concepts that questions about any of `names` are often answered by, those themselves left out."""
        return frozenset[str]().union(*(self._related.get(name, ()) for name in names)) - names

    def of_word(self, word: str) -> frozenset[str]:
        """Return the concepts of one folded word; a Latin one is also read as romanised Cyrillic."""
        found = self._lookup(word)
        if not found and is_latin(word) and len(word) >= MIN_RESPELLED:
            found = self._lookup(cyrillic(word))
        return frozenset(found)

    def of_words(self, folded: Sequence[str]) -> list[frozenset[str]]:
        """Return the concepts of each word, those of words in a row given to each of them.

        What is English is not read as romanised Cyrillic: `skis` has not gone sour.
        """
        romanised = not is_english(folded)
        known = self._words if romanised else self._english_words
        found = [set(self._remembered(word, known, romanised=romanised)) for word in folded]
        self._add_rows(folded, found)
        if romanised and any(map(is_latin, folded)):
            self._add_rows([cyrillic(word) if is_latin(word) else word for word in folded], found)
        return [frozenset(names) for names in found]

    def _add_rows(self, spelled: Sequence[str], found: Sequence[set[str]]) -> None:
        for place, first in enumerate(spelled[:-1]):
            seconds = self._rows.get(first[:_INFLECTED])
            if seconds is None:
                continue
            for then in (place + 1, place + 2):
                if then == len(spelled):
                    break
                second = spelled[then]
                for beginning in {second[:_MIN_BEGINNING], second[:1]}:
                    for parts, name in seconds.get(beginning, ()):
                        if _stand_at(spelled, place, then, parts):
                            for inside in (place, *range(then, then + len(parts) - 1)):
                                found[inside].add(name)

    def _remembered(
        self, word: str, known: dict[str, frozenset[str]], *, romanised: bool
    ) -> frozenset[str]:
        found = known.get(word)
        if found is None:
            if len(known) >= _MAX_REMEMBERED:
                known.clear()
            found = self.of_word(word) if romanised else frozenset(self._lookup(word))
            known[word] = found
        return found

    def _lookup(self, word: str) -> set[str]:
        # The whole word is the longest beginning of all.
        found = self._whole.get(word) or self._by_beginning(word, _MIN_BEGINNING)
        if found or len(word) <= _MIN_ROOT or is_latin(word):
            return found
        found = self._without_endings.get(_without_ending(word), found)
        for prefix in () if found else _PREFIXES:
            if word.startswith(prefix):
                root = word[len(prefix) :]
                found = self._by_beginning(root, _MIN_ROOT)
                found = found or self._without_endings.get(_without_ending(root), found)
                if found:
                    break
        return found

    def _by_beginning(self, word: str, least: int) -> set[str]:
        for end in range(min(len(word), self._longest), least - 1, -1):
            names = self._beginnings.get(word[:end])
            if names:
                return names
        return set()


def _without_ending(word: str) -> str:
    """Return a folded word without its ending, at least `_MIN_ROOT` letters of it."""
    word = word.removesuffix("ся").removesuffix("сь") if len(word) > _MIN_ROOT + 2 else word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_ROOT:
            return word[: -len(ending)]
    return word


def _stand_at(spelled: Sequence[str], place: int, then: int, parts: Sequence[str]) -> bool:
    """Tell whether a row's first word stands at a place, and the others one after another from `then` on."""
    first = spelled[place]
    if len(spelled) - then < len(parts) - 1:
        return False
    if first != parts[0] and not (len(parts[0]) >= _INFLECTED and first.startswith(parts[0])):
        return False
    if then > place + 1:
        may_be_apart = len(parts[0]) >= _INFLECTED or parts[0] in _NEGATIONS
        if not (may_be_apart and len(parts[1]) >= _INFLECTED):
            return False
    return all(spelled[then + step].startswith(part) for step, part in enumerate(parts[1:]))


@cache
def business_glossary() -> Glossary:
    """Return the built-in glossary."""
    folder = files("bot.knowledge").joinpath("concepts")
    parts = sorted(folder.iterdir(), key=lambda part: part.name)
    return Glossary("\n".join(part.read_text("utf-8") for part in parts))


def is_city(concept: str) -> bool:
    """Tell whether a concept is a city."""
    return concept.startswith("@")
