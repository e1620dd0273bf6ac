"""PDF -> sections: the text in reading order, headings by size, tables row by row, running headers left out."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

from bot.knowledge.blocks import Document
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.limits import LIMITS, Limits, Report, nobody
from bot.knowledge.formats.pdf.flow import Flow, unreadable
from bot.knowledge.formats.pdf.furniture import usual_size, without_furniture
from bot.knowledge.formats.pdf.glyphs import Segment, page_words, segments_of, turned
from bot.knowledge.formats.pdf.layout import blocks_of
from bot.knowledge.formats.pdf.rulings import drawn_on, grids_of, take_tables

_STAMP = 60
"""Letters beside a picture of the whole page: a scanner's stamp, not the page's text."""
_WHOLE = 0.6
_MANY_PATHS = 40
_GARBLED = 0.3


@dataclass(frozen=True, slots=True)
class _Page:
    segments: list[Segment]
    top: float
    bottom: float
    readable: bool


def parse_pdf(content: bytes, limits: Limits = LIMITS, report: Report = nobody) -> Document:
    """Return the sections of a PDF.

    Pages that hold pictures instead of text are named in a notice (`pages_unreadable`).

    Raises:
        DocumentError: `document_encrypted`, `document_broken`, `document_too_large`, or `document_unreadable` when no
            page can be read.
    """
    pdf = _open(content)
    try:
        count = len(pdf)
        if count > limits.pages:
            raise DocumentError(
                "document_too_large", f"It has {count} pages; {limits.pages} are read at most."
            )
        pages = []
        for number in range(count):
            pages.append(_read(pdf, number))
            report(number + 1, count)
    finally:
        pdf.close()
    lost = [number for number, page in enumerate(pages, 1) if not page.readable]
    if lost and not any(page.segments for page in pages):
        notice = unreadable(lost)
        raise DocumentError("document_unreadable", notice.detail)
    return _assembled(pages, lost)


def _assembled(pages: Sequence[_Page], lost: Sequence[int]) -> Document:
    kept = without_furniture([(page.segments, page.top, page.bottom) for page in pages])
    usual = usual_size(segment for segments in kept for segment in segments)
    outline = Flow([blocks_of(segments) for segments in kept], usual).outline()
    return outline.document(notices=[unreadable(lost)] if lost else [])


def _open(content: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "password" in str(error):
            raise DocumentError(
                "document_encrypted", "It opens with a password only: save it without one."
            ) from None
        raise DocumentError(
            "document_broken", "The PDF is damaged: save or export it again."
        ) from None


def _read(pdf: pdfium.PdfDocument, number: int) -> _Page:
    """Return a page's segments; a page that is damaged counts as unreadable."""
    try:
        page = pdf[number]
    except pdfium.PdfiumError:
        return _Page([], 0.0, 0.0, readable=False)
    with contextlib.closing(page):
        left, bottom, right, top = page.get_mediabox()
        try:
            textpage = page.get_textpage()
        except pdfium.PdfiumError:
            return _Page([], 0.0, 0.0, readable=False)
        with contextlib.closing(textpage):
            found = page_words(textpage.raw)
        drawn = drawn_on(page.raw, found.turn, abs((right - left) * (top - bottom)))
        if found.letters and found.garbled > _GARBLED * found.letters:
            return _Page([], 0.0, 0.0, readable=False)
        empty = not found.letters and (drawn.images > 0 or drawn.paths > _MANY_PATHS)
        if empty or (found.letters < _STAMP and drawn.image_share > _WHOLE):
            return _Page([], 0.0, 0.0, readable=False)
        words, tables = take_tables(found.words, grids_of(drawn.rulings))
        edges = [turned(x, y, found.turn)[1] for x in (left, right) for y in (bottom, top)]
        return _Page([*segments_of(words), *tables], min(edges), max(edges), readable=True)
