"""DOCX -> sections: headings by their styles, lists with their numbers, tables row by row, footnotes after their paragraph."""

from collections.abc import Iterator
from itertools import islice

from lxml import etree

from bot.knowledge.blocks import Document, Outline
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.containers import attribute, local, open_package, tree_of
from bot.knowledge.formats.docx_styles import Numbering, Styles, child, is_on
from bot.knowledge.formats.limits import LIMITS, MEGABYTE, Limits, Report, nobody
from bot.knowledge.formats.tables import merged_header, table_lines

_WRAPPERS = frozenset(
    {"sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag", "AlternateContent", "Choice"}
)
_GONE = frozenset(
    {"del", "moveFrom", "Fallback", "pPr", "rPr", "instrText", "txbxContent", "delText"}
)
"""What is not, or no longer, text: removed words, second copies, field codes. Text boxes are read by themselves."""
_LONGEST_BOLD = 110
_BOLD_LEVEL = 6
_REPORT_EVERY = 200
_MAX_SPAN = 100


def parse_docx(content: bytes, limits: Limits = LIMITS, report: Report = nobody) -> Document:
    """Return the sections of a DOCX.

    A document without headings of its own is read by its bold lines that stand alone.

    Raises:
        DocumentError: `document_encrypted`, `document_legacy_format`, `document_broken` or `document_too_large`.
    """
    with open_package(content, limits, save_as="DOCX") as package:
        root = tree_of(package, "word/document.xml")
        body = child(root, "body")
        if body is None:
            raise DocumentError("document_broken", "There is no document in the file.")
        reader = _Reader(
            Styles(package),
            Numbering(package),
            _notes(tree_of(package, "word/footnotes.xml")),
            limits,
        )
    blocks = list(islice(_blocks(body), limits.cells + 1))
    if len(blocks) > limits.cells:
        raise DocumentError("document_too_large", f"It has more than {limits.cells} paragraphs.")
    reader.by_bold = not any(
        local(block) == "p" and reader.styles.level(block) is not None for block in blocks
    )
    for number, block in enumerate(blocks, 1):
        reader.take(block)
        if number % _REPORT_EVERY == 0:
            report(number, len(blocks))
    return reader.outline.document()


class _Reader:
    def __init__(
        self, styles: Styles, numbering: Numbering, notes: dict[str, str], limits: Limits
    ) -> None:
        self.styles = styles
        self.outline = Outline()
        self.by_bold = False
        self._numbering = numbering
        self._notes = notes
        self._limits = limits
        self._cells = 0
        self._letters = 0

    def take(self, block: etree._Element) -> None:
        """Read a paragraph or a table of the body."""
        if local(block) == "tbl":
            self._table(block)
            return
        level = self.styles.level(block)
        text = _text(block)
        if level is None and self.by_bold and self._looks_like_heading(block, text):
            level = _BOLD_LEVEL
        if level is not None and text.strip():
            self.outline.heading(level, " ".join(text.split()))
        else:
            self._paragraph(block, text)
        for box in _boxes(block):
            for inner in _blocks(box):
                self.take(inner)

    def _paragraph(self, block: etree._Element, text: str) -> None:
        lines = [" ".join(line.split()) for line in text.split("\n")]
        lines = [line for line in lines if line]
        place = self.styles.numbering(block)
        if place is not None and lines:
            lines[0] = self._numbering.mark(*place) + lines[0]
        self.outline.last.lines += lines
        for reference in block.iter():
            if local(reference) in {"footnoteReference", "endnoteReference"}:
                note = self._notes.get(attribute(reference, "id") or "")
                if note:
                    self._count_letters(note)
                    self.outline.last.lines.append(f"* {note}")

    def _count_letters(self, text: str) -> None:
        """Count what the file holds once and the document many times."""
        self._letters += len(text)
        if self._letters > self._limits.text_bytes:
            allowed = self._limits.text_bytes // MEGABYTE
            raise DocumentError(
                "document_too_large", f"Its tables and notes say more than {allowed} MB."
            )

    def _looks_like_heading(self, block: etree._Element, text: str) -> bool:
        plain = " ".join(text.split())
        if not plain or len(plain) > _LONGEST_BOLD or plain.endswith((".", ",", ";")):
            return False
        if self.styles.numbering(block) is not None:
            return False
        runs = [run for run in block.iter() if local(run) == "r" and _text(run).strip()]
        return bool(runs) and (
            self.styles.is_bold(block) or all(is_on(child(child(run, "rPr"), "b")) for run in runs)
        )

    def _table(self, table: etree._Element) -> None:
        rows: list[list[str]] = []
        heads = 0
        for row in _descend(table, "tr"):
            properties = child(row, "trPr")
            if heads == len(rows) and is_on(child(properties, "tblHeader")):
                heads += 1
            rows.append(self._row(row, rows[-1] if rows else None))
        first = next(iter(_descend(table, "tr")), None)
        bold = heads == 0 and first is not None and _all_bold(first)
        if heads:
            rows = merged_header(rows, heads)
        self.outline.last.lines += table_lines(rows, header=True if heads or bold else None)

    def _row(self, row: etree._Element, above: list[str] | None) -> list[str]:
        cells: list[str] = []
        before = attribute(child(child(row, "trPr"), "gridBefore"), "val") or "0"
        cells += [""] * (min(int(before), _MAX_SPAN) if before.isdigit() else 0)
        self._cells += len(cells)
        for cell in _descend(row, "tc"):
            properties = child(cell, "tcPr")
            span = attribute(child(properties, "gridSpan"), "val") or "1"
            merge = child(properties, "vMerge")
            if merge is not None and attribute(merge, "val") != "restart" and above is not None:
                text = above[len(cells)] if len(cells) < len(above) else ""
            else:
                text = " ".join(" ".join(_text(part).split()) for part in _paragraphs(cell)).strip()
            width = min(int(span), _MAX_SPAN) if span.isdigit() else 1
            self._cells += width
            self._count_letters(text)
            if self._cells > self._limits.cells:
                raise DocumentError(
                    "document_too_large",
                    f"Its tables have more than {self._limits.cells} cells.",
                )
            # The cells it covers stay empty, but in a row of names each column has the name.
            cells += [text, *[text if above is None else ""] * (width - 1)]
        return cells


def _blocks(parent: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraphs and tables directly under an element, also those wrapped in controls and insertions."""
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        name = local(element)
        if name in {"p", "tbl"}:
            yield element
        elif name in _WRAPPERS:
            waiting += reversed(element)


def _boxes(block: etree._Element) -> Iterator[etree._Element]:
    """Yield the text boxes of a block, not those within others, nor second copies of them."""
    waiting = list(reversed(block))
    while waiting:
        element = waiting.pop()
        name = local(element)
        if name == "txbxContent":
            yield element
        elif name != "Fallback":
            waiting += reversed(element)


def _descend(parent: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Yield the rows of a table or the cells of a row, not those of tables within."""
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        if local(element) == wanted:
            yield element
        elif local(element) in _WRAPPERS:
            waiting += reversed(element)


def _paragraphs(cell: etree._Element) -> Iterator[etree._Element]:
    return (element for element in cell.iter() if local(element) == "p")


def _text(element: etree._Element) -> str:
    """Return the text of a paragraph or run as it reads now."""
    pieces: list[str] = []
    waiting = [element]
    while waiting:
        here = waiting.pop()
        match local(here):
            case "t":
                pieces.append(here.text or "")
            case "tab":
                pieces.append(" ")
            case "br" | "cr":
                pieces.append("\n")
            case "noBreakHyphen":
                pieces.append("-")
            case name if name in _GONE:
                pass
            case _:
                waiting += reversed(here)
    return "".join(pieces)


def _notes(root: etree._Element | None) -> dict[str, str]:
    found = {}
    for note in root if root is not None else ():
        text = " ".join(" ".join(_text(part).split()) for part in _paragraphs(note)).strip()
        if text and attribute(note, "type") in {None, "normal"}:
            found[attribute(note, "id") or ""] = text
    return found


def _all_bold(row: etree._Element) -> bool:
    runs = [run for run in row.iter() if local(run) == "r" and _text(run).strip()]
    return bool(runs) and all(is_on(child(child(run, "rPr"), "b")) for run in runs)
