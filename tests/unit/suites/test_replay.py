"""Which of a conversation's messages are said anew, after which history, and how two answers differ."""

from typing import Any

import pytest
from bson import ObjectId

from crm.assistant.suites.conversations import exchanges
from crm.assistant.suites.replay import MAX_SAID, stretches, verdict, worst


def message(author: str, text: str = "", **values: Any) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "direction": "in" if author == "contact" else "out",
        "author": {"kind": author},
        "kind": "event" if author == "system" else "text",
        "text": text,
        "data": {},
        "trace": {},
        **values,
    }


def event(name: str) -> dict[str, Any]:
    return message("system", data={"event": name})


def test_after_people_a_new_beginning_is_made_that_knows_what_they_said() -> None:
    said = [
        message("contact", "a"),
        message("bot", "A"),
        event("taken_over"),
        message("contact", "b"),
        message("operator", "B"),
        event("handed_back"),
        message("contact", "c"),
        message("bot", "C"),
        message("contact", "d"),
        message("bot", "D"),
    ]
    first, second = stretches(said, exchanges(said))
    assert [exchange.text for exchange in first.exchanges] == ["a"]
    assert first.history == []
    assert [exchange.text for exchange in second.exchanges] == ["c", "d"]
    assert second.history == [
        {"role": "customer", "text": "a"},
        {"role": "bot", "text": "A"},
        {"role": "customer", "text": "b"},
        {"role": "operator", "text": "B"},
    ]


def test_a_message_without_an_answer_breaks_nothing() -> None:
    said = [message("contact", "a"), message("bot", "A"), message("contact", "lost"), message("contact", "b"), message("bot", "B")]  # fmt: skip
    [only] = stretches(said, exchanges(said))
    assert [exchange.text for exchange in only.exchanges] == ["a", "b"]


def test_of_a_long_conversation_the_newest_are_said_anew() -> None:
    said = [
        one
        for number in range(MAX_SAID + 5)
        for one in (message("contact", f"q{number}"), message("bot", "A"))
    ]
    [only] = stretches(said, exchanges(said))
    assert only.exchanges[0].text == "q5"
    assert len(only.exchanges) == MAX_SAID
    assert len(only.history) == 10


def test_a_late_reply_belongs_to_its_own_question() -> None:
    asked = message("contact", "a")
    late = message("bot", "A", trace={"in_reply_to": str(asked["_id"])})
    talk = exchanges([asked, message("contact", "b"), late, message("bot", "B")])
    assert [exchange.texts for exchange in talk] == [["A"], ["B"]]


def side(text: str, *, declined: bool = False, handed_over: bool = False) -> dict[str, Any]:
    return {"texts": [text], "declined": declined, "handed_over": handed_over}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (side("1 500 ₸"), side("1500 ₸"), "same"),
        (side("1 500 ₸"), side("1 600 ₸"), "different"),
        (side("x"), side("x", handed_over=True), "different"),
        (side("x"), side("y", declined=True), "now_declined"),
        (side("x", declined=True), side("y"), "now_answered"),
        (side("x", declined=True), side("x", declined=True), "same"),
    ],
)
def test_verdicts(before: dict[str, Any], after: dict[str, Any], expected: str) -> None:
    assert verdict(before, after) == expected


def test_a_conversation_is_what_most_wants_a_look() -> None:
    assert worst(["same", "different", "now_answered"]) == "different"
    assert worst(["same", "now_declined", "different"]) == "now_declined"
