"""Finding street addresses as people type them: in any order and case, with or without commas, in three languages.

A text is read as a row of parts: a street, a quarter, a house, a flat, an entrance. Parts that stand together are an
address when they say enough: a street without a house stays, because customers ask about streets, and so does a city.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.privacy import street_words as words
from bot.privacy.names.folding import fold
from bot.privacy.typography import plain

_HOUSE_NUMBER = r"\d{1,4}(?:[а-яa-z](?![^\W_]))?(?:[/\-]\d{1,4}(?:[а-яa-z](?![^\W_]))?){0,3}(?:к\d{1,2})?(?![\d])"
_TOKEN = re.compile(
    rf"(?<![\d])(?P<index>\d{{6}})(?!\d)|(?<!\d[.,:])(?P<number>{_HOUSE_NUMBER})(?![.,:]\d)|(?P<long>\d+)"
    r"|(?P<word>(?:ж/м|ш/а|ы/а)|(?:пр-к?т|мик-н)\w?|[^\W\d_]+(?:[\-'][^\W\d_]+)*)|(?P<mark>\S)"
)
_ORDINAL = re.compile(r"(?:-?\s?(?:й|ый|ой|я|ая|ий|го|ші|шы|інші|ыншы|th|st|nd|rd))(?![^\W_])\s?|-")
_BOX = re.compile(r"p\.?\s?o\.?\s?box\s\d{1,6}|(?:а/я|абонентский ящик)\s№?\s?\d{1,6}")
_DATE_STREET = re.compile(
    r"\d{1,2}(?:-?[а-я]{1,2})?\s(?:марта|мая|апреля|декабря|октября|лет\s\w+|гвардейск\w+|линия)(?![^\W_])|\d{1,2}-я\s\w+"
)
_LETTERED = re.compile(r"[а-яa-z]{1,2}-?\d{0,3}(?![^\W_])")
_NAMES = frozenset({words.STREET, "name"})
_ENOUGH = 2.0
_CUE_REACH = 45
_MARKS_BETWEEN = frozenset(",.-/\"'«»“”()№#:;")
_MARKS_IN_NAME = frozenset(".\"'«»“”№-")
_LINKS = frozenset({"по", "в", "на", "во"})


class Token(NamedTuple):
    """A word, number or mark of the text."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an address: tokens from `first` to before `after`, what it is, and how much it says."""

    first: int
    after: int
    kind: str
    weight: float


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every address in `text`."""
    simple = plain(text)
    if not any(map(str.isdecimal, simple)) and not words.CUE.search(simple):
        return
    for match in _BOX.finditer(simple):
        yield match.span()
    tokens = [
        Token(match.lastgroup or "", match.start(), match.end(), match.group())
        for match in _TOKEN.finditer(simple)
    ]
    reader = _Reader(text, simple, tokens)
    place = 0
    while place < len(tokens):
        parts = reader.row(place)
        while parts and parts[-1].kind in {words.PLACE, "index"}:
            parts.pop()
        if parts and reader.says_enough(parts):
            yield tokens[parts[0].first].start, tokens[parts[-1].after - 1].end
            place = parts[-1].after
        else:
            place += 1


class _Reader:
    """Reads parts of addresses out of a tokenised text."""

    def __init__(self, text: str, simple: str, tokens: list[Token]) -> None:
        self._text = text
        self._simple = simple
        self._tokens = tokens

    def row(self, place: int) -> list[Part]:
        """Return the parts that stand together from a token on; empty when none begins there."""
        parts: list[Part] = []
        part = self._part(place, parts)
        while part:
            parts.append(part)
            found = (self._part(after, parts) for after in self._gaps(part.after))
            part = next(filter(None, found), None)
            if part and part.kind in _NAMES and any(other.kind in _NAMES for other in parts):
                part = None  # an address has one street
        return parts

    def says_enough(self, parts: list[Part]) -> bool:
        """Tell whether these parts are somebody's address."""
        kinds = {part.kind for part in parts}
        numbered = kinds & {"number", words.HOUSE, words.FLAT}
        placed = (
            kinds & {words.STREET, "name", words.DISTRICT} or {words.HOUSE, words.FLAT} <= kinds
        )
        if not numbered or not placed:
            return False
        start = self._tokens[parts[0].first].start
        before = self._simple[max(0, start - _CUE_REACH) : start]
        weight = sum(part.weight for part in parts)
        if words.CUE.search(before) or words.ADDRESS_PREPOSITION.search(before):
            weight += 0.5
        return weight >= _ENOUGH and not words.OF_COMPANY.search(before)

    def _gaps(self, place: int) -> Iterator[int]:
        """Yield the places where the next part may begin: behind marks, a linking word, a city, a remark in brackets."""
        tokens = self._tokens
        start = place
        while place < len(tokens) and place - start < 3 and tokens[place].text in _MARKS_BETWEEN:
            if tokens[place].text == "(":
                closing = next(
                    (p for p in range(place, min(place + 6, len(tokens))) if tokens[p].text == ")"),
                    None,
                )
                if closing:
                    yield closing + 1
                    yield closing + 2
            place += 1
        yield place
        if place < len(tokens) and tokens[place].kind == "word":
            if tokens[place].text in _LINKS:
                yield place + 1
            if fold(tokens[place].text) in words.CITIES:
                yield place + 1
                yield place + 2

    def _part(self, place: int, before: list[Part]) -> Part | None:
        """Return the part that begins at a token."""
        if place >= len(self._tokens):
            return None
        token = self._tokens[place]
        if token.kind == "index":
            return Part(place, place + 1, "index", 0.25) if not before else None
        if token.kind == "number":
            return self._numbered_front(place) or self._bare_number(place, before)
        if token.kind != "word":
            return None
        return (
            self._place(place)
            or self._unit(place)
            or self._street(place)
            or self._district(place)
            or self._named_behind(place)
            or self._numbered_front(place)
            or (self._bare_number(place, before) if self._is(place, words.NUMBER_WORD) else None)
            or self._name(place, before)
        )

    def _is(self, place: int, *names: str) -> bool:
        return (
            place < len(self._tokens)
            and self._tokens[place].kind == "word"
            and not words.classes(self._tokens[place].text).isdisjoint(names)
        )

    def _is_number(self, place: int) -> bool:
        return place < len(self._tokens) and (
            self._tokens[place].kind == "number" or self._is(place, words.NUMBER_WORD)
        )

    def _is_measured(self, place: int) -> bool:
        """Tell whether a number counts something: 20 минут, 5 адам."""
        end = self._tokens[place].end
        return words.MEASURE.match(self._simple, end) is not None

    def _skip(self, place: int, marks: frozenset[str] = _MARKS_IN_NAME) -> int:
        while place < len(self._tokens) and self._tokens[place].text in marks:
            place += 1
        return place

    def _place(self, place: int) -> Part | None:
        """г. Алматы; Алматы қаласы; Медеуский район."""
        after = self._skip(place + 1, frozenset("."))
        if self._is(place, words.PLACE) and self._is_name_word(after):
            short = len(self._tokens[place].text) == 1
            if not short or after > place + 1 or fold(self._tokens[after].text) in words.CITIES:
                stop = after + 1
                if self._is_name_word(stop) and self._is(stop, words.AUXILIARY):
                    stop += 1
                return Part(place, stop, words.PLACE, 0.5)
        if self._is_name_word(place) and self._is(place + 1, words.PLACE_AFTER):
            return Part(place, self._skip(place + 2, frozenset(".")), words.PLACE, 0.5)
        return None

    def _unit(self, place: int) -> Part | None:
        """Дом 5, кв. 12, подъезд 2, корпус А4."""
        kind = next(
            (k for k in (words.HOUSE, words.FLAT, words.WITHIN) if self._is(place, k)), None
        )
        if kind is None:
            return None
        after = self._skip(place + 1, frozenset(".:№#-"))
        weight = 0.5 if kind == words.WITHIN else 1.0
        if self._is_number(after) and not (
            kind == words.FLAT and self._is_measured(after) and not self._is(after + 1, words.FLAT)
        ):
            return Part(place, self._number_end(after), kind, weight)
        if (
            after < len(self._tokens)
            and self._tokens[after].kind == "long"
            and kind == words.WITHIN
        ):
            return Part(place, after + 1, kind, weight)
        if (
            kind == words.HOUSE
            and after < len(self._tokens)
            and _LETTERED.fullmatch(self._tokens[after].text)
            and not self._is(after, words.STOP)
        ):
            stop = after + 1
            if self._is_number(stop) and self._tokens[stop].start == self._tokens[after].end:
                stop += 1
            return Part(place, stop, kind, 0.5)
        return None

    def _numbered_front(self, place: int) -> Part | None:
        """12 дом, 5-пәтер, 7 мкр, 3-й подъезд."""
        if not self._is_number(place):
            return None
        ordinal = _ORDINAL.match(self._simple, self._tokens[place].end)
        after = place + 1
        while ordinal and after < len(self._tokens) and self._tokens[after].start < ordinal.end():
            after += 1
        if (
            self._is(after, words.FLAT)
            and words.MEASURE.match(self._simple, self._tokens[place].end)
            and not self._is_unit_end(after)
        ):
            return None
        for kind, weight in (
            (words.DISTRICT_AFTER, 1.0),
            (words.DISTRICT, 1.0),
            (words.HOUSE, 1.0),
            (words.FLAT, 1.0),
            (words.WITHIN, 0.5),
        ):
            if self._is(after, kind):
                stop = self._skip(after + 1, frozenset("."))
                named = words.DISTRICT if kind in {words.DISTRICT, words.DISTRICT_AFTER} else kind
                return Part(place, stop, named, weight)
        if self._simple.startswith(
            ("шағын", "ықшам", "мөлтек"), self._tokens[min(after, len(self._tokens) - 1)].start
        ) and self._is(after + 1, words.DISTRICT_AFTER):
            return Part(place, after + 2, words.DISTRICT, 1.0)
        return None

    def _is_unit_end(self, place: int) -> bool:
        return self._tokens[place].text in {"кв", "kv"} and not self._simple.startswith(
            (" м", ". м", ".м"), self._tokens[place].end
        )

    def _bare_number(self, place: int, before: list[Part]) -> Part | None:
        if self._is_measured(place):
            return None
        token = self._tokens[place]
        compound = not token.text.isdecimal()
        numbers = sum(part.kind == "number" for part in before)
        if numbers and before[-1].kind != words.DISTRICT and not self._ends_here(place + 1):
            return None
        if numbers > 1:
            return None
        after_street = any(
            part.kind in {words.STREET, "name", words.DISTRICT, words.PLACE, words.HOUSE}
            for part in before
        )
        if not after_street and not self._street_follows(place + 1):
            return None
        return Part(place, self._number_end(place), "number", 1.0 if compound and before else 0.5)

    def _ends_here(self, place: int) -> bool:
        return place >= len(self._tokens) or self._tokens[place].text in {
            ",",
            ".",
            ";",
            "!",
            "?",
            ")",
            "-",
            "\n",
        }

    def _street_follows(self, place: int) -> bool:
        """Tell whether a street's name and its type come next, as in "10 Abay ave"."""
        part = (
            self._named_behind(place)
            if place < len(self._tokens) and self._tokens[place].kind == "word"
            else None
        )
        return part is not None and part.kind == words.STREET

    def _number_end(self, place: int) -> int:
        """Return where a number ends, with what hangs on it: 12 А, 18-ге, 10-үй."""
        tokens = self._tokens
        after = place + 1
        if after < len(tokens) and tokens[after].kind == "word":
            glued = tokens[after].start == tokens[after - 1].end
            lone = (
                len(tokens[after].text) == 1
                and tokens[after].text in "абвгдabcdк"
                and self._text[tokens[after].start].isupper()
            )
            if glued or lone:
                after += 1
        if (
            after + 1 < len(tokens)
            and tokens[after].text == "/"
            and tokens[after + 1].kind == "number"
        ):
            after += 2
        return after

    def _street(self, place: int) -> Part | None:
        """Ул. Абая; проспект Мангилик Ел; ul. Satpaeva; улица 8 Марта."""
        if not self._is(place, words.STREET):
            return None
        tokens = self._tokens
        after = place + 1
        while after < len(tokens) and tokens[after].text in _MARKS_IN_NAME:
            after += 1
        if after < len(tokens) and self._is(after, words.STREET):
            after = self._skip(after + 1)
        if after < len(tokens):
            dated = _DATE_STREET.match(self._simple, tokens[after].start)
            if dated:
                while after < len(tokens) and tokens[after].start < dated.end():
                    after += 1
                return Part(place, after, words.STREET, 2.0)
            if tokens[after].kind == "number" and tokens[after - 1].text == "№":
                return Part(place, after + 1, words.STREET, 2.0)
        stop = self._name_end(after, longest=4)
        return Part(place, stop, words.STREET, 2.0) if stop > after else None

    def _name_end(self, place: int, *, longest: int) -> int:
        """Return where a name that begins at a token ends: words, initials, quotation marks, a number grown on."""
        tokens = self._tokens
        taken = 0
        stop = place
        while place < len(tokens) and taken < longest:
            if tokens[place].text in _MARKS_IN_NAME and tokens[place].text != "-":
                place += 1
                continue
            if not self._is_name_word(place):
                break
            if taken and not self._continues_name(place):
                break
            taken += 1
            place += 1
            stop = place
            if (
                place + 1 < len(tokens)
                and tokens[place].text == "-"
                and tokens[place + 1].kind == "number"
                and tokens[place].start == tokens[place - 1].end
            ):
                stop = place = place + 2
            while place < len(tokens) and tokens[place].text in "\"'»”":
                place += 1
                stop = place
        return stop

    def _continues_name(self, place: int) -> bool:
        token = self._tokens[place]
        previous = self._tokens[place - 1]
        return (
            self._is(place, words.AUXILIARY)
            or self._text[token.start].isupper()
            or previous.text in {".", "«", '"'}
            or words.street_likeness(token.text) >= 0.5
        )

    def _is_name_word(self, place: int) -> bool:
        if place >= len(self._tokens) or self._tokens[place].kind != "word":
            return False
        found = words.classes(self._tokens[place].text)
        return found.isdisjoint(
            {words.STOP, words.HOUSE, words.FLAT, words.WITHIN, words.NUMBER_WORD}
        ) or (
            self._text[self._tokens[place].start].isupper() and len(self._tokens[place].text) == 1
        )

    def _district(self, place: int) -> Part | None:
        """Мкр Самал-2; ЖК "Нурлы Тау"; микрорайон 8."""
        if not self._is(place, words.DISTRICT):
            return None
        after = self._skip(place + 1)
        if self._is_number(after):
            return Part(place, self._number_end(after), words.DISTRICT, 1.0)
        stop = self._name_end(after, longest=3)
        if stop == after:
            return None
        # A name may bear a number before the house's own: мкр Самал 2, 33.
        if self._is_number(stop) and (
            self._is_number(self._skip(stop + 1, frozenset(",")))
            or self._is(self._skip(stop + 1, frozenset(",")), words.HOUSE)
        ):
            stop += 1
        return Part(place, stop, words.DISTRICT, 1.5)

    def _named_behind(self, place: int) -> Part | None:
        """Абай көшесі; Dostyk ave; Самал-3 мөлтек ауданы."""
        tokens = self._tokens
        stop = place
        for _ in range(3):
            if not self._is_name_word(stop):
                return None
            stop += 1
            if (
                stop + 1 < len(tokens)
                and tokens[stop].text == "-"
                and tokens[stop + 1].kind == "number"
            ):
                stop += 2
            elif (
                stop < len(tokens)
                and tokens[stop].kind == "number"
                and self._type_at(stop + 1) == words.DISTRICT
            ):
                stop += 1
            while stop < len(tokens) and tokens[stop].text in '»"”':
                stop += 1
            kind = self._type_at(stop)
            if kind:
                last = stop + 1
                if self._simple.startswith(("шағын ", "ықшам ", "мөлтек "), tokens[stop].start):
                    last += 1
                last = self._skip(last, frozenset("."))
                return Part(place, last, kind, 2.0 if kind == words.STREET else 1.5)
            if (
                stop < len(tokens)
                and self._is_name_word(stop)
                and not (
                    self._continues_name(stop)
                    and (
                        self._text[tokens[place].start].isupper()
                        or self._is(stop, words.AUXILIARY)
                        or words.street_likeness(tokens[place].text) >= 1
                    )
                )
            ):
                return None
        return None

    def _type_at(self, place: int) -> str | None:
        if self._is(place, words.STREET_AFTER):
            return words.STREET
        if (
            place < len(self._tokens)
            and self._tokens[place].text == "к"
            and self._simple.startswith("к. ", self._tokens[place].start)
        ):
            return words.STREET if self._is_number(place + 2) else None
        if self._is(place, words.DISTRICT_AFTER):
            return words.DISTRICT
        if (
            place + 1 < len(self._tokens)
            and self._tokens[place].text in {"шағын", "ықшам", "мөлтек"}
            and self._is(place + 1, words.DISTRICT_AFTER)
        ):
            return words.DISTRICT
        return None

    def _name(self, place: int, before: list[Part]) -> Part | None:
        """A street's name alone, right before a number or behind a house: Абая 10; Кабанбай батыра 60/3; дом 8 по Пушкина."""
        tokens = self._tokens
        if not self._is_name_word(place) or fold(tokens[place].text) in words.CITIES:
            return None
        stop = self._name_end(place, longest=3)
        if stop < len(tokens) - 1 and tokens[stop].text == "/" and self._likeness(stop + 1) >= 1:
            stop += 2  # a corner: Сейфуллина/Макатаева
        if stop == place or (
            len(tokens[stop - 1].text.strip("\"'»”")) == 1 and tokens[stop - 1].kind == "word"
        ):
            return None
        best = max(map(self._likeness, range(place, stop)), default=0.0)
        if (
            any(self._is(p, words.AUXILIARY) for p in range(place + 1, stop))
            or tokens[stop - 1].kind == "number"
        ):
            best = max(best, 1.0)
        behind = self._skip(stop, frozenset(",/"))
        house_next = self._is_number(behind) and not self._is_measured(behind)
        house_before = best >= 1 and any(part.kind == words.HOUSE for part in before)
        if not best or not (house_next or house_before or self._is(behind, words.HOUSE)):
            return None
        return Part(place, stop, "name", best)

    def _likeness(self, place: int) -> float:
        token = self._tokens[place]
        if (
            token.kind != "word"
            or self._is(place, words.AUXILIARY)
            or not self._is_name_word(place)
        ):
            return 0.0
        return words.street_likeness(token.text)
