import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.cutting import HARD_LIMIT, MAX_LENGTH, cut
from bot.knowledge.documents import MAX_BYTES, decode, passages_of
from bot.knowledge.errors import DocumentError
from bot.knowledge.languages import detect_language
from bot.knowledge.sentences import sentences

DELIVERY = """---
layout: page
---
# Доставка

Вводная строка.

## Стоимость

| Куда | Цена | Срок |
|------|-----:|------|
| Астана | 1 500 ₸ | 2–3 дня |
| Алматы, *курьер* |  | сегодня |

### Бесплатно

- От **30 000 ₸**;
- самовывоз, см. [карту](https://example.kz/map).

1. Первое.
2. Второе.

<b>Тег</b> и `код`
"""


def test_markdown_becomes_passages_that_can_be_read_alone() -> None:
    first, prices, free = passages_of(name="delivery.md", content=DELIVERY)
    assert (first.title, first.heading, first.text) == ("Доставка", (), "Вводная строка.")
    assert prices.heading == ("Стоимость",)
    assert prices.text.splitlines() == [
        "Куда: Астана; Цена: 1 500 ₸; Срок: 2–3 дня",
        "Куда: Алматы, курьер; Срок: сегодня",
    ]
    assert free.heading == ("Стоимость", "Бесплатно")
    assert free.text.splitlines() == [
        "• От 30 000 ₸;",
        "• самовывоз, см. карту (https://example.kz/map).",
        "1. Первое.",
        "2. Второе.",
        "Тег и код",
    ]
    assert [passage.position for passage in (first, prices, free)] == [0, 1, 2]
    assert {passage.language for passage in (first, prices, free)} == {"ru"}


def test_a_row_of_a_table_whose_first_column_has_no_name() -> None:
    content = "| | Алматы | Астана |\n|---|---|---|\n| Адрес | Абая 9 | Мәңгілік Ел 9 |"
    (passage,) = passages_of(name="a.md", content=content)
    assert passage.text == "Адрес — Алматы: Абая 9; Астана: Мәңгілік Ел 9"


def test_without_one_top_heading_the_file_names_the_document() -> None:
    found = passages_of(name="our_rules.md", content="# A\n\none\n\n# B\n\ntwo", language="en")
    assert [(p.title, p.heading) for p in found] == [("Our rules", ("A",)), ("Our rules", ("B",))]


def test_each_passage_knows_its_own_language() -> None:
    content = (
        "# Info\n\n## Доставка\n\nДоставляем по городу за один день.\n\n"
        "## Жеткізу\n\nҚала ішінде бір күнде жеткіземіз.\n\n"
        "## Delivery\n\nWe deliver within the city in a day."
    )
    assert [passage.language for passage in passages_of(name="a.md", content=content)] == [
        "ru",
        "kk",
        "en",
    ]


def test_text_finds_headings_lists_and_wrapped_lines() -> None:
    content = (
        "ОПЛАТА\nПринимаем карты и наличные,\nа также перевод.\n\n"
        "Доставка\n\nКурьер ездит каждый день.\n- утром\n- вечером\n\n"
        "Возврат\n=======\nВ течение 14 дней."
    )
    found = passages_of(name="info.txt", content=content)
    assert [(p.heading, p.text) for p in found] == [
        (("ОПЛАТА",), "Принимаем карты и наличные, а также перевод."),
        (("Доставка",), "Курьер ездит каждый день.\n• утром\n• вечером"),
        (("Возврат",), "В течение 14 дней."),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("question,answer\nКогда?,Завтра", [("Когда?", "Завтра", "ru")]),
        ("\ufeffВопрос;Ответ;Язык\nҚашан?;Ертең;қаз\n", [("Қашан?", "Ертең", "kk")]),
        (
            'question_ru\tanswer_ru\tquestion_en\tanswer_en\nКак?\t"Так,\nвот"\tHow?\tSo\n',
            [("Как?", "Так,\nвот", "ru"), ("How?", "So", "en")],
        ),
        ("id,Сұрақ,Жауап\n1,Бар ма?,Бар\n2,,жоқ\n3,x\n", [("Бар ма?", "Бар", "kk")]),
    ],
)
def test_faq_tables(content: str, expected: list[tuple[str, str, str]]) -> None:
    found = passages_of(name="faq.csv", content=content)
    assert [(p.heading[0], p.text, p.language) for p in found] == expected
    assert found[0].title == "FAQ"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.exe", "x", "document_unknown_type"),
        ("a.pdf", "x", "document_wrong_type"),
        ("a.doc", "x", "document_legacy_format"),
        ("a", "x", "document_unknown_type"),
        ("a.md", " \n\t ", "document_empty"),
        ("a.md", "# Only a heading", "document_empty"),
        ("a.csv", "question,answer\n", "document_empty"),
        ("a.csv", "name\nx", "faq_columns_missing"),
        ("a.csv", 'question,answer\n"x,1', "faq_malformed"),
        ("a.txt", "abc\0def", "document_bad_encoding"),
        ("a.txt", "caf\ufffd \ufffd", "document_bad_encoding"),
        ("a.txt", "\ud800", "document_bad_encoding"),
        ("a.txt", "я" * (MAX_BYTES // 2 + 1), "document_too_large"),
    ],
)
def test_a_document_that_cannot_be_used_says_why(name: str, content: str, code: str) -> None:
    with pytest.raises(DocumentError) as raised:
        passages_of(name=name, content=content)
    assert raised.value.code == code


def test_decoding_files() -> None:
    assert decode("\ufeffқазақ".encode()) == "қазақ"
    assert decode("қазақ".encode("utf-16")) == "қазақ"
    excel = "Вопрос;Ответ\nЕсть ли доставка в Tau City?;Да, за 1 500 тг"
    assert decode(excel.encode("cp1251")) == excel
    for other in (
        "Le café fermé, garçon, à côté".encode("latin-1"),
        "Доставка по городу за один день".encode("koi8-r"),
        bytes(range(128, 256)) * 4,
        b"\xff\xfe\x00",
    ):
        with pytest.raises(DocumentError, match="document_bad_encoding"):
            decode(other)


def test_short_lines_alone_are_text() -> None:
    (passage,) = passages_of(name="a.txt", content="Да, есть")
    assert (passage.heading, passage.text) == ((), "Да, есть")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Один. Два! Три?", ["Один.", "Два!", "Три?"]),
        ("Ул. Абая, д. 5. Звоните.", ["Ул. Абая, д. 5.", "Звоните."]),
        ("Цена 1.500 тг. 2 дня.", ["Цена 1.500 тг. 2 дня."]),
        ("Сайт tau.kz работает. Да.", ["Сайт tau.kz работает.", "Да."]),
        ("А. С. Пушкин, 1 г. гарантии.", ["А. С. Пушкин, 1 г. гарантии."]),
        ("Бағасы 500 ₸. Ертең.", ["Бағасы 500 ₸.", "Ертең."]),
        ("нет конца", ["нет конца"]),
    ],
)
def test_sentences(line: str, expected: list[str]) -> None:
    assert sentences(line) == expected


SENTENCE = st.text(alphabet="абвг ", min_size=5, max_size=200).map(
    lambda text: f"Х{text.strip() or 'а'}."
)


@given(st.lists(st.lists(SENTENCE, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_cutting_loses_nothing_and_cuts_no_sentence(lines: list[str]) -> None:
    texts = cut(lines)
    assert re.sub(r"\s", "", "".join(texts)) == re.sub(r"\s", "", "".join(lines))
    whole = {sentence for line in lines for sentence in sentences(line)}
    assert {s for text in texts for line in text.splitlines() for s in sentences(line)} <= whole
    assert all(len(text) <= MAX_LENGTH for text in texts)


def test_long_sections_are_cut_evenly_and_a_list_keeps_its_introduction() -> None:
    lines = ["Мы принимаем:", *(f"• пункт номер {n}, " + "слово " * 15 for n in range(25))]
    texts = cut(lines)
    assert len(texts) > 2
    assert all(text.startswith("Мы принимаем:") for text in texts)
    assert all(300 <= len(text) <= MAX_LENGTH for text in texts)


def test_a_sentence_longer_than_a_passage_stays_whole() -> None:
    line = "слово " * 400 + "конец."
    assert cut(["Начало.", line]) in ([f"Начало.\n{line}"], ["Начало.", line])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("есть ли доставка в Астану?", "ru"),
        ("жеткізу қанша тұрады", "kk"),
        ("калай тапсырыс берем", "kk"),
        ("how much is delivery?", "en"),
        ("salem, dostavka bar ma", "kk"),
        ("skolko stoit dostavka v astanu", "ru"),
        ("12345", "en"),
        ("iPhone 15", "en"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect_language(text, "en") == language


def test_a_csv_without_questions_is_read_as_a_table() -> None:
    (passage,) = passages_of(
        name="prices.csv", content="Услуга;Цена\nСтрижка;5 000 ₸\nУкладка;7 000 ₸"
    )
    assert passage.text.splitlines() == [
        "Услуга: Стрижка; Цена: 5 000 ₸",
        "Услуга: Укладка; Цена: 7 000 ₸",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["Коротко.", "Срок доставки " + "1" * 100_000],
        ["слово " * 30_000],
        ["вид:" * 20_000, *("• пункт списка" for _ in range(200))],
    ],
)
def test_no_passage_is_longer_than_can_be_looked_through(lines: list[str]) -> None:
    texts = cut(lines)
    assert max(map(len, texts)) <= HARD_LIMIT
    assert "".join("".join(lines).split()) == "".join("".join(texts).split())
