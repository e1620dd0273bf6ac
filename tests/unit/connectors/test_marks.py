"""Light marks are read, shown and cut without losing a letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Capabilities
from connectors.base.marks import Mark, MarkedText, bare, read_marks, split_marked, split_text
from connectors.base.rendering import with_buttons_as_text
from crm.contract import Button, OutboundMessage


@pytest.mark.parametrize(
    ("text", "bare_text", "marks"),
    [
        ("plain", "plain", ()),
        ("a **b** c", "a b c", (Mark(2, 3, "bold"),)),
        ("_да_ и `нет`", "да и нет", (Mark(0, 2, "italic"), Mark(5, 8, "code"))),
        ("[сайт](https://a.kz)", "сайт", (Mark(0, 4, "link", "https://a.kz"),)),
        ("2 ** 3 ** 4", "2 ** 3 ** 4", ()),
        ("snake_case_name", "snake_case_name", ()),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))", ()),
        ("**", "**", ()),
    ],
)
def test_marks(text: str, bare_text: str, marks: tuple[Mark, ...]) -> None:
    assert read_marks(text) == MarkedText(bare_text, marks)


def test_a_link_is_written_out_where_nothing_can_be_marked() -> None:
    assert read_marks("[сайт](https://a.kz) **да**").shown(bare) == "сайт (https://a.kz) да"


def test_a_mark_over_a_cut_is_kept_on_both_sides() -> None:
    marked = read_marks("**раз два три четыре**")
    parts = split_marked(marked, Capabilities(max_text=9))
    assert [part.text for part in parts] == ["раз два", "три", "четыре"]
    assert [part.marks for part in parts] == [
        (Mark(0, 7, "bold"),),
        (Mark(0, 3, "bold"),),
        (Mark(0, 6, "bold"),),
    ]


def byte_length(text: str) -> int:
    return len(text.encode())


@given(st.text(min_size=0, max_size=400), st.integers(min_value=4, max_value=60))
def test_parts_fit_and_lose_no_letter(text: str, limit: int) -> None:
    parts = split_text(text, Capabilities(max_text=limit, measure=byte_length))
    assert all(byte_length(part) <= limit for part in parts)
    assert "".join("".join(part.split()) for part in parts) == "".join(text.split())


@given(st.text(alphabet="ab*_`[]()й \n.", max_size=200), st.integers(min_value=1, max_value=30))
def test_marks_lie_within_their_parts(text: str, limit: int) -> None:
    for part in split_marked(read_marks(text), Capabilities(max_text=limit)):
        assert all(0 <= mark.start < mark.end <= len(part.text) for mark in part.marks)


def test_choices_become_a_numbered_list_and_links_are_written_out() -> None:
    message = OutboundMessage(
        id="1",
        chat_id="c",
        text="Что дальше?",
        author_kind="bot",
        buttons=[
            Button(title="Доставка", payload="/d"),
            Button(title="Сайт", url="https://a.kz"),
            Button(title="Человек", payload="/h"),
        ],
    )
    text = with_buttons_as_text(message, Capabilities(max_text=100))
    assert text == "Что дальше?\n\n1. Доставка\n2. Человек\n\nСайт: https://a.kz"
