"""The value of a spreadsheet's cell -> the text a person sees there."""

import re
from datetime import date, datetime, time
from typing import Any

_LITERAL = re.compile(r'"([^"]*)"|\[\$([^\]-]*)[^\]]*\]|\\(.)|([₸$€₽£¥%])')
_PLACES = re.compile(r"[0#?]\.(0+)")
_DIGITS = re.compile(r"[0#?]")
_MAX_DECIMALS = 6


def shown(value: Any, number_format: str) -> str:
    """Return what a cell shows: dates as 21.11.2026, shares as 15%, amounts with their currency."""
    match value:
        case bool():
            return "✓" if value else "✗"
        case datetime() if value.time() != time():
            return f"{value:%d.%m.%Y %H:%M}"
        case date():
            return f"{value:%d.%m.%Y}"
        case time():
            return f"{value:%H:%M}"
        case int() | float():
            return _number(value, number_format)
        case _:
            return " ".join(str(value).split())


def _number(value: float, number_format: str) -> str:
    pattern = number_format.partition(";")[0]
    first = _DIGITS.search(pattern)
    if not first or pattern.lower() == "general":
        return _plain(value)
    before = _literals(pattern[: first.start()])
    after = _literals(pattern[first.end() :])
    places = _PLACES.search(pattern)
    if "%" in pattern:
        value *= 100
    if places:
        number = f"{value:,.{min(len(places[1]), _MAX_DECIMALS)}f}"
    elif "E" in pattern:
        return _plain(value)
    else:
        number = f"{value:,.0f}"
    if "," not in pattern and "# #" not in pattern:
        number = number.replace(",", "")
    text = f"{before.strip()} {number.replace(',', ' ')}{'' if after.startswith('%') else ' '}{after.strip()}"
    return text.strip()


def _plain(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.10g}"


def _literals(text: str) -> str:
    """Return the letters a number format puts around the number, such as a currency."""
    found = ["".join(part for part in match.groups() if part) for match in _LITERAL.finditer(text)]
    return "".join(found)
