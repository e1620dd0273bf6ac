"""Which of a conversation's messages are said anew, after which history, and what was done then and now."""

from typing import Any

from bson import ObjectId

from crm.assistant.suites.conversations import exchanges
from crm.assistant.suites.replay import MAX_SAID, after_side, before_side, stretches


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


def test_both_sides_tell_what_was_done_by_the_same_names() -> None:
    said = [message("contact", "a"), event("deal_created"), event("handoff_requested"), event("rated"), message("bot", "A")]  # fmt: skip
    [exchange] = exchanges(said)
    before = before_side(exchange)
    assert before["effects"] == ["lead", "handoff"]
    assert before["handed_over"] is True
    kinds = ("contact", "handoff", "lead", "lead")
    turn = {"replies": [], "skill": "order", "effects": [{"kind": kind} for kind in kinds]}
    assert after_side(turn)["effects"] == ["lead", "handoff"]
