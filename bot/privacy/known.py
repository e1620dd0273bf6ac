"""Names that the tenant already knows, its contacts' and operators', found wherever they are written.

A name is found in any case form and either script. A contact may be called by an ordinary word alone ("Доставка",
"Роза"): such a word says nothing about a person and stays.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.privacy.spans import Span
from bot.privacy.vocabulary import (
    is_in_dictionary,
    is_name,
    is_ordinary,
    is_place_or_brand,
    romanised,
)

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_GAP = re.compile(r"[\s.,]{1,3}")
_SHORTEST = 3
_LONGEST_ENDING = 7
# Endings of folded words (see names.folding): Russian cases, Kazakh cases and possessives, the English possessive.
_SUFFIXES = """
a u e i om em oi ei iu ia iei iem ie ogo omu im oe aia uiu ova s
nin din tin ga ge ka ke na ne ni di ti da de ta te dan den tan ten nan nen men ben pen m im in
lar ler dar der tar ter zhan tai eke miz imiz larga lerge darga derge targa terge
"""
_ENDINGS = frozenset(_SUFFIXES.split())


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name and what it is of; a kind of `markers.ALL_KINDS`."""

    name: str
    kind: str = "PERSON"


@dataclass(frozen=True, slots=True)
class _Part:
    """A word of a name. `alone`: whether it means the person without the name's other words."""

    name: int
    place: int
    alone: bool


def _says_nothing(word: str) -> bool:
    """Tell whether a word is a dictionary's, a city's or a brand's, whoever else is called so."""
    return (
        len(romanised(word)) < _SHORTEST
        or is_place_or_brand(word)
        or is_in_dictionary(word)
        or (is_ordinary(word) and not is_name(word))
    )


class KnownNames:
    """Finds the given names in texts; the time depends on the text, hardly on how many names there are."""

    def __init__(self, names: Sequence[KnownName]) -> None:
        self._kinds = [name.kind for name in names]
        self._telling: list[bool] = []
        self._parts: dict[str, list[_Part]] = defaultdict(list)
        for number, name in enumerate(names):
            words = _WORD.findall(name.name)
            idle = [_says_nothing(word) for word in words]
            # Two ordinary words that are both names (Арман Болат) do tell a person, unlike Доставка Астана.
            self._telling.append(not all(idle) or all(map(is_name, words)))
            for place, word in enumerate(words):
                alone = not idle[place] and (len(words) == 1 or is_name(word))
                key = romanised(word)
                for base in {key, key.rstrip("aei")} if len(key) > _SHORTEST else {key}:
                    if len(base) >= min(_SHORTEST, len(key)):
                        self._parts[base].append(_Part(number, place, alone))

    def find(self, text: str) -> Iterator[Span]:
        """Yield the spans of known names."""
        if not self._parts:
            return
        words = [
            (match.start(), match.end(), self._meant(match.group()))
            for match in _WORD.finditer(text)
        ]
        place = 0
        while place < len(words):
            span, taken = self._name_at(text, words, place)
            if span:
                yield span
            place += taken

    def _name_at(
        self, text: str, words: list[tuple[int, int, list[_Part]]], place: int
    ) -> tuple[Span | None, int]:
        """Return the name that begins at a word, and how many words were read."""
        start, end, parts = words[place]
        best: Span | None = None
        taken = 1
        for part in parts:
            if part.alone and best is None:
                best = Span(start, end, self._kinds[part.name])
            seen, last, stop = {part.place}, place, end
            while last + 1 < len(words) and _GAP.fullmatch(text, stop, words[last + 1][0]):
                more = {p.place for p in words[last + 1][2] if p.name == part.name} - seen
                if not more:
                    break
                seen.add(min(more))
                last += 1
                stop = words[last][1]
            if len(seen) > 1 and self._telling[part.name] and last - place + 1 > taken:
                best, taken = Span(start, stop, self._kinds[part.name]), last - place + 1
        return best, taken

    def _meant(self, word: str) -> list[_Part]:
        """Return the parts of names that a word may be a form of."""
        key = romanised(word)
        found = list(self._parts.get(key, ()))
        for length in range(1, min(_LONGEST_ENDING, len(key) - _SHORTEST) + 1):
            if key[-length:] in _ENDINGS:
                found += self._parts.get(key[:-length], ())
        return found
