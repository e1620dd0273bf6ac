"""New passages of a document laid against its stored ones: what stays, what goes, what is new.

Passages are compared by content. One that stays keeps its row; one whose page, heading or place changed gets a new row
under the same id, with what a person had set on it (excluded, validity).
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from crm.core.database import RawDocument
from crm.knowledge.models import SET_BY_PEOPLE

SMALLEST_GAP = 1e-6
"""Between two ranks. Where repeated insertions have left less room, the document's rows are written anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows to close, by `_id`, and the rows to insert."""

    close: list[ObjectId]
    insert: list[RawDocument]

    def __bool__(self) -> bool:
        return bool(self.close or self.insert)


def align(rows: Sequence[RawDocument], contents: Sequence[Mapping[str, Any]]) -> Plan:
    """Return what turns `rows` into `contents`.

    Args:
        rows: the open rows of one document, by rank.
        contents: the fields of its new passages, in order, without ids, ranks and versions.
    """
    partners = _partners(rows, contents)
    in_order = _longest_increasing(partners)
    kept = {
        place: rows[old]
        for place, old in in_order.items()
        if all(rows[old].get(name) == value for name, value in contents[place].items())
    }
    ranks = _ranks(kept, len(contents))
    if ranks is None:
        kept, ranks = {}, [float(place) for place in range(len(contents))]
    insert = []
    for place, content in enumerate(contents):
        if place in kept:
            continue
        old = partners[place]
        before = rows[old] if old is not None else None
        insert.append(
            {
                **content,
                "passage_id": before["passage_id"] if before else ObjectId(),
                "rank": ranks[place],
                **{name: before[name] if before else blank for name, blank in SET_BY_PEOPLE},
            }
        )
    staying = {row["_id"] for row in kept.values()}
    return Plan([row["_id"] for row in rows if row["_id"] not in staying], insert)


def _partners(
    rows: Sequence[RawDocument], contents: Sequence[Mapping[str, Any]]
) -> list[int | None]:
    """Return for each new passage the stored one with its text, the one under the same heading first."""
    exact: defaultdict[Any, deque[int]] = defaultdict(deque)
    by_text: defaultdict[str, deque[int]] = defaultdict(deque)
    for place, row in enumerate(rows):
        exact[row["text"], tuple(row["heading"])].append(place)
        by_text[row["text"]].append(place)
    partners: list[int | None] = [None] * len(contents)
    used: set[int] = set()
    for place, content in enumerate(contents):
        waiting = exact[content["text"], tuple(content["heading"])]
        if waiting:
            partners[place] = waiting.popleft()
            used.add(partners[place] or 0)
    for place, content in enumerate(contents):
        waiting = by_text[content["text"]]
        while partners[place] is None and waiting:
            old = waiting.popleft()
            if old not in used:
                used.add(old)
                partners[place] = old
    return partners


def _longest_increasing(partners: Sequence[int | None]) -> dict[int, int]:
    """Return the largest set of pairs (new place: old place) that keep their order."""
    tails: list[int] = []
    tail_places: list[int] = []
    previous: dict[int, int | None] = {}
    for place, old in enumerate(partners):
        if old is None:
            continue
        length = bisect_left(tails, old)
        previous[place] = tail_places[length - 1] if length else None
        tails[length : length + 1] = [old]
        tail_places[length : length + 1] = [place]
    return _backwards(partners, tail_places, previous)


def _backwards(
    partners: Sequence[int | None], tail_places: Sequence[int], previous: Mapping[int, int | None]
) -> dict[int, int]:
    found: dict[int, int] = {}
    place = tail_places[-1] if tail_places else None
    while place is not None:
        found[place] = partners[place] or 0
        place = previous[place]
    return found


def _ranks(kept: Mapping[int, RawDocument], count: int) -> list[float] | None:
    """Return a rank for each place, those of kept rows unchanged; None when there is no room between two of them."""
    ranks: list[float] = []
    anchors = sorted(kept)
    for place in range(count):
        if place in kept:
            ranks.append(float(kept[place]["rank"]))
            continue
        following = _next_anchor(anchors, place)
        before = ranks[-1] if ranks else None
        if following is None:
            ranks.append(before + 1 if before is not None else float(place))
            continue
        after, left = float(kept[following]["rank"]), following - place
        step = (after - before) / (left + 1) if before is not None else 1.0
        if step < SMALLEST_GAP:
            return None
        ranks.append(before + step if before is not None else after - left)
    return ranks


def _next_anchor(anchors: Sequence[int], place: int) -> int | None:
    """Return the first of the sorted places that follows `place`."""
    found = bisect_left(anchors, place)
    return anchors[found] if found < len(anchors) else None
