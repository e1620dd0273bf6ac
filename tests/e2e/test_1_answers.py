"""Story 1: questions are answered in the visitor's language from the company's documents, with the source."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.people import Operator, Visitor
from tests.fakes.openai_server import FakeOpenAI

type Picture = Callable[[Page, str], Awaitable[None]]


async def test_three_languages_in_one_chat(visitor: Visitor) -> None:
    first = await visitor.ask("Сәлем", "ЖИ-көмекші")
    assert "ИИ-ассистент" not in first
    await visitor.ask("есть ли доставка в Астану?", r"1[\s\u00a0]?500", "Источник: ")
    await visitor.ask("how much is delivery to Shymkent?", r"1[\s\u00a0]?800", "Source: ")
    await visitor.ask("Астанаға жеткізу қанша тұрады?", r"1[\s\u00a0]?500", "Дереккөз: ")
    said = "\n".join(await visitor.replies.all_inner_texts())
    assert said.count("ЖИ-көмекші") == 1, "what the assistant is, is said at first contact only"


@pytest.mark.parametrize(
    ("question", "honest", "offer"),
    [
        ("Вы продаёте лодочные моторы Yamaha?", "нет|не знаю|не нашёл", "сотрудник"),
        ("Do you sell wedding dresses?", "do not say|not|rather", "colleague|person"),
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


async def test_a_language_model_words_the_answer_and_sees_nothing_personal(
    visitor: Visitor, operator: Operator, model: FakeOpenAI, picture: Picture
) -> None:
    model.reply("Доставим за 1 500 ₸ за два-три дня [1].")
    await visitor.ask("мой номер 8 701 555 04 01", "555 04 01")
    await visitor.ask("есть ли доставка в Астану?", "Доставим за 1 500", "Источник: ")
    assert "доставка в Астану" in model.everything
    assert "<PHONE_1>" in model.everything
    assert not re.search(r"701\D?555", model.everything)

    conversation = await operator.newest_conversation()
    await operator.go(f"/inbox/{conversation['id']}")
    await operator.page.get_by_test_id("why").last.click()
    why = operator.page.get_by_test_id("why-content")
    await expect(why).to_contain_text("gpt-4.1-mini")
    await picture(operator.page, "why")
