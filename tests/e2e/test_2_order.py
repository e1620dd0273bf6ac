"""Story 2: an order becomes a contact, a deal and a task; a question in between does not disturb it."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.people import Operator, Visitor

type NewVisitor = Callable[..., Awaitable[Visitor]]
type Picture = Callable[[Page, str], Awaitable[None]]

PHONE = "+77015550001"


async def test_an_order_step_by_step(
    new_visitor: NewVisitor, operator: Operator, picture: Picture
) -> None:
    visitor = await new_visitor()
    await visitor.ask("Хочу заказать", "Что вы хотите заказать")
    await visitor.ask("Палатку Kolsai 2", "Как вас зовут")
    # A question in between is answered, and the form goes on where it was.
    await visitor.ask("а сколько стоит доставка в Астану?", r"1[\s\u00a0]?500", "Как вас зовут")
    await visitor.ask("Руслан Темиров", "номер")
    await visitor.ask("12345", "ошибка")
    await visitor.ask("8 701 555 00 01", "заявка принята", "Руслан", "555")
    await picture(visitor.page, "order")

    contacts = await operator.call("GET", f"/api/contacts?phone=%2B{PHONE[1:]}")
    assert [contact["name"] for contact in contacts["items"]] == ["Руслан Темиров"]
    contact_id = contacts["items"][0]["id"]
    deals = await operator.call("GET", f"/api/deals?contact_id={contact_id}")
    assert [deal["stage_id"] for deal in deals["items"]] == ["new"]
    assert "Kolsai 2" in deals["items"][0]["title"]
    tasks = await operator.call("GET", f"/api/tasks?contact_id={contact_id}")
    assert [task["kind"] for task in tasks["items"]] == ["lead"]

    await operator.go("/deals")
    card = operator.page.get_by_test_id("deal-card").filter(has_text="Kolsai 2")
    await expect(card.first).to_be_visible()


async def test_everything_in_one_sentence_and_the_same_person_again(
    new_visitor: NewVisitor, operator: Operator
) -> None:
    visitor = await new_visitor()
    await visitor.ask(
        "Хочу заказать шлем Tau Guard, меня зовут Руслан, телефон 8 701 555 00 01",
        "заявка принята",
        "Tau Guard",
    )
    contacts = await operator.call("GET", f"/api/contacts?phone=%2B{PHONE[1:]}")
    assert len(contacts["items"]) == 1, "one phone is one person"


async def test_an_order_can_be_cancelled(new_visitor: NewVisitor, operator: Operator) -> None:
    before = await operator.call("GET", "/api/deals?limit=200")
    visitor = await new_visitor()
    await visitor.ask("I want to order a backpack", "name")
    await visitor.tap("Cancel", "stopped")
    after = await operator.call("GET", "/api/deals?limit=200")
    assert len(after["items"]) == len(before["items"])
