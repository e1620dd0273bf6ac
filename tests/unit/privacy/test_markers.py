import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.privacy.markers import MarkerBook, MarkerRowError, find_markers
from bot.privacy.masking import Masking


def book() -> MarkerBook:
    known = MarkerBook()
    known.marker("PHONE", "87011234567")
    known.marker("PERSON", "Асель")
    return known


@pytest.mark.parametrize(
    "written",
    [
        "<PHONE_1>",
        "<phone_1>",
        "<Phone_1>",
        "PHONE_1",
        "phone_1",
        "[PHONE_1]",
        "{PHONE_1}",
        "{{PHONE_1}}",
        "[[PHONE_1]]",
        "&lt;PHONE_1&gt;",
        "&#60;PHONE_1&#62;",
        "%3CPHONE_1%3E",
        "\\<PHONE_1\\>",
        "<PHONE\\_1>",
        "PHONE\\_1",
        "«PHONE_1»",
        "<PHONE 1>",
        "<PHONE-1>",
        "<PHONE1>",
        "<PHONE#1>",
        "< PHONE_1 >",
        "<<PHONE_1>>",
        "<PHONE_1/>",
        "<PHONE_1></PHONE_1>",
        "＜PHONE＿1＞",
        "＜ＰＨＯＮＥ＿１＞",
        "⟨PHONE_1⟩",
        "<PHONE_1",
        "PHONE_1>",
        "<ТЕЛЕФОН_1>",
        "<телефон_1>",
        "<Телефон 1>",
        "<НОМЕР_ТЕЛЕФОНА_1>",
        "<нөмір_1>",
        "<PHONE_NUMBER_1>",
        "<PHONE>",
    ],
)
def test_a_marker_survives_what_models_do_to_it(written: str) -> None:
    restored = book().restore(f"Позвоним на {written}-ге, да?")
    assert restored.text == "Позвоним на 87011234567-ге, да?"
    assert restored.unknown == ()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<PERSON_1>ға", "Асельға"),
        ("<PERSON_1>-ға", "Асель-ға"),
        ("<PERSON_1ға>", "Асельға"),
        ("<PERSON_1>'s", "Асель's"),
        ("<PERSON_1's>", "Асель's"),
        ("<ЧЕЛОВЕК_1>у", "Асельу"),
        ("<ТҰЛҒА_1>", "Асель"),
        ("**<PERSON_1>**", "**Асель**"),
        ("«<PERSON_1>»", "«Асель»"),
        ("(PERSON_1)", "(Асель)"),
        ("<PERSON_1>, <PHONE_1>, <PERSON_1>", "Асель, 87011234567, Асель"),
    ],
)
def test_what_hangs_on_a_marker_stays(written: str, said: str) -> None:
    restored = book().restore(written)
    assert restored.text == said
    assert restored.unknown == ()


@pytest.mark.parametrize(
    "written",
    [
        "<PHONE_2>",
        "phone_11",
        "<EMAIL_1>",
        "[PERSON 7]",
        "<ТЕЛЕФОН_9>",
        "<ЧЕЛОВЕК_3>",
        "<NAME_OF_CLIENT_1>",
        "<ORDER_1>",
        "</PERSON_4>",
        "<EMAIL>",
        "＜IIN_1＞",
    ],
)
def test_an_unknown_marker_never_reaches_the_customer(written: str) -> None:
    restored = book().restore(f"на {written}, iphone 15")
    assert restored.text == "на , iphone 15"
    assert restored.unknown == (written,)


@pytest.mark.parametrize(
    "text",
    [
        "iPhone 15 Pro, phone 2",
        "text 12 символов",
        "person 1 and 2",
        "карта 1, счёт 2",
        "a < b > c",
        "<b>жирно</b>",
        "array[1] {2}",
        "snake_case_1",
        "имя 3",
        "[1] [2, 3]",
        "bin_file",
    ],
)
def test_ordinary_text_is_no_marker(text: str) -> None:
    assert find_markers(text) == []
    assert book().restore(text).text == text


def test_a_lone_type_means_the_only_value_of_its_kind() -> None:
    known = book()
    known.marker("PHONE", "87770001122")
    restored = known.restore("<PHONE> и <PERSON>")
    assert restored.text == " и Асель"
    assert restored.unknown == ("<PHONE>",)


def test_the_numbers_of_a_book_are_not_mixed_up_beyond_ten() -> None:
    known = MarkerBook()
    for number in range(1, 13):
        known.marker("PHONE", f"value {number}")
    assert known.restore("<PHONE_12> <PHONE_1> <PHONE_2>").text == "value 12 value 1 value 2"


def test_a_book_goes_on_where_it_was_written_down() -> None:
    first = book()
    rows = first.rows()
    assert rows == first.new_rows()
    later = MarkerBook.from_rows(rows)
    assert later.marker("PHONE", "87011234567") == "<PHONE_1>"
    assert later.new_rows() == []
    assert later.marker("PHONE", "87770001122") == "<PHONE_2>"
    assert later.new_rows() == [{"kind": "PHONE", "number": 2, "value": "87770001122"}]
    assert later.rows() == [*rows, *later.new_rows()]
    assert later.restore("<PERSON_1>: <PHONE_2>").text == "Асель: 87770001122"


def test_a_book_takes_over_what_others_have_written_down() -> None:
    book = MarkerBook.from_rows([{"kind": "PHONE", "number": 1, "value": "a"}])
    assert book.marker("PHONE", "b") == "<PHONE_2>"
    assert book.marker("PERSON", "x") == "<PERSON_1>"
    theirs = [
        {"kind": "PHONE", "number": 1, "value": "a"},
        {"kind": "PHONE", "number": 2, "value": "c"},
        {"kind": "PHONE", "number": 3, "value": "d"},
    ]
    book.rebase(theirs)
    assert book.new_rows() == [{"kind": "PERSON", "number": 1, "value": "x"}]
    assert book.restore("<PHONE_2> <PERSON_1>").text == "c x"
    assert [book.marker("PHONE", value) for value in "abcd"] == [
        "<PHONE_1>",
        "<PHONE_4>",
        "<PHONE_2>",
        "<PHONE_3>",
    ]
    book.rebase(book.rows())
    assert book.new_rows() == []
    assert book.restore("<PHONE_4>").text == "b"


def test_a_number_given_out_twice_keeps_its_first_value() -> None:
    rows = [
        {"kind": "PHONE", "number": 1, "value": "first"},
        {"kind": "PHONE", "number": 1, "value": "second"},
    ]
    known = MarkerBook.from_rows(rows)
    assert known.restore("<PHONE_1>").text == "first"
    assert known.marker("PHONE", "second") == "<PHONE_2>"


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"kind": "PHONE", "number": "x", "value": "v"},
        {"kind": "PHONE", "number": 0, "value": "v"},
        {"kind": "WHAT", "number": 1, "value": "v"},
        {"kind": "PHONE", "number": 1, "value": None},
    ],
)
def test_a_broken_row_is_refused_without_its_value(row: dict[str, object]) -> None:
    with pytest.raises(MarkerRowError):
        MarkerBook.from_rows([row])


WRITTEN = """
< > << [ ] { } &lt; &gt; « » \\ / _ - * ` ( ) # 1 2 12 PHONE PERSON TEXT PHONE_1 <PHONE_1> <TEXT_1> </PHONE_1>
<phone> phone_ email_2 ТЕЛЕФОН_1 8 701 123 45 67 87011234567 asel@mail.ru Асель Нурланова 900101300017
"""
SPACED = [" ", "\n", "＜", "＿", "\u200b", "ул. Абая 10, кв 5", "N12345678", "ğ", "İ"]
PIECES = st.sampled_from([*WRITTEN.split(), *SPACED])


@given(st.lists(PIECES, max_size=14).map("".join))
@settings(max_examples=600, deadline=None)
def test_what_looks_like_a_marker_cannot_confuse(text: str) -> None:
    masking = Masking()
    restored = masking.restore(masking.mask(text))
    assert restored.text == text
    assert restored.unknown == ()


@given(st.permutations(["<PHONE_1>", "<phone_2>", "PERSON_1", "[PERSON_2]"]), st.randoms())
@settings(max_examples=50, deadline=None)
def test_markers_may_be_put_in_another_order(markers: list[str], chance: random.Random) -> None:
    values = {"phone_1": "1", "phone_2": "2", "person_1": "A", "person_2": "B"}
    known = MarkerBook()
    for kind, value in (("PHONE", "1"), ("PHONE", "2"), ("PERSON", "A"), ("PERSON", "B")):
        known.marker(kind, value)
    between = [chance.choice([", ", " и ", "\n"]) for _ in markers]
    text = "".join(a + b for a, b in zip(markers, between, strict=True))
    said = "".join(
        values[a.strip("<>[]").lower()] + b for a, b in zip(markers, between, strict=True)
    )
    assert known.restore(text).text == said
