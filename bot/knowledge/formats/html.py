"""HTML -> sections: the page's own text, without menus, footers and cookie bars."""

import re
from collections import defaultdict

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.knowledge.blocks import BULLET, Document, Outline
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.html_boilerplate import main_content
from bot.knowledge.formats.html_nesting import check_depth, check_markup, children
from bot.knowledge.formats.limits import LIMITS, Limits, Report, nobody
from bot.knowledge.formats.tables import merged_header, table_lines

_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "caption",
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_QUESTION_LEVEL = 7
"""Of what opens a folded answer, and of a term in a list of terms: below all headings."""
_MAX_SPAN = 50
_LONG_NUMBER = 10
"""Digits of a number that counts nothing."""
_NO_TEXT = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "object",
        "video",
        "audio",
        "canvas",
        "select",
        "button",
        "input",
        "textarea",
        "head",
        "title",
    )
)


def parse_html(content: str, limits: Limits = LIMITS, report: Report = nobody) -> Document:
    """Return the sections of a page.

    Raises:
        DocumentError: `document_too_large` or `document_too_complex`.
    """
    check_markup(content)
    tree = LexborHTMLParser(content)
    check_depth(tree.body)
    title = tree.css_first("title")
    body, around = main_content(tree)
    reader = _Reader(limits, around)
    if body is not None:
        reader.read(body)
    reader.end_line()
    report(1, 1)
    own = " ".join(title.text().split()) if title is not None else ""
    # "Delivery | Company": the site's name is no part of the page's.
    own = re.split(r"\s+[|•—–-]\s+", own)[0]
    return reader.outline.document(title=own or None)


class _Reader:
    """Walks the page without recursion: pages may be nested as deeply as their authors like."""

    def __init__(self, limits: Limits, around: set[int]) -> None:
        self.outline = Outline()
        self._around = around
        self._limits = limits
        self._line: list[str] = []
        self._mark = ""
        self._cells = 0
        self._items: defaultdict[int, int] = defaultdict(int)

    def read(self, root: LexborNode) -> None:
        """Read an element and all in it."""
        waiting: list[LexborNode | None] = [root]
        while waiting:
            node = waiting.pop()
            if node is None:
                self.end_line()
                continue
            name = node.tag or ""
            if name == "-text":
                self._line.append(node.text(deep=False))
            elif self._is_text(node) and not self._took_whole(node, name):
                self._open(node, name)
                if name in _BLOCKS:
                    waiting.append(None)
                waiting += reversed(list(children(node)))

    def _is_text(self, node: LexborNode) -> bool:
        """Whether an element is read, with what is in it."""
        name = node.tag or ""
        return (
            name not in _NO_TEXT
            and not name.startswith(("-", "_"))
            and node.mem_id not in self._around
        )

    def _took_whole(self, node: LexborNode, name: str) -> bool:
        """Read an element that is more than the sum of its parts; False for the others."""
        if name in _HEADINGS or name == "summary":
            self._heading(node, _HEADINGS.get(name, _QUESTION_LEVEL))
        elif name == "table" and node.css_first("table table, h1, h2, h3, form") is None:
            self._table(node)  # not one that only arranges the page
        elif name in {"br", "hr"}:
            self.end_line()
        elif name == "pre":
            self._preformatted(node)
        else:
            return False
        return True

    def _plain(self, root: LexborNode) -> str:
        """Return an element's text as one line."""
        pieces: list[str] = []
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node.tag == "-text":
                pieces.append(node.text(deep=False))
            elif self._is_text(node):
                if node.tag in _BLOCKS or node.tag == "br":
                    pieces.append(" ")
                waiting += reversed(list(children(node)))
        return " ".join("".join(pieces).split())

    def end_line(self) -> None:
        """Close the line that is open."""
        text = " ".join("".join(self._line).split())
        self._line = []
        if text:
            self.outline.last.lines.append(self._mark + text)
            self._mark = ""

    def _open(self, node: LexborNode, name: str) -> None:
        if name in _BLOCKS:
            self.end_line()
        if name == "li":
            self._mark = self._item_mark(node)
        elif name == "img" and node.attributes.get("alt"):
            self._line.append(f" {node.attributes['alt']} ")
        elif name == "a":
            address = node.attributes.get("href") or ""
            shown = address.removeprefix("mailto:").removeprefix("tel:")
            if address.startswith(("mailto:", "tel:")) and shown not in node.text():
                self._line.append(f"{shown} ")

    def _item_mark(self, item: LexborNode) -> str:
        parent = item.parent
        if parent is None or parent.tag != "ol":
            return BULLET
        self._items[parent.mem_id] += 1
        first = parent.attributes.get("start") or "1"
        number = int(first) if first.isdecimal() and len(first) < _LONG_NUMBER else 1
        return f"{number + self._items[parent.mem_id] - 1}. "

    def _heading(self, node: LexborNode, level: int) -> None:
        self.end_line()
        text = self._plain(node)
        if text:
            self._mark = ""
            self.outline.heading(level, text)

    def _preformatted(self, node: LexborNode) -> None:
        self.end_line()
        for line in node.text().splitlines():
            self._line.append(line)
            self.end_line()

    def _table(self, table: LexborNode) -> None:
        self.end_line()
        rows: list[list[str]] = []
        spans: dict[int, tuple[int, str]] = {}
        heads = 0
        for row in table.css("tr"):
            if _table_of(row) != table.mem_id:
                continue
            cells, only_names = self._row(row, spans, head=heads == len(rows))
            if only_names and heads == len(rows):
                heads += 1
            rows.append(cells)
        caption = table.css_first("caption")
        if caption is not None and (text := self._plain(caption)):
            self.outline.last.lines.append(text)
        header: bool | None = None
        if 0 < heads < len(rows):
            rows, header = merged_header(rows, heads), True
        self.outline.last.lines += table_lines(rows, header=header)

    def _row(
        self, row: LexborNode, spans: dict[int, tuple[int, str]], *, head: bool
    ) -> tuple[list[str], bool]:
        """Return the row's cells, with those that reach down from above, and whether all of them are names."""
        cells: list[str] = []
        names = 0
        own = [cell for cell in children(row) if cell.tag in {"td", "th"}]
        for cell in own:
            _take_spans(cells, spans)
            text = self._plain(cell)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            names += cell.tag == "th"
            for offset in range(across):
                shown = text if offset == 0 or head else ""
                if down > 1:
                    spans[len(cells)] = (down - 1, shown)
                cells.append(shown)
        _take_spans(cells, spans)
        # With those from above: a few rows of wide and high cells are millions.
        self._cells += len(cells)
        if self._cells > self._limits.cells:
            raise DocumentError(
                "document_too_large", f"Its tables have more than {self._limits.cells} cells."
            )
        return cells, bool(own) and names == len(own)


def _take_spans(cells: list[str], spans: dict[int, tuple[int, str]]) -> None:
    """Put the cells that reach down into this row where the next cell would stand."""
    while len(cells) in spans:
        left, text = spans.pop(len(cells))
        if left > 1:
            spans[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: LexborNode, name: str) -> int:
    value = cell.attributes.get(name) or "1"
    if not value.isdecimal() or len(value) >= _LONG_NUMBER:
        return 1
    return min(max(int(value), 1), _MAX_SPAN)


def _table_of(row: LexborNode) -> int | None:
    above = row.parent
    while above is not None and above.tag != "table":
        above = above.parent
    return above.mem_id if above is not None else None
