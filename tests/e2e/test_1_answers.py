"""Story 1: questions are answered in the visitor's language from the company's documents, with the source."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.people import Visitor

type Picture = Callable[[Page, str], Awaitable[None]]


async def test_three_languages_in_one_chat(visitor: Visitor, picture: Picture) -> None:
    first = await visitor.ask("Сәлем", "ЖИ-көмекші")
    assert "ИИ-ассистент" not in first
    await visitor.ask("есть ли доставка в Астану?", r"1[\s\u00a0]?500", "Источник: ")
    await visitor.ask("how much is delivery to Shymkent?", r"1[\s\u00a0]?800", "Source: ")
    await visitor.ask("Астанаға жеткізу қанша тұрады?", r"1[\s\u00a0]?500", "Дереккөз: ")
    said = "\n".join(await visitor.replies.all_inner_texts())
    assert said.count("ЖИ-көмекші") == 1, "what the assistant is, is said at first contact only"
    await picture(visitor.page, "answers")


@pytest.mark.parametrize(
    ("question", "honest", "offer"),
    [
        ("Вы продаёте лодочные моторы Yamaha?", "нет|не знаю|не нашёл", "сотрудник"),
        ("Do you sell helicopter insurance policies?", "do not say|not|rather", "colleague|person"),
        ("Сіздерде ұшақ билеттері бар ма?", "жоқ|білмеймін|таппадым", "ызметкер"),
    ],
    ids=["ru", "en", "kk"],
)
async def test_what_the_documents_do_not_know(
    visitor: Visitor, question: str, honest: str, offer: str
) -> None:
    await visitor.ask(question, honest)
    await expect(visitor.chips.first).to_be_visible()
    await visitor.hears(offer)


async def test_a_person_is_one_tap_away(visitor: Visitor) -> None:
    await visitor.ask("Есть ли у вас в продаже космические скафандры?", "нет|не знаю")
    await visitor.tap("Да, позовите", "сотрудник")
