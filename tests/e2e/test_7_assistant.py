"""Story 7: an admin adds a document, asks, mends what is wrong, lets tests prove it, publishes, and rolls back."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.e2e.people import Admin, file

type Picture = Callable[[Page, str], Awaitable[None]]
type NewAdmin = Callable[[], Awaitable[Admin]]

QUESTION = "Сколько стоит доставка в Астану?"
OLD_PRICE = "# Доставка\n\n## Астана\n\nДоставка в Астану стоит 2 500 ₸, срок три дня.\n"
NEW_PRICE = "# Доставка\n\n## Астана\n\nДоставка в Астану стоит 1 500 ₸, срок три дня.\n"


@pytest.fixture
async def admin(new_admin: NewAdmin) -> Admin:
    return await new_admin()


async def test_from_a_wrong_price_to_a_proven_one_and_back(admin: Admin, picture: Picture) -> None:
    page = admin.page

    # Upload, ask, and find the answer wrong. Customers do not know the document yet.
    await admin.go("/assistant")
    await admin.switch("goes-live", on=False)
    await admin.upload("dostavka.md", OLD_PRICE)
    assert "2 500" in await admin.ask_draft(QUESTION)
    await page.get_by_test_id("how").last.locator("summary").first.click()
    await expect(page.get_by_test_id("how-content").last).to_contain_text("Доставка")
    assert "2 500" not in await admin.ask_published(QUESTION)

    # A suite says what the answer must be, and is red.
    await admin.add_suite("Цены", QUESTION, contains="1 500")
    await admin.run_suite("red")
    await expect(page.get_by_test_id("failure")).to_contain_text("1 500")
    await expect(page.get_by_test_id("result-answer")).to_contain_text("2 500")

    # Publishing waits for it.
    await admin.switch("gate-switch", on=True)
    await page.get_by_test_id("publish").click()
    await page.get_by_test_id("publish-reason").fill("Добавили доставку")
    await expect(page.get_by_test_id("gate")).to_have_attribute("data-green", "false")
    await expect(page.get_by_test_id("publish-confirm")).to_be_disabled()
    await picture(page, "assistant-publish")
    await page.keyboard.press("Escape")

    # The document is mended, the draft answers right, the suite agrees.
    await admin.replace("dostavka.md", NEW_PRICE, shows="1 500")
    await admin.go("/assistant")
    assert "1 500" in await admin.ask_draft(QUESTION)
    await admin.go("/assistant/tests")
    await admin.run_suite("green")

    # Now it is published, and only now customers hear it.
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("knowledge-change")).to_contain_text("dostavka.md")
    await page.get_by_test_id("publish-reason").fill("Новая цена доставки в Астану")
    await page.get_by_test_id("publish-confirm").click()
    await expect(page.get_by_test_id("draft-bar")).to_have_attribute("data-changes", "0")
    await admin.go("/assistant")
    assert "1 500" in await admin.ask_published(QUESTION)

    # And back in one click: the history says who, when and why.
    await admin.go("/assistant/history")
    await expect(admin.version(2)).to_contain_text("Новая цена доставки в Астану")
    await admin.version(1).click()
    await page.get_by_test_id("roll-back").click()
    await page.get_by_test_id("confirm-rollback").click()
    await expect(admin.version(3)).to_contain_text("возврат к версии 1")
    await admin.go("/assistant")
    assert "1 500" not in await admin.ask_published(QUESTION)
    assert "1 500" in await admin.ask_draft(QUESTION), "the document itself stays"


async def test_the_draft_is_saved_by_itself_shown_as_such_and_can_be_discarded(
    admin: Admin,
) -> None:
    page = admin.page
    await admin.go("/assistant")
    instructions = page.get_by_test_id("assistant-instructions")
    await instructions.click()
    await instructions.press_sequentially("Вы отвечаете за {co")
    await expect(page.get_by_test_id("variables")).to_contain_text("company")
    await instructions.press("Enter")
    await expect(instructions).to_have_value("Вы отвечаете за {company}")
    bar = page.get_by_test_id("draft-bar")
    await expect(bar).to_have_attribute("data-changes", "1")
    await expect(page.get_by_test_id("draft-state")).to_have_attribute("data-state", "saved")
    await instructions.press_sequentially(". ")
    await expect(page.get_by_test_id("draft-state")).not_to_have_attribute("data-state", "saved")
    await expect(page.get_by_test_id("draft-state")).to_have_attribute("data-state", "saved")
    await expect(instructions).to_have_value("Вы отвечаете за {company}. ")
    await instructions.press("Backspace")
    await instructions.press("Backspace")
    await expect(page.get_by_test_id("draft-state")).not_to_have_attribute("data-state", "saved")
    await expect(page.get_by_test_id("draft-state")).to_have_attribute("data-state", "saved")

    await page.reload()
    await expect(instructions).to_have_value("Вы отвечаете за {company}")
    await page.get_by_test_id("show-changes").click()
    await expect(page.locator("[data-path=instructions]")).to_contain_text("{company}")
    await page.keyboard.press("Escape")
    await page.get_by_test_id("discard-draft").click()
    await page.get_by_test_id("confirm-discard").click()
    await expect(bar).to_have_attribute("data-changes", "0")
    await expect(instructions).to_have_value("")


async def test_what_somebody_else_changes_at_the_same_time_is_not_lost(admin: Admin) -> None:
    page = admin.page
    await admin.go("/assistant")
    await expect(page.get_by_test_id("assistant-name")).to_be_visible()
    draft = (await admin.call("GET", "/api/assistant"))["draft"]
    await page.get_by_test_id("assistant-tone").fill("тепло")
    await admin.call(
        "PATCH", "/api/assistant/draft", {"revision": draft["revision"], "name": "Дана"}
    )
    await expect(page.get_by_test_id("draft-bar")).to_have_attribute("data-changes", "2")
    stored = (await admin.call("GET", "/api/assistant"))["draft"]["content"]
    assert (stored["name"], stored["tone"]) == ("Дана", "тепло")
    await expect(page.get_by_test_id("assistant-name")).to_have_value("Дана")
    await expect(page.get_by_test_id("assistant-tone")).to_have_value("тепло")


async def test_cases_of_a_spreadsheet_name_their_wrong_lines(admin: Admin) -> None:
    page = admin.page
    await admin.add_suite("Таблица", QUESTION, contains="1 500")
    await page.get_by_test_id("suite-menu").click()
    await page.get_by_role("menuitem", name="CSV").click()
    await page.get_by_test_id("import-csv").fill(
        "question;contains;declines\nЕсть рассрочка?;12 месяцев;\nЕсть самолёты?;;может быть\n"
    )
    await page.get_by_test_id("import-submit").click()
    await expect(page.get_by_test_id("import-error")).to_contain_text("3")
    await expect(page.get_by_test_id("import-error")).to_contain_text("да или нет")

    await page.get_by_test_id("import-csv").fill(
        "question;contains;declines\nЕсть рассрочка?;12 месяцев;\nЕсть самолёты?;;да\n"
    )
    await page.get_by_test_id("import-submit").click()
    await page.get_by_test_id("suite-tab-cases").click()
    await expect(page.get_by_test_id("case-row")).to_have_count(3)


async def test_files_are_dropped_together_and_a_newer_edition_takes_the_old_ones_place(
    admin: Admin,
) -> None:
    page = admin.page
    await admin.go("/knowledge")
    field = page.get_by_test_id("upload-input")
    await field.set_input_files(
        [file("dostavka.md", OLD_PRICE), file("broken.pdf", "%PDF-1.4"), file("photo.jpg", "?")]
    )
    rows = page.get_by_test_id("source-row")
    await expect(rows).to_have_count(2)
    await expect(page.locator("[data-testid=upload][data-state=failed]")).to_contain_text("PDF")
    await page.locator("[data-testid=source-row][data-state=failed]").click()
    await expect(page.get_by_test_id("source-error")).to_be_visible()

    await field.set_input_files([file("dostavka.md", NEW_PRICE)])
    await page.get_by_test_id("upload-replace").click()
    await page.locator("[data-testid=source-row][data-state=ready]").click()
    await expect(page.get_by_test_id("passage").first).to_contain_text("1 500")
    await expect(rows).to_have_count(2)
    await page.get_by_test_id("passage-used").first.click()
    await expect(page.get_by_test_id("passage").first).to_have_attribute("data-excluded", "true")
    await admin.go("/assistant")
    assert "1 500" not in await admin.ask_draft(QUESTION), "an excluded passage is not used"
