"""XLSX -> sections: a section a sheet, each row a line with the names of its columns, values as the sheet shows them."""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from bot.knowledge.blocks import Document, Notice, Section
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.containers import open_package, part_of
from bot.knowledge.formats.faq import faq_sections
from bot.knowledge.formats.limits import LIMITS, MEGABYTE, Limits, Report, nobody
from bot.knowledge.formats.shown import shown
from bot.knowledge.formats.tables import names_columns, table_lines

_MERGED = re.compile(
    rb'<(?:\w{1,9}:)?mergeCell\s[^<>]{0,99}?ref="([A-Z]{1,9}\d{1,9}:[A-Z]{1,9}\d{1,9})"'
)
_WITHOUT_VALUE = re.compile(
    rb"(?:</(?:\w{1,9}:)?f>|<(?:\w{1,9}:)?f\b[^<>]{0,999}/>)\s*+"
    rb"(?:(?:<(?:\w{1,9}:)?v\s{0,9}/>|<v></v>)\s*+)?</(?:\w{1,9}:)?c>"
)
_MAX_MERGED = 20_000
_MAX_COLUMNS = 500
_MAX_EMPTY = 1_000_000
"""Cells without a value, in all sheets: a file may claim a million rows and hold ten."""
_EMPTY_ROW = 10
"""Such cells that an empty row is counted as."""
_DEFAULT_NAME = re.compile(r"^(?:sheet|лист|парақ)\s*\d*$", re.IGNORECASE)

type Cell = tuple[str, bool]
"""What a cell shows, and whether it is bold."""


def parse_xlsx(content: bytes, limits: Limits = LIMITS, report: Report = nobody) -> Document:
    """Return the sections of a workbook; hidden sheets are left out, and named in a notice.

    A sheet whose first row names questions and answers is read as a FAQ.

    Raises:
        DocumentError: `document_encrypted`, `document_legacy_format`, `document_broken` or `document_too_large`.
    """
    with open_package(content, limits, save_as="XLSX") as package:
        for part in package.namelist():
            if part.endswith((".xml", ".rels")) and "/worksheets/" not in part:
                part_of(package, part)  # refuses XML with entities before openpyxl reads it
        return _read(package, limits, report)


def _read(package: zipfile.ZipFile, limits: Limits, report: Report) -> Document:
    assert package.fp is not None
    package.fp.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(package.fp, read_only=True, data_only=True, keep_links=False)
    except (
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        SyntaxError,
    ):
        raise DocumentError(
            "document_broken", "The workbook is damaged: open it and save it again."
        ) from None
    sections: list[Section] = []
    hidden: list[str] = []
    empty_formulas = cells = letters = 0
    counted = _Emptiness()
    sheets = book.worksheets
    shown_sheets = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    for number, sheet in enumerate(sheets, 1):
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
            continue
        raw = part_of(package, str(getattr(sheet, "_worksheet_path", "")).lstrip("/")) or b""
        empty_formulas += len(_WITHOUT_VALUE.findall(raw))
        rows: list[list[Cell]] = []
        for row in _rows(sheet, counted):
            cells += len(row)
            letters += sum(len(text) for text, _ in row)
            if letters > limits.text_bytes:
                allowed = limits.text_bytes // MEGABYTE
                raise DocumentError("document_too_large", f"Its cells say more than {allowed} MB.")
            if cells > limits.cells:
                raise DocumentError("document_too_large", f"It has more than {limits.cells} cells.")
            rows.append(row)
        cells += _fill_merged(rows, _merged(raw), limits.cells - cells)
        named = len(shown_sheets) > 1 or not _DEFAULT_NAME.match(sheet.title)
        sections += _sections((sheet.title,) if named else (), rows)
        report(number, len(sheets))
    book.close()
    return Document(None, tuple(sections), tuple(_notices(hidden, empty_formulas)))


@dataclass(slots=True)
class _Emptiness:
    """Counts what holds nothing."""

    cells: int = 0

    def add(self, cells: int) -> None:
        """Count cells.

        Raises:
            DocumentError: they are too many.
        """
        self.cells += cells
        if self.cells > _MAX_EMPTY:
            raise DocumentError(
                "document_too_large",
                "Its sheets have too many empty rows and cells: copy what is filled into a new file.",
            )


def _rows(sheet: Any, counted: _Emptiness) -> Iterator[list[Cell]]:
    """Yield what the cells of each row show, up to the last one that holds something."""
    # A sheet may claim a million rows and hold ten: only what is there is read.
    sheet.reset_dimensions()
    try:
        for row in sheet.iter_rows(max_col=_MAX_COLUMNS):
            # The library fills rows up with one and the same cell.
            there = [place for place, cell in enumerate(row) if cell is not EMPTY_CELL]
            cells: list[Cell] = [("", False)] * (there[-1] + 1 if there else 0)
            for place in there:
                cell = row[place]
                if cell.value is not None:
                    text = shown(cell.value, str(cell.number_format or ""))
                    cells[place] = (text, bool(cell.font and cell.font.b))
            while cells and not cells[-1][0]:
                cells.pop()
            counted.add(
                len(there) - sum(1 for text, _ in cells if text) or _EMPTY_ROW * (not cells)
            )
            yield cells
    except DocumentError:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        zipfile.BadZipFile,
    ):
        raise DocumentError(
            "document_broken", "A sheet is damaged: open the workbook and save it again."
        ) from None


def _merged(raw: bytes) -> list[tuple[int, int, int, int]]:
    """Return the merged cells of a sheet as (first column, first row, last column, last row), from 1."""
    found: list[tuple[int, int, int, int]] = []
    for match in _MERGED.finditer(raw):
        if len(found) == _MAX_MERGED:
            break
        left, top, right, bottom = range_boundaries(match[1].decode())
        if left and top and right and bottom:
            found.append((left, top, right, bottom))
    return found


def _fill_merged(
    rows: list[list[Cell]], merged: Sequence[tuple[int, int, int, int]], most: int
) -> int:
    """Give a merged cell's value to each row it covers, and, where it names columns, to each of them.

    Returns:
        How many cells were filled.

    Raises:
        DocumentError: they would be more than `most`.
    """
    filled = 0
    for left, top, right, bottom in merged:
        if top > len(rows) or left > len(rows[top - 1]) or not rows[top - 1][left - 1][0]:
            continue
        value = rows[top - 1][left - 1]
        # Alone in its row it is a caption, which is said once.
        alone = sum(1 for text, _ in rows[top - 1] if text) == 1
        for row in rows[top - 1 : bottom]:
            filled += 1 if alone else min(right, _MAX_COLUMNS) + 1 - left
            if filled > most:
                raise DocumentError("document_too_large", "Its merged cells cover too much.")
            for column in range(left, left + 1 if alone else min(right, _MAX_COLUMNS) + 1):
                row.extend([("", False)] * (column - len(row)))
                row[column - 1] = value
    return filled


def _sections(heading: tuple[str, ...], rows: Sequence[Sequence[Cell]]) -> list[Section]:
    """Return a sheet's sections: the tables in it, parted by empty rows."""
    texts = [[text for text, _ in row] for row in rows if any(text for text, _ in row)]
    if faq := faq_sections(texts):
        for section in faq:
            section.heading = (*heading, *section.heading)
        return faq
    section = Section(heading)
    names: list[str] | None = None
    for table in _tables(rows):
        cells = [[text for text, _ in row] for row in table]
        start = next((n for n, row in enumerate(cells) if sum(map(bool, row)) > 1), 0)
        bold = all(is_bold for text, is_bold in table[start] if text) and not any(
            is_bold for row in table[start + 1 :] for text, is_bold in row if text
        )
        if len(cells) - start > 1 and (bold or names_columns(cells[start:])):
            names = cells[start]
            section.lines += table_lines(cells, header=True)
        elif names is not None and max(map(len, cells)) <= len(names) and _wide(cells):
            # An empty row parts groups of one table: they share its names.
            section.lines += [line for line in table_lines([names, *cells], header=True) if line]
        else:
            section.lines += table_lines(cells, header=False)
    return [section] if section.lines else []


def _wide(cells: Sequence[Sequence[str]]) -> bool:
    return any(sum(map(bool, row)) > 1 for row in cells)


def _tables(rows: Sequence[Sequence[Cell]]) -> Iterator[list[list[Cell]]]:
    """Yield runs of rows without an empty one, without the columns that are empty in all the sheet's rows."""
    width = max(map(len, rows), default=0)
    used = [
        column
        for column in range(width)
        if any(column < len(row) and row[column][0] for row in rows)
    ]
    table: list[list[Cell]] = []
    for row in [*rows, []]:
        if any(text for text, _ in row):
            table.append([row[column] if column < len(row) else ("", False) for column in used])
        elif table:
            yield table
            table = []


def _notices(hidden: Sequence[str], empty_formulas: int) -> Iterator[Notice]:
    if hidden:
        yield Notice("hidden_sheets_skipped", f"{len(hidden)} hidden sheets were not read.")
    if empty_formulas:
        yield Notice(
            "formulas_without_values",
            f"{empty_formulas} formulas have no stored value: open the workbook, let it calculate, and save it.",
        )
