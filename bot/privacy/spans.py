"""Choosing between finds that overlap, so that nothing is masked twice and nothing found is left."""

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A part of a text and what it is."""

    start: int
    end: int
    kind: str


def joined(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (start, end) of what is found, overlapping ones made one: a row of digits reads as a number from each of them."""
    whole: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if whole and start < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def without_overlaps(text: str, found: Iterable[Span], order: tuple[str, ...]) -> list[Span]:
    """Return spans in order of place, none overlapping another, that together cover all that was found.

    Kinds that stand earlier in `order` win, and longer finds of one kind. What is left of an overlapped find stays a
    find, because it may still be half a number; without a letter or digit it is dropped.
    """
    rank = {kind: place for place, kind in enumerate(order)}
    taken = bytearray(len(text))
    chosen: list[Span] = []
    for span in sorted(found, key=lambda one: (rank[one.kind], one.start - one.end, one.start)):
        end = span.start
        while (start := taken.find(0, end, span.end)) >= 0:
            end = taken.find(1, start, span.end)
            end = span.end if end < 0 else end
            if any(map(str.isalnum, text[start:end])):
                chosen.append(Span(start, end, span.kind))
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    return sorted(chosen)
