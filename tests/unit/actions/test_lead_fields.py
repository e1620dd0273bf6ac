"""Reading the details of an order out of what people type."""

import pytest

from actions.cities import find_city, read_city
from actions.details import find_email, product_in_order
from actions.lead_fields import read_answer, skips, told
from actions.quantities import quantity_of, read_quantity


@pytest.mark.parametrize(
    ("text", "language", "city"),
    [
        ("в Астану", "ru", "Астана"),
        ("Алматыға жеткізесіз бе", "kk", "Алматы"),
        ("almatyda", "en", "Almaty"),
        ("я из Усть-Каменогорска", "ru", "Усть-Каменогорск"),
        ("Өскемен", "ru", "Усть-Каменогорск"),
        ("нур-султан", "en", "Astana"),
        ("орал қаласы", "kk", "Орал"),
        ("караганды", "kk", "Қарағанды"),
    ],
)
def test_known_cities_in_any_form(text: str, language: str, city: str) -> None:
    assert find_city(text, language) == city


@pytest.mark.parametrize("text", ["семейный шатёр", "оранжевый", "", "доставка", "12"])
def test_no_city(text: str) -> None:
    assert find_city(text) is None


@pytest.mark.parametrize(
    ("text", "city"),
    [("г. Риддер", "Риддер"), ("село Жибек Жолы", "село Жибек Жолы"), ("berlin", "Berlin"), ("12", None), ("а где?", None)],
)  # fmt: skip
def test_a_city_that_was_asked_for_may_be_any_name(text: str, city: str | None) -> None:
    assert read_city(text) == city


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("2", "2"), ("две штуки", "2"), ("2,5 кг", "2.5 кг"), ("екі", "2"), ("мне 3 шт", "3 шт"), ("a dozen", "12"),
        ("010", "10"), ("10-15", None), ("два или три", None), ("0", None), ("8 701 123 45 67", None), ("много", None),
    ],
)  # fmt: skip
def test_quantities(text: str, quantity: str | None) -> None:
    assert read_quantity(text) == quantity


@pytest.mark.parametrize(
    ("product", "quantity", "rest"),
    [
        ("две палатки", "2", "палатки"),
        ("3 кг яблок", "3 кг", "яблок"),
        ("екі пицца", "2", "пицца"),
        ("торт наполеон", None, "торт наполеон"),
        ("iphone 15", None, "iphone 15"),
        ("2", None, "2"),
    ],
)
def test_how_many_of_a_product(product: str, quantity: str | None, rest: str) -> None:
    assert quantity_of(product) == (quantity, rest)


@pytest.mark.parametrize(
    "text", ["-", "—", "skip", "Skip.", "пропустить", "Пропусти", "өткізіп жіберу", "откизип жибериниз", "жоқ", "не нужно"]
)  # fmt: skip
def test_ways_to_leave_a_detail_out(text: str) -> None:
    assert skips(text)


@pytest.mark.parametrize("text", ["", "🤔", "...", "нет, два", "пропустить через забор", "2"])
def test_answers_are_not_left_out(text: str) -> None:
    assert not skips(text)


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("I want to order a book", "book"),
        ("I'd like to book a haircut", "haircut"),
        ("I want to book", None),
        ("buy the book", "book"),
        ("Great. I'd like to order one, L please", None),
        ("Хорошо, тогда хочу заказать палатку Kolsai 4, пожалуйста", "палатку Kolsai 4"),
        ("Да! Беру рюкзак Charyn 65.", "рюкзак Charyn 65"),
    ],
)
def test_what_is_wanted_is_what_is_left_of_the_wish(text: str, product: str | None) -> None:
    assert product_in_order(text) == product


def test_an_address_needs_its_domain() -> None:
    assert find_email("пишите на Aigul@mail.kz.") == "aigul@mail.kz"
    assert find_email("a@b") is None
    assert read_answer("email", "нет почты", "ru") is None


def test_details_are_said_back_in_one_order_whatever_was_asked_first() -> None:
    said = told({"phone": "+77011234567", "product": "шатыр", "comment": ""}, "kk")
    assert said == "• Тапсырыс: шатыр\n• Телефон: +7 701 123 45 67"
