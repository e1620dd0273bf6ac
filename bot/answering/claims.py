"""What a sentence claims that can be compared letter by letter: figures with their units, and links."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.knowledge.letters import fold

_SPACE = "[ \u00a0\u202f\u2009]"
_TOKEN = re.compile(
    rf"<[A-Z]+_\d+>"
    rf"|(?P<clock>\d{{1,2}}:\d{{2}})(?!\d)"
    rf"|(?P<number>\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
    rf"|(?P<word>[^\W\d_][^\W_]*(?:['’-][^\W\d_]+)*)"
    rf"|(?P<symbol>[₸$€₽%])"
)
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>«»\"]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w@.])@[a-z]\w{3,}"
    r"|(?<![\w@.])(?:[a-z0-9][a-z0-9-]*\.)+(?:kz|ru|com|org|net|info|io|me|app|shop|store|online|site|example|рф|қаз)\b(?:/[^\s<>«»\"]*)?",
    re.IGNORECASE,
)

_UNITS = {
    "kzt": "₸ тг тенге kzt tenge",
    "usd": "$ usd доллар dollar бакс",
    "eur": "€ eur евро euro",
    "rub": "₽ руб rub rubl сом",
    "percent": "% процент паииз паииза percent паыз пайыз",
    "minute": "мин minut минут minute min",
    "hour": "час hour hr сагат",
    "day": "день дня дней дню сут day кун",
    "week": "недел week апта",
    "month": "месяц мес= month аи= ай= айга айдан айдын айлык айы= айда",
    "year": "год= года= году годов лет= year жыл жас",
    "km": "км km километр kilomet шакырым",
    "metre": "метр metre meter",
    "kg": "кг kg килограмм kilogram",
    "lb": "фунт pound lb",
    "gram": "грамм gram",
    "litre": "литр litre liter",
    "piece": "штук шт= дана piece pcs",
    "time": "раз= раза= рет time= times=",
    "person": "человек адам people person",
    "session": "занят урок сеанс lesson session сабак",
}
_EXACT: dict[str, str] = {}
_BEGINNINGS: dict[str, str] = {}
for _unit, _words in _UNITS.items():
    for _word in _words.split():
        if _word.endswith("=") or len(_word) <= 2:
            _EXACT[_word.rstrip("=")] = _unit
        else:
            _BEGINNINGS[_word] = _unit
_DURATIONS = frozenset({"minute", "hour", "day", "week", "month", "year"})
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0}
_MONTHS = {"month": 1.0, "year": 12.0}
_MONEY = frozenset({"kzt", "usd", "eur", "rub"})
_FREE = re.compile(r"^(?:бесплатн|безвозмездн|тегин$|акысыз|free$|gratis|complimentary)")
_BETWEEN = frozenset(
    ["рабочих", "календарных", "полных", "business", "working", "calendar", "жумыс"]
)
_JOINING = frozenset(["до", "to", "или", "or", "немесе"])
_BOUND_BEFORE = frozenset(
    ["от", "свыше", "более", "больше", "дороже", "from", "over", "above", "exceeding", "кеминде"]
)
_BOUND_AFTER = frozenset(
    ["бастап", "басталады", "басталса", "басталатын", "жогары", "асса", "асатын", "аса"]
)
_AFTERNOON = frozenset(["вечера", "pm", "кешкы", "кешки"])
_OF_DAY = _AFTERNOON | frozenset(["утра", "ночи", "am", "тангы"])
_HALVES = {"полгода": ("6", "month"), "полчаса": ("30", "minute")}
_HALF = frozenset(["half", "жарты", "половина", "половину"])
_ARTICLES = frozenset(["a", "an"])
_NUMBER_WORDS = {
    word: value
    for value, listed in {
        "1": "один одна одно одного одной одну бир one",
        "2": "два две двух двум двумя двое еки two",
        "3": "три трех трем тремя уш three",
        "4": "четыре четырех торт four",
        "5": "пять пяти бес five",
        "6": "шесть шести алты six",
        "7": "семь семи жети seven",
        "8": "восемь восьми сегиз eight",
        "9": "девять девяти тогыз nine",
        "10": "десять десяти он ten",
    }.items()
    for word in listed.split()
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign. `text` is folded, `raw` as written; `value` of a number; `unit` where it is one's name."""

    text: str
    raw: str
    value: str | None = None
    unit: str | None = None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit, None where none is named.

    `place` is its token's; `bound`: it is a threshold ("from 30 000 ₸"), which is no price.
    """

    value: str
    unit: str | None
    place: int
    bound: bool = False

    @property
    def amount(self) -> tuple[str, float] | None:
        """How long a duration is, whatever it is counted in: a year is twelve months, two days are 48 hours."""
        for name, factors in (("hours", _HOURS), ("months", _MONTHS)):
            if self.unit in factors:
                return name, round(float(self.value.replace(":", ".")) * factors[self.unit], 4)
        return None

    @property
    def family(self) -> str | None:
        """What figures it could be mistaken for: money, a duration, a share ..."""
        if self.unit in _MONEY or self.unit == "free":
            return "money"
        return "duration" if self.unit in _DURATIONS else self.unit


def tokens_of(text: str) -> list[Token]:
    """Return the words, numbers and signs of a text, in order. Markers of masked data are words."""
    found = []
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if match["clock"]:
            hours, minutes = raw.split(":")
            value = str(int(hours)) if minutes == "00" else f"{int(hours)}:{minutes}"
            found.append(Token(raw, raw, value, "clock", match.start()))
        elif match["number"]:
            found.append(Token(raw, raw, _value(raw), None, match.start()))
        elif match["symbol"]:
            found.append(Token(raw, raw, None, unit_of(raw), match.start()))
        else:
            # The hard sign folds to nothing.
            word = fold(raw.replace("ъ", "").replace("Ъ", "")) if raw[0] != "<" else raw
            parts = word.split("-")
            # "Два-три" are two numbers; other words with a hyphen are one.
            numbers = all(part in _NUMBER_WORDS for part in parts)
            found += [
                Token(part, raw, None, unit_of(part), match.start())
                for part in (parts if numbers else [word])
            ]
    return found


def figures_of(tokens: Sequence[Token]) -> list[Figure]:
    """Return the figures: numbers, number words before a unit, and "free", which is a price."""
    found = []
    for place, token in enumerate(tokens):
        if token.value is not None:
            unit = token.unit or _unit_near(tokens, place)
            value = _of_afternoon(tokens, place) if unit == "clock" else token.value
            found.append(Figure(value, unit, place, _is_bound(tokens, place)))
        elif token.text in _NUMBER_WORDS:
            unit = _unit_near(tokens, place)
            if unit is not None and unit not in _MONEY:
                found.append(Figure(_NUMBER_WORDS[token.text], unit, place))
        elif token.text in _HALVES:
            found.append(Figure(*_HALVES[token.text], place))
        elif token.text in _HALF:
            after = [
                other for other in tokens[place + 1 : place + 3] if other.text not in _ARTICLES
            ]
            if after and after[0].unit in _DURATIONS:
                found.append(Figure("0.5", after[0].unit, place))
        elif _FREE.match(token.text):
            found.append(Figure("0", "free", place))
    return found


def _of_afternoon(tokens: Sequence[Token], place: int) -> str:
    """Return the hour as a clock of 24 hours shows it."""
    value = tokens[place].value or ""
    hour, colon, minutes = value.partition(":")
    after = tokens[place + 1].text if place + 1 < len(tokens) else ""
    if after in _AFTERNOON and hour.isdecimal() and int(hour) < 12:
        return f"{int(hour) + 12}{colon}{minutes}"
    return value


def _is_bound(tokens: Sequence[Token], place: int) -> bool:
    before = tokens[place - 1].text if place else ""
    return before in _BOUND_BEFORE or any(
        token.text in _BOUND_AFTER for token in tokens[place + 1 : place + 4]
    )


def links_of(text: str) -> list[str]:
    """Return addresses of pages, mail and accounts, folded to lower case, without the sentence's own full stop."""
    return [match.group().rstrip(".,;:!?)»").lower() for match in _LINK.finditer(text)]


def unit_of(word: str) -> str | None:
    """Return what a folded word or a sign measures."""
    if word in _EXACT:
        return _EXACT[word]
    for end in range(len(word), 2, -1):
        if word[:end] in _BEGINNINGS:
            return _BEGINNINGS[word[:end]]
    return None


def _value(raw: str) -> str:
    digits = re.sub(_SPACE, "", raw)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", digits):
        digits = digits.replace(",", "")
    digits = digits.replace(",", ".")
    whole, dot, rest = digits.partition(".")
    rest = rest.rstrip("0")
    return (whole.lstrip("0") or "0") + (f"{dot}{rest}" if rest else "")


def _unit_near(tokens: Sequence[Token], place: int) -> str | None:
    """Return the unit that follows a number, also the one of a range's end, or the sign before it."""
    follows = tokens[place + 1 : place + 4]
    if follows and follows[0].text in _OF_DAY:
        return "clock"
    joined = True
    for token in follows:
        if token.unit == "clock":
            break
        if token.unit is not None and token.value is None:
            return token.unit
        number = token.value is not None or token.text in _NUMBER_WORDS
        joins = token.text in _JOINING
        if not (number and joined) and not joins and token.text not in _BETWEEN:
            break
        joined = joins
    before = tokens[place - 1] if place else None
    if before is not None and before.raw in {"$", "€", "₸", "₽"}:
        return before.unit
    return None
