"""DOCX and XLSX files, whole and hostile."""

import datetime as dt
import io
import zipfile
from contextlib import suppress
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.styles import Font

from bot.knowledge.documents import passages_of, read
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.docx import parse_docx
from bot.knowledge.formats.limits import Limits
from bot.knowledge.formats.xlsx import parse_xlsx
from tests.support.growth import assert_gentle_growth

NOON = dt.datetime(2026, 12, 1, 9, 30)  # noqa: DTZ001 - a sheet knows no time zones
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def written(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def rewritten(content: bytes, part: str, change: Any) -> bytes:
    """The packed file with one part changed."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.infolist():
            data = old.read(item)
            new.writestr(item.filename, change(data) if item.filename == part else data)
    return file.getvalue()


def sections(content: bytes) -> list[tuple[tuple[str, ...], list[str]]]:
    return [(section.heading, section.lines) for section in parse_docx(content).sections]


class TestDocx:
    def test_headings_lists_tables(self) -> None:
        document = docx.Document()
        document.add_heading("Правила магазина", 0)
        document.add_paragraph(
            "Эта страница о том, как мы работаем и что делать, если что-то пошло не так."
        )
        document.add_heading("Жеткізу", 1)
        document.add_paragraph("Қала ішінде бір күнде жеткіземіз.")
        for style, words in (
            ("List Number", "Выберите"),
            ("List Number", "Оплатите"),
            ("List Bullet", "наличные"),
        ):
            document.add_paragraph(words, style)
        document.add_heading("Цены", 2)
        table = document.add_table(rows=3, cols=3)
        rows = [["Город", "Цена", "Срок"], ["Астана", "1 500 ₸", "2 дня"], ["Орал", "2 000 ₸", ""]]
        for row, cells in enumerate(rows):
            for column, words in enumerate(cells):
                table.cell(row, column).text = words
        table.cell(1, 2).merge(table.cell(2, 2))
        content = written(document)
        parsed = parse_docx(content)
        assert parsed.title == "Правила магазина"
        assert sections(content) == [
            ((), ["Эта страница о том, как мы работаем и что делать, если что-то пошло не так."]),
            (
                ("Жеткізу",),
                ["Қала ішінде бір күнде жеткіземіз.", "1. Выберите", "2. Оплатите", "• наличные"],
            ),
            (
                ("Жеткізу", "Цены"),
                [
                    "Город: Астана; Цена: 1 500 ₸; Срок: 2 дня",
                    "Город: Орал; Цена: 2 000 ₸; Срок: 2 дня",
                ],
            ),
        ]
        found = passages_of(name="rules.docx", content=content)
        assert [passage.language for passage in found] == ["ru", "kk", "ru"]

    def test_a_document_without_styles_is_read_by_its_bold_lines(self) -> None:
        document = docx.Document()
        for heading, words in (("Оплата", "Картой или наличными."), ("Возврат", "За 14 дней.")):
            document.add_paragraph().add_run(heading).bold = True
            document.add_paragraph(words)
        assert sections(written(document)) == [
            (("Оплата",), ["Картой или наличными."]),
            (("Возврат",), ["За 14 дней."]),
        ]

    def test_bold_first_row_names_the_columns(self) -> None:
        document = docx.Document()
        table = document.add_table(rows=3, cols=2)
        for row, cells in enumerate(
            [["Услуга", "Где"], ["Ремонт", "Абая"], ["Прокат", "Сейфуллина"]]
        ):
            for column, words in enumerate(cells):
                run = table.cell(row, column).paragraphs[0].add_run(words)
                run.bold = row == 0
        assert sections(written(document)) == [
            ((), ["Услуга: Ремонт; Где: Абая", "Услуга: Прокат; Где: Сейфуллина"])
        ]

    def test_tracked_changes_are_read_as_accepted(self) -> None:
        document = docx.Document()
        paragraph = document.add_paragraph("Цена ")
        for name, words, tag in (("w:del", "1 000", "w:delText"), ("w:ins", "2 000", "w:t")):
            change, run, held = OxmlElement(name), OxmlElement("w:r"), OxmlElement(tag)
            held.text = words
            run.append(held)
            change.append(run)
            paragraph._p.append(change)
        assert sections(written(document)) == [((), ["Цена 2 000"])]

    def test_footnotes_follow_their_paragraph(self) -> None:
        document = docx.Document()
        paragraph = document.add_paragraph("Доставка бесплатна")
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), "2")
        paragraph.add_run()._r.append(reference)
        document.add_paragraph("Дальше.")
        space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        notes = (
            f'<w:footnotes xmlns:w="{space}"><w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
            '<w:footnote w:id="2"><w:p><w:r><w:t>При заказе от 30 000 ₸.</w:t></w:r></w:p></w:footnote>'
            "</w:footnotes>"
        )
        file = io.BytesIO(written(document))
        with zipfile.ZipFile(file, "a") as package:
            package.writestr("word/footnotes.xml", notes)
        assert sections(file.getvalue()) == [
            ((), ["Доставка бесплатна", "* При заказе от 30 000 ₸.", "Дальше."])
        ]

    def test_cells_are_limited(self) -> None:
        document = docx.Document()
        document.add_table(rows=30, cols=10).cell(0, 0).text = "x"
        with pytest.raises(DocumentError, match="document_too_large"):
            parse_docx(written(document), Limits(cells=299))


class TestXlsx:
    def test_values_are_read_as_the_sheet_shows_them(self) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "Прайс"
        rows: list[list[Any]] = [
            ["Прайс-лист на 2026 год"],
            [],
            ["Группа", "Модель", "Цена", "Скидка", "С даты", "Есть", "Вес, кг"],
            ["Велосипеды", "Tau 1", 150000, 0.15, dt.date(2026, 11, 1), True, 12.5],
            [None, "Tau 2", 99999.5, 0.075, NOON, False, 11],
        ]
        for row in rows:
            sheet.append(row)
        sheet.merge_cells("A1:E1")
        sheet.merge_cells("A4:A5")
        for place in ("C4", "C5"):
            sheet[place].number_format = '#,##0 "₸"'
        sheet["D4"].number_format, sheet["D5"].number_format = "0%", "0.0%"
        (section,) = parse_xlsx(written(book)).sections
        assert section.heading == ("Прайс",)
        assert section.lines == [
            "Прайс-лист на 2026 год",
            "Группа: Велосипеды; Модель: Tau 1; Цена: 150 000 ₸; Скидка: 15%; С даты: 01.11.2026; Есть: ✓; Вес, кг: 12.5",
            "Группа: Велосипеды; Модель: Tau 2; Цена: 100 000 ₸; Скидка: 7.5%; С даты: 01.12.2026 09:30; Есть: ✗; Вес, кг: 11",
        ]

    def test_each_sheet_is_a_section_and_hidden_ones_are_named(self) -> None:
        book = openpyxl.Workbook()
        for name, city in (("Алматы", "Абая, 9"), ("Астана", "Мәңгілік Ел, 5")):
            sheet = book.create_sheet(name)
            sheet.append(["Адрес", "Телефон"])
            sheet.append([city, "+7 700 000 00 00"])
        hidden = book.create_sheet("Закупка")
        hidden.append(["тайна"])
        hidden.sheet_state = "hidden"
        del book["Sheet"]
        document = parse_xlsx(written(book))
        assert [(section.heading, section.lines) for section in document.sections] == [
            (("Алматы",), ["Адрес: Абая, 9; Телефон: +7 700 000 00 00"]),
            (("Астана",), ["Адрес: Мәңгілік Ел, 5; Телефон: +7 700 000 00 00"]),
        ]
        assert [notice.code for notice in document.notices] == ["hidden_sheets_skipped"]

    def test_formulas_give_their_stored_values_and_those_without_are_counted(self) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in (
            ["Товар", "Цена", "С НДС"],
            ["Чай", 100, "=B2*1.12"],
            ["Кофе", 200, "=B3*1.12"],
        ):
            sheet.append(row)

        def calculate(xml: bytes) -> bytes:
            return xml.replace(b"<f>B2*1.12</f><v></v>", b"<f>B2*1.12</f><v>112</v>").replace(
                b"<f>B2*1.12</f><v />", b"<f>B2*1.12</f><v>112</v>"
            )

        content = rewritten(written(book), "xl/worksheets/sheet1.xml", calculate)
        document = parse_xlsx(content)
        assert document.sections[0].lines == [
            "Товар: Чай; Цена: 100; С НДС: 112",
            "Товар: Кофе; Цена: 200",
        ]
        (notice,) = document.notices
        assert (notice.code, notice.detail[:2]) == ("formulas_without_values", "1 ")

    def test_questions_and_answers_are_a_faq(self) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["Вопрос", "Ответ", "Язык"])
        sheet.append(["Есть ли рассрочка?", "Да, на 12 месяцев.", "ru"])
        sheet.append(["Бөліп төлеу бар ма?", "Иә, 12 айға.", "kk"])
        found = passages_of(name="faq.xlsx", content=written(book))
        assert [(p.heading, p.text, p.language) for p in found] == [
            (("Есть ли рассрочка?",), "Да, на 12 месяцев.", "ru"),
            (("Бөліп төлеу бар ма?",), "Иә, 12 айға.", "kk"),
        ]

    def test_groups_parted_by_empty_rows_share_the_header(self) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for column, name in enumerate(("Модель", "Цена", "Срок"), 1):
            sheet.cell(1, column, name).font = Font(bold=True)
        sheet.append(["Tau 1", 100, "2 дня"])
        sheet.append([])
        sheet.append(["Tau 2", 200, "3 дня"])
        sheet.append(["Tau 3", 300, "4 дня"])
        (section,) = parse_xlsx(written(book)).sections
        assert section.lines == [
            "Модель: Tau 1; Цена: 100; Срок: 2 дня",
            "Модель: Tau 2; Цена: 200; Срок: 3 дня",
            "Модель: Tau 3; Цена: 300; Срок: 4 дня",
        ]

    def test_a_million_cells_are_refused_before_they_are_all_read(self) -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for _ in range(1_100):
            sheet.append(["x"] * 10)
        with pytest.raises(DocumentError, match=r"document_too_large.*10000 cells"):
            parse_xlsx(written(book), Limits(cells=10_000))


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return file.getvalue()


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><w>&b;</w>"""


@pytest.mark.parametrize(
    ("name", "part"), [("a.docx", "word/document.xml"), ("a.xlsx", "xl/workbook.xml")]
)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 broken", "document_broken"),
        ({"other.txt": b"x"}, "document_broken"),
        (OLE + b"\0" * 600, "document_legacy_format"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "document_encrypted"),
        (b"%PDF-1.4 of another kind", "document_wrong_type"),
        (b"just words", "document_wrong_type"),
        (b"", "document_empty"),
        ({"MAIN": b"\0" * 2_000_000}, "document_too_large"),
        ({"MAIN": BOMB, "[Content_Types].xml": BOMB}, "document_broken"),
        ({"MAIN": b"<a"}, "document_broken"),
    ],
    ids=["half", "other", "old", "password", "pdf", "text", "empty", "bomb", "entities", "xml"],
)
def test_hostile_and_broken_files_say_what_is_wrong(
    name: str, part: str, content: bytes | dict[str, bytes], code: str
) -> None:
    if isinstance(content, dict):
        content = packed({key.replace("MAIN", part): value for key, value in content.items()})
    with pytest.raises(DocumentError) as raised:
        read(name=name, content=content, limits=Limits(unpacked_bytes=1_000_000))
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("old.doc", "document_legacy_format"),
        ("old.XLS", "document_legacy_format"),
        ("slides.pptx", "document_legacy_format"),
        ("program.exe", "document_unknown_type"),
    ],
)
def test_kinds_that_are_not_read_say_what_to_save_them_as(name: str, code: str) -> None:
    with pytest.raises(DocumentError) as raised:
        read(name=name, content=b"x")
    assert raised.value.code == code
    if code == "document_legacy_format":
        assert "save it as" in raised.value.detail


WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
PARAGRAPH = "<w:p><w:r><w:t>слово</w:t></w:r></w:p>"


def word(body: str, **more: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(
            "word/document.xml", f"<w:document {WORD}><w:body>{body}</w:body></w:document>"
        )
        for name, content in more.items():
            package.writestr(f"word/{name}.xml", content)
    return file.getvalue()


def sheet(rows: str, merged: str = "") -> bytes:
    book = openpyxl.Workbook()
    content = written(book)
    tail = f"<mergeCells>{merged}</mergeCells>" if merged else ""
    data = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{tail}</worksheet>'
    return rewritten(content, "xl/worksheets/sheet1.xml", lambda _: data.encode())


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def said(text: str, place: str = "") -> str:
    return f'<c{place} t="inlineStr"><is><t>{text}</t></is></c>'


def test_text_boxes_in_text_boxes_are_read_once() -> None:
    """Each level was read by every level above: sixty of them took longer than the world is old."""
    nested = "<w:p><w:r><w:txbxContent>" * 60 + PARAGRAPH + "</w:txbxContent></w:r></w:p>" * 60
    (section,) = parse_docx(word(nested)).sections
    assert section.lines == ["слово"]


NOTES = (
    f'<w:footnotes {WORD}><w:footnote w:id="1"><w:p><w:r><w:t>{"снова и " * 2_000}</w:t></w:r></w:p>'
    "</w:footnote></w:footnotes>"
)


@pytest.mark.parametrize(
    "content",
    [
        word(
            "<w:p>" + '<w:r><w:t>a</w:t><w:footnoteReference w:id="1"/></w:r>' * 1_000 + "</w:p>",
            footnotes=NOTES,
        ),
        word(
            f"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>{'снова и ' * 2_000}</w:t></w:r></w:p></w:tc></w:tr>"
            + "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc></w:tr>" * 1_000
            + "</w:tbl>"
        ),
        word(
            "<w:tbl>"
            + f'<w:tr><w:trPr><w:gridBefore w:val="99999999"/></w:trPr><w:tc>{PARAGRAPH}</w:tc></w:tr>'
            * 50
            + "</w:tbl>"
        ),
        word("<w:p/>" * 3_001),
        sheet("<row/>" * 100_100),
        sheet(f'<row r="1">{said("a")}</row><row r="1048576">{said("b")}</row>'),
        sheet(("<row>" + "<c/>" * 500 + "</row>") * 2_001),
        sheet(f"<row>{said('много слов ' * 2_000)}</row>" * 100),
        sheet(
            f"<row>{said('a')}{said('b')}</row>" * 2_000,
            "".join(f'<mergeCell ref="A{n}:SF1048576"/>' for n in range(1, 50)),
        ),
    ],
    ids=["notes", "merged", "grid", "paragraphs", "rows", "gap", "cells", "shared", "merges"],
)
def test_what_is_small_in_the_file_and_large_outside_is_refused(content: bytes) -> None:
    assert len(content) < 100_000
    name = "a.xlsx" if b"xl/workbook" in content else "a.docx"
    with pytest.raises(DocumentError, match="document_too_large"):
        read(name=name, content=content, limits=Limits(cells=3_000, text_bytes=1_000_000))


@pytest.mark.parametrize("part", ["<mergeCell ", "<f ", "</f>" + " " * 99])
def test_a_sheets_marks_are_looked_for_in_one_go(part: str) -> None:
    def parse(content: bytes) -> None:
        with suppress(DocumentError):
            parse_xlsx(content)

    assert_gentle_growth(parse, lambda size: sheet("<row/>", f"<!--{part * size}-->"), 40_000)
