"""The lines drawn on a PDF page -> the grids of its tables, and the words in their cells."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium

from bot.knowledge.formats.pdf.glyphs import Segment, Word, lines_of, turned
from bot.knowledge.formats.pdf.joining import joined
from bot.knowledge.formats.tables import merged_header

_THIN = 3.0
_NEAR = 3.0
_SHORTEST = 6.0
MAX_OBJECTS = 20_000
MAX_RULINGS = 4_000
"""Of a page. A drawing may have any number of lines, and is no table."""


@dataclass(slots=True)
class Ruling:
    """A level (`level`) or upright line: its place across, and from where to where it runs."""

    level: bool
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's lines: the places of its rows and columns, and the rulings themselves."""

    xs: list[float]
    ys: list[float]
    rulings: list[Ruling]

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is inside."""
        return (
            self.xs[0] - _NEAR <= x <= self.xs[-1] + _NEAR
            and self.ys[0] - _NEAR <= y <= self.ys[-1] + _NEAR
        )

    def ruled(self, *, level: bool, at: float, across: float) -> bool:
        """Whether a line of the grid passes here."""
        return any(
            ruling.level is level
            and abs(ruling.at - at) <= _NEAR
            and ruling.start - _NEAR <= across <= ruling.end + _NEAR
            for ruling in self.rulings
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    """What else than letters a page holds."""

    rulings: list[Ruling]
    images: int
    paths: int
    image_share: float
    """How much of the page the largest picture covers, 0-1."""


def drawn_on(page: Any, turn: float, area: float) -> Drawn:
    """Return the lines and the pictures of a loaded page."""
    rulings: list[Ruling] = []
    images = paths = 0
    largest = 0.0
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(page, index)
        kind = pdfium.FPDFPageObj_GetType(item)
        if kind in {pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM}:
            images += 1
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            paths += 1
        else:
            continue
        if not pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top):
            continue
        width, height = right.value - left.value, top.value - bottom.value
        if kind != pdfium.FPDF_PAGEOBJ_PATH:
            largest = max(largest, width * height / area if area else 0.0)
        elif len(rulings) < MAX_RULINGS:
            if min(width, height) <= _THIN:
                corners = ((left.value, bottom.value), (right.value, top.value))
                rulings += _ruling(*(turned(x, y, turn) for x, y in corners))
            else:
                rulings += _strokes(item, turn)
    return Drawn(rulings[:MAX_RULINGS], images, paths, min(largest, 1.0))


def _ruling(one: tuple[float, float], two: tuple[float, float]) -> Iterator[Ruling]:
    (x0, y0), (x1, y1) = one, two
    if abs(y0 - y1) <= _THIN and abs(x0 - x1) >= _SHORTEST:
        yield Ruling(level=True, at=(y0 + y1) / 2, start=min(x0, x1), end=max(x0, x1))
    elif abs(x0 - x1) <= _THIN and abs(y0 - y1) >= _SHORTEST:
        yield Ruling(level=False, at=(x0 + x1) / 2, start=min(y0, y1), end=max(y0, y1))


def _strokes(path: Any, turn: float) -> Iterator[Ruling]:
    """Yield the straight lines of a path that is drawn with a pen: a box, or a whole grid in one."""
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium.FPDFPath_GetDrawMode(path, mode, stroke) or not stroke.value:
        return
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(path, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    before = first = None
    for index in range(min(pdfium.FPDFPath_CountSegments(path), MAX_RULINGS)):
        piece = pdfium.FPDFPath_GetPathSegment(path, index)
        pdfium.FPDFPathSegment_GetPoint(piece, x, y)
        place = turned(
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
            turn,
        )
        kind = pdfium.FPDFPathSegment_GetType(piece)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = place
        elif kind == pdfium.FPDF_SEGMENT_LINETO and before is not None:
            yield from _ruling(before, place)
        before = place
        if pdfium.FPDFPathSegment_GetClose(piece) and first is not None:
            yield from _ruling(place, first)


def grids_of(rulings: Sequence[Ruling]) -> list[Grid]:
    """Return the grids of at least two rows and two columns, from the top down."""
    levels = [ruling for ruling in rulings if ruling.level]
    uprights = [ruling for ruling in rulings if not ruling.level]
    groups = list(range(len(rulings)))

    def root(place: int) -> int:
        while groups[place] != place:
            groups[place] = groups[groups[place]]
            place = groups[place]
        return place

    uprights.sort(key=lambda ruling: ruling.at)
    ordered = [*levels, *uprights]
    for here, level in enumerate(levels):
        for there, upright in enumerate(uprights, len(levels)):
            if upright.at > level.end + _NEAR:
                break
            if (
                upright.at >= level.start - _NEAR
                and upright.start - _NEAR <= level.at <= upright.end + _NEAR
            ):
                groups[root(here)] = root(there)
    members: dict[int, list[Ruling]] = {}
    for place, ruling in enumerate(ordered):
        members.setdefault(root(place), []).append(ruling)
    found = []
    for group in members.values():
        ys = _distinct([ruling.at for ruling in group if ruling.level])
        xs = _distinct([ruling.at for ruling in group if not ruling.level])
        if len(ys) > 2 and len(xs) > 2:
            found.append(Grid(xs, ys, group))
    return sorted(found, key=lambda grid: grid.ys[0])


def _distinct(places: Sequence[float]) -> list[float]:
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _NEAR:
            found.append(place)
    return found


def take_tables(words: Sequence[Word], grids: Sequence[Grid]) -> tuple[list[Word], list[Segment]]:
    """Return the words outside all grids, and each grid that holds words as one segment."""
    left: list[Word] = []
    inside: list[list[Word]] = [[] for _ in grids]
    for word in words:
        x, y = (word.x0 + word.x1) / 2, word.y - 0.3 * word.size
        place = next((n for n, grid in enumerate(grids) if grid.holds(x, y)), None)
        (left if place is None else inside[place]).append(word)
    tables = [_table(grid, held) for grid, held in zip(grids, inside, strict=True) if held]
    return left, tables


def _table(grid: Grid, words: Sequence[Word]) -> Segment:
    columns, rows = len(grid.xs) - 1, len(grid.ys) - 1
    cells: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        row = _slot(grid.ys, word.y - 0.3 * word.size)
        column = _slot(grid.xs, (word.x0 + word.x1) / 2)
        cells.setdefault((row, column), []).append(word)
    texts = [[""] * columns for _ in range(rows)]
    for row in range(rows):
        middle = (grid.ys[row] + grid.ys[row + 1]) / 2
        column = 0
        while column < columns:
            held = list(cells.get((row, column), ()))
            following = column + 1
            # A cell over several columns: no line parts it from its neighbour. As a name it counts for each of them.
            while following < columns and not grid.ruled(
                level=False, at=grid.xs[following], across=middle
            ):
                held += cells.get((row, following), ())
                following += 1
            texts[row][column] = joined(
                [" ".join(word.text for word in line) for line in lines_of(held)]
            )
            if row == 0:
                texts[row][column + 1 : following] = [texts[row][column]] * (following - column - 1)
            column = following
    _repeat_down(grid, texts)
    heads = _header_rows(grid, texts)
    if heads > 1:
        texts = merged_header(texts, heads)
    head = [word for word in words if _slot(grid.ys, word.y - 0.3 * word.size) == 0]
    body_bold = sum(word.bold for word in words) * 2 > len(words)
    return Segment(
        text="",
        x0=grid.xs[0],
        x1=grid.xs[-1],
        y=grid.ys[-1],
        top=grid.ys[0],
        size=words[0].size,
        bold=False,
        rows=texts,
        bold_head=heads > 1 or (bool(head) and all(word.bold for word in head) and not body_bold),
    )


def _header_rows(grid: Grid, texts: Sequence[Sequence[str]]) -> int:
    """Return how many rows name the columns: two, when one name of the first stands over several of the second."""
    first = texts[0]
    over = any(one and one == two for one, two in pairwise(first))
    middles = [(left + right) / 2 for left, right in pairwise(grid.xs)]
    reaching = [not grid.ruled(level=True, at=grid.ys[1], across=middle) for middle in middles]
    return 2 if over and any(reaching) and not all(reaching) and len(texts) > 2 else 1


def _repeat_down(grid: Grid, texts: list[list[str]]) -> None:
    """Give a cell over several rows to each of them: no line parts it from the one above."""
    for column in range(len(grid.xs) - 1):
        middle = (grid.xs[column] + grid.xs[column + 1]) / 2
        for row in range(1, len(texts)):
            if grid.ruled(level=True, at=grid.ys[row], across=middle):
                continue
            above, here = texts[row - 1][column], texts[row][column]
            texts[row][column] = f"{above} {here}".strip() if here and above != here else above
            if here:  # the text stands in the middle of its cell: the rows above have it, too
                back = row - 1
                while back >= 0 and not texts[back][column]:
                    texts[back][column] = texts[row][column]
                    back -= 1


def _slot(edges: Sequence[float], place: float) -> int:
    """Return between which two of the sorted edges a place is."""
    for index in range(len(edges) - 2):
        if place < edges[index + 1]:
            return index
    return len(edges) - 2
