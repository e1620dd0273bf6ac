"""What a case is disappointed in, in words."""

from typing import Any

import pytest
from pydantic import ValidationError

from crm.assistant.suites.expectations import Expectations, comparable, judge


def turn(text: str = "", **values: Any) -> dict[str, Any]:
    trace = {"skill": "answer", **values.pop("trace", {})}
    reply = {"text": text, "buttons": [], "sources": values.pop("sources", []), "trace": trace}
    return {
        "text": "?",
        "replies": [reply],
        "intent": {"name": "ask_question", "confidence": 0.9},
        "skill": "answer",
        "language": "ru",
        "effects": [],
        **values,
    }


def failures(expect: dict[str, Any], *turns: dict[str, Any]) -> list[tuple[str, str]]:
    found = judge(Expectations.model_validate(expect), turns)
    return [(failure.check, failure.detail) for failure in found]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Доставка стоит 1 500 ₸", "1500 ₸"),
        ("Доставка стоит 1\u00a0500\u202f000 ₸", "1 500 000"),
        ("ЖЕТКІЗУ тегін", "жеткизу ТЕГИН"),
        ("Срок — 2–3 дня", "2-3 дня"),
        ("Всё «готово»", 'все "готово"'),
        ("в две\n  строки", "в две строки"),
    ],
)
def test_texts_are_the_same_in_any_letters(said: str, expected: str) -> None:
    assert failures({"contains": [expected]}, turn(said)) == []
    assert [check for check, _ in failures({"not_contains": [expected]}, turn(said))] == [
        "not_contains"
    ]


def test_numbers_beside_each_other_are_not_put_together_with_words() -> None:
    assert comparable("размер 42 цена 5") == "размер 42 цена 5"
    assert failures({"contains": ["15"]}, turn("1 год, 5 дней")) != []


def test_what_was_got_is_said() -> None:
    assert failures({"contains": ["скидка"]}, turn("Скидок нет.")) == [
        ("contains", "The answer does not contain “скидка”. It says: “Скидок нет.”")
    ]
    assert failures({"cites": ["prices.md"]}, turn("x")) == [
        ("cites", "The answer does not rest on “prices.md”, but on no document.")
    ]
    assert failures({"language": "kk"}, turn("x")) == [
        ("language", "The answer is in “ru”, not in “kk”.")
    ]


def test_the_disclosure_is_no_answer() -> None:
    said = turn("Цена 5 ₸")
    said["replies"].insert(
        0,
        {"text": "Вам отвечает ИИ", "buttons": [], "sources": [], "trace": {"skill": "disclosure"}},
    )
    assert [check for check, _ in failures({"contains": ["ИИ"]}, said)] == ["contains"]
    assert failures({"not_contains": ["ИИ"]}, said) == []


def test_a_document_is_named_by_its_name_or_title() -> None:
    said = turn("x", sources=[{"document": "delivery.ru.md", "title": "Доставка"}])
    assert failures({"cites": ["delivery.ru.md"]}, said) == []
    assert failures({"cites": ["доставка"]}, said) == []


@pytest.mark.parametrize(
    ("said", "declines"),
    [
        (turn("Не знаю", trace={"method": "declined"}), True),
        (turn("5 ₸", trace={"method": "extractive"}, sources=[{"document": "d", "title": ""}]), False),
        (turn("Не понял", skill="fallback"), True),
        (turn("5 ₸", skill="fallback", sources=[{"document": "d", "title": ""}]), False),
        (turn("Здравствуйте", skill="greet"), False),
    ],
)  # fmt: skip
def test_declining_is_told_from_answering(said: dict[str, Any], *, declines: bool) -> None:
    assert failures({"declines": declines}, said) == []
    assert [check for check, _ in failures({"declines": not declines}, said)] == ["declines"]


def test_what_is_done_counts_wherever_in_the_talk() -> None:
    called = turn("Зову", effects=[{"kind": "handoff", "data": {"reason": "asked"}}])
    assert failures({"hands_over": True}, called, turn("x")) == []
    assert failures({"hands_over": False}, called, turn("x")) == [
        ("hands_over", "A person was called.")
    ]
    lead = turn(
        "Готово", effects=[{"kind": "lead", "data": {"product": "Палатка", "phone": "+7701"}}]
    )
    wanted = {"effects": [{"kind": "lead", "data": {"product": "палатка", "city": "Астана"}}]}
    assert failures(wanted, lead) == [
        (
            "effects",
            "Not done: lead (product: палатка, city: Астана). Done: lead (product: Палатка, phone: +7701).",
        )
    ]
    assert failures({"effects": [{"kind": "lead"}]}, lead, turn("x")) == []


def test_only_the_last_answer_is_read() -> None:
    assert failures({"contains": ["первый"]}, turn("первый"), turn("второй")) != []


@pytest.mark.parametrize(
    "expect", [{}, {"contains": []}, {"contains": [""]}, {"effects": [{"kind": "x"}]}]
)
def test_nothing_or_nonsense_is_not_expected(expect: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Expectations.model_validate(expect)
