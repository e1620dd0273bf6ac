"""Running headers, footers and page numbers: what stands at the same place of many pages, and is no part of the text."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.knowledge.formats.pdf.glyphs import Segment

_MARGIN = 0.13
"""Of the page's height, at its top and at its bottom."""
_SAME_PLACE = 4.0
_SHARE = 0.4
"""Of the pages: left and right ones may differ, and a cover has none."""
_LARGE = 1.1
_SMALL = 0.93
_LEADING = 1.6
_STRIP_SHARE = 0.5
_FEW_PAGES = 4
_APART = 1.8
_LONGEST_TITLE = 120
_NUMBER = re.compile(r"\d{1,5}")
_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:стр(?:аница|\.)?|с\.|бет|page|p\.)\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:из|of|/|-)\s*\d{1,4})?(?:\s*(?:бет|стр\.?))?\W*$",
    re.IGNORECASE,
)


_CONTACT = re.compile(r"\+?\d[\d\s()-]{8,}\d|\S+@\S+\.\w+|www\.|https?://")

type PageSegments = tuple[Sequence[Segment], float, float]
"""The segments of a page, and the places of its upper and its lower edge."""


def without_furniture(pages: Sequence[PageSegments]) -> list[list[Segment]]:
    """Return each page's segments without what runs along.

    What a customer may ask for (a telephone in the footer, the names of a table's columns) is kept where it first stands.
    """
    usual = usual_size(segment for segments, _, _ in pages for segment in segments)
    known = _Furniture(usual, _repeated(pages, usual), _strips(pages, usual))
    told: set[str] = set()
    found = []
    for page, (segments, top, bottom) in enumerate(pages):
        kept = list(segments)
        for rows in _outer_rows(segments, top, bottom):
            running = known.leading(rows, page, segments, top)
            for row in known.apart(running, segments):
                for segment in row:
                    shape = _NUMBER.sub("#", segment.text)
                    worth = _CONTACT.search(segment.text) or _heads_table(row, segments)
                    if not worth or shape in told:
                        kept.remove(segment)
                    told.add(shape)
        found.append(kept)
    return found


@dataclass(frozen=True, slots=True)
class _Furniture:
    """What runs along in a document: texts by their places, and the places of titles that chapters change."""

    usual: float
    repeated: set[tuple[str, int]]
    strips: set[int]

    def runs(self, segment: Segment, page: int, segments: Sequence[Segment], top: float) -> bool:
        """Whether a segment of a page's margin runs along."""
        places = _places(segment, top)
        if any((key, place) in self.repeated for key in _keys(segment, page) for place in places):
            return True
        if not _stands_at_edge(segment, segments):
            return False
        if _PAGE_NUMBER.match(segment.text):
            return True
        return any(place in self.strips for place in places) and _is_apart(
            segment, segments, self.usual
        )

    def leading(
        self, rows: list[list[Segment]], page: int, segments: Sequence[Segment], top: float
    ) -> list[list[Segment]]:
        """Return the rows up to the first of which a part does not run along: the page's own text begins there."""
        found: list[list[Segment]] = []
        for row in rows:
            if not all(self.runs(segment, page, segments, top) for segment in row):
                break
            found.append(row)
        return found

    def apart(self, rows: list[list[Segment]], segments: Sequence[Segment]) -> list[list[Segment]]:
        """Return the rows without the innermost ones that stand as close to the page's text as its own lines do.

        The same line may end the text of many pages at the same place.
        """
        rows = list(rows)
        while rows:
            row = rows[-1]
            running = {id(segment) for one in rows for segment in one}
            gaps = [
                min(abs(other.y - row[0].y), abs(other.top - row[0].y))
                if other.rows is not None
                else abs(other.y - row[0].y)
                for other in segments
                if id(other) not in running
            ]
            size = max(segment.size for segment in row)
            if size < _SMALL * self.usual or min(gaps, default=math.inf) > _LEADING * size:
                return rows
            rows.pop()
        return rows


def _outer_rows(
    segments: Sequence[Segment], top: float, bottom: float
) -> tuple[list[list[Segment]], list[list[Segment]]]:
    """Return the rows of the upper and of the lower margin, each from the edge inwards."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda item: item.y):
        if not _in_margin(segment, top, bottom):
            continue
        if rows and segment.y - rows[-1][0].y < 2:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    middle = (top + bottom) / 2
    upper = [row for row in rows if row[0].y < middle]
    return upper, rows[len(upper) :][::-1]


def _repeated(pages: Sequence[PageSegments], usual: float) -> set[tuple[str, int]]:
    """Return the keys and places of what stands at the same place of many pages."""
    seen: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for page, (segments, top, bottom) in enumerate(pages):
        for segment in segments:
            if _in_margin(segment, top, bottom):
                # "Chapter 1", "Chapter 2" over their pages are headings; "Page 1", "Page 2" are not.
                plain = not segment.bold and segment.size <= _LARGE * usual
                for key in _keys(segment, page) if plain else [segment.text]:
                    for place in _places(segment, top):
                        seen[key, place].add(page)
    enough = max(2, math.ceil(_SHARE * len(pages)))
    return {key for key, numbers in seen.items() if len(numbers) >= enough}


def _keys(segment: Segment, page: int) -> list[str]:
    """Return the text as it is, and with each number that may count the pages told from the page it stands on.

    Of "Page 3 of 10" one of them is the same on every page; two prices at the same place of two pages have none in common.
    """
    numbers = list(_NUMBER.finditer(segment.text))
    found = [segment.text]
    for number in {*numbers[:2], *numbers[-2:]}:
        counted = f"<{int(number[0]) - page}>"
        found.append(segment.text[: number.start()] + counted + segment.text[number.end() :])
    return found


def _heads_table(row: Sequence[Segment], segments: Sequence[Segment]) -> bool:
    """Whether a row is one of names over rows with as many cells."""
    texts = [other for other in segments if other.rows is None]
    below = [other.y for other in texts if other.y > row[0].y + 2]
    beneath = sum(1 for other in texts if below and abs(other.y - min(below)) < 2)
    return len(row) > 1 and beneath == len(row)


def _strips(pages: Sequence[PageSegments], usual: float) -> set[int]:
    """Return the places at which many pages have a small line that stands apart: running titles, which chapters change."""
    seen: Counter[int] = Counter()
    for segments, top, bottom in pages:
        seen.update(
            {
                place
                for segment in segments
                if _in_margin(segment, top, bottom)
                and _stands_at_edge(segment, segments)
                and _is_apart(segment, segments, usual)
                for place in _places(segment, top)
            }
        )
    enough = max(_FEW_PAGES, math.ceil(_STRIP_SHARE * len(pages)))
    return {place for place, count in seen.items() if count >= enough}


def _is_apart(segment: Segment, segments: Sequence[Segment], usual: float) -> bool:
    """Whether a line is no larger than plain text, and stands well apart from the others."""
    if segment.size > _LARGE * usual or len(segment.text) > _LONGEST_TITLE:
        return False
    others = [
        abs(other.y - segment.y)
        for other in segments
        if other.rows is None and abs(other.y - segment.y) > 1
    ]
    tables = [
        min(abs(other.top - segment.y), abs(other.y - segment.y))
        for other in segments
        if other.rows is not None
    ]
    return min([*others, *tables], default=0.0) > _APART * max(segment.size, usual)


def _in_margin(segment: Segment, top: float, bottom: float) -> bool:
    depth = _MARGIN * (bottom - top)
    return segment.rows is None and (segment.y < top + depth or segment.top > bottom - depth)


def _places(segment: Segment, top: float) -> tuple[int, int]:
    """Return the two strips of the page the segment may be said to stand in."""
    place = int((segment.y - top) / _SAME_PLACE)
    return place, place + 1


def usual_size(segments: Iterable[Segment]) -> float:
    """Return the size most letters have, to half a point."""
    letters: Counter[float] = Counter()
    for segment in segments:
        letters[round(segment.size * 2) / 2] += len(segment.text)
    return letters.most_common(1)[0][0] if letters else 10.0


def _stands_at_edge(segment: Segment, segments: Sequence[Segment]) -> bool:
    """Whether nothing of the page stands beyond it: a number there counts pages."""
    above = all(other.y >= segment.y - 1 for other in segments if other.rows is None)
    below = all(other.y <= segment.y + 1 for other in segments)
    return above or below
