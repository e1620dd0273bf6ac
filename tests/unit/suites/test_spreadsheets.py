"""Cases out of CSV, with what is wrong line by line."""

import re
from pathlib import Path

import pytest

from crm.assistant.suites.spreadsheets import MAX_ROWS, read_cases
from crm.core.errors import Invalid


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_separator_and_any_order_of_columns(separator: str) -> None:
    rows = (
        ("Language", "question", "cites", "Hands_Over"),
        ("RU", "Где вы?", "about.md||map.md", "нет"),
    )
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows)
    [case], errors = read_cases(text)
    assert errors == []
    assert case.turns == ["Где вы?"]
    assert (case.expect.language, case.expect.cites) == ("ru", ["about.md", "map.md"])
    assert case.expect.hands_over is False


def test_a_talk_stands_in_one_cell_on_lines_of_its_own() -> None:
    text = 'сұрақ;құрамында\n"сәлем\nбағасы қанша?";"1 500 ₸\nтеңге"\n'
    [case], _ = read_cases(text)
    assert case.turns == ["сәлем", "бағасы қанша?"]
    assert case.expect.contains == ["1 500 ₸", "теңге"]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = 'question,contains,language\n"a\nb",x,\n,x,\nq,,de\n'
    _, errors = read_cases(text)
    assert [(error.line, error.column) for error in errors] == [(4, "question"), (5, "language")]
    assert all(error.detail for error in errors)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "csv_columns"),
        ("q\n1\n", "csv_columns"),
        ("question,colour\nx,red\n", "csv_columns"),
        ("contains\nx\n", "csv_columns"),
        ("question,contains\n" + "a,b\n" * (MAX_ROWS + 1), "csv_too_long"),
    ],
)
def test_what_is_no_table_of_cases_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_cases(text)
    assert caught.value.fields[0].code == code


def test_empty_lines_are_passed_over() -> None:
    cases, errors = read_cases("question,declines\n\nx,yes\n , \n")
    assert (len(cases), errors) == (1, [])


def test_the_documented_example_can_be_imported() -> None:
    page = Path(__file__).parents[3] / "docs" / "test-suites.md"
    [example] = re.findall(r"```csv\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    cases, errors = read_cases(example)
    assert errors == []
    assert [len(case.turns) for case in cases] == [1, 1, 2]
    assert cases[2].expect.hands_over
