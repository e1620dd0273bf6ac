from collections.abc import Callable

import pytest

from actions.cities import read_city
from actions.details import (
    clean_name,
    clean_product,
    find_email,
    find_phone,
    looks_like_phone,
    product_in_order,
    spoken_phone,
    with_model,
)
from actions.feedback import read_rating
from tests.support.growth import assert_gentle_growth


@pytest.mark.parametrize(
    "text",
    [
        "8 701 123 45 67", "87011234567", "+7 (701) 123-45-67", "7011234567", "мой номер 8(701)123-45-67, звоните",
        "+77011234567", "тел. 8-701-123-45-67", "номерім 8701 123 4567",
    ],
)  # fmt: skip
def test_phones_of_kazakhstan(text: str) -> None:
    assert find_phone(text) == "+77011234567"


@pytest.mark.parametrize(
    "text", ["", "12345", "8 701 123 45", "15:00", "2 пиццы 300 тенге", "9" * 5_000, "😀"]
)
def test_no_phone(text: str) -> None:
    assert find_phone(text) is None


def test_phones_of_other_countries() -> None:
    assert find_phone("+49 30 901820") == "+4930901820"
    assert spoken_phone("+77011234567") == "+7 701 123 45 67"
    assert looks_like_phone("8 701 12")
    assert not looks_like_phone("2 пиццы")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Асель", "Асель"),
        ("асель", "Асель"),
        ("меня зовут Асель", "Асель"),
        ("менің атым Ержан", "Ержан"),
        ("my name is Anna-Maria", "Anna-Maria"),
        ("I'm Tom", "Tom"),
        ("Асель Серікқызы", "Асель Серікқызы"),
        ("это Данияр, 8 701 123 45 67", "Данияр"),
        ("Нұрлан деп жазыңыз", "Нұрлан"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "12", "да", "жоқ", "а зачем вам?", "😀", "я" * 100, "один два три четыре пять"]
)
def test_not_names(text: str) -> None:
    assert clean_name(text) is None


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("хочу заказать торт", "торт"),
        ("маған торт керек еді", "торт"),
        ("I would like to order a cake please", "cake"),
        ("хочу сделать заказ", None),
        ("тапсырыс бергім келеді", None),
        ("I want to order", None),
        ("можно оформить заказ?", None),
        ("хочу сделать ещё один заказ", None),
    ],
)
def test_the_thing_wanted_in_a_plain_sentence(text: str, product: str | None) -> None:
    assert product_in_order(text) == product


def test_products_are_bounded_and_hold_words() -> None:
    assert clean_product("торт\n наполеон, 8 701 123 45 67") == "торт наполеон"
    assert clean_product("87011234567") is None
    assert clean_product("🤔") is None
    assert len(clean_product("а" * 5_000) or "") == 200


def test_emails() -> None:
    assert find_email("почта: Anna.B+x@Mail.KZ.") == "anna.b+x@mail.kz"
    assert find_email("a@b") is None


@pytest.mark.parametrize("read", [find_phone, find_email, clean_name, product_in_order, read_city])
@pytest.mark.parametrize("beginning", ["", "я"])
@pytest.mark.parametrize("part", ["8 ", "@a.", "меня зовут ", "(", "а ", "\xa0"])
def test_no_text_is_slow(read: Callable[[str], object], beginning: str, part: str) -> None:
    assert_gentle_growth(read, lambda size: beginning + part * (size // len(part)) + "1", 10_000)


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("5", 5), ("5 из 5", 5), ("ставлю 4", 4), ("оценка три", 3), ("⭐⭐⭐⭐", 4), ("5/5 супер", 5), ("i rate it 2 stars", 2),
        ("бес деген баға қоямын", 5), ("5-тен 4", 4), ("пятёрка", 5), ("всё понравилось", None), ("заказал 2 торта, вкусно", None),
        ("10 из 10", None), ("купили торт, всем понравился", None), ("4.5", None),
    ],
)  # fmt: skip
def test_ratings(text: str, rating: int | None) -> None:
    assert read_rating(text) == rating


@pytest.mark.parametrize(
    ("text", "found", "product"),
    [
        ("Палатку Kolsai 2", "Палатку Kolsai", "Палатку Kolsai 2"),
        ("нужен iPhone 15, срочно", "iPhone", "iPhone 15"),
        ("палатку 3 июня заберу", "палатку", "палатку"),
        ("палатку 2 штуки", "палатку", "палатку"),
        ("торт", "торт", "торт"),
        ("Kolsai 2 шатырына тапсырыс", "2 шатырына", "Kolsai 2 шатырына"),
        ("Talgar Pro бәтеңкесін алайын", "бәтеңкесін", "Talgar Pro бәтеңкесін"),
        ("a@shop.kz шатыр керек", "шатыр", "шатыр"),
        ("Anna wants a tent", "tent", "tent"),
    ],
)
def test_the_number_of_a_model_belongs_to_the_product(text: str, found: str, product: str) -> None:
    assert with_model(found, text) == product


def test_a_name_after_endless_spaces_is_none() -> None:
    assert clean_name("я" + "\xa0" * 10_000 + "1") is None
