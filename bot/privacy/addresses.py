"""Finding street addresses as people type them: in any order and case, with or without commas, in three languages.

A text is read as a row of parts: a street, a quarter, a house, a flat, an entrance. Parts that stand together are an
address when they say enough: a street without a house stays, because customers ask about streets, and so does a city.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from bot.privacy import street_words as words
from bot.privacy.address_parts import NAME, NUMBER, Part, PartReader
from bot.privacy.address_tokens import TokenRow
from bot.privacy.spoken import has_number_words
from bot.privacy.vocabulary import romanised
from bot.privacy.whereabouts import find_places

_BOX = re.compile(r"p\.?\s?o\.?\s?box\s\d{1,6}|(?:а/я|абонентский ящик)\s№?\s?\d{1,6}")
_ENOUGH = 2.0
_CUE_REACH = 45
_STREETS = frozenset({words.STREET, NAME})
_VILLAGES = frozenset({"посёлок", "поселок", "пос", "село", "с", "п", "аул", "ауыл", "деревня"})
_WITHIN = r"(?:подъезд\w?|под|п-д|парадн\w{2}|этаж\w?|эт|қабат\w{0,5}|кіреберіс\w{0,5}|entrance|floor|домофон\w?)"
_COUNT = r"(?:\d{1,6}[\w#*]{0,6}|\w{2,8}-?(?:ый|ой|ий|ом|ем|ші|шы)|first|second|third)"
_WITHIN_BEHIND = re.compile(
    rf"(?<!\w)[\s,.;]{{0,3}}(?<!\w)(?:{_WITHIN}[\s.:№#]{{0,3}}{_COUNT}|{_COUNT}(?:-?\w{{1,3}})?[\s\-]{{1,2}}{_WITHIN})\W{{0,2}}(?!.)",
    re.DOTALL,
)
_MARKS_BETWEEN = frozenset(",.-/\"'«»“”()№#:;")
_LINKS = frozenset({"по", "в", "на", "во"})
_LONGEST_REMARK = 6
_MOST_OF_A_KIND = 3
"""Parts of one kind in an address: house, building and block. A row without end costs no time without end."""
_LONGEST_START = 16
"""Tokens of an address in front of its first number, postal words among them."""


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every address in `text`."""
    row = TokenRow.of(text)
    yield from find_places(text, row.plain)
    if not any(map(str.isdecimal, row.plain)) and not has_number_words(row.plain):
        return
    for match in _BOX.finditer(row.plain):
        yield match.span()
    reader = PartReader(row)
    numbers = [place for place in range(len(row)) if row.is_number(place)]
    place = 0
    while place < len(row):
        following = bisect_left(numbers, place)
        if following == len(numbers):
            return
        # An address holds a number; most words of a long text are far from any.
        place = max(place, numbers[following] - _LONGEST_START)
        parts = _parts_from(reader, row, place)
        if parts and _says_enough(row, parts):
            told, end = _without_surroundings(row, parts)
            yield row[_start(row, told)].start, end
            place = parts[-1].after
        elif parts and parts[0].kind in words.UNITS:
            place = parts[0].after
        else:
            place += 1


def _parts_from(reader: PartReader, row: TokenRow, place: int) -> list[Part]:
    """Return the parts that stand together from a token on; empty when none begins there."""
    parts: list[Part] = []
    part = reader.part(place, parts)
    while part and sum(other.kind == part.kind for other in parts) < _MOST_OF_A_KIND:
        parts.append(part)
        found = (reader.part(after, parts) for after in _next_places(row, part.after))
        part = next(filter(None, found), None)
        if part and part.kind in _STREETS and any(other.kind in _STREETS for other in parts):
            part = None  # an address has one street
    return parts


def _without_surroundings(row: TokenRow, parts: Sequence[Part]) -> tuple[Sequence[Part], int]:
    """Return parts without the town around them, and where they end without the entrance, floor or intercom behind.

    These tell nobody's home, and a business speaks of them. Between the parts of an address they stay with it.
    """
    first, after = 0, len(parts)
    if any(part.kind in {*_STREETS, words.DISTRICT} for part in parts):
        while after - first > 1 and _is_town(row, parts[after - 1]):
            after -= 1
        while after - first > 1 and parts[first].kind == words.PLACE:
            first += 1
    start, end = row[parts[first].first].start, row[parts[after - 1].after - 1].end
    while cut := _WITHIN_BEHIND.search(row.plain, start, end):
        end = cut.start()
    return parts[first:after], end


def _is_town(row: TokenRow, part: Part) -> bool:
    return part.kind == words.PLACE or (
        part.kind == words.DISTRICT and row[part.first].text in _VILLAGES
    )


def _start(row: TokenRow, parts: Sequence[Part]) -> int:
    """Return where an address begins: with what its first house belongs to, whatever that is called (Восток 5, дом 11)."""
    first = parts[0].first
    if parts[0].kind != words.HOUSE or not any(part.kind == words.FLAT for part in parts):
        return first
    place = first - 1
    while place > 0 and row[place].text in {",", "."}:
        place -= 1
    if place > 0 and row[place].kind in {"number", "long"}:
        place -= 1
        return place if row[place].kind == "word" and not row.is_word(place, words.STOP) else first
    return place if place >= 0 and row.is_name_word(place) and row.is_capital(place) else first


def _next_places(row: TokenRow, place: int) -> Iterator[int]:
    """Yield where the next part may begin: behind marks, a remark in brackets, a linking word, a city."""
    start = place
    while place - start < 3 and row[place].text in _MARKS_BETWEEN:
        if row[place].text == "(":
            inside = range(place, place + _LONGEST_REMARK)
            closing = next((other for other in inside if row[other].text == ")"), None)
            if closing:
                yield row.skip(closing + 1, frozenset(","))
        place += 1
    yield place
    if row[place].text in _LINKS:
        yield place + 1
    elif romanised(row[place].text) in words.CITIES:
        yield row.skip(place + 1, frozenset(","))


def _says_enough(row: TokenRow, parts: Sequence[Part]) -> bool:
    """Tell whether these parts are somebody's address."""
    kinds = {part.kind for part in parts}
    numbered = kinds & {NUMBER, words.HOUSE, words.FLAT}
    placed = kinds & {*_STREETS, words.DISTRICT} or {words.HOUSE, words.FLAT} <= kinds
    if not numbered or not placed:
        return False
    start, end = row[parts[0].first].start, row[parts[-1].after - 1].end
    before = row.plain[max(0, start - _CUE_REACH) : start]
    if words.OF_COMPANY.search(before) or words.OPEN_THERE.match(row.plain, end):
        return False
    weight = sum(part.weight for part in parts)
    led = words.ADDRESS_PREPOSITION.search(before) is not None
    if words.CUE.search(before) or words.CUE.search(row.plain, end, end + _CUE_REACH // 2):
        weight += 0.75 if led else 0.5
    elif led or _stands_alone(row, parts):
        weight += 0.5
    return weight >= _ENOUGH


def _stands_alone(row: TokenRow, parts: Sequence[Part]) -> bool:
    """Tell whether a message or its first phrase is but a known street: "Достык 85", and not "Достык 85 есть?".

    A house and a flat in one number ("32-16") make up for a street that is not known.
    """
    if parts[0].kind == NAME and parts[0].weight <= 1 and parts[-1].weight < 1:
        return False
    first, after = parts[0].first, parts[-1].after
    opening = first == 0 or (first <= 2 and romanised(row[0].text) in words.CITIES)
    return opening and row[after].kind in {"", "mark"}
