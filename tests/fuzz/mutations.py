"""Strategies: real payloads, changed at random places into what no platform would send."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

SCRAPS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    -(2**70),
    1e308,
    "",
    " ",
    "0",
    "\x00",
    "\ud800",
    "\u202e",
    "ғ" * 5000,
    "👨‍👩‍👧‍👦",
    "9" * 400,
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "$where",
    [],
    {},
    [[]],
    [None],
    {"": {}},
    {"$ne": 1},
    {"a": [{"b": "c"}]},
)
"""What stands instead of a value: each has broken somebody's parser."""

type Path = tuple[Any, ...]


def changed_json(payloads: Sequence[Any]) -> st.SearchStrategy[Any]:
    """One of the payloads with up to six places of it changed."""
    return st.builds(
        _changed,
        st.sampled_from(payloads),
        st.randoms(use_true_random=False),
        st.integers(min_value=0, max_value=6),
    )


def changed_bytes(payloads: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of the payloads with stretches of it cut out, doubled, or overwritten."""
    return st.builds(
        _changed_bytes,
        st.sampled_from(payloads),
        st.randoms(use_true_random=False),
        st.integers(min_value=0, max_value=8),
    )


def _changed(payload: Any, chance: random.Random, count: int) -> Any:
    body = copy.deepcopy(payload)
    for _ in range(count):
        paths = [path for path in _paths(body) if path]
        if not paths:
            return chance.choice(SCRAPS)
        body = _CHANGES[chance.randrange(len(_CHANGES))](body, chance.choice(paths), chance)
    return body


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _paths(inner, (*path, place))


def _parent(body: Any, path: Path) -> Any:
    for key in path[:-1]:
        body = body[key]
    return body


def _replace(body: Any, path: Path, chance: random.Random) -> Any:
    _parent(body, path)[path[-1]] = copy.deepcopy(chance.choice(SCRAPS))
    return body


def _remove(body: Any, path: Path, _: random.Random) -> Any:
    del _parent(body, path)[path[-1]]
    return body


def _double(body: Any, path: Path, _: random.Random) -> Any:
    parent = _parent(body, path)
    twin = copy.deepcopy(parent[path[-1]])
    if isinstance(parent, list):
        parent.append(twin)
    else:
        parent[f"{path[-1]}_again"] = twin
    return body


def _move(body: Any, path: Path, chance: random.Random) -> Any:
    """A value of one place also stands at another."""
    other = chance.choice([each for each in _paths(body) if each])
    value = copy.deepcopy(_parent(body, path)[path[-1]])
    _parent(body, other)[other[-1]] = value
    return body


def _wrap(body: Any, path: Path, chance: random.Random) -> Any:
    parent = _parent(body, path)
    parent[path[-1]] = [parent[path[-1]]] if chance.random() < 0.5 else {"x": parent[path[-1]]}
    return body


_CHANGES: tuple[Callable[[Any, Path, random.Random], Any], ...] = (
    _replace,
    _replace,
    _replace,
    _remove,
    _remove,
    _double,
    _move,
    _wrap,
)


def _changed_bytes(payload: bytes, chance: random.Random, count: int) -> bytes:
    body = bytearray(payload)
    for _ in range(count):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((1, 1, 2, 8, 40, 400)))
        piece = bytes(body[start:end])
        match chance.randrange(5):
            case 0:
                del body[start:end]
            case 1:
                body[start:start] = piece * chance.choice((1, 2, 50))
            case 2:
                body[start:end] = chance.randbytes(end - start)
            case 3:
                body[start:end] = chance.choice(
                    (b"\r\n\r\n", b"\x00", b"=?", b"--", b"\xff\xfe", b";", b'"')
                )
            case _:
                other = chance.randrange(len(body) + 1)
                body[other:other] = piece
    return bytes(body)
