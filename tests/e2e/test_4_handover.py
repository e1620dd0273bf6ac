"""Story 4: a person takes the conversation over, and gives it back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from playwright.async_api import Page, expect

from crm.cli.supervisor import Supervisor
from crm.core.database import Database
from tests.e2e.people import Operator, Visitor, eventually
from tests.fakes.openai_server import FakeOpenAI, FakeReply

ALMATY = ZoneInfo("Asia/Almaty")

type Picture = Callable[[Page, str], Awaitable[None]]


async def test_handover_and_back(visitor: Visitor, operator: Operator, picture: Picture) -> None:
    await operator.go("/inbox?view=waiting")
    await expect(operator.rows.first).to_be_visible()
    before = await operator.rows.count()

    await visitor.ask("Хочу заказать палатку Kolsai 4", "Как вас зовут")
    await visitor.ask("Позовите человека", "Зову сотрудника")
    # The waiting conversation appears in the list without reloading the page.
    await expect(operator.rows).to_have_count(before + 1)
    conversation = await operator.newest_conversation()
    await operator.open_conversation(conversation["id"])
    await expect(operator.page.get_by_test_id("handoff-summary")).to_contain_text("Kolsai 4")

    await operator.page.get_by_test_id("take-over").click()
    await operator.write("Здравствуйте! Помогу с палаткой.")
    await expect(visitor.operator_messages.filter(has_text="Помогу с палаткой")).to_be_visible()
    await expect(visitor.page.get_by_test_id("aitys-status")).to_contain_text("Асель")
    await picture(visitor.page, "operator")

    # The bot is silent: what the visitor writes reaches the operator alone.
    said = await visitor.replies.count()
    await visitor.say("А есть ли доставка в Астану?")
    await expect(operator.messages("customer").filter(has_text="доставка в Астану")).to_be_visible()
    await asyncio.sleep(2)
    assert await visitor.replies.count() == said

    await operator.page.get_by_test_id("hand-back").click()
    await visitor.sees("снова отвечает ИИ-ассистент")
    await visitor.ask("сколько стоит доставка в Шымкент?", r"1[\s\u00a0]?800")


async def test_an_answer_in_the_making_is_never_sent(
    visitor: Visitor, operator: Operator, model: FakeOpenAI
) -> None:
    model.reply(FakeReply(text="Доставим за 1 500 ₸ [1].", delay=4))
    await visitor.say("есть ли доставка в Астану?")

    async def asked() -> bool:
        return bool(model.seen)

    await eventually(asked, "question at the language model")
    conversation = await operator.newest_conversation()
    await operator.go(f"/inbox/{conversation['id']}")
    await operator.page.get_by_test_id("take-over").click()
    await operator.write("Отвечу сам.")
    await expect(visitor.operator_messages.filter(has_text="Отвечу сам")).to_be_visible()
    await asyncio.sleep(6)
    assert not any("1 500" in text for text in await visitor.replies.all_inner_texts())


async def test_outside_business_hours_it_says_when_people_are_back(
    visitor: Visitor, operator: Operator
) -> None:
    # At whatever time this runs, it is not that minute.
    opening = "03:33" if datetime.now(ALMATY).hour >= 12 else "15:33"
    await operator.open_at_all_hours(day=(opening, opening.replace("33", "34")))
    await visitor.ask("Позовите человека", "нерабочее время", opening.removeprefix("0"))


async def test_left_alone_it_returns_to_the_bot(
    visitor: Visitor, operator: Operator, product: Supervisor
) -> None:
    await visitor.ask("Позовите оператора", "Зову сотрудника")
    conversation = await operator.newest_conversation()
    path = f"/api/conversations/{conversation['id']}"
    await operator.call("POST", f"{path}/take-over")
    assert (await operator.call("GET", path))["owner"] == "operator"
    # Nobody waits half an hour in a test: the operator was active an hour ago.
    database = await Database.connect(product.settings)
    await database.collection("conversations").update_one(
        {"_id": ObjectId(conversation["id"])},
        {"$set": {"operator_active_at": datetime.now(UTC) - timedelta(hours=1)}},
    )
    await database.close()

    async def returned() -> bool:
        return bool((await operator.call("GET", path))["owner"] == "bot")

    await eventually(returned, "return to the bot", seconds=90)
    await visitor.sees("снова отвечает ИИ-ассистент")
    await visitor.ask("есть ли доставка в Астану?", r"1[\s\u00a0]?500")


@pytest.mark.parametrize("page", ["inbox", "contacts", "deals", "tasks", "channels"])
async def test_the_console_fits_a_phone(operator: Operator, page: str) -> None:
    await operator.page.set_viewport_size({"width": 390, "height": 844})
    await operator.go(f"/{page}")
    await expect(operator.page.get_by_test_id("tab-more")).to_be_visible()
    wide = await operator.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "nothing is cut off or has to be pushed sideways"
