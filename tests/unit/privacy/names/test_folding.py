"""One person's name has one key, however it is spelled."""

import pytest

from bot.privacy.names.folding import fold, single


@pytest.mark.parametrize(
    "spellings",
    [
        ("Айгүл", "Айгуль", "АЙГУЛЬ", "Aigul", "Aygul"),
        ("Серікқызы", "Серикқызы", "Serikkyzy", "serikqyzy"),
        ("Жұлдыз", "Жулдыз", "Zhuldyz", "Juldyz"),
        ("Сергей", "Sergei", "Sergey"),
        ("Татьяна", "Tatyana", "Tatiana"),
        ("Қайрат", "Кайрат", "Kairat", "Qairat", "Kayrat"),
        ("Джамиля", "Жамиля", "Jamilya"),
        ("Мария", "Maria", "Mariya"),
    ],
)
def test_spellings_of_a_name_fold_to_one_key(spellings: tuple[str, ...]) -> None:
    assert len({single(fold(spelling)) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("Анна", "ана"), ("Жанна", "жаңа"), ("Алла", "ала"), ("Марина", "Мария")]
)
def test_what_differs_in_double_letters_stays_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_other_scripts_and_signs_leave_nothing() -> None:
    assert fold("李") == ""
    assert fold("O'Brien") == "obrien"
