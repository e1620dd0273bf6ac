"""What the lists say of words in the forms that chats hold."""

import pytest

from bot.privacy.names.dictionary import Dictionary
from bot.privacy.names.lexicon import lexicon


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("сергею", "firstr"),
        ("марией", "firstr"),
        ("наташ", "firstv"),
        ("айгүлге", "firstk"),
        ("айгулден", "firstk"),
        ("ерланның", "firstk"),
        ("петровым", "lastr"),
        ("иванова", "lastr"),
        ("aigul", "first0"),
    ],
)
def test_names_are_known_in_their_case_forms(word: str, name: str) -> None:
    assert name in lexicon().entry(word).names


@pytest.mark.parametrize("word", ["нұрберген", "айжанат", "ертөлеген"])
def test_a_name_that_no_list_has_is_known_by_its_parts(word: str) -> None:
    assert not {"first0", "rare0"} & set(lexicon().entry(word).names) or "compound" in (
        lexicon().entry(word).names
    )


def test_a_surname_is_known_by_the_first_name_in_it() -> None:
    assert "derived" in lexicon().entry("ерасылов").names
    assert "derived" not in lexicon().entry("диванов").names


@pytest.mark.parametrize("word", ["ивановна", "иванович", "петровичу", "серікқызы", "болатұлы"])
def test_patronymics_are_known_by_their_form(word: str) -> None:
    assert lexicon().entry(word).patronymic


def test_places_and_brands_are_known_in_case_forms_and_by_several_words() -> None:
    assert lexicon().entry("астану").thing
    assert lexicon().entry("алматыға").thing
    assert lexicon().entry("samsung").thing
    keys = ["hochu", "tom", "ford", "ili", "tom"]
    assert list(lexicon().long_things(keys)) == [(1, 3)]


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("диван", "W"),
        ("дивану", "w"),
        ("заказывала", "w"),
        ("боялись", "w"),
        ("кілем", "W"),
        ("кілемге", "w"),
        ("курылыс", "p"),  # құрылыс typed without Kazakh letters
        ("delivery", "W"),
        ("promised", "w"),
        ("dostavka", "x"),
        ("dostavku", "x"),
        ("айгүл", ""),
        ("сергей", ""),
    ],
)
def test_ordinary_words_are_known_in_their_forms(word: str, place: str) -> None:
    assert Dictionary().place(word) == place
