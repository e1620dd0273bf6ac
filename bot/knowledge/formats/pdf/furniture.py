"""Running headers, footers and page numbers: what stands at the same place of many pages, and is no part of the text."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from bot.knowledge.formats.pdf.glyphs import Segment

_MARGIN = 0.13
"""Of the page's height, at its top and at its bottom."""
_SAME_PLACE = 4.0
_SHARE = 0.4
"""Of the pages: left and right ones may differ, and a cover has none."""
_LARGE = 1.1
_STRIP_SHARE = 0.5
_FEW_PAGES = 4
_APART = 1.8
_LONGEST_TITLE = 120
_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:стр(?:аница|\.)?|с\.|бет|page|p\.)\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:из|of|/|-)\s*\d{1,4})?(?:\s*(?:бет|стр\.?))?\W*$",
    re.IGNORECASE,
)


def without_furniture(
    pages: Sequence[tuple[Sequence[Segment], float, float]],
) -> list[list[Segment]]:
    """Return each page's segments without what runs along.

    Args:
        pages: the segments, and the places of the upper and the lower edge.
    """
    usual = usual_size(segment for segments, _, _ in pages for segment in segments)

    def pattern(segment: Segment) -> str:
        # "Chapter 1", "Chapter 2" at the top of their pages are headings; "Page 1", "Page 2" are not.
        if segment.bold or segment.size > _LARGE * usual:
            return segment.text
        return re.sub(r"\d+", "#", segment.text).casefold()

    seen: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for number, (segments, top, bottom) in enumerate(pages):
        for segment in segments:
            if _in_margin(segment, top, bottom):
                for place in _places(segment, top):
                    seen[pattern(segment), place].add(number)
    enough = max(2, math.ceil(_SHARE * len(pages)))
    strips = _strips(pages, usual)
    found = []
    for segments, top, bottom in pages:
        kept = []
        for segment in segments:
            margin = _in_margin(segment, top, bottom)
            runs = margin and any(
                len(seen[pattern(segment), place]) >= enough for place in _places(segment, top)
            )
            edge = margin and _stands_at_edge(segment, segments)
            number = edge and _PAGE_NUMBER.match(segment.text)
            strip = (
                edge
                and any(place in strips for place in _places(segment, top))
                and _is_apart(segment, segments, usual)
            )
            if not (runs or number or strip):
                kept.append(segment)
        found.append(kept)
    return found


def _strips(pages: Sequence[tuple[Sequence[Segment], float, float]], usual: float) -> set[int]:
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
