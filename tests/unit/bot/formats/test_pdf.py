"""PDF files as companies make them: columns, tables, running headers, scans."""

import math
import random
from typing import Any

import pytest
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import FrameBreak, PageBreak, Table

from bot.knowledge.documents import passages_of
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.limits import Limits
from bot.knowledge.formats.pdf import parse_pdf, rulings
from tests.support import papers
from tests.support.growth import assert_gentle_growth
from tests.support.papers import (
    BOLD,
    HEADING,
    JUSTIFIED,
    TITLE,
    drawn,
    flowing,
    grid,
    picture,
    running,
    text,
)

PLACES = ["Алматы", "Астана", "Шымкент", "Қарағанды", "Орал", "Ақтау"]
KAZAKH = "Жеткізу қала ішінде бір күн, облыстарға үш күн ішінде жүзеге асырылады, құны қашықтыққа байланысты."
RUSSIAN = "Доставка по городу занимает один день, по областям до трёх дней, а стоимость зависит от расстояния."
ENGLISH = "Delivery within the city takes one day, to the regions up to three, and the price depends on distance."


def lines(content: bytes) -> list[str]:
    return [line for section in parse_pdf(content).sections for line in section.lines]


def test_headings_by_size_make_paths_and_the_largest_is_the_title() -> None:
    content = flowing(
        [
            text("Правила магазина", TITLE),
            text(RUSSIAN),
            text("Доставка", HEADING),
            text(RUSSIAN),
            text("Сроки", BOLD),
            text(KAZAKH),
            text("Возврат", HEADING),
            text(ENGLISH),
        ]
    )
    document = parse_pdf(content)
    assert document.title == "Правила магазина"
    assert [(section.heading, section.lines) for section in document.sections] == [
        ((), [RUSSIAN]),
        (("Доставка",), [RUSSIAN]),
        (("Доставка", "Сроки"), [KAZAKH]),
        (("Возврат",), [ENGLISH]),
    ]


def test_a_heading_of_two_lines_is_one() -> None:
    long = (
        "Условия доставки крупногабаритных товаров в отдалённые районы Казахстана и за его пределы"
    )
    document = parse_pdf(flowing([text(long, HEADING), text(RUSSIAN)]))
    assert document.title == long


def test_passages_know_page_and_language() -> None:
    content = flowing([text(RUSSIAN), PageBreak(), text(KAZAKH), PageBreak(), text(ENGLISH)])
    found = passages_of(name="terms.pdf", content=content)
    # One section: its passage begins on the first page.
    assert [passage.page for passage in found] == [1]
    parts = [text("Раздел", HEADING), text(RUSSIAN), PageBreak(), text("Бөлім", HEADING)]
    parts += [text(KAZAKH), PageBreak(), text("Part", HEADING), text(ENGLISH)]
    found = passages_of(name="terms.pdf", content=flowing(parts))
    assert [(passage.heading, passage.page, passage.language) for passage in found] == [
        (("Раздел",), 1, "ru"),
        (("Бөлім",), 2, "kk"),
        (("Part",), 3, "en"),
    ]


@pytest.mark.parametrize("columns", [2, 3])
def test_columns_are_read_one_after_the_other(columns: int) -> None:
    paragraphs = [f"Абзац номер {number}. {RUSSIAN}" for number in range(12)]
    style = ParagraphStyle("small", parent=JUSTIFIED, fontSize=7, leading=9)
    content = flowing([text(words, style) for words in paragraphs] * 2, columns=columns)
    assert lines(content)[:12] == paragraphs


def test_columns_below_a_heading_over_the_whole_width() -> None:
    left = [f"Слева {n}: {RUSSIAN}" for n in range(3)]
    right = [f"Справа {n}: {ENGLISH}" for n in range(3)]

    def page(canvas: Canvas) -> None:
        canvas.setFont("DejaVuSans-Bold", 18)
        canvas.drawString(50, 780, "Наши условия для всех клиентов")
        canvas.setFont("DejaVuSans", 8)
        for column, paragraphs in enumerate((left, right)):
            # The lines of the two columns do not stand at the same height.
            y = 740.0 - 4 * column
            for paragraph in paragraphs:
                words = paragraph.split()
                while words:
                    line = [words.pop(0)]
                    while words and canvas.stringWidth(" ".join([*line, words[0]])) < 230:
                        line.append(words.pop(0))
                    canvas.drawString(50 + 260 * column, y, " ".join(line))
                    y -= 11
                y -= 8
        canvas.drawString(
            50,
            500,
            "Внизу страницы одна длинная строка идёт через обе колонки, от края до края, " * 2,
        )

    document = parse_pdf(drawn(page))
    assert document.title == "Наши условия для всех клиентов"
    found = [line for section in document.sections for line in section.lines]
    assert found[:6] == [*left, *right]
    assert found[6].startswith("Внизу страницы")


@pytest.mark.parametrize("ruled", [True, False])
def test_tables_carry_their_header_in_each_row(ruled: bool) -> None:
    rows = [["Город", "Цена", "Срок"]] + [
        [place, f"{1500 + n * 100} ₸", f"{n + 1} дн."] for n, place in enumerate(PLACES)
    ]
    table = grid(rows) if ruled else Table(rows, style=papers.PLAIN)
    found = lines(flowing([text(RUSSIAN), table, text(ENGLISH)]))
    assert found == [
        RUSSIAN,
        *(
            f"Город: {place}; Цена: {1500 + n * 100} ₸; Срок: {n + 1} дн."
            for n, place in enumerate(PLACES)
        ),
        ENGLISH,
    ]


def test_a_table_over_pages_keeps_its_header() -> None:
    rows = [["Модель", "Цена", "Вес"]] + [[f"Kolsai {n}", f"{n}00 ₸", "2 кг"] for n in range(90)]
    for repeat in (0, 1):
        document = parse_pdf(flowing([grid(rows, repeatRows=repeat)]))
        section = document.sections[0]
        assert section.lines == [f"Модель: Kolsai {n}; Цена: {n}00 ₸; Вес: 2 кг" for n in range(90)]
        assert section.pages[0] == 1
        assert section.pages[-1] == 3


def test_merged_cells_count_for_each_row_and_long_cells_are_whole() -> None:
    rows = [
        ["Тариф", "Город", "Цена"],
        ["Срочный", text("Алматы и ближайшие к городу посёлки, куда ездит курьер"), "2 500 ₸"],
        ["", "Астана", "3 000 ₸"],
    ]
    table = grid(rows, ("SPAN", (0, 1), (0, 2)), colWidths=[100, 150, 80])
    assert lines(flowing([table])) == [
        "Тариф: Срочный; Город: Алматы и ближайшие к городу посёлки, куда ездит курьер; Цена: 2 500 ₸",
        "Тариф: Срочный; Город: Астана; Цена: 3 000 ₸",
    ]


def test_names_and_values_beside_each_other() -> None:
    rows = [["Адрес", "пр. Абая, 9"], ["Телефон", "+7 727 000 00 00"], ["Почта", "a@example.kz"]]
    assert lines(flowing([grid(rows)])) == [
        "Адрес: пр. Абая, 9",
        "Телефон: +7 727 000 00 00",
        "Почта: a@example.kz",
    ]


def test_running_headers_footers_and_page_numbers_are_left_out() -> None:
    story: list[Any] = []
    for number in range(6):
        story += [text(f"Глава {number + 1}", HEADING), text(RUSSIAN), PageBreak()]
    content = flowing(story, decorate=running("ТОО Тау Демо: каталог 2026", "Стр. {} из 6"))
    document = parse_pdf(content)
    assert [section.heading for section in document.sections] == [
        (f"Глава {number}",) for number in range(1, 7)
    ]
    assert {line for section in document.sections for line in section.lines} == {RUSSIAN}


def test_a_page_number_alone_is_left_out_and_a_number_in_the_text_stays() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(50, 700, "Наш дом номер")
        canvas.drawString(50, 687, "17")
        canvas.drawCentredString(300, 20, "- 1 -")

    assert lines(drawn(page)) == ["Наш дом номер 17"]


def test_hyphenated_words_become_whole() -> None:
    rows = [
        "Доставка крупногабарит-",
        "ных товаров по Казахстану, в том числе через интернет-",
        "магазин. Наш интернет-магазин работает круглосуточно и без выход-",
        "ных.",
    ]

    def page(canvas: Canvas) -> None:
        for place, row in enumerate(rows):
            canvas.drawString(50, 700 - 13 * place, row)

    assert " ".join(lines(drawn(page))) == (
        "Доставка крупногабаритных товаров по Казахстану, в том числе через интернет-магазин. "
        "Наш интернет-магазин работает круглосуточно и без выходных."
    )


def test_lists_keep_their_items() -> None:
    items = ["• наличными курьеру;", "• картой на сайте;", "• по QR-коду в приложении банка."]

    def page(canvas: Canvas) -> None:
        canvas.drawString(50, 720, "Мы принимаем оплату:")
        for place, row in enumerate(items):
            canvas.drawString(60, 700 - 13 * place, row)
        canvas.drawString(60, 640, "1. Выберите товар.")
        canvas.drawString(60, 627, "2. Оплатите заказ.")

    assert lines(drawn(page)) == [
        "Мы принимаем оплату:",
        *items,
        "1. Выберите товар.",
        "2. Оплатите заказ.",
    ]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages_read_as_they_are_shown(turn: int) -> None:
    def page(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)
        canvas.translate(300, 400)
        canvas.rotate(turn)
        for place, words in enumerate(
            ["Первая строка таблицы тарифов.", "Вторая строка.", "Третья."]
        ):
            canvas.drawString(-200, 50 - 30 * place, words)

    assert lines(drawn(page)) == ["Первая строка таблицы тарифов.", "Вторая строка.", "Третья."]


def test_a_watermark_across_the_page_is_left_out() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(50, 700, RUSSIAN)
        canvas.saveState()
        canvas.translate(200, 300)
        canvas.rotate(45)
        canvas.setFont("DejaVuSans-Bold", 60)
        canvas.drawString(0, 0, "ОБРАЗЕЦ")
        canvas.restoreState()

    assert lines(drawn(page)) == [RUSSIAN]


def test_scanned_pages_are_named_and_the_others_read() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(50, 700, RUSSIAN)

    def stamped(canvas: Canvas) -> None:
        picture(canvas)
        canvas.drawString(50, 20, "Scanned by PhoneScan")

    document = parse_pdf(drawn(page, picture, stamped, page, picture))
    (notice,) = document.notices
    assert (notice.code, notice.pages) == ("pages_unreadable", (2, 3, 5))
    assert "2-3, 5" in notice.detail
    assert document.sections[0].pages == [1, 4]


def test_a_wholly_scanned_document_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"document_unreadable.*1-3"):
        parse_pdf(drawn(picture, picture, picture))


def test_a_blank_page_is_no_scan() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(50, 700, RUSSIAN)

    assert parse_pdf(drawn(page, lambda canvas: None)).notices == ()


def test_a_table_of_contents_is_left_out() -> None:
    def page(canvas: Canvas) -> None:
        for place, name in enumerate(PLACES):
            canvas.drawString(50, 700 - 14 * place, f"{name} " + "." * 60 + f" {place + 3}")
        canvas.drawString(50, 500, RUSSIAN)

    assert lines(drawn(page)) == [RUSSIAN]


def test_two_columns_of_short_prices_are_a_table_not_columns_of_text() -> None:
    menu = [("Плов", "1 800 ₸"), ("Лагман", "1 600 ₸"), ("Бешбармак", "2 900 ₸"), ("Чай", "300 ₸")]

    def page(canvas: Canvas) -> None:
        for place, (dish, price) in enumerate(menu):
            canvas.drawString(50, 700 - 16 * place, dish)
            canvas.drawRightString(400, 700 - 16 * place, price)

    assert lines(drawn(page)) == [f"{dish}: {price}" for dish, price in menu]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7\nnonsense", "document_broken"),
        (flowing([text(RUSSIAN)])[:700], "document_broken"),
        (flowing([text(RUSSIAN)], password="secret"), "document_encrypted"),
    ],
    ids=["nonsense", "half", "password"],
)
def test_files_that_cannot_be_opened_say_why(content: bytes, code: str) -> None:
    with pytest.raises(DocumentError) as raised:
        parse_pdf(content)
    assert raised.value.code == code


def test_pages_are_limited_before_they_are_read() -> None:
    content = drawn(*[lambda canvas: canvas.drawString(50, 700, "x")] * 30)
    with pytest.raises(DocumentError, match=r"document_too_large.*30 pages"):
        parse_pdf(content, Limits(pages=29))
    told: list[tuple[int, int]] = []
    parse_pdf(content, Limits(pages=30), lambda done, total: told.append((done, total)))
    assert told == [(number, 30) for number in range(1, 31)]


def test_rubbish_in_the_middle_never_escapes_as_another_error() -> None:
    content = flowing([text(RUSSIAN), grid([["a", "b", "c"]] * 9), PageBreak(), text(KAZAKH)])
    chance = random.Random(7)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            parse_pdf(bytes(damaged))
        except DocumentError:
            continue


def test_many_lines_drawn_on_a_page_do_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulings, "MAX_RULINGS", 400)

    def page_of(count: int) -> bytes:
        def page(canvas: Canvas) -> None:
            canvas.drawString(50, 700, RUSSIAN)
            for line in range(count):
                angle, place = line / 500, 10 + 490 * line / count
                canvas.line(300, 300, 300 + 200 * math.cos(angle), 300 + 200 * math.sin(angle))
                canvas.line(10, place, 500, place)
                canvas.line(place, 10, place, 500)

        return drawn(page)

    assert RUSSIAN in lines(page_of(1_600))
    assert_gentle_growth(parse_pdf, page_of, 1_600)


def test_coloured_rows_without_lines_are_a_table() -> None:
    rows = [["Услуга", "Мастер", "Цена"]] + [
        [f"Стрижка {n}", "Айгерим", f"{n} 000 ₸"] for n in range(1, 6)
    ]
    style = [*papers.PLAIN, ("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.white, colors.lightgrey])]
    assert lines(flowing([Table(rows, style=style, colWidths=[140, 120, 90])])) == [
        f"Услуга: Стрижка {n}; Мастер: Айгерим; Цена: {n} 000 ₸" for n in range(1, 6)
    ]


def test_text_of_one_column_after_a_frame_break_goes_on() -> None:
    content = flowing([text(RUSSIAN), FrameBreak(), text(ENGLISH)], columns=2)
    assert lines(content) == [RUSSIAN, ENGLISH]


def test_what_begins_after_two_columns_belongs_to_neither() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("DejaVuSans-Bold", 16)
        canvas.drawString(50, 780, "Доставка")
        canvas.drawString(50, 600, "Оплата")
        canvas.setFont("DejaVuSans", 8)
        for column, name in enumerate(("Слева", "Справа")):
            for place in range(9):
                canvas.drawString(
                    50 + 260 * column,
                    750 - 11 * place,
                    f"{name} {place} и ещё много разных слов о доставке,",
                )
        canvas.drawString(50, 570, "Картой или наличными.")

    document = parse_pdf(drawn(page))
    assert [section.heading for section in document.sections] == [("Доставка",), ("Оплата",)]
    delivery, payment = document.sections
    assert payment.lines == ["Картой или наличными."]
    text_of_both = " ".join(delivery.lines)
    assert text_of_both.index("Слева 8") < text_of_both.index("Справа 0")


def test_a_shorter_right_column_on_the_last_page_changes_no_order() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("DejaVuSans", 8)
        for column, (name, count) in enumerate((("Слева", 40), ("Справа", 9))):
            for place in range(count):
                canvas.drawString(
                    50 + 260 * column,
                    750 - 11 * place,
                    f"{name} {place} и ещё много разных слов о доставке,",
                )

    found = " ".join(lines(drawn(page)))
    assert found.index("Слева 39") < found.index("Справа 0")


def test_running_titles_that_change_with_the_chapter_are_left_out() -> None:
    def page(number: int) -> Any:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(50, 800, f"О {PLACES[number // 2]}")
            for place in range(20):
                canvas.drawString(50, 760 - 13 * place, f"{number * number}.{place} {RUSSIAN}")

        return draw

    found = lines(drawn(*[page(number) for number in range(12)]))
    assert not [line for line in found if line.startswith("О ")]
    assert sum(line.count(RUSSIAN) for line in found) == 240


def test_what_differs_at_the_same_place_of_the_pages_is_no_running_text() -> None:
    def card(number: int) -> Any:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(50, 800, f"Цена: {number * number} 500 ₸")
            canvas.drawString(50, 787, f"Артикул: {7000 + 13 * number}")
            canvas.drawString(50, 774, RUSSIAN)

        return draw

    found = " ".join(lines(drawn(*[card(number) for number in range(1, 7)])))
    assert [f"Цена: {n * n} 500 ₸" in found for n in range(1, 7)] == [True] * 6
    assert [f"Артикул: {7000 + 13 * n}" in found for n in range(1, 7)] == [True] * 6


def test_a_telephone_in_the_footer_is_told_once() -> None:
    story = [part for n in range(5) for part in (text(f"{n} {RUSSIAN}"), PageBreak())]
    content = flowing(story, decorate=running("ТОО Тау", "Звоните: +7 727 000 00 00, стр. {}"))
    found = " ".join(lines(content))
    assert found.count("+7 727 000 00 00") == 1
    assert "ТОО" not in found


def test_the_names_of_columns_repeated_on_each_page_are_kept() -> None:
    def page(number: int) -> Any:
        def draw(canvas: Canvas) -> None:
            for column, name in enumerate(("Город", "Цена", "Срок")):
                canvas.drawString(50 + 150 * column, 790, name)
            for row in range(30):
                for column, cell in enumerate(
                    (PLACES[row % 6], f"{number}{row:02} ₸", f"{row} дн.")
                ):
                    canvas.drawString(50 + 150 * column, 772 - 18 * row, cell)

        return draw

    found = lines(drawn(*[page(number) for number in range(1, 5)]))
    assert found == [
        f"Город: {PLACES[row % 6]}; Цена: {number}{row:02} ₸; Срок: {row} дн."
        for number in range(1, 5)
        for row in range(30)
    ]


def test_the_same_line_at_the_end_of_many_pages_is_text() -> None:
    def page(number: int) -> Any:
        def draw(canvas: Canvas) -> None:
            for place in range(50):
                last = place == 49
                words = "и вес заказа." if last else f"{number * number}.{place} {RUSSIAN}"
                canvas.drawString(50, 740 - 13 * place, words)
            canvas.drawString(280, 30, f"Стр. {number}")

        return draw

    found = " ".join(lines(drawn(*[page(number) for number in range(1, 6)])))
    assert found.count("и вес заказа.") == 5
    assert "Стр." not in found


def test_large_letters_with_nothing_under_them_are_not_lost() -> None:
    content = flowing(
        [
            text("Правила", TITLE),
            text("Бесплатная доставка от 30 000 ₸", HEADING),
            text("Возврат", HEADING),
            text(RUSSIAN),
            PageBreak(),
            text("Рассрочка на 12 месяцев", HEADING),
        ]
    )
    document = parse_pdf(content)
    assert document.title == "Правила"
    assert [(section.heading, section.lines, section.pages) for section in document.sections] == [
        ((), ["Бесплатная доставка от 30 000 ₸"], [1]),
        (("Возврат",), [RUSSIAN], [1]),
        ((), ["Рассрочка на 12 месяцев"], [2]),
    ]
    poster = parse_pdf(flowing([text("Скидка 20% до 1 декабря", TITLE)]))
    assert [section.lines for section in poster.sections] == [["Скидка 20% до 1 декабря"]]


def test_small_columns_make_no_headings_of_the_text_around_them() -> None:
    small = ParagraphStyle("small", parent=JUSTIFIED, fontSize=8, leading=10)
    words = [text("Контакты", HEADING), text(f"{RUSSIAN} {RUSSIAN}"), text(KAZAKH)]
    document = parse_pdf(flowing([text(RUSSIAN * 9, small), *words]))
    assert [section.heading for section in document.sections] == [(), ("Контакты",)]
    assert document.sections[1].lines == [f"{RUSSIAN} {RUSSIAN}", KAZAKH]


def test_two_rows_of_names_in_a_table_are_one() -> None:
    rows = [
        ["Бағыт", "Бағасы", "", "Күні"],
        ["", "ересек", "бала", ""],
        ["Шарын", "15 000", "12 000", "сенбі"],
        ["Көлсай", "25 000", "20 000", "жексенбі"],
    ]
    table = grid(rows, ("SPAN", (0, 0), (0, 1)), ("SPAN", (3, 0), (3, 1)), ("SPAN", (1, 0), (2, 0)))
    assert lines(flowing([table])) == [
        "Бағыт: Шарын; Бағасы, ересек: 15 000; Бағасы, бала: 12 000; Күні: сенбі",
        "Бағыт: Көлсай; Бағасы, ересек: 25 000; Бағасы, бала: 20 000; Күні: жексенбі",
    ]
