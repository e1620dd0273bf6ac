"""Makes real files for the parsers' tests."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Table,
)

FONTS = Path(__file__).with_name("fonts")
for _name in ("DejaVuSans", "DejaVuSans-Bold"):
    pdfmetrics.registerFont(TTFont(_name, str(FONTS / f"{_name}.ttf")))

BODY = ParagraphStyle("body", fontName="DejaVuSans", fontSize=10, leading=13, spaceAfter=6)
JUSTIFIED = ParagraphStyle("justified", parent=BODY, alignment=4)
TITLE = ParagraphStyle("title", parent=BODY, fontName="DejaVuSans-Bold", fontSize=20, leading=26)
HEADING = ParagraphStyle(
    "heading", parent=BODY, fontName="DejaVuSans-Bold", fontSize=14, leading=18
)
BOLD = ParagraphStyle("bold", parent=BODY, fontName="DejaVuSans-Bold")
GRID = [
    ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
    ("FONTNAME", (0, 0), (-1, -1), "DejaVuSans"),
]
PLAIN = [("FONTNAME", (0, 0), (-1, -1), "DejaVuSans")]


def text(words: str, style: ParagraphStyle = BODY) -> Paragraph:
    return Paragraph(words, style)


def grid(rows: Sequence[Sequence[Any]], *more: Any, **options: Any) -> Table:
    return Table([list(row) for row in rows], style=[*GRID, *more], **options)


def flowing(
    story: Sequence[Flowable],
    *,
    columns: int = 1,
    decorate: Callable[[Canvas, int], None] | None = None,
    password: str | None = None,
) -> bytes:
    """A PDF whose text flows over pages, in one column or more."""
    file = io.BytesIO()
    width, height = A4
    margin, gutter = 50, 24
    each = (width - 2 * margin - gutter * (columns - 1)) / columns
    frames = [
        Frame(
            margin + place * (each + gutter),
            60,
            each,
            height - 130,
            leftPadding=0,
            rightPadding=0,
        )
        for place in range(columns)
    ]

    def on_page(canvas: Canvas, document: Any) -> None:
        if decorate is not None:
            decorate(canvas, document.page)

    encryption = StandardEncryption(password, canPrint=0) if password else None
    document = BaseDocTemplate(file, pagesize=A4, encrypt=encryption)
    document.addPageTemplates(PageTemplate(frames=frames, onPage=on_page))
    document.build(list(story))
    return file.getvalue()


def drawn(*pages: Callable[[Canvas], None], size: tuple[float, float] = A4) -> bytes:
    """A PDF whose pages are drawn by hand."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=size)
    for draw in pages:
        canvas.setFont("DejaVuSans", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def picture(canvas: Canvas) -> None:
    """A scanned page."""
    image = Image.effect_noise((120, 170), 60).convert("RGB")
    canvas.drawImage(ImageReader(image), 0, 0, A4[0], A4[1])


def running(header: str, footer: str) -> Callable[[Canvas, int], None]:
    def decorate(canvas: Canvas, page: int) -> None:
        canvas.setFont("DejaVuSans", 8)
        canvas.drawString(50, A4[1] - 30, header)
        canvas.drawCentredString(A4[0] / 2, 25, footer.format(page))

    return decorate
