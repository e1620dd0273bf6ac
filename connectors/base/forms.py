"""Whether what a parser made of a stranger's payload has the form that the contract promises.

Libraries copy what a platform sent without looking: a number where a text should be, a list for a
name. Such an event could not be stored, and its platform would deliver it again without end.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Hashable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

_LARGEST: Final = 2**63
_DEEPEST: Final = 20
_IDS: Final = frozenset({"external_id", "chat_id", "platform_id"})


def is_well_formed(event: Any) -> bool:
    """Whether an event's fields are of their types, its ids not empty, and all can be stored."""
    return all(
        _fits(value := getattr(event, name), kind) and not (name in _IDS and value == "")
        for name, kind in _fields(type(event)).items()  # type: ignore[arg-type] # classes are hashable
    )


@cache
def _fields(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, kind: Any) -> bool:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return any(_fits(value, one) for one in get_args(kind))
    if origin is not None:
        return _fits_generic(value, kind, origin)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return isinstance(value, kind) and is_well_formed(value)
    if kind in {int, float}:
        return _is_number(value) and (kind is float or isinstance(value, int))
    return isinstance(value, kind)


def _fits_generic(value: Any, kind: Any, origin: Any) -> bool:
    if origin is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if issubclass(origin, Mapping):
        return isinstance(value, Mapping) and _is_plain(value)
    (inner,) = get_args(kind)
    return isinstance(value, list | tuple) and all(_fits(one, inner) for one in value)


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether it is made of what a database knows, with texts for keys."""
    if isinstance(value, Mapping):
        return depth < _DEEPEST and all(
            isinstance(key, str) and _is_plain(inner, depth + 1) for key, inner in value.items()
        )
    if isinstance(value, list | tuple):
        return depth < _DEEPEST and all(_is_plain(inner, depth + 1) for inner in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _is_number(value)
    return value is None or isinstance(value, str | bool | datetime | Enum)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and -_LARGEST <= value < _LARGEST
