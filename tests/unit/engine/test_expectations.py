import pytest

from bot.engine.expectations import chosen_button, is_message, offer_of

BUTTONS = [{"title": "Да", "payload": "/affirm"}, {"title": "Нет", "payload": "/deny"}]


@pytest.mark.parametrize(
    ("text", "payload"),
    [("1", "/affirm"), ("2.", "/deny"), (" 2) ", "/deny"), ("3", None), ("0", None), ("2 штуки", None), ("", None)],
)  # fmt: skip
def test_a_typed_number_is_its_button(text: str, payload: str | None) -> None:
    assert chosen_button(text, BUTTONS, None) == payload
    assert chosen_button(text, BUTTONS, "phone") == payload


def test_a_number_may_be_the_answer_itself() -> None:
    assert chosen_button("2", BUTTONS, "quantity") is None
    assert chosen_button("1", BUTTONS[:1], None) is None


def test_what_is_asked_for_as_a_message_is_one_unless_it_says_no() -> None:
    offer = offer_of([{"buttons": [{"payload": "/deny"}], "custom": {"expects": "message"}}])
    assert offer == "message"
    assert is_message("верните деньги", {"name": "complaint", "confidence": 0.9}, offer)
    assert is_message("нет денег", {"name": "deny", "confidence": 0.3}, offer)
    assert not is_message("нет", {"name": "deny", "confidence": 0.9}, offer)
    assert not is_message("верните деньги", {"name": "complaint", "confidence": 0.9}, None)


def test_an_offered_call_can_be_accepted_in_words() -> None:
    assert offer_of([{"buttons": [{"payload": "/book_callback"}, {"payload": "/deny"}]}]) == "call"
