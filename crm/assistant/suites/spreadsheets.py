"""Cases out of a spreadsheet: CSV with a row of names first.

    question;contains;not_contains;cites;declines;hands_over;language;intent;name

Only `question` must be there, and each case needs at least one expectation. Names may be Russian or Kazakh, too; columns
stand in any order, others are refused. Cells are separated by commas, semicolons or tabs. A talk of several messages, or
several texts to look for, stand in one cell on lines of their own, or with `||` between them. Yes and no are yes/no, true/false, 1/0,
да/нет, иә/жоқ.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from crm.assistant.suites.schemas import CaseWrite
from crm.core.errors import FieldError, Invalid

MAX_ROWS: Final = 500
SEPARATOR: Final = "||"
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "question": ("question", "turns", "вопрос", "сұрақ"),
    "name": ("name", "название", "атауы"),
    "contains": ("contains", "содержит", "құрамында"),
    "not_contains": ("not_contains", "не содержит", "құрамында жоқ"),
    "cites": ("cites", "документ", "құжат"),
    "declines": ("declines", "отказ", "білмейді"),
    "hands_over": ("hands_over", "человек", "адам"),
    "language": ("language", "язык", "тіл"),
    "intent": ("intent", "намерение", "ниет"),
}
_COLUMNS: Final = {name: column for column, names in _NAMES.items() for name in names}
_LISTS: Final = {"contains", "not_contains", "cites"}
_FLAGS: Final = {"declines", "hands_over"}
_YES: Final = {"yes", "true", "1", "да", "иә", "+"}
_NO: Final = {"no", "false", "0", "нет", "жоқ", "-"}


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with one line; the first one is the row of names."""

    line: int
    column: str | None
    code: str
    detail: str


def read_cases(text: str) -> tuple[list[CaseWrite], list[LineError]]:
    """Return the cases of a CSV text and what is wrong with its lines; the cases are whole only where nothing is.

    Raises:
        Invalid: there is no row of names, a name is unknown, or there are too many rows.
    """
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=_delimiter(text))
    try:
        columns = _columns(next(rows, []))
        numbered = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise _invalid("csv_invalid", f"This is not CSV: {error}.") from None
    if len(numbered) > MAX_ROWS:
        raise _invalid("csv_too_long", f"At most {MAX_ROWS} cases at once.")
    cases: list[CaseWrite] = []
    errors: list[LineError] = []
    for line, row in numbered:
        found, wrong = _case(dict(zip(columns, row, strict=False)), line)
        errors += wrong
        if found is not None:
            cases.append(found)
    return cases, errors


def _case(cells: dict[str, str], line: int) -> tuple[CaseWrite | None, list[LineError]]:
    wrong: list[LineError] = []
    expect: dict[str, Any] = {}
    for column, cell in cells.items():
        value = cell.strip()
        if not value or column in {"question", "name"}:
            continue
        if column in _LISTS:
            expect[column] = list(_parts(cell))
        elif column in _FLAGS:
            if value.lower() not in _YES | _NO:
                wrong.append(
                    LineError(line, column, "yes_or_no", f"“{value}” is neither yes nor no.")
                )
            expect[column] = value.lower() in _YES
        else:
            expect[column] = value.lower()
    try:
        case = CaseWrite.model_validate(
            {
                "name": cells.get("name", "").strip() or None,
                "turns": list(_parts(cells.get("question", ""))),
                "expect": expect,
            }
        )
    except ValidationError as error:
        return None, [*wrong, *(_line_error(line, fault) for fault in error.errors())]
    return (None if wrong else case), wrong


def _line_error(line: int, fault: Any) -> LineError:
    path = [str(part) for part in fault["loc"]]
    column = "question" if path[:1] == ["turns"] else (path[1] if len(path) > 1 else None)
    return LineError(line, column, str(fault["type"]), str(fault["msg"]))


def _parts(cell: str) -> Iterator[str]:
    for part in cell.replace(SEPARATOR, "\n").splitlines():
        if part.strip():
            yield part.strip()


def _columns(row: list[str]) -> list[str]:
    names = [" ".join(cell.strip().lower().split()) for cell in row]
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown or "question" not in {_COLUMNS[name] for name in names}:
        known = ", ".join(_NAMES)
        trouble = f"unknown: {', '.join(unknown)}" if unknown else "there is no question"
        raise _invalid("csv_columns", f"The first line names the columns: {known}; {trouble}.")
    return [_COLUMNS[name] for name in names]


def _delimiter(text: str) -> str:
    first = text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""
    return max(",;\t", key=first.count)


def _invalid(code: str, detail: str) -> Invalid:
    return Invalid(fields=[FieldError("content", code, detail)])
