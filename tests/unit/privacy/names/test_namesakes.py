"""What is called like somebody and is nobody, here where the model is sure of a name."""

import pytest

from bot.privacy.names.features import features
from bot.privacy.names.namesakes import is_romanised, is_title_after, least_chances
from bot.privacy.names.second_look import names_at
from bot.privacy.names.tokens import Token, tokenize
from tests.support.growth import assert_gentle_growth


def found(text: str, *, chance: float = 0.7) -> set[str]:
    """Return the words taken for names where the model gives each such a chance."""
    tokens = tokenize(text)
    _, evidence = features(tokens)
    named = names_at(tokens, evidence, [chance if token.is_word else 0.0 for token in tokens])
    return {token.text for token, is_name in zip(tokens, named, strict=True) if is_name}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("салон «Камила»", "Камила"),
        ('кафе "Асель"', "Асель"),
        ("куртка Helly Hansen", "Hansen"),
        ("Kate Spade wallet", "Spade"),
        ("Johnson & Sons", "Johnson"),
        ("Айсұлу кафесінде", "Айсұлу"),
        ("лилия белая", "лилия"),
        ("closed in April", "April"),
        ("## Возврат", "Возврат"),
        ("Құрметпен", "Құрметпен"),
        ("Айгүл апай", "апай"),
        ("jane eki kerek", "jane"),
        ("ол жетпіске толады", "толады"),
    ],
)
def test_what_is_called_like_somebody_stays(text: str, word: str) -> None:
    assert word not in found(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("видела Камила", "Камила"),
        ("напишите «Камила»", "Камила"),
        ("меня зовут лилия белая", "лилия"),
        ("Emma & Lukas", "Emma"),
        ("Айсұлудың кафесінде", "Айсұлудың"),
        ("my name is April", "April"),
        ("Айгүл апай", "Айгүл"),
    ],
)
def test_people_beside_the_same_words_are_found(text: str, word: str) -> None:
    assert word in found(text)


def test_titles_and_romanised_messages_are_told() -> None:
    assert is_title_after(tokenize("апайға")[0])
    assert not is_title_after(tokenize("апельсин")[0])
    assert is_romanised(tokenize("bul kate goi"))
    assert not is_romanised(tokenize("hi it is Kate again"))


@pytest.mark.parametrize("hostile", ["« ", "салон ", "A & ", "роза 5 ", "Helly "])
def test_hostile_texts_cost_no_more_than_their_length(hostile: str) -> None:
    def material(size: int) -> tuple[list[Token], list[str]]:
        tokens = tokenize(hostile * (size // len(hostile)))
        return tokens, ["thing"] * len(tokens)

    assert_gentle_growth(lambda given: least_chances(*given), material, 20_000)
