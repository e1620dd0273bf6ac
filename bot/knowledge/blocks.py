"""What the parsers make of a document, before it is cut into passages."""

from dataclasses import dataclass, field

BULLET = "• "


@dataclass(slots=True)
class Section:
    """The lines under one heading path. A line is a paragraph, a list item (`• `) or a table row."""

    heading: tuple[str, ...]
    lines: list[str] = field(default_factory=list)
    language: str | None = None
    """Given by the document itself; otherwise detected later."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document. `title` is the document's own, if it has one."""

    title: str | None
    sections: tuple[Section, ...]


def row_line(header: list[str], cells: list[str]) -> str:
    """Return a table's row as a line that carries its header: `City: Astana; Price: 1 500 ₸`.

    A first column without a name tells what the row is about: `Address — Almaty: ...; Astana: ...`.
    """
    if len(header) > 1 and not header[0].strip() and cells[0].strip():
        return f"{cells[0].strip()} — {row_line(header[1:], cells[1:])}"
    pieces = []
    for place, cell in enumerate(cells):
        name = header[place].strip() if place < len(header) else ""
        value = cell.strip()
        if value:
            pieces.append(f"{name}: {value}" if name else value)
    return "; ".join(pieces)
