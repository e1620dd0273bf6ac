"""The training messages decline names as their writers would."""

import pytest

from bot.privacy.names.corpus.inflection import (
    feminine,
    kazakh,
    russian,
    russian_patronymic,
    vocative,
)


@pytest.mark.parametrize(
    ("name", "female", "forms"),
    [
        ("Анна", True, "Анны Анне Анну Анной Анне"),
        ("Мария", True, "Марии Марии Марию Марией Марии"),
        ("Ольга", True, "Ольги Ольге Ольгу Ольгой Ольге"),
        ("Маша", True, "Маши Маше Машу Машей Маше"),
        ("Асель", True, "Асели Асели Асель Аселью Асели"),
        ("Айгерим", True, "Айгерим Айгерим Айгерим Айгерим Айгерим"),
        ("Тимур", False, "Тимура Тимуру Тимура Тимуром Тимуре"),
        ("Сергей", False, "Сергея Сергею Сергея Сергеем Сергее"),
        ("Игорь", False, "Игоря Игорю Игоря Игорем Игоре"),
        ("Юрий", False, "Юрия Юрию Юрия Юрием Юрии"),
        ("Али", False, "Али Али Али Али Али"),
    ],
)
def test_russian_first_names(name: str, *, female: bool, forms: str) -> None:
    cases = ("gen", "dat", "acc", "ins", "pre")
    assert [russian(name, case, female=female) for case in cases] == forms.split()


@pytest.mark.parametrize(
    ("surname", "female", "case", "form"),
    [
        ("Петров", False, "ins", "Петровым"),
        ("Петрова", True, "acc", "Петрову"),
        ("Крамская", True, "acc", "Крамскую"),
        ("Крамский", False, "gen", "Крамского"),
        ("Шевченко", False, "dat", "Шевченко"),
        ("Ким", True, "gen", "Ким"),
        ("Ким", False, "gen", "Кима"),
    ],
)
def test_russian_surnames(surname: str, *, female: bool, case: str, form: str) -> None:
    assert russian(surname, case, female=female, surname=True) == form


@pytest.mark.parametrize(
    ("name", "case", "form"),
    [
        ("Айгүл", "dat", "Айгүлге"),
        ("Нұрлан", "gen", "Нұрланның"),
        ("Серік", "dat", "Серікке"),
        ("Болат", "abl", "Болаттан"),
        ("Дана", "acc", "Дананы"),
        ("Гауһар", "ins", "Гауһармен"),
        ("Асхат", "ins", "Асхатпен"),
        ("Гүлжан", "abl", "Гүлжаннан"),
    ],
)
def test_kazakh_names(name: str, case: str, form: str) -> None:
    assert kazakh(name, case) == form


def test_kazakh_patronymics_take_the_possessive_endings() -> None:
    assert kazakh("Серікқызы", "dat", possessive=True) == "Серікқызына"


def test_surnames_patronymics_and_calls() -> None:
    assert feminine("Ахметов") == "Ахметова"
    assert feminine("Шевченко") == "Шевченко"
    assert russian_patronymic("Юрий", female=True) == "Юрьевна"
    assert russian_patronymic("Нурлан", female=False) == "Нурланович"
    assert (vocative("Саша"), vocative("Женя"), vocative("Мария")) == ("Саш", "Жень", "Мария")
