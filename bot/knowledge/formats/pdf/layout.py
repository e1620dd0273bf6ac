"""Segments of a page -> lines and tables in the order people read them: column by column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from bot.knowledge.formats.pdf.glyphs import Segment

_MIN_COLUMN_LINES = 3
_MIN_COLUMN_LETTERS = 24
"""Of the median line: columns of text are wider, the cells of a table are not."""
_MIN_TABLE_ROWS = 3
_FAR_ROWS = 3.0
_UNEVEN_ROWS = 3
"""Columns that were made equally long differ by so much."""
_APART = 2.2
"""Of the size: a gap after which something new begins."""
_SAME_LINE = 0.4


@dataclass(slots=True)
class Line:
    """A line of text, with the borders of the column it stands in; `parts`: pieces with wide gaps between them."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    left: float
    right: float
    column: int
    parts: int


@dataclass(slots=True)
class Table:
    """A table; `bold_head` tells whether its first row, and only that, is bold."""

    rows: list[list[str]]
    bold_head: bool
    xs: tuple[float, ...]


type Block = Line | Table


def blocks_of(segments: Sequence[Segment]) -> list[Block]:
    """Return the blocks of a page in reading order."""
    reader = _Reader()
    reader.read(_rows(segments))
    return reader.blocks


def _rows(segments: Sequence[Segment]) -> list[list[Segment]]:
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda item: item.top if item.rows else item.y - item.size):
        last = rows[-1][0] if rows else None
        if (
            last is not None
            and segment.rows is None
            and last.rows is None
            and segment.y - last.y <= _SAME_LINE * max(last.size, segment.size)
        ):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [sorted(row, key=lambda item: item.x0) for row in rows]


class _Reader:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._columns = 0

    def read(self, rows: list[list[Segment]]) -> None:
        """Read a region: what is above its columns, each column, what is below."""
        found = _columns(rows)
        if found is None:
            self._read_plain(rows)
            return
        first, last, at = found
        self._read_plain(rows[:first])
        sides: tuple[list[list[Segment]], list[list[Segment]]] = ([], [])
        for row in rows[first : last + 1]:
            for side, held in (
                (sides[0], [item for item in row if item.x0 < at - 1]),
                (sides[1], [item for item in row if item.x0 >= at - 1]),
            ):
                if held:
                    side.append(held)
        for side in sides:
            self.read(side)
        self.read(rows[last + 1 :])

    def _read_plain(self, rows: list[list[Segment]]) -> None:
        """Read rows from the top down, with the tables that no lines are drawn around."""
        if not rows:
            return
        self._columns += 1
        texts = [item for row in rows for item in row if item.rows is None]
        left = min((item.x0 for item in texts), default=0.0)
        right = max((item.x1 for item in texts), default=0.0)
        place = 0
        while place < len(rows):
            row = rows[place]
            if row[0].rows is not None:
                table = row[0]
                self.blocks.append(Table(table.rows or [], table.bold_head, (table.x0, table.x1)))
                place += 1
                continue
            end = _table_end(rows, place)
            if end is not None:
                self.blocks.append(_table(rows[place:end]))
                place = end
                continue
            self.blocks.append(
                Line(
                    text=" ".join(item.text for item in row),
                    x0=row[0].x0,
                    x1=row[-1].x1,
                    y=max(item.y for item in row),
                    size=max(row, key=lambda item: len(item.text)).size,
                    bold=all(item.bold for item in row),
                    left=left,
                    right=right,
                    column=self._columns,
                    parts=len(row),
                )
            )
            place += 1


def _columns(rows: Sequence[Sequence[Segment]]) -> tuple[int, int, float] | None:
    """Return the first and the last row of the widest stretch of two columns, and where the right one begins."""
    starts: dict[int, int] = {}
    left = min((row[0].x0 for row in rows), default=0.0)
    for row in rows:
        for item in row:
            if item.rows is None and item.x0 - left > 6 * item.size:
                key = round(item.x0 / 3)
                starts[key] = starts.get(key, 0) + 1
    best: tuple[int, int, float] | None = None
    for key, count in starts.items():
        near = count + starts.get(key - 1, 0) + starts.get(key + 1, 0)
        if near < _MIN_COLUMN_LINES:
            continue
        at = key * 3 - 2.0
        for first, crossed in _stretches(rows, at):
            last = _last_beside(rows, first, crossed, at)
            if (best is None or last - first > best[1] - best[0]) and _are_columns(
                rows[first : last + 1], at
            ):
                best = (first, last, at)
    return best


def _stretches(rows: Sequence[Sequence[Segment]], at: float) -> Iterator[tuple[int, int]]:
    """Yield the runs of rows in which nothing crosses the gutter that ends at `at`."""
    first: int | None = None
    for place, row in enumerate(rows):
        crossed = any(item.x0 < at - 1 and item.x1 > at - 0.5 * item.size for item in row)
        if crossed and first is not None:
            yield first, place - 1
            first = None
        elif not crossed and first is None:
            first = place
    if first is not None:
        yield first, len(rows) - 1


def _last_beside(rows: Sequence[Sequence[Segment]], first: int, last: int, at: float) -> int:
    """Return the last row of two columns: what begins anew where the right one ends belongs to neither.

    Where the right column is simply the shorter one, as on a last page, the left one goes on to its end.
    """
    ends = max((n for n in range(first, last + 1) if rows[n][-1].x0 >= at - 1), default=last)
    sizes = [item.size for row in rows[first : last + 1] for item in row]
    usual = median(sizes) if sizes else 0.0
    for place in range(ends + 1, min(ends + 1 + _UNEVEN_ROWS, last + 1)):
        item, above = rows[place][0], max(other.y for other in rows[place - 1])
        apart = item.y - above > _APART * item.size
        larger = item.size > 1.12 * usual
        if apart or larger or item.rows is not None:
            return place - 1
    return last


def _are_columns(rows: Sequence[Sequence[Segment]], at: float) -> bool:
    """Whether both sides are text of several lines, not the cells of a table."""
    for side in (
        [[item for item in row if item.x0 < at - 1] for row in rows],
        [[item for item in row if item.x0 >= at - 1] for row in rows],
    ):
        lengths = [sum(len(item.text) for item in row) for row in side if row and not row[0].rows]
        tables = sum(1 for row in side if row and row[0].rows)
        if len(lengths) + _MIN_COLUMN_LINES * tables < _MIN_COLUMN_LINES:
            return False
        if lengths and not tables and median(lengths) < _MIN_COLUMN_LETTERS:
            return False
    return True


def _table_end(rows: Sequence[Sequence[Segment]], first: int) -> int | None:
    """Return the row after the table that begins at `first`; None when none does.

    A table without lines is a run of rows of several segments each, which keep to the same columns.
    """
    if len(rows[first]) < 2:
        return None
    end = first + 1
    while end < len(rows):
        row, above = rows[end], rows[end - 1]
        if row[0].rows is not None or row[0].y - above[0].y > _FAR_ROWS * above[0].size:
            break
        if len(row) < 2 and not _continues(row[0], rows[first:end]):
            break
        end += 1
    while end > first and len(rows[end - 1]) < 2 and rows[end - 1][0].x0 <= rows[first][0].x0 + 2:
        end -= 1
    full = [row for row in rows[first:end] if len(row) > 1]
    if len(full) < _MIN_TABLE_ROWS:
        return None
    columns = _extents(full)
    if len(columns) < 2:
        return None
    kept = sum(1 for row in full if len({_column(item, columns) for item in row}) == len(row))
    if kept < 0.8 * len(full):
        return None
    return end


def _continues(item: Segment, rows: Sequence[Sequence[Segment]]) -> bool:
    """Whether a segment that stands alone is the next line of a cell: it stays within its column, and is not the first."""
    columns = _extents([row for row in rows if len(row) > 1])
    if len(columns) < 2:
        return False
    inside = [
        place
        for place, (start, end) in enumerate(columns)
        if item.x0 >= start - 2 and item.x1 <= end + item.size
    ]
    return bool(inside) and (inside[0] > 0 or len(item.text) <= _MIN_COLUMN_LETTERS)


def _extents(rows: Sequence[Sequence[Segment]]) -> list[tuple[float, float]]:
    """Return the columns the rows share, by the rows with the usual number of segments."""
    counts = sorted(len(row) for row in rows)
    usual = max(set(counts), key=lambda count: (counts.count(count), count)) if counts else 0
    found: list[tuple[float, float]] = []
    spans = [(item.x0, item.x1) for row in rows if len(row) == usual for item in row]
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + 2:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _column(item: Segment, columns: Sequence[tuple[float, float]]) -> int:
    """Return the column a segment belongs to: that it covers most of, else the nearest."""

    def fit(place: int) -> tuple[float, float]:
        start, end = columns[place]
        shared = min(item.x1, end) - max(item.x0, start)
        return shared, -abs((item.x0 + item.x1) / 2 - (start + end) / 2)

    return max(range(len(columns)), key=fit)


def _table(rows: Sequence[Sequence[Segment]]) -> Table:
    columns = _extents([row for row in rows if len(row) > 1])
    cells: list[list[str]] = []
    for row in rows:
        texts = [""] * len(columns)
        for item in row:
            place = _column(item, columns)
            texts[place] = f"{texts[place]} {item.text}".strip()
        if cells and not texts[0] and len(row) < 2:  # the next line of the cells above
            cells[-1] = [f"{a} {b}".strip() for a, b in zip(cells[-1], texts, strict=True)]
        else:
            cells.append(texts)
    head = all(item.bold for item in rows[0])
    body = any(item.bold for row in rows[1:] for item in row[1:])
    return Table(cells, head and not body, (columns[0][0], columns[-1][1]))
