"""A passage's text -> the pieces it can be quoted by: sentences, list items and table rows."""

import re

from bot.knowledge.blocks import BULLET
from bot.knowledge.sentences import sentences

MAX_ITEM = 250
"""Characters of a list item that is never cut."""


_NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,4}[.)]?\s{1,3}[^\W\d_]")
MIN_WRAPPED = 60
"""Characters of a line that may be one of a paragraph that was broken by hand."""


def pieces_of(text: str) -> list[str]:
    """Return the sentences, list items and rows of a passage, in order. Items and rows are never cut."""
    return [piece for paragraph in paragraphs_of(text) for piece in paragraph]


def paragraphs_of(text: str) -> list[list[str]]:
    """Return the pieces of each paragraph of a passage; an item or a row is one by itself."""
    return [
        [line] if is_row(line) or _is_item(line) else sentences(line) for line in _unwrapped(text)
    ]


def _unwrapped(text: str) -> list[str]:
    """Return the lines, those broken by hand within a sentence put together again."""
    found: list[str] = []
    for line in text.splitlines():
        before = found[-1] if found else ""
        goes_on = (
            len(before) >= MIN_WRAPPED
            and before[-1:].isalpha()
            and not (is_row(before) or is_row(line) or line.startswith(BULLET))
            and (line[:1].islower() or line[:1].isdigit())
            and not _NUMBERED.match(line)
        )
        if goes_on:
            found[-1] = f"{before} {line}"
        else:
            found.append(line)
    return found


def _is_item(line: str) -> bool:
    return line.startswith(BULLET) and len(line) < MAX_ITEM


def is_row(line: str) -> bool:
    """Tell whether a line is a table's row, as the parsers write it."""
    return ": " in line and "; " in line
