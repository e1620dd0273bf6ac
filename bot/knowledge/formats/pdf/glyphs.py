"""The glyphs of a PDF page -> words with places, and words -> segments: pieces of a line that stand close together.

Places are points from the top left of the page as it is read: sideways text is turned first.
"""

import ctypes
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium

SOFT_HYPHEN = "\N{SOFT HYPHEN}"
_HYPHEN_MARKS = frozenset({0x2, 0xFFFE, 0xAD})
_BLANK = frozenset(
    {0x0, 0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F}
)
_THIN = range(0x2000, 0x200C)
_NEW_WORD = 0.25
"""Of the size: a gap that parts words where no space does."""
_NEW_SEGMENT = 1.0
"""Of the size: a gap that parts columns; within justified text it may occur, too, and then does no harm."""
_NEW_LINE = 0.4
_QUARTER = math.pi / 2


@dataclass(slots=True)
class Word:
    """Letters without a gap. `y` is the baseline, `size` the size of the font in points."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool


@dataclass(slots=True)
class Segment:
    """Words of one line that stand close together, or a whole table that takes their place."""

    text: str
    x0: float
    x1: float
    y: float
    top: float
    size: float
    bold: bool
    rows: list[list[str]] | None = None
    bold_head: bool = False


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of a page, in the order they are drawn, and what a reader would miss in them.

    Attributes:
        words: those that run in the page's main direction.
        turn: the angle by which places were turned, in radians.
        garbled: glyphs that stand for no known letter.
        letters: all glyphs.
    """

    words: list[Word]
    turn: float
    garbled: int
    letters: int


def page_words(textpage: Any) -> PageWords:
    """Return the words of a loaded text page."""
    count = pdfium.FPDFText_CountChars(textpage)
    turn = _main_direction(textpage, count)
    reader = _Reader(textpage, turn)
    for index in range(count):
        reader.take(index)
    reader.end_word()
    return PageWords(_without_doubles(reader.words), turn, reader.garbled, reader.letters)


def turned(x: float, y: float, turn: float) -> tuple[float, float]:
    """Return a place of the page's own coordinates (from the bottom left) in those of the words."""
    if not turn:
        return x, -y
    cosine, sine = math.cos(turn), math.sin(turn)
    return x * cosine + y * sine, x * sine - y * cosine


def _main_direction(textpage: Any, count: int) -> float:
    """Return the direction most letters run in, in quarter turns against the clock; pdfium counts with it."""
    step = max(1, count // 60)
    angles = Counter(
        round(-pdfium.FPDFText_GetCharAngle(textpage, index) / _QUARTER) % 4
        for index in range(0, count, step)
        if pdfium.FPDFText_GetUnicode(textpage, index) not in _BLANK
    )
    return angles.most_common(1)[0][0] * _QUARTER if angles else 0.0


class _Reader:
    """Collects letters into words."""

    def __init__(self, textpage: Any, turn: float) -> None:
        self.words: list[Word] = []
        self.garbled = 0
        self.letters = 0
        self._page = textpage
        self._turn = turn
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box = pdfium.FS_RECTF()
        self._matrix = pdfium.FS_MATRIX()
        self._name = ctypes.create_string_buffer(128)
        self._letters: list[str] = []
        self._x0 = self._x1 = self._base = self._size = 0.0
        self._bold = False
        self._skipping = False

    def take(self, index: int) -> None:
        code = pdfium.FPDFText_GetUnicode(self._page, index)
        if code in _BLANK or code in _THIN:
            self.end_word()
            return
        left, right, base = self._place(index)
        if self._letters and self._parted(left, base):
            self.end_word()
        if not self._letters:
            self._begin(index, left, base)
        if code in _HYPHEN_MARKS:
            letter = SOFT_HYPHEN
        else:
            letter = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
            self.letters += 1
            if (
                code < 0x20
                or letter == "\ufffd"
                or 0xE000 <= code < 0xF000
                or 0xF100 <= code < 0xF900
            ):
                self.garbled += 1
        self._letters.append(letter)
        self._x1 = max(self._x1, right)

    def end_word(self) -> None:
        if self._letters and not self._skipping:
            self.words.append(
                Word("".join(self._letters), self._x0, self._x1, self._base, self._size, self._bold)
            )
        self._letters = []

    def _place(self, index: int) -> tuple[float, float, float]:
        pdfium.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        pdfium.FPDFText_GetLooseCharBox(self._page, index, self._box)
        box = self._box
        if not self._turn:
            return box.left, box.right, -self._y.value
        one, _ = turned(box.left, box.bottom, self._turn)
        two, _ = turned(box.right, box.top, self._turn)
        _, base = turned(self._x.value, self._y.value, self._turn)
        return min(one, two), max(one, two), base

    def _parted(self, left: float, base: float) -> bool:
        size = self._size
        return (
            abs(base - self._base) > _NEW_LINE * size
            or left - self._x1 > _NEW_WORD * size
            or left < self._x0 - 0.5 * size
            or self._x1 - left > 2.0 * size
        )

    def _begin(self, index: int, left: float, base: float) -> None:
        self._x0 = self._x1 = left
        self._base = base
        size = pdfium.FPDFText_GetFontSize(self._page, index)
        if pdfium.FPDFText_GetMatrix(self._page, index, self._matrix):
            size *= math.hypot(self._matrix.c, self._matrix.d) or 1.0
        self._size = max(size, 1.0)
        angle = pdfium.FPDFText_GetCharAngle(self._page, index) + self._turn  # clockwise
        self._skipping = abs(math.remainder(angle, 2 * math.pi)) > 0.1
        length = pdfium.FPDFText_GetFontInfo(self._page, index, self._name, 128, None)
        self._bold = b"bold" in self._name.raw[: min(length, 128)].lower()


def _without_doubles(words: Sequence[Word]) -> list[Word]:
    """Leave out words drawn again at the same place, which is how some programs make bold letters and shadows."""
    seen: set[tuple[str, int, int]] = set()
    found = []
    for word in words:
        x, y = round(word.x0 / 2), round(word.y / 2)
        if not any((word.text, x + dx, y + dy) in seen for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            seen.add((word.text, x, y))
            found.append(word)
    return found


def lines_of(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield the words of each line, from the top down, each from left to right."""
    line: list[Word] = []
    for word in sorted(words, key=lambda word: word.y):
        if line and word.y - line[0].y > _NEW_LINE * max(line[0].size, word.size):
            yield sorted(line, key=lambda word: word.x0)
            line = []
        line.append(word)
    if line:
        yield sorted(line, key=lambda word: word.x0)


def segments_of(words: Sequence[Word]) -> list[Segment]:
    """Return the words of a page as segments, line by line."""
    found = []
    for line in lines_of(words):
        piece: list[Word] = []
        for word in line:
            if piece and word.x0 - piece[-1].x1 > _NEW_SEGMENT * max(piece[-1].size, word.size):
                found.append(_segment(piece))
                piece = []
            piece.append(word)
        found.append(_segment(piece))
    return found


def _segment(words: Sequence[Word]) -> Segment:
    size = max(words, key=lambda word: len(word.text)).size
    baseline = max(word.y for word in words if word.size >= 0.8 * size)
    return Segment(
        text=" ".join(word.text for word in words),
        x0=words[0].x0,
        x1=max(word.x1 for word in words),
        y=baseline,
        top=baseline - size,
        size=size,
        bold=all(word.bold for word in words if any(map(str.isalnum, word.text))),
    )
