"""Lines of all pages in reading order -> headings, paragraphs, list items and table rows."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bot.knowledge.blocks import BULLET, Notice, Outline
from bot.knowledge.formats.pdf.glyphs import SOFT_HYPHEN
from bot.knowledge.formats.pdf.joining import joined
from bot.knowledge.formats.pdf.layout import Block, Line, Table
from bot.knowledge.formats.tables import names_columns, table_lines

_LARGER = 1.12
_LONGEST_HEADING = 200
_PROSE_LETTERS = 60
_PROSE_SHARE = 0.1
_LONGEST_BOLD = 110
_MANY_BOLD = 0.3
_BOLD_LEVEL = 100
_BULLET = re.compile(r"^[•●▪◦‣∙·■□➢➤✓✔\uf0b7\uf0a7\uf0d8o–—*-]\s+(?=\S)")
_NUMBER = re.compile(r"^\(?(?:\d{1,2}|[a-zа-я])(?:\.\d{1,2})*[.)]\s")
_LEADERS = re.compile(r"(?:\.{4,}|(?:\.\s){4,}|…{2,})\s*\d*\s*$")
_ENDS = (".", "!", "?", ":", ";", "…")
_WORD = re.compile(r"\w+(?:-\w+)+|\w+")


@dataclass(slots=True)
class _Paragraph:
    lines: list[Line] = field(default_factory=list)
    page: int = 0
    item: bool = False


class Flow:
    """Writes the outline of a document, block by block."""

    def __init__(self, pages: Sequence[Sequence[Block]], usual: float) -> None:
        """`pages`: the blocks of each page; `usual`: the size of plain text."""
        self._pages = pages
        lines = [block for page in pages for block in page if isinstance(block, Line)]
        self._usual = usual = _largest_text(lines, usual)
        self._levels = _levels(lines, usual)
        letters = sum(len(line.text) for line in lines) or 1
        bold = sum(len(line.text) for line in lines if line.bold)
        self._bold_heads = bold / letters < _MANY_BOLD
        self._known = frozenset(
            word.lower() for line in lines for word in _WORD.findall(line.text)[:-1]
        )
        self._leading = _leading(lines)
        self._outline = Outline()
        self._open = _Paragraph()
        self._heading: tuple[int, list[Line]] | None = None
        self._heading_page = 0
        self._table: tuple[Table, list[str] | None] | None = None

    def outline(self) -> Outline:
        """Return the whole document's outline."""
        for number, blocks in enumerate(self._pages, 1):
            for block in blocks:
                if isinstance(block, Table):
                    self._take_table(block, number)
                elif not _LEADERS.search(block.text):
                    self._take_line(block, number)
        self._close_paragraph()
        self._close_heading()
        return self._outline

    def _take_line(self, line: Line, page: int) -> None:
        self._table = None
        level = self._level(line)
        if level is not None:
            self._close_paragraph()
            if self._heading is not None and not self._goes_on(self._heading, level, line):
                self._close_heading()
            if self._heading is None:
                self._heading = (level, [])
                self._heading_page = page
            self._heading[1].append(line)
            return
        self._close_heading()
        if self._open.lines and self._begins(self._open, line, page):
            self._close_paragraph()
        if not self._open.lines:
            self._open.page = page
            self._open.item = bool(_BULLET.match(line.text) or _NUMBER.match(line.text))
        self._open.lines.append(line)

    def _level(self, line: Line) -> int | None:
        """Return the level a line is a heading of; None when it is none."""
        text = line.text.strip()
        letters = sum(letter.isalpha() for letter in text)
        if letters < 2 or len(text) > _LONGEST_HEADING or text.endswith((",", ";")):
            return None
        if line.size >= _LARGER * self._usual:
            return self._levels.get(round(line.size * 2))
        if (
            line.bold
            and self._bold_heads
            and line.parts == 1
            and line.size >= 0.95 * self._usual
            and len(text) <= _LONGEST_BOLD
            and not text.endswith(".")
            and not _BULLET.match(text)
            and line.x1 < line.right - line.size
        ):
            return _BOLD_LEVEL
        return None

    def _goes_on(self, heading: tuple[int, list[Line]], level: int, line: Line) -> bool:
        """Whether a line is the next one of a heading of several lines."""
        before = heading[1][-1]
        return (
            heading[0] == level
            and len(heading[1]) < 3
            and before.column == line.column
            and 0 < line.y - before.y <= 1.6 * line.size
            and level != _BOLD_LEVEL
        )

    def _close_heading(self) -> None:
        if self._heading is not None:
            level, lines = self._heading
            self._heading = None
            text = joined([line.text for line in lines], self._known)
            self._outline.heading(level, text.rstrip(":").strip(), self._heading_page)

    def _begins(self, paragraph: _Paragraph, line: Line, page: int) -> bool:
        """Whether a line begins a new paragraph."""
        before = paragraph.lines[-1]
        text, ended = line.text.lstrip(), before.text.rstrip().endswith(_ENDS)
        if _BULLET.match(text) or _NUMBER.match(text):
            return True
        if page != paragraph.page or line.column != before.column or line.y < before.y:
            # Over the end of a column a paragraph goes on when its sentence does.
            return ended or not (text[:1].islower() or before.text.endswith((SOFT_HYPHEN, "-")))
        if line.y - before.y > 1.3 * self._leading * max(line.size, before.size):
            return True
        if abs(line.size - before.size) > 0.15 * before.size:
            return True
        width = before.right - before.left
        short = before.x1 < before.right - 0.18 * width
        if short and (ended or not text[:1].islower()):
            return True
        indented = line.x0 > line.left + 0.8 * line.size and before.x0 < line.x0 - 0.5 * line.size
        return indented and ended and not paragraph.item

    def _close_paragraph(self) -> None:
        if not self._open.lines:
            return
        text = joined([line.text for line in self._open.lines], self._known)
        text = _BULLET.sub(BULLET, text)
        if text.strip(BULLET):
            self._outline.last.add(text, self._open.page)
        self._open = _Paragraph()

    def _take_table(self, table: Table, page: int) -> None:
        self._close_paragraph()
        self._close_heading()
        rows = table.rows
        header: bool | None = True if table.bold_head else None
        names: list[str] | None = None
        if self._table is not None and _same_columns(self._table[0], table):
            names = self._table[1]
            if names is not None and rows and rows[0] == names:
                rows = rows[1:]  # the header repeated on the next page
            if names is not None:
                rows, header = [names, *rows], True
        lines = table_lines(rows, header=header)
        for line in lines:
            self._outline.last.add(line, page)
        if names is None:
            full = [row for row in rows if sum(1 for cell in row if cell.strip()) > 1]
            has_names = table.bold_head or names_columns([[*map(str.strip, row)] for row in full])
            names = full[0] if full and has_names else None
        self._table = (table, names)


def _same_columns(one: Table, two: Table) -> bool:
    """Whether a table goes on in another: as many columns between the same borders."""
    return (
        bool(one.rows and two.rows)
        and len(one.rows[0]) == len(two.rows[0])
        and all(abs(a - b) <= 3 for a, b in zip(one.xs, two.xs, strict=True))
    )


def _largest_text(lines: Sequence[Line], usual: float) -> float:
    """Return the largest size in which plain text is set: columns may be smaller than the text around them."""
    letters: Counter[float] = Counter()
    prose: Counter[float] = Counter()
    for line in lines:
        size = round(line.size * 2) / 2
        letters[size] += len(line.text)
        if len(line.text) > _PROSE_LETTERS or line.text.rstrip().endswith("."):
            prose[size] += len(line.text)
    total = letters.total()
    found = [
        size
        for size, count in letters.items()
        if count > _PROSE_SHARE * total and prose[size] > 0.5 * count
    ]
    return max([*found, usual])


def _levels(lines: Iterable[Line], usual: float) -> dict[int, int]:
    """Return the level of each size (in half points) that headings have, 1 for the largest."""
    sizes = sorted(
        {round(line.size * 2) for line in lines if line.size >= _LARGER * usual}, reverse=True
    )
    return {size: level for level, size in enumerate(sizes, 1)}


def _leading(lines: Sequence[Line]) -> float:
    """Return the usual distance of two lines of a column, as a share of their size."""
    steps: Counter[float] = Counter()
    for before, line in pairwise(lines):
        if before.column == line.column and line.y > before.y and before.size == line.size:
            share = (line.y - before.y) / line.size
            if 0.8 <= share <= 2.5:
                steps[round(share, 1)] += 1
    return steps.most_common(1)[0][0] if steps else 1.3


def unreadable(pages: Sequence[int]) -> Notice:
    """Return the notice about pages that hold pictures instead of text."""
    shown = ", ".join(_ranges(pages))
    plural = "s" if len(pages) > 1 else ""
    return Notice(
        "pages_unreadable",
        f"Page{plural} {shown}: pictures without text. Recognise the text (OCR) and upload the file again.",
        tuple(pages),
    )


def _ranges(pages: Sequence[int]) -> list[str]:
    found: list[list[int]] = []
    for page in pages:
        if found and page == found[-1][1] + 1:
            found[-1][1] = page
        else:
            found.append([page, page])
    return [f"{first}-{last}" if last > first else str(first) for first, last in found]
