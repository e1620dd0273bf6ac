"""How two answers differ: what was done, what was said, what it rests on, and words alone."""

from typing import Any

import pytest

from crm.assistant.suites.comparing import VERDICTS, verdict, worst

CITED = ["d.md"]


def side(text: str, skill: str | None = "answer", **values: Any) -> dict[str, Any]:
    blank = {"documents": [], "declined": False, "refused": False, "effects": []}
    return {"texts": [text], "skill": skill, **blank, **values}


def cited(text: str, *documents: str, **values: Any) -> dict[str, Any]:
    return side(text, documents=list(documents) or CITED, **values)


SHORT = "Да: в Астану 1 500 ₸, 2–3 дня. От 30 000 ₸ доставка бесплатная."
LONG = "Доставка в Астану стоит 1500 ₸ и занимает 2–3 дня. От 30 000 ₸ — бесплатно."
CLOSED = "Передал. Вам ответят здесь после открытия: {}, в 09:00."


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (cited(SHORT), cited(SHORT.upper().replace("1 500", "1500")), "same"),
        (cited(SHORT), cited(SHORT + "\n\nИсточник: Доставка"), "same"),
        (cited(SHORT), cited(LONG), "reworded"),
        # Another understanding of the message, the same answer.
        (cited(SHORT), cited(LONG, skill="fallback"), "reworded"),
        (cited(SHORT), cited(LONG, "faq.csv"), "different_sources"),
        (cited(SHORT), cited(SHORT, "faq.csv"), "different_sources"),
        (cited(SHORT), cited(LONG.replace("1500", "1600")), "different"),
        (cited(SHORT), cited("Доставка в Астану стоит 1500 ₸."), "different"),
        (cited("Вернуть товар можно."), cited("Вернуть товар не можно."), "different"),
        (cited("Шатыр бар."), cited("Шатыр жоқ."), "different"),
        (cited("You can return it."), cited("You can't return it."), "different"),
        (cited("Собираем велосипеды в мастерской."), cited("Приезжайте на склад."), "different"),
        (cited(SHORT), side("Как вас зовут?", "order"), "different_doing"),
        (side("Как вас зовут?", "order"), side("Что закажете?", "callback"), "different_doing"),
        (side("Готово", "order", effects=["lead"]), side("Готово", "order"), "different_doing"),
        (side("Как вас зовут?", "order"), side("Что хотите заказать?", "order"), "different"),
        (side("What is your name?", "order"), side("What would you like?", "order"), "different"),
        (side("Готово", "order"), side("Готово", "order", refused=True), "different_doing"),
        # What depends on the hour differs in words and in numbers.
        (
            side(CLOSED.format("завтра, 22 ноября"), "ask_human", effects=["handoff"]),
            side(CLOSED.format("в понедельник, 1 декабря"), "ask_human", effects=["handoff"]),
            "reworded",
        ),
        (cited(SHORT), side("Не знаю.", declined=True), "now_declined"),
        (side("Не знаю.", "fallback", declined=True), cited(SHORT), "now_answered"),
        (
            side("Не знаю.", "fallback", declined=True),
            side("В документах этого нет.", "answer", declined=True),
            "reworded",
        ),
        (side("Не знаю.", declined=True), side("не знаю", "fallback", declined=True), "reworded"),
    ],
)  # fmt: skip
def test_verdicts(before: dict[str, Any], after: dict[str, Any], expected: str) -> None:
    assert verdict(before, after) == expected


def test_a_conversation_is_what_most_wants_a_look() -> None:
    assert worst(["same", "different", "now_answered"]) == "different"
    assert worst(["same", "now_declined", "different_doing"]) == "now_declined"
    assert worst(["same", "reworded"]) == "reworded"
    assert VERDICTS[0] == "error"
