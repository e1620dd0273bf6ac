"""Story 6: the contact's card beside the conversation shows what the bot learned, and can be edited there."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.people import Operator, Visitor

type Picture = Callable[[Page, str], Awaitable[None]]


async def test_the_card_shows_what_the_bot_learned(
    visitor: Visitor, operator: Operator, picture: Picture
) -> None:
    await visitor.ask(
        "Хочу заказать велосипед Samal City, меня зовут Жанна Ли, мой номер 8 701 555 03 01",
        "заявка принята",
    )
    conversation = await operator.newest_conversation()
    await operator.go(f"/inbox/{conversation['id']}")
    panel = operator.page.get_by_test_id("contact-panel")
    await expect(panel).to_contain_text("Жанна Ли")
    await expect(panel).to_contain_text("701 555 03 01")
    await expect(panel.get_by_test_id("contact-deal")).to_contain_text("Samal City")
    await expect(panel.get_by_test_id("contact-task").first).to_be_visible()
    await picture(operator.page, "contact")

    await panel.get_by_test_id("contact-name").get_by_role("button").first.click()
    field = panel.get_by_test_id("contact-name").get_by_role("textbox")
    await field.fill("Жанна Цой")
    await field.press("Enter")
    await expect(panel).to_contain_text("Жанна Цой")
    contact = await operator.call("GET", f"/api/contacts/{conversation['contact_id']}")
    assert contact["name"] == "Жанна Цой"
