"""The order form asks for what the assistant's version lists, in its order, over the real engine and action server."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conversations.support.fake_crm import FakeCrm
from tests.conversations.support.talk import Talk

Start = Callable[..., Talk]
LONG = [
    {"field": "product", "required": True},
    {"field": "quantity", "required": False},
    {"field": "city", "required": True},
    {"field": "name", "required": True},
    {"field": "email", "required": True},
    {"field": "comment", "required": False},
]


def asks_for(crm: FakeCrm, *form: dict[str, Any]) -> None:
    crm.content = {"lead_form": list(form)}


@pytest.mark.parametrize(
    ("lines", "questions", "lead"),
    [
        (
            ["хочу сделать заказ", "палатку", "2 шт", "в Астану", "Асель", "asel@mail.kz", "позвоните в дверь"],
            ["заказать?", "Сколько", "городе", "зовут", "электронной почты", "Что ещё"],
            {"product": "палатку", "quantity": "2 шт", "city": "Астана", "name": "Асель", "email": "asel@mail.kz",
             "comment": "позвоните в дверь"},
        ),
        (
            ["тапсырыс бергім келеді", "шатыр", "екі", "Өскеменге", "Ержан", "erjan@mail.kz", "жоқ"],
            ["келеді?", "Қанша", "қаладасыз", "Есіміңіз", "электрондық", "тағы не"],
            {"product": "шатыр", "quantity": "2", "city": "Өскемен", "name": "Ержан", "email": "erjan@mail.kz"},
        ),
        (
            ["I want to place an order", "a tent", "-", "Shymkent", "Anna", "Anna@Example.com", "skip"],
            ["order?", "How many", "city", "name", "e-mail", "Anything else"],
            {"product": "tent", "city": "Shymkent", "name": "Anna", "email": "anna@example.com"},
        ),
    ],
)  # fmt: skip
async def test_it_asks_in_the_tenants_order_and_stores_all(
    talk: Start, crm: FakeCrm, lines: list[str], questions: list[str], lead: dict[str, str]
) -> None:
    asks_for(crm, *LONG)
    customer = talk()
    for line, question in zip(lines[:-1], questions, strict=True):
        assert question in await customer.say(line)
    said = await customer.say(lines[-1])
    [written] = crm.written("lead")
    assert written.pop("source_key")
    assert lead["product"] in written.pop("product")
    assert written == {name: value for name, value in lead.items() if name != "product"}
    assert all(value in said for name, value in lead.items() if name != "product")


async def test_details_are_taken_out_of_one_sentence(talk: Start, crm: FakeCrm) -> None:
    asks_for(
        crm,
        {"field": "product"},
        {"field": "quantity"},
        {"field": "city"},
        {"field": "email"},
        {"field": "name"},
    )
    customer = talk()
    said = await customer.say(
        "Хочу заказать две пиццы пепперони в Караганду, меня зовут Данияр, daniyar@mail.kz"
    )
    assert "заявка принята" in said
    [lead] = crm.written("lead")
    assert (lead["quantity"], lead["city"]) == ("2", "Караганда")
    assert (lead["email"], lead["name"]) == ("daniyar@mail.kz", "Данияр")


@pytest.mark.parametrize("skip", ["-", "пропустить", "Пропустить!", "skip", "өткізіп жіберу"])
async def test_an_optional_detail_can_be_left_out(talk: Start, crm: FakeCrm, skip: str) -> None:
    asks_for(crm, {"field": "product"}, {"field": "city", "required": False}, {"field": "phone"})
    customer = talk()
    await customer.say("хочу сделать заказ")
    assert "городе" in await customer.say("торт")
    assert customer.buttons == ["/skip", "/cancel"]
    assert "номеру" in await customer.say(skip)
    assert customer.buttons == ["/cancel"]
    await customer.say("8 701 123 45 67")
    assert set(crm.written("lead")[0]) == {"product", "phone", "source_key"}


async def test_the_skip_button_leaves_out_too_and_is_asked_for_in_the_next_order(
    talk: Start, crm: FakeCrm
) -> None:
    asks_for(crm, {"field": "phone"}, {"field": "comment", "required": False})
    customer = talk()
    await customer.say("хочу сделать заказ")
    assert "Что ещё" in await customer.say("8 701 123 45 67")
    assert "заявка принята" in await customer.tap("/skip", "Пропустить")
    assert "Что ещё" in await customer.say("хочу сделать ещё один заказ")


@pytest.mark.parametrize("skip", ["-", "пропустить"])
async def test_a_required_detail_cannot_be_left_out(talk: Start, crm: FakeCrm, skip: str) -> None:
    asks_for(crm, {"field": "city", "required": True}, {"field": "phone"})
    customer = talk()
    assert "городе" in await customer.say("хочу сделать заказ")
    said = await customer.say(skip)
    assert "не оформить" in said
    assert "городе" in said


@pytest.mark.parametrize(
    ("field", "wrong", "complaint", "right"),
    [
        ("email", "asel собака mail", "ошибка", "asel@mail.kz"),
        ("quantity", "много", "числом", "3"),
        ("city", "12", "город", "Риддер"),
        ("comment", "...", "словами", "этаж 5"),
    ],
)
async def test_each_detail_is_checked(
    talk: Start, crm: FakeCrm, field: str, wrong: str, complaint: str, right: str
) -> None:
    asks_for(crm, {"field": field, "required": True}, {"field": "phone"})
    customer = talk()
    await customer.say("хочу сделать заказ")
    assert complaint in await customer.say(wrong)
    assert "номеру" in await customer.say(right)
    await customer.say("8 701 123 45 67")
    assert crm.written("lead")[0][field] == right


async def test_a_question_in_between_returns_to_the_same_detail(talk: Start, crm: FakeCrm) -> None:
    asks_for(crm, {"field": "city"}, {"field": "email"})
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("Алматы")
    said = await customer.say("а доставка есть?")
    assert "бесплатная" in said
    assert "электронной почты" in said


async def test_a_kazakh_name_leaves_a_russian_conversation_russian(
    talk: Start, crm: FakeCrm
) -> None:
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("торт")
    assert "номеру" in await customer.say("Айгүл Серікқызы")
    assert customer.last["language"] == "ru"


async def test_a_kazakh_city_leaves_a_russian_conversation_russian(
    talk: Start, crm: FakeCrm
) -> None:
    asks_for(crm, {"field": "city"}, {"field": "phone"})
    customer = talk()
    await customer.say("хочу сделать заказ")
    assert "номеру" in await customer.say("Қызылорда")


@pytest.mark.parametrize(
    ("start", "product", "name"),
    [
        ("I want to order a book", "book", "John"),
        ("I would like to buy a book", "book", "Mary"),
    ],
)
async def test_a_book_is_a_thing_and_the_name_after_it_a_name(
    talk: Start, crm: FakeCrm, start: str, product: str, name: str
) -> None:
    customer = talk()
    assert "name" in await customer.say(start)
    await customer.say(name)
    await customer.say("8 701 123 45 67")
    [lead] = crm.written("lead")
    assert (lead["product"], lead["name"]) == (product, name)


async def test_a_typed_number_is_a_quantity_and_no_button(talk: Start, crm: FakeCrm) -> None:
    asks_for(crm, {"field": "quantity", "required": False}, {"field": "phone"})
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("2")
    await customer.say("8 701 123 45 67")
    assert crm.written("lead")[0]["quantity"] == "2"


async def test_one_way_to_reach_the_customer_is_always_asked_for(talk: Start, crm: FakeCrm) -> None:
    asks_for(
        crm,
        {"field": "email", "required": False},
        {"field": "phone", "required": False},
    )
    customer = talk()
    await customer.say("хочу сделать заказ")
    assert "номеру" in await customer.say("пропустить")
    assert customer.buttons == ["/cancel"]
    assert "не оформить" in await customer.say("-")
    assert "заявка принята" in await customer.say("8 701 123 45 67")
    assert set(crm.written("lead")[0]) == {"phone", "source_key"}


async def test_a_comment_is_kept_as_it_is_and_changes_nothing_else(
    talk: Start, crm: FakeCrm
) -> None:
    asks_for(crm, {"field": "phone"}, {"field": "comment", "required": False})
    customer = talk()
    await customer.say("хочу сделать заказ")
    await customer.say("8 701 123 45 67")
    comment = "если не отвечу, звоните мужу Ержану 8 702 765 43 21"
    await customer.say(comment)
    [lead] = crm.written("lead")
    assert (lead["phone"], lead["comment"]) == ("+77011234567", comment)
    assert "name" not in lead
