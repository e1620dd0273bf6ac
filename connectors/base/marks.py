"""Light marks in our side's texts, and cutting marked texts into parts.

The marks are a small part of Markdown: ``**bold**``, ``_italic_``, `` `code` ``, ``[title](url)``. What is
no complete mark stays as it was written. Each channel shows marks in its own way, or the bare text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from connectors.base.connector import Capabilities

_MARK: Final = re.compile(
    r"\*\*(?P<bold>[^\s*](?:[^*\n]{0,998}[^\s*])?)\*\*"
    r"|(?<!\w)_(?P<italic>[^\s_](?:[^_\n]{0,998}[^\s_])?)_(?!\w)"
    r"|`(?P<code>[^`\n]{1,1000})`"
    r"|\[(?P<title>[^\[\]\n]{1,500})\]\((?P<url>https?://[^\s()<>]{1,2000})\)"
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…\n])\s+")

MarkKind = Literal["bold", "italic", "code", "link"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked stretch of a text, by character offsets."""

    start: int
    end: int
    kind: MarkKind
    url: str | None = None


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A bare text and its marks, in order and apart from each other."""

    text: str
    marks: tuple[Mark, ...] = ()

    def pieces(self) -> Iterator[tuple[str, Mark | None]]:
        """The text in pieces, each with its mark."""
        place = 0
        for mark in self.marks:
            if place < mark.start:
                yield self.text[place : mark.start], None
            yield self.text[mark.start : mark.end], mark
            place = mark.end
        if place < len(self.text):
            yield self.text[place:], None

    def shown(self, show: Callable[[str, Mark | None], str]) -> str:
        """The text as a channel writes it: ``show`` gives each piece its form."""
        return "".join(show(piece, mark) for piece, mark in self.pieces())

    def cut(self, start: int, end: int) -> MarkedText:
        """The part between two offsets, with what of the marks lies in it."""
        kept = (
            Mark(max(mark.start, start) - start, min(mark.end, end) - start, mark.kind, mark.url)
            for mark in self.marks
            if mark.start < end and mark.end > start
        )
        return MarkedText(self.text[start:end], tuple(kept))


def read_marks(text: str) -> MarkedText:
    """Take the marks out of a text."""
    pieces: list[str] = []
    marks: list[Mark] = []
    place = length = 0
    for match in _MARK.finditer(text):
        before = text[place : match.start()]
        kind: MarkKind = "link" if match["url"] else match.lastgroup  # type: ignore[assignment]
        shown = match["title"] if match["url"] else match[match.lastgroup or 0]
        start = length + len(before)
        marks.append(Mark(start, start + len(shown), kind, match["url"]))
        pieces += (before, shown)
        length = start + len(shown)
        place = match.end()
    pieces.append(text[place:])
    return MarkedText("".join(pieces), tuple(marks))


def bare(piece: str, mark: Mark | None) -> str:
    """How a channel without formatting shows a piece: a link's address stands behind its title."""
    if mark is None or mark.url is None or mark.url == piece:
        return piece
    return f"{piece} ({mark.url})"


def split_marked(
    marked: MarkedText, capabilities: Capabilities, *, first: int | None = None
) -> list[MarkedText]:
    """Cut a text into parts the platform accepts: between sentences, else words, else letters.

    The parts, in order, hold every letter of the text; only white space at a cut may go. ``first``
    is a smaller limit of the first part (a caption's).
    """
    text, measure = marked.text, capabilities.measure
    parts: list[MarkedText] = []
    start, stop = _inside(text, 0, len(text))
    limit = first if first is not None else capabilities.max_text
    while measure(text[start:stop]) > limit:
        end = start + _cut(text[start:stop], limit, measure)
        parts.append(marked.cut(*_inside(text, start, end)))
        start, stop = _inside(text, end, stop)
        limit = capabilities.max_text
    if start < stop or not parts:
        parts.append(marked.cut(start, stop))
    return parts


def split_text(text: str, capabilities: Capabilities) -> list[str]:
    """``split_marked`` for a text without marks."""
    return [part.text for part in split_marked(MarkedText(text), capabilities)]


def _inside(text: str, start: int, end: int) -> tuple[int, int]:
    """The offsets without white space at both ends."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return (end, end) if left == len(piece) else (start + left, start + len(piece.rstrip()))


def _cut(text: str, limit: int, measure: Callable[[str], int]) -> int:
    """The best place to cut so that the first part fits; always at least one character."""
    low, high = 1, len(text)
    while low < high:  # the longest prefix that fits
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, low)]
    if ends and ends[-1] >= low // 2:
        return ends[-1]
    space = text.rfind(" ", 0, low)
    return space + 1 if space >= low // 4 else low


def numbered(titles: Sequence[str]) -> str:
    """Choices that a channel cannot show as buttons: a list whose numbers may be typed."""
    return "\n".join(f"{number}. {title}" for number, title in enumerate(titles, 1))
