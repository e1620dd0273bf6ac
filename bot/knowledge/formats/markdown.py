"""Markdown -> sections."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.knowledge.blocks import BULLET, Document, Section, row_line

_PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def parse_markdown(text: str) -> Document:
    """Return the document's sections. The only first-level heading, when it comes first, is the title.

    HTML tags and front matter are left out. A table's row becomes one line with the names of its columns.
    """
    reader = _Reader()
    reader.read(_PARSER.parse(_without_front_matter(text)))
    sections = [section for section in reader.sections if section.lines]
    tops = {section.heading[0] for section in reader.sections if section.heading}
    title = None
    if len(tops) == 1 and reader.first_level == 1:
        title = tops.pop()
        for section in sections:
            section.heading = section.heading[1:]
    return Document(title, tuple(sections))


def _without_front_matter(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    _, found, rest = text[4:].partition("\n---\n")
    return rest if found else text


class _Reader:
    """Walks the tokens once, keeping the path of headings, the list's depth and the table's header."""

    def __init__(self) -> None:
        self.sections: list[Section] = [Section(())]
        self.first_level: int | None = None
        self._path: list[tuple[int, str]] = []
        self._lists: list[int | None] = []
        self._item_open = False
        self._header: list[str] = []
        self._cells: list[str] = []

    def read(self, tokens: Sequence[Token]) -> None:
        """Read all tokens of a document."""
        for place, token in enumerate(tokens):
            match token.type:
                case "heading_open":
                    self._heading(int(token.tag[1:]), _plain(tokens[place + 1]))
                case "inline":
                    self._inline(token, tokens[place - 1].type)
                case "fence" | "code_block":
                    self._lines(token.content)
                case "tr_open":
                    self._cells = []
                case "tr_close":
                    self._row(in_header=tokens[place - 1].type == "th_close")
                case _:
                    self._list(token)

    def _list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._item_open = True
            case _:
                pass

    def _heading(self, level: int, text: str) -> None:
        if self.first_level is None and not self.sections[0].lines:
            self.first_level = level
        self._path = [(above, name) for above, name in self._path if above < level]
        self._path.append((level, text))
        self.sections.append(Section(tuple(name for _, name in self._path)))

    def _inline(self, token: Token, opened_by: str) -> None:
        if opened_by == "heading_open":
            return
        if opened_by in {"td_open", "th_open"}:
            self._cells.append(_plain(token).replace("\n", " "))
            return
        self._lines(_plain(token))

    def _lines(self, text: str) -> None:
        for line in text.splitlines():
            stripped = line.strip()
            if not stripped:
                continue
            if self._lists and self._item_open:
                stripped = self._mark() + stripped
                self._item_open = False
            self.sections[-1].lines.append(stripped)

    def _mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return BULLET
        self._lists[-1] = number + 1
        return f"{number}. "

    def _row(self, *, in_header: bool) -> None:
        if in_header:
            self._header = self._cells
            return
        line = row_line(self._header, self._cells)
        if line:
            self.sections[-1].lines.append(line)


def _plain(token: Token) -> str:
    """Return an inline token as a reader sees it; a link's address follows its text."""
    pieces: list[str] = []
    address = ""
    for child in token.children or []:
        match child.type:
            case "text" | "code_inline":
                pieces.append(child.content)
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case "image":
                pieces.append(child.content)
            case "link_open":
                address = str(child.attrGet("href") or "")
            case "link_close":
                shown = address.removeprefix("mailto:").removeprefix("tel:")
                if address.startswith(("http", "mailto:", "tel:")) and shown not in "".join(pieces):
                    pieces.append(f" ({shown})")
            case _:
                pass
    return "".join(pieces).strip()
