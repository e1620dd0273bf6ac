"""Story 9: the console itself: what may not be done is not offered, long lists stay light, languages change at once."""

import asyncio
from collections.abc import Awaitable, Callable
from secrets import token_hex

from playwright.async_api import Page, expect

from tests.e2e.people import Admin, Operator

type NewAdmin = Callable[[], Awaitable[Admin]]
type OpenPage = Callable[..., Awaitable[Page]]

CONTACTS = 150


async def test_documents_wait_with_the_draft_while_publishing_asks_for_tests(
    new_admin: NewAdmin,
) -> None:
    admin = await new_admin()
    page = admin.page
    await admin.add_suite("Цены", "Сколько стоит доставка?", contains="1 500")
    await admin.go("/assistant")
    await expect(page.get_by_test_id("goes-live")).to_be_enabled()
    await admin.go("/assistant/tests")
    await admin.switch("gate-switch", on=True)
    await admin.go("/assistant")
    await expect(page.get_by_test_id("goes-live")).to_be_disabled()
    await expect(page.get_by_test_id("goes-live")).to_have_attribute("aria-checked", "false")


async def test_of_many_contacts_only_those_in_sight_are_drawn(new_admin: NewAdmin) -> None:
    admin = await new_admin()
    session = await admin.call("GET", "/api/session")
    headers = {"X-CSRF-Token": session["csrf_token"]}

    async def add(number: int) -> None:
        data = {"name": f"Клиент {number:03}", "phone": f"+7701{5550000 + number}"}
        answer = await admin.page.request.post(
            f"{admin.address}/api/contacts", headers=headers, data=data
        )
        assert answer.ok, await answer.text()

    for first in range(0, CONTACTS, 10):
        await asyncio.gather(*(add(number) for number in range(first, first + 10)))
    await admin.go("/contacts?sort=name")
    page, rows = admin.page, admin.page.get_by_test_id("contact-row")
    await expect(rows.first).to_contain_text("Клиент 000")
    last = rows.filter(has_text=f"Клиент {CONTACTS - 1:03}")
    await page.get_by_test_id("contacts-table").hover(position={"x": 100, "y": 100})
    for _ in range(40):
        if await last.count():
            break
        await page.mouse.wheel(0, 900)
        await page.wait_for_timeout(100)
    await expect(last).to_be_visible()
    await expect(rows.filter(has_text="Клиент 000")).to_have_count(0)
    await last.get_by_role("button").first.click()
    await expect(page.get_by_test_id("contact-side")).to_contain_text(f"Клиент {CONTACTS - 1:03}")


async def test_settings_of_the_organization_are_not_offered_to_who_may_not_change_them(
    new_admin: NewAdmin, open_page: OpenPage
) -> None:
    admin = await new_admin()
    email = f"{token_hex(6)}@aitys.example"
    viewer = {"name": "Дина", "email": email, "role": "viewer", "password": "a-long-password"}
    await admin.call("POST", "/api/members", viewer)
    guest = Operator(await open_page(), admin.address)
    await guest.sign_in(email, "a-long-password")
    await guest.page.goto(f"{admin.address}/settings/privacy")
    await expect(guest.page.get_by_test_id("profile-form")).to_be_visible()
    await expect(guest.page.get_by_test_id("settings-organization")).to_have_count(0)


async def test_the_console_speaks_another_language_at_once(
    open_page: OpenPage, address: str
) -> None:
    page = await open_page()
    await page.goto(f"{address}/sign-in")
    await expect(page.get_by_test_id("sign-in-submit")).to_have_text("Войти")
    await page.get_by_test_id("language-kk").click()
    await expect(page.get_by_test_id("sign-in-submit")).to_have_text("Кіру")
    await expect(page.locator("html")).to_have_attribute("lang", "kk")
    await page.reload()
    await expect(page.get_by_test_id("sign-in-submit")).to_have_text("Кіру")
