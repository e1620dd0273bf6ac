"""The rows of a table -> lines that can be read alone, whatever the format the table comes from."""

import re
from collections.abc import Sequence

from bot.knowledge.blocks import row_line

_FEW = 2
_YEAR = re.compile(r"^(?:\D{0,12}\s)?(?:19|20)\d\d(?:\s?(?:г\.?|ж\.?|год|жыл))?$")
_USUAL_NAMES = frozenset(
    (
        *("вопрос", "ответ", "название", "наименование", "описание", "услуга", "товар", "параметр"),
        *("значение", "показатель", "город", "адрес", "условие", "категория", "модель", "срок"),
        *("сұрақ", "жауап", "атауы", "сипаттамасы", "қызмет", "тауар", "мәні", "қала", "мекенжай"),
        *("question", "answer", "name", "description", "service", "product", "parameter", "value"),
        *("city", "address", "condition", "category", "model", "term"),
    )
)
"""Of two columns: by these alone a row of names is told from a name with its value."""


def table_lines(rows: Sequence[Sequence[str]], *, header: bool | None = None) -> list[str]:
    """Return a line for each row, with the names of its columns.

    Args:
        rows: the cells; rows may differ in length, and line breaks within a cell are kept as spaces.
        header: whether the first full row names the columns; None: to be guessed from what the rows hold.
    """
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    width = max((len(row) for row in cells), default=0)
    if width == 1:
        return [row[0] for row in cells if row[0]]
    lines: list[str] = []
    while cells and _filled(cells[0]) == 1 and len(cells) > 1 and _filled(cells[1]) > 1:
        lines.append(next(cell for cell in cells.pop(0) if cell))  # a caption over the columns
    if not cells:
        return lines
    if header is None:
        header = names_columns(cells)
    if not header or len(cells) == 1:
        return lines + [_without_names(row) for row in cells]
    names = cells[0]
    return lines + [line for row in cells[1:] if (line := row_line(names, _padded(row, width)))]


def names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row looks like names of columns: words, over rows that differ from it."""
    if len(rows) < _FEW:
        return False
    first, others = rows[0], rows[1:]
    filled = [cell for cell in first if cell]
    if not filled or sum(_has_digit(cell) and not _YEAR.match(cell) for cell in filled) * 3 > len(
        filled
    ):
        return False
    if max(len(row) for row in rows) > _FEW:
        return all(len(cell) <= 60 for cell in filled)
    if len(filled) == _FEW and all(cell.casefold().rstrip(":") in _USUAL_NAMES for cell in filled):
        return True
    # Two columns may as well be names and values: "Address | Abai 9".
    values = [row[1] for row in others if len(row) > 1 and row[1]]
    return (
        len(first) > 1
        and not _has_digit(first[1])
        and bool(values)
        and sum(map(_has_digit, values)) * 2 > len(values)
        and not any(_has_digit(cell) and len(cell) < 10 and not cell[0].isalpha() for cell in first)
        and not _names_of_values(first, others)
    )


def _names_of_values(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the left column itself names things one by one, each ending with a colon."""
    return first[0].endswith(":") and any(row[0].endswith(":") for row in others)


def _without_names(row: Sequence[str]) -> str:
    filled = [cell for cell in row if cell]
    if len(filled) == _FEW and row[0]:
        return f"{filled[0].rstrip(':')}: {filled[1]}"
    return "; ".join(filled)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)


def _padded(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def merged_header(rows: Sequence[Sequence[str]], count: int) -> list[list[str]]:
    """Return the table with its first rows, which together name the columns, made one: `Price, retail`."""
    width = max(len(row) for row in rows)
    names = []
    for column in range(width):
        parts = [row[column].strip() for row in rows[:count] if column < len(row)]
        names.append(", ".join(dict.fromkeys(part for part in parts if part)))
    return [names, *[list(row) for row in rows[count:]]]
