"""Losing patience: the same question again, in anger."""

import pytest

from actions.dissatisfaction import is_angry, is_fed_up, repeats
from tests.support.growth import assert_gentle_growth


@pytest.mark.parametrize(
    "text",
    [
        "Я ЖЕ СПРОСИЛ ПРО ДОСТАВКУ",
        "сколько можно ждать ответа",
        "где доставка???",
        "i already asked about delivery",
        "қанша рет сұраймын",
        "повторяю вопрос",
    ],
)
def test_anger(text: str) -> None:
    assert is_angry(text)


@pytest.mark.parametrize(
    "text", ["есть ли доставка в Астану?", "ОК", "сколько стоит палатка", "ҚР", "thanks!", "TAU-2 бар ма?"]
)  # fmt: skip
def test_calm(text: str) -> None:
    assert not is_angry(text)


def said(*texts: str) -> list[dict[str, object]]:
    return [{"event": "user", "text": text} for text in texts]


def test_the_same_question_in_anger_is_enough_and_without_anger_only_the_third_time() -> None:
    question = "сколько стоит доставка в Астану"
    assert is_fed_up("СКОЛЬКО СТОИТ ДОСТАВКА В АСТАНУ", said(question, question.upper()))
    assert not is_fed_up(question, said(question, question))
    assert is_fed_up(question, said(question, "алло", question, question))


def test_another_question_is_not_the_same() -> None:
    assert repeats("сколько стоит доставка в Шымкент", ["сколько стоит доставка в Астану"]) == 0
    assert repeats("я же спрашиваю, сколько стоит доставка", ["сколько стоит доставка?"]) == 1
    assert repeats("да", ["да", "да"]) == 0


def test_endless_messages_cost_little() -> None:
    letters = "абвгдежзиклмнопрстуфхцчшщэюя"
    endless = " ".join(one * 3 + other * 3 for one in letters for other in letters)
    earlier = [endless.upper()[::-1], "жылқы " * 900]
    assert repeats(endless, earlier) == 0
    assert_gentle_growth(
        lambda texts: repeats(texts[0], texts[1:]),
        lambda size: [text[:size] for text in (endless, *earlier)],
        len(endless),
    )
