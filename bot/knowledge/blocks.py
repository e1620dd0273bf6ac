"""What the parsers make of a document, before it is cut into passages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

BULLET = "• "


@dataclass(slots=True)
class Section:
    """The lines under one heading path. A line is a paragraph, a list item (`• `) or a table row."""

    heading: tuple[str, ...]
    lines: list[str] = field(default_factory=list)
    language: str | None = None
    """Given by the document itself; otherwise detected later."""
    pages: list[int] = field(default_factory=list)
    """The page of each line, from 1; empty where the format has no pages."""

    def add(self, line: str, page: int) -> None:
        """Add a line of a page."""
        self.lines.append(line)
        self.pages.append(page)

    def page_of(self, line: int) -> int | None:
        """Return the page a line is on."""
        return self.pages[line] if line < len(self.pages) else None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something of a document that could not be used, while the rest could. `code` is stable, `detail` for people."""

    code: str
    detail: str
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document. `title` is the document's own, if it has one."""

    title: str | None
    sections: tuple[Section, ...]
    notices: tuple[Notice, ...] = ()


class Outline:
    """Collects sections under the path of headings that are open."""

    def __init__(self) -> None:
        self.sections = [Section(())]
        self._path: list[tuple[int, str]] = []
        self._levels: list[int] = []
        self._begins_with_heading = False
        self._pages: list[int | None] = [None]

    def heading(self, level: int, text: str, page: int | None = None) -> None:
        """Open a heading; the smaller the level, the higher it is."""
        if not self._levels:
            self._begins_with_heading = not self.sections[0].lines
        self._levels.append(level)
        self._path = [(above, name) for above, name in self._path if above < level]
        self._path.append((level, text))
        self.sections.append(Section(tuple(name for _, name in self._path)))
        self._pages.append(page)

    @property
    def last(self) -> Section:
        """The section that is open."""
        return self.sections[-1]

    def document(self, *, title: str | None = None, notices: Sequence[Notice] = ()) -> Document:
        """Return what was collected.

        When the document begins with its only highest heading, that is its title, and is not repeated in the paths.
        """
        self._keep_bare_headings()
        filled = [section for section in self.sections if section.lines]
        if self._begins_with_heading and self._levels.count(min(self._levels)) == 1:
            if self.sections[1].heading:
                title = self.sections[1].heading[0]
            for section in filled:
                section.heading = section.heading[1:]
        return Document(title, tuple(filled), tuple(notices))

    def _keep_bare_headings(self) -> None:
        """Let a heading with nothing under it be a line of text: large letters may say all there is to say."""
        following: Section | None = None
        for place in range(len(self.sections) - 1, 0, -1):
            section = self.sections[place]
            above = following is not None and (
                following.heading[: len(section.heading)] == section.heading
            )
            if not section.lines and not above:
                text, page = section.heading[-1], self._pages[place]
                section.heading = section.heading[:-1]
                if page is None:
                    section.lines.append(text)
                else:
                    section.add(text, page)
            following = section


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
