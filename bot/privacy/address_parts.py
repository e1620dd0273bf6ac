"""The parts of an address, read where they begin: a street, a quarter, a house, a flat, a city."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.privacy import street_words as words
from bot.privacy.address_tokens import MARKS_IN_NAME, TokenRow
from bot.privacy.vocabulary import is_name, romanised

INDEX = "index"
NUMBER = "number"
NAME = "name"
"""A street's name without the word for street."""

_NUMBERED_STREET = re.compile(
    r"\d{1,2}(?:-?[а-я]{1,2})?\s(?:марта|мая|апреля|декабря|октября|лет\s\w+|линия|панфиловцев|гвардейц\w+)(?!\w)"
    r"|\d{1,2}-я\s\w+"
)
_LETTERED = re.compile(r"[а-яa-z]{1,2}(?:-\d{1,3})?")
_LONGEST_NAME = 9
"""Tokens: three words with their marks and a number."""
_QUARTER_WORDS = frozenset({"шағын", "ықшам", "мөлтек"})
_NUMBER_MARKS = frozenset({",", "-", "/"})
_SENTENCE_MARKS = frozenset({"", ",", ".", ";", "!", "?", ")", "-"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an address: the tokens from `first` to before `after`, what it is, and how much it says."""

    first: int
    after: int
    kind: str
    weight: float


class PartReader:
    """Reads the part that begins at a token, given the parts before it."""

    def __init__(self, row: TokenRow) -> None:
        self._row = row

    def part(self, place: int, before: Sequence[Part]) -> Part | None:
        """Return the part that begins at a token; None when none does."""
        kind = self._row[place].kind
        if kind == "index":
            return Part(place, place + 1, INDEX, 0.0 if before else 0.25)
        if kind == "number":
            return self._unit_behind(place) or self._number(place, before)
        if kind != "word":
            return None
        return (
            self._place(place)
            or self._unit(place)
            or self._street(place)
            or self._quarter(place)
            or self._named_behind(place)
            or self._unit_behind(place)
            or self._number(place, before)
            or self._corner(place, before)
            or self._name(place, before)
        )

    def _place(self, place: int) -> Part | None:
        """г. Алматы; Алматы қаласы; Медеуский район. A city without such a word is no part: it stays readable."""
        row = self._row
        after = row.skip(place + 1, frozenset("."))
        if row.is_word(place, words.PLACE) and row.is_name_word(after):
            dotted = len(row[place].text) > 1 or after > place + 1
            if dotted or romanised(row[after].text) in words.CITIES:
                stop = after + 1 + row.is_word(after + 1, words.AUXILIARY)
                return Part(place, stop, words.PLACE, 0.5)
        if row.is_name_word(place) and row.is_word(place + 1, words.PLACE_AFTER):
            return Part(place, row.skip(place + 2, frozenset(".")), words.PLACE, 0.5)
        return None

    def _unit(self, place: int) -> Part | None:
        """Дом 5, кв. 12, подъезд 2, корпус А4."""
        row = self._row
        kind = next((kind for kind in words.UNITS if row.is_word(place, kind)), None)
        if kind is None:
            return None
        weight = 0.5 if kind == words.WITHIN else 1.0
        after = row.skip(place + 1, frozenset(".:№#-"))
        if row.is_number(after):
            counted = kind == words.FLAT and row.is_measured(after)
            if not counted or row.is_word(after + 1, words.FLAT):
                return Part(place, row.number_end(after), kind, weight)
        if row[after].kind == "long" and kind == words.WITHIN:
            return Part(place, after + 1, kind, weight)
        if kind == words.HOUSE and self._is_lettered(after):
            stop = after + 1 + (row[after + 1].kind == "number" and row.is_glued(after + 1))
            return Part(place, stop, kind, 0.5)
        return None

    def _is_lettered(self, place: int) -> bool:
        """Tell whether a house is called by a letter: корпус А4, блок С."""
        row = self._row
        return _LETTERED.fullmatch(row[place].text) is not None and (
            row.is_capital(place) or not row.is_word(place, words.STOP)
        )

    def _unit_behind(self, place: int) -> Part | None:
        """12 дом, 5-пәтер, 7 мкр, 3-й подъезд."""
        row = self._row
        if not row.is_number(place):
            return None
        after = row.skip_ordinal(row.said_end(place))
        if self._is_area(place, after):
            return None
        if row.is_word(after, words.DISTRICT, words.DISTRICT_AFTER):
            return Part(place, row.skip(after + 1, frozenset(".")), words.DISTRICT, 1.0)
        if row[after].text in _QUARTER_WORDS and row.is_word(after + 1, words.DISTRICT_AFTER):
            return Part(place, after + 2, words.DISTRICT, 1.0)
        kind = next((kind for kind in words.UNITS if row.is_word(after, kind)), None)
        if kind is None or (kind == words.HOUSE and self._is_house_of_its_own(after)):
            return None
        weight = 0.5 if kind == words.WITHIN else 1.0
        return Part(place, row.skip(after + 1, frozenset(".")), kind, weight)

    def _is_house_of_its_own(self, unit: int) -> bool:
        """Tell whether the number before a house's word is another's: 53 блок С, Восток 5 дом 11 кв 3."""
        row = self._row
        if self._is_lettered(unit + 1):
            return True
        named = row.is_number(unit + 1) and row.is_word(unit + 2, words.FLAT)
        return named and row.is_number(row.skip(unit + 3))

    def _is_area(self, number: int, unit: int) -> bool:
        """Tell whether "кв" behind a number is of square metres."""
        row = self._row
        if not row.is_word(unit, words.FLAT) or not row.is_measured(number):
            return False
        metres = row.plain.startswith((" м", ". м", ".м"), row[unit].end)
        return metres or row[unit].text not in {"кв", "kv"}

    def _number(self, place: int, before: Sequence[Part]) -> Part | None:
        """A house's number without a word for it, behind a street, or in front of an English one."""
        row = self._row
        if not row.is_number(place) or row.is_measured(place):
            return None
        numbers = sum(part.kind == NUMBER for part in before)
        last = before[-1].kind if before else ""
        if numbers > 1:
            return None
        if numbers and last != words.DISTRICT and not self._is_apart(place):
            return None
        if not any(part.kind in _BEFORE_NUMBERS for part in before):
            following = self._named_behind(place + 1)
            if (following is None or following.kind != words.STREET) and not self._flat_follows(
                place + 1
            ):
                return None
        compound = before and row[place].kind == "number" and not row[place].text.isdecimal()
        return Part(place, row.number_end(place), NUMBER, 1.0 if compound else 0.5)

    def _flat_follows(self, place: int) -> bool:
        """Tell whether a street's name and a flat come next: 85 Tulebaev, flat 4."""
        unit = self._unit(self._row.skip(place + 1, frozenset(",.")))
        return self._likeness(place) >= 1 and unit is not None and unit.kind == words.FLAT

    def _is_apart(self, place: int) -> bool:
        """Tell whether a second number stands between marks: "Абая 45, 9"."""
        row = self._row
        return row[place - 1].text in _NUMBER_MARKS and row[place + 1].text in _SENTENCE_MARKS

    def _street(self, place: int) -> Part | None:
        """Ул. Абая; проспект Мангилик Ел; ul. Satpaeva; улица 8 Марта."""
        row = self._row
        if not row.is_word(place, words.STREET, words.STREET_AFTER):
            return None
        after = row.skip(place + 1)
        if row.is_word(after, words.STREET):
            after = row.skip(after + 1)
        numbered = _NUMBERED_STREET.match(row.plain, row[after].start)
        if numbered:
            while row[after].kind and row[after].start < numbered.end():
                after += 1
            return Part(place, after, words.STREET, 2.0)
        if row[after].kind == "number":
            called = row[after - 1].text == "№" or row.is_word(
                row.skip(after + 1, frozenset(",")), words.HOUSE
            )
            return Part(place, after + 1, words.STREET, 1.5) if called else None
        stop = self._name_end(after, longest=4)
        return Part(place, stop, words.STREET, 2.0) if stop > after else None

    def _quarter(self, place: int) -> Part | None:
        """Мкр Самал-2; ЖК "Нурлы Тау"; микрорайон 8."""
        row = self._row
        if not row.is_word(place, words.DISTRICT):
            return None
        after = row.skip(place + 1)
        if row[after].text in {"комплекс", "комплексе", "массив", "массиве"}:
            after = row.skip(after + 1)
        if row.is_number(after):
            return Part(place, row.number_end(after), words.DISTRICT, 1.0)
        stop = self._name_end(after, longest=3)
        if stop == after:
            return None
        ahead = stop
        while ahead < after + 3 and row.is_name_word(ahead):
            ahead += 1
        if row.is_word(ahead, *words.UNITS):
            stop = ahead  # жк комфорт сити блок 7
        # A name may bear a number before the house's own: мкр Самал 2, 33.
        following = row.skip(stop + 1, frozenset(","))
        if row.is_number(stop) and (
            row.is_number(following) or row.is_word(following, words.HOUSE)
        ):
            stop += 1
        return Part(place, stop, words.DISTRICT, 1.5)

    def _named_behind(self, place: int) -> Part | None:
        """Абай көшесі; Dostyk ave; Самал-3 мөлтек ауданы; Сарыарка пр., 45."""
        row = self._row
        stop = place
        for _ in range(3):
            if not row.is_name_word(stop):
                return None
            stop += 1
            if row[stop].text == "-" and row[stop + 1].kind == "number":
                stop += 2
            elif row[stop].kind == "number" and self._type_at(stop + 1) == words.DISTRICT:
                stop += 1
            stop = row.skip(stop, frozenset('»"”'))
            kind = self._type_at(stop)
            if kind:
                last = row.skip(stop + 1 + (row[stop].text in _QUARTER_WORDS), frozenset("."))
                return Part(place, last, kind, 2.0 if kind == words.STREET else 1.5)
            if not self._continues_name(stop) or not (
                row.is_capital(place)
                or row.is_word(stop, words.AUXILIARY)
                or self._likeness(place) >= 1
            ):
                return None
        return None

    def _type_at(self, place: int) -> str | None:
        """Return what a word behind a name says that the name is of."""
        row = self._row
        if row.is_word(place, words.STREET_AFTER):
            return words.STREET
        behind = row.skip(place + 1, frozenset(".,"))
        if row.is_word(place, words.STREET) and row[behind].kind == "number":
            return words.STREET
        if row[place].text == "к" and row[place + 1].text == "." and row.is_number(behind):
            return words.STREET
        if row.is_word(place, words.DISTRICT_AFTER) or (
            row[place].text in _QUARTER_WORDS and row.is_word(place + 1, words.DISTRICT_AFTER)
        ):
            return words.DISTRICT
        return None

    def _name(self, place: int, before: Sequence[Part]) -> Part | None:
        """A street's name alone, right before a number or behind a house: Абая 10; дом 8 по Пушкина."""
        row = self._row
        near = range(place + 1, place + _LONGEST_NAME)
        if not before and not any(row.is_number(p) or row.is_word(p, words.HOUSE) for p in near):
            return None
        if not row.is_name_word(place) or romanised(row[place].text) in words.CITIES:
            return None
        stop = self._name_end(place, longest=3)
        if row[stop].text == "/" and self._likeness(stop + 1) >= 1:
            stop += 2  # a corner: Сейфуллина/Макатаева
        last = row[row.skip(stop - 1, frozenset("\"'»”"))]
        if stop == place or (last.kind == "word" and len(last.text) == 1):
            return None
        if (
            not self._likeness(place)
            and not is_name(row[place].text)
            and not row.is_word(place + 1, words.AUXILIARY)
            and stop > place + 1
        ):
            return None  # палатка Kolsai: the name begins later
        best = max(map(self._likeness, range(place, stop)), default=0.0)
        if row[stop - 1].kind == "number":
            best = max(best, 1.0)
        if any(row.is_word(other, words.AUXILIARY) for other in range(place + 1, stop)):
            best = max(best, 1.5)
        behind = row.skip(stop, frozenset(",/"))
        if not best and row.is_capital(place) and self._is_housed(behind):
            best = 0.5
        numbered = row.is_number(behind) and not row.is_measured(behind)
        housed = row.is_word(behind, words.HOUSE) or (
            best >= 1 and any(part.kind in {words.HOUSE, NUMBER} for part in before)
        )
        return Part(place, stop, NAME, best) if best and (numbered or housed) else None

    def _is_housed(self, place: int) -> bool:
        """Tell whether a house and a flat come next."""
        house = self._unit(place) or (
            Part(place, self._row.number_end(place), NUMBER, 0.5)
            if self._row.is_number(place)
            else None
        )
        return (
            house is not None
            and self._unit(self._row.skip(house.after, frozenset(",."))) is not None
        )

    def _corner(self, place: int, before: Sequence[Part]) -> Part | None:
        """The other street of a corner, behind a house: Абая 10, угол Байзакова."""
        row = self._row
        if not before or row[place].text not in {"угол", "уг"}:
            return None
        after = row.skip(place + 1)
        if row.is_word(after, words.STREET):
            after = row.skip(after + 1)
        stop = self._name_end(after, longest=3)
        return Part(place, stop, words.WITHIN, 0.0) if stop > after else None

    def _name_end(self, place: int, *, longest: int) -> int:
        """Return where a name that begins at a token ends: words, initials, quotation marks, a number grown on."""
        row = self._row
        taken = 0
        stop = place
        while taken < longest:
            if row[place].text != "." or len(row[place - 1].text) == 1:
                place = row.skip(place, MARKS_IN_NAME - {"-"})
            if not row.is_name_word(place) or (taken and not self._continues_name(place)):
                break
            taken += 1
            place += 1
            if row[place].text == "-" and row.is_glued(place) and row[place + 1].kind == "number":
                place += 2
            stop = place = row.skip(place, frozenset("\"'»”"))
        return stop

    def _continues_name(self, place: int) -> bool:
        row = self._row
        return row.is_name_word(place) and (
            row.is_word(place, words.AUXILIARY)
            or row.is_capital(place)
            or row[place - 1].text in {".", "«", '"'}
            or words.street_likeness(row[place].text) >= 0.5
        )

    def _likeness(self, place: int) -> float:
        """Return how likely a word is a street's name by itself."""
        row = self._row
        if row.is_word(place, words.AUXILIARY) or not row.is_name_word(place):
            return 0.0
        if row.is_capital(place) and place and words.ADJECTIVE.fullmatch(row[place].text):
            return 1.0
        return words.street_likeness(row[place].text)


_BEFORE_NUMBERS = frozenset({words.STREET, NAME, words.DISTRICT, words.PLACE, words.HOUSE})
