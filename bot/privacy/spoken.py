"""Numbers said in words: "восемь семьсот пять сто двенадцать", "сегіз жеті жүз бес", "eight seven oh one".

A run of number words, mixed with digits or not, becomes the digits a listener would write down.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_UNITS = """
ноль=0 нуль=0 ноля=0 нуля=0 нолик=0 один=1 одна=1 раз=1 два=2 две=2 три=3 четыре=4 пять=5 шесть=6 семь=7 восемь=8 девять=9
нөл=0 бір=1 екі=2 үш=3 төрт=4 бес=5 алты=6 жеті=7 сегіз=8 тоғыз=9
zero=0 oh=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9
"""
_TEENS = """
десять=10 одиннадцать=11 двенадцать=12 тринадцать=13 четырнадцать=14 пятнадцать=15 шестнадцать=16 семнадцать=17
восемнадцать=18 девятнадцать=19 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 fifteen=15 sixteen=16 seventeen=17
eighteen=18 nineteen=19
"""
_TENS = """
двадцать=20 тридцать=30 сорок=40 пятьдесят=50 пийсят=50 шестьдесят=60 шисят=60 семьдесят=70 восемьдесят=80 девяносто=90
он=10 жиырма=20 отыз=30 қырық=40 елу=50 алпыс=60 жетпіс=70 сексен=80 тоқсан=90
twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90
"""
_HUNDREDS = """
сто=100 двести=200 триста=300 четыреста=400 пятьсот=500 пятсот=500 шестьсот=600 шестсот=600 семьсот=700 семсот=700
восемьсот=800 восемсот=800 девятьсот=900 девятсот=900
"""
_REPEATED = """
нуля=0 нулей=0 единицы=1 двойки=2 тройки=3 четвёрки=4 четверки=4 пятёрки=5 пятерки=5 шестёрки=6 шестерки=6 семёрки=7
семерки=7 восьмёрки=8 восьмерки=8 девятки=9
"""
_A_HUNDRED = frozenset({"жүз", "hundred"})
_ENGLISH_TIMES = {"double": 2, "triple": 3}
_TIMES = {**_ENGLISH_TIMES, "два": 2, "две": 2, "три": 3}
_PLUS = frozenset({"плюс", "plus", "қосу"})


def _table(pairs: str) -> dict[str, int]:
    return {word: int(value) for word, value in (pair.split("=") for pair in pairs.split())}


_UNIT, _TEEN, _TEN, _HUNDRED = (_table(pairs) for pairs in (_UNITS, _TEENS, _TENS, _HUNDREDS))
_MANY = _table(_REPEATED)
_NUMBER_WORDS = sorted(
    {*_UNIT, *_TEEN, *_TEN, *_HUNDRED, *_MANY, *_A_HUNDRED, *_TIMES, *_PLUS},
    key=len,
    reverse=True,
)
WORDS = tuple(sorted({*_UNIT, *_TEEN, *_TEN, *_HUNDRED, *_A_HUNDRED}))
"""The words of numbers below a thousand."""

_WORD = "|".join(_NUMBER_WORDS)
_PIECE = rf"(?:(?<!\w)(?:{_WORD})(?!\w)|\+?(?<!\d)\d{{1,12}}(?!\d))"
_RUN = re.compile(rf"{_PIECE}(?:[\s,.\-()и]{{1,3}}{_PIECE}){{3,40}}")
_TOKEN = re.compile(rf"{_WORD}|\+?\d+")
_QUICK = re.compile(rf"(?<!\w)(?:{_WORD})(?!\w)")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A part of a number that was said: its place in the text and its digits, "+" included."""

    start: int
    end: int
    digits: str


def has_number_words(text: str) -> bool:
    """Tell whether any number is said in words in a plain text."""
    return _QUICK.search(text) is not None


def find_spoken(text: str) -> Iterator[list[Spoken]]:
    """Yield every run of at least four numbers of which some are words; `text` is plain (see typography)."""
    if not has_number_words(text):
        return
    for match in _RUN.finditer(text):
        if has_number_words(match.group()):
            yield list(_read([*_TOKEN.finditer(text, match.start(), match.end())]))


def _read(tokens: list[re.Match[str]]) -> Iterator[Spoken]:
    place = 0
    while place < len(tokens):
        words = [token.group() for token in tokens[place : place + 4]]
        digits, taken = _first_number(words)
        yield Spoken(tokens[place].start(), tokens[place + taken - 1].end(), digits)
        place += taken


def _first_number(words: list[str]) -> tuple[str, int]:
    """Return the digits of the number that up to four words begin with, and how many of them it takes."""
    word, rest = words[0], words[1:]
    following = rest[0] if rest else ""
    digits, taken = "" if word in _TIMES else word, 1
    if word in _PLUS:
        digits = "+"
    elif word in _TIMES and (following in _MANY or (word in _ENGLISH_TIMES and following in _UNIT)):
        digits, taken = str(_MANY.get(following, _UNIT.get(following))) * _TIMES[word], 2
    elif word in _UNIT and following in _A_HUNDRED:
        below, more = _below_hundred(rest[1:])
        digits, taken = str(_UNIT[word] * 100 + below), 2 + more
    elif word in _HUNDRED or word in _A_HUNDRED:
        below, more = _below_hundred(rest)
        digits, taken = str(_HUNDRED.get(word, 100) + below), 1 + more
    elif word in _TEN or word in _TEEN:
        below, taken = _below_hundred(words)
        digits = str(below)
    elif word in _UNIT or word in _MANY:
        digits = str(_UNIT.get(word, _MANY.get(word)))
    return digits, taken


def _below_hundred(words: list[str]) -> tuple[int, int]:
    """Return the number from 1 to 99 that words begin with, and how many of them it takes; nothing: 0 of none."""
    word, following, third = (*words, "", "", "")[:3]
    if word in _TIMES and following in _MANY:
        return 0, 0
    if word in _TEN:
        unit = 0 if following in _TIMES and third in _MANY else _UNIT.get(following, 0)
        return _TEN[word] + unit, 2 if unit else 1
    value = _TEEN.get(word, 0) or _UNIT.get(word, 0)
    return value, 1 if value else 0
