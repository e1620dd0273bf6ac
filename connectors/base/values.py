"""Reading what a platform sent without trusting its shape: nothing here raises, whatever it is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

_LONGEST: Final = 4_000
_DEEPEST: Final = 4
_MOST: Final = 50
_LONGEST_ID: Final = 500
_LONGEST_URL: Final = 4_096
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, where the calendar ends."""
_SECONDS_DIGITS: Final = 12
_MOMENT_DIGITS: Final = 16
_EXACT: Final = 2**53


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: object) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list; whatever else is in it is left out."""
    return [one for one in listed(value) if isinstance(one, Mapping)]


def text(value: object) -> str | None:
    """A string with something in it, or None."""
    return value if isinstance(value, str) and value.strip() else None


def written(value: object) -> str:
    """A string as it is, or an empty one."""
    return value if isinstance(value, str) else ""


def id_of(value: object) -> str | None:
    """An id as text (some are told as numbers), or None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 2**63 else None
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID else None


def url_of(value: object) -> str | None:
    """A web address, or None."""
    url = written(value)
    return url if url.startswith(("https://", "http://")) and len(url) <= _LONGEST_URL else None


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
    """A Unix time, told as a number or in digits; one of more than twelve digits is in milliseconds."""
    told = id_of(value)
    if told is None or len(told) > _MOMENT_DIGITS or not told.isascii() or not told.isdigit():
        return None
    seconds = int(told) / 1000 if len(told) > _SECONDS_DIGITS else int(told)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= _LAST_SECOND else None


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
