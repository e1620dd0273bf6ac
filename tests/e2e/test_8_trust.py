"""Story 8: from any message the way leads to why, to a test, to an article, and to what left the house."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.people import Admin, Operator, Visitor
from tests.fakes.openai_server import FakeOpenAI

type Picture = Callable[[Page, str], Awaitable[None]]


async def test_the_test_chat_says_how_an_answer_came_about(
    operator: Operator, model: FakeOpenAI, picture: Picture
) -> None:
    model.reply("Доставка в Астану стоит 1 500 ₸ [1].")
    admin = Admin(operator.page, operator.address)
    await admin.go("/assistant")
    assert "Доставка в Астану стоит 1 500" in await admin.ask_draft("Есть ли доставка в Астану?")
    await admin.page.get_by_test_id("how").last.locator("summary").first.click()
    how = admin.page.get_by_test_id("how-content").last
    await expect(how).to_contain_text("gpt-4.1-mini")
    await expect(how.get_by_test_id("trace-source").first).to_contain_text("1 500")
    await expect(how.get_by_test_id("trace-checks")).to_be_visible()
    await how.get_by_test_id("trace-prompt").locator("summary").click()
    await expect(how.get_by_test_id("trace-prompt")).to_contain_text("доставка в Астану")
    await how.get_by_test_id("trace-prompt").locator("summary").click()
    await picture(admin.page, "assistant")


async def test_why_the_bot_said_it_and_a_test_of_that(visitor: Visitor, operator: Operator) -> None:
    await visitor.ask("есть ли доставка в Астану?", r"1[\s\u00a0]?500")
    page = operator.page
    conversation = await operator.newest_conversation()
    await operator.go(f"/inbox/{conversation['id']}")
    await page.get_by_test_id("why").last.click()
    why = page.get_by_test_id("why-content")
    await expect(page.get_by_test_id("why-reason")).to_contain_text("цитатой")
    await expect(why).to_contain_text("есть ли доставка в Астану?")
    await expect(why.get_by_test_id("trace-source").first).to_contain_text("1 500")
    await expect(page.get_by_test_id("open-document").first).to_be_visible()

    await page.get_by_test_id("make-test").click()
    await page.get_by_test_id("case-from-create").click()
    await expect(page.get_by_test_id("suite-details")).to_be_visible()
    await page.get_by_test_id("suite-tab-cases").click()
    await expect(page.get_by_test_id("case-list")).to_contain_text("есть ли доставка в Астану?")


async def test_an_operator_is_helped_and_helps_the_bot(
    visitor: Visitor, operator: Operator, model: FakeOpenAI
) -> None:
    page = operator.page
    await visitor.ask("Позовите человека", "сотрудник")
    conversation = await operator.newest_conversation()
    await operator.go(f"/inbox/{conversation['id']}")
    await page.get_by_test_id("composer-take-over").click()
    await visitor.say("Мой номер 8 701 555 08 01. Сколько стоит доставка в Астану?")
    await expect(operator.messages("customer").last).to_contain_text("555 08 01")

    model.reply("Доставка в Астану стоит 1 500 ₸ [1].")
    await page.get_by_test_id("suggest").click()
    await expect(page.get_by_test_id("composer")).to_have_value(re.compile("1.500"))
    await expect(page.get_by_test_id("suggestion-sources")).to_be_visible()
    await page.get_by_test_id("composer").fill("Ещё мы точим лыжи по пятницам, 7 000 ₸.")
    await page.get_by_test_id("send").click()
    await visitor.sees("точим лыжи")

    await operator.messages("operator").last.get_by_test_id("make-article").click()
    await expect(page.get_by_test_id("article-answer")).to_have_value(re.compile("точим лыжи"))
    await page.get_by_test_id("article-question").fill("Точите ли вы лыжи?")
    await page.get_by_test_id("article-create").click()
    await expect(page.get_by_test_id("article-form")).to_have_count(0)

    model.reply("Клиент спрашивает о доставке в Астану.")
    await page.get_by_test_id("summarise").click()
    await expect(page.get_by_test_id("summary-text")).to_contain_text("о доставке в Астану")
    await page.get_by_test_id("summary-note").click()
    await expect(operator.messages("note").last).to_contain_text("о доставке в Астану")

    # The privacy page shows every word that left, and none of it is the phone.
    await operator.go(f"/settings/privacy/calls?conversation={conversation['id']}")
    await page.get_by_test_id("call-row").first.click()
    sent = page.get_by_test_id("call-details")
    phone = sent.get_by_test_id("marker").filter(has_text="<PHONE_1>")
    await expect(phone.first).to_be_visible()
    await expect(sent).not_to_contain_text("555")
    assert not re.search(r"701\D?555", model.everything)


async def test_no_provider_at_all(operator: Operator, model: FakeOpenAI, visitor: Visitor) -> None:
    page = operator.page
    await operator.go("/settings/privacy")
    await page.get_by_test_id("no-provider").click()
    await expect(page.get_by_test_id("no-provider")).to_have_attribute("aria-checked", "true")
    try:
        await visitor.ask("есть ли доставка в Астану?", r"1[\s\u00a0]?500", "Источник: ")
        assert not model.everything
    finally:
        await operator.call("PATCH", "/api/privacy/settings", {"providers_allowed": True})
