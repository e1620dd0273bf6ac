"""Reading what the platform sent without trusting its shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

_LONGEST: Final = 4_000
_DEEPEST: Final = 4
_MOST: Final = 50
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, where the calendar ends."""
_EXACT: Final = 2**53


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list; whatever else is in it is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """A string with something in it, or None."""
    return value if isinstance(value, str) and value.strip() else None


def number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if abs(found) < float("inf") else None


def moment(value: object) -> datetime | None:
    """A Unix time in seconds, told as a number or in digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(value, UTC)


def plain(value: object, depth: int = 0) -> Any:
    """A value of unknown shape as it may be stored: short, shallow, numbers a database can hold."""
    found: Any = None
    match value:
        case bool():
            found = value
        case str():
            found = value[:_LONGEST]
        case int():
            found = value if abs(value) < _EXACT else str(value)[:_LONGEST]
        case float():
            found = number(value)
        case list() if depth < _DEEPEST:
            found = [plain(one, depth + 1) for one in value[:_MOST]]
        case dict() if depth < _DEEPEST:
            items = list(value.items())[:_MOST]
            found = {_key(key): plain(one, depth + 1) for key, one in items}
    return found


def _key(key: object) -> str:
    """A field's name that a document may have."""
    return str(key)[:100].replace("\0", "").replace(".", "_").lstrip("$") or "_"
