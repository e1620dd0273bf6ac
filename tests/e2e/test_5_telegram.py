"""Story 5: the same over Telegram, connected by typing the bot's token into the console."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, expect

from tests.e2e.people import Operator, eventually
from tests.fakes.telegram_api import TOKEN
from tests.fakes.telegram_server import TelegramServer

type Picture = Callable[[Page, str], Awaitable[None]]

CUSTOMER = 90_501


async def test_telegram_from_the_token_to_the_operator(
    operator: Operator, telegram: TelegramServer, picture: Picture
) -> None:
    await operator.go("/channels")
    await operator.page.get_by_test_id("connect-telegram").click()
    await operator.page.get_by_test_id("config-token").fill(TOKEN)
    await picture(operator.page, "telegram")
    await operator.page.get_by_test_id("connection-save").click()
    await operator.page.wait_for_url(re.compile(r"/channels/[0-9a-f]{24}$"))

    async def ask(text: str, *answer: str) -> None:
        before = len(telegram.bot.sent)
        await telegram.say(text, chat_id=CUSTOMER)

        async def heard() -> bool | None:
            said = "\n".join(
                message["text"]
                for message in telegram.bot.sent[before:]
                if message["chat"]["id"] == CUSTOMER
            )
            return all(word in said for word in answer) or None

        await eventually(heard, f"answer with {answer} in {_texts(telegram.bot.sent[before:])}")

    await ask("Сәлем", "ЖИ-көмекші")
    await ask("есть ли доставка в Астану?", "1 500", "Источник: ")
    await ask("Хочу заказать", "Что вы хотите заказать")
    await ask("Рюкзак Charyn 65", "Как вас зовут")
    await ask("Айгүл", "номер")
    await ask("+7 701 555 02 01", "заявка принята")
    await ask("Позвоните мне завтра в 15:00", "15:00")
    await ask("Позовите человека", "Зову сотрудника")

    conversation = await operator.newest_conversation()
    assert (conversation["channel"], conversation["status"]) == ("telegram", "waiting")
    await operator.go(f"/inbox/{conversation['id']}")
    await operator.page.get_by_test_id("take-over").click()
    await operator.write("Здравствуйте, Айгүл! Отправим сегодня.")

    async def delivered() -> bool | None:
        return any("Отправим сегодня" in text for text in _texts(telegram.bot.sent)) or None

    await eventually(delivered, "operator's message at Telegram")
    await expect(operator.messages("operator").last).to_have_attribute("data-state", "sent")
    before = len(telegram.bot.sent)
    await telegram.say("Спасибо! А доставка в Астану сколько?", chat_id=CUSTOMER)
    await expect(operator.messages("customer").filter(has_text="Спасибо!")).to_be_visible()
    assert _texts(telegram.bot.sent[before:]) == [], "the bot is silent"
    await operator.page.get_by_test_id("hand-back").click()
    await ask("сколько стоит доставка в Шымкент?", "1 800")


def _texts(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages]
