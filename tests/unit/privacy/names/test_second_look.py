"""What stands around a word decides with the model, here with chances that are given."""

import pytest

from bot.privacy.names.features import features
from bot.privacy.names.second_look import names_at
from bot.privacy.names.tokens import tokenize


def found(text: str, **chances: float) -> set[str]:
    """Return the tokens taken for names where the model gives these words such chances, and the others none."""
    tokens = tokenize(text)
    _, evidence = features(tokens)
    given = [chances.get(token.text, 0.0) for token in tokens]
    named = names_at(tokens, evidence, given)
    return {token.text for token, is_name in zip(tokens, named, strict=True) if is_name}


@pytest.mark.parametrize(
    ("without", "within"),
    [
        ("тут Айжан", "зовут Айжан"),
        ("видел Айжан", "курьер Айжан"),
        ("Айжан где", "Айжан заказала"),
        ("видел Айжан", "видел Айжан 87011234567"),
    ],
)
def test_a_doubtful_word_is_a_name_in_its_place(without: str, within: str) -> None:
    assert found(without, Айжан=0.025) == set()
    assert "Айжан" in found(within, Айжан=0.025)


def test_a_word_in_a_row_with_a_name_is_one() -> None:
    assert found("едут Арлан и Диас", Арлан=0.9, Диас=0.005) == {"Арлан", "Диас"}
    assert found("едут Диас, Арлан", Арлан=0.9, Диас=0.005) == {"Арлан", "Диас"}
    assert found("едет Диас", Диас=0.005) == set()


def test_what_a_thing_is_called_needs_more() -> None:
    assert found("кровать Виктория", Виктория=0.4) == set()
    assert found("придёт Виктория", Виктория=0.4) == {"Виктория"}


def test_small_words_and_months_stay() -> None:
    assert found("можно ли завтра", ли=0.4) == set()
    assert found("приеду 3 марта", марта=0.4) == set()


def test_initials_particles_and_hyphens_hang_on() -> None:
    assert found("T. Bekov, CEO", T=0.4, Bekov=0.8) == {"T", ".", "Bekov"}
    assert found("Нурбек уулу Азат", Нурбек=0.9, Азат=0.9) == {"Нурбек", "уулу", "Азат"}
    assert found("Дильшод-ака", Дильшод=0.9) == {"Дильшод", "-", "ака"}


def test_capitals_tell_nothing_where_there_are_none() -> None:
    assert "диас" in found("арлан и диас едут", арлан=0.9, диас=0.005)
    assert "диас" not in found("Арлан и диас едут", Арлан=0.9, диас=0.005)
