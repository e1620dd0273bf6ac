"""Story 11: pages of channels, files in the composer, contacts that are one person; all of it by keyboard, too."""

import asyncio
import base64
import io
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from bson import ObjectId
from PIL import Image
from playwright.async_api import FilePayload, Page, expect

from crm.cli.supervisor import Supervisor
from crm.core.database import Database
from crm.inbox.gateway import CONNECTION_CACHE_SECONDS
from tests.e2e.access import check_access, tab_to
from tests.e2e.customers import TelegramCustomer
from tests.e2e.people import Admin, eventually
from tests.fakes import whatsapp_api
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.whatsapp_api import FakeNumber
from tests.fakes.whatsapp_server import WhatsAppServer

type NewAdmin = Callable[[], Awaitable[Admin]]
type Json = dict[str, Any]

DROP = """([selector, files, kind]) => {
  const carried = new DataTransfer();
  for (const [name, type, text] of files) {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    carried.items.add(new File([bytes], name, {type}));
  }
  const target = document.querySelector(selector);
  const init = {bubbles: true, cancelable: true};
  if (kind === 'paste') {
    target.dispatchEvent(new ClipboardEvent('paste', {...init, clipboardData: carried}));
  } else {
    for (const name of ['dragenter', 'dragover', 'drop']) {
      target.dispatchEvent(new DragEvent(name, {...init, dataTransfer: carried}));
    }
  }
}"""
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"


def png(colour: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(content, "PNG")
    return content.getvalue()


def template(name: str, status: str = "APPROVED") -> Json:
    return {
        "id": str(abs(hash(name)) % 10**9),
        "name": name,
        "language": "kk",
        "status": status,
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "{{1}}, тапсырысыңыз дайын."}],
    }


async def test_a_channel_is_checked_paused_resumed_and_disconnected(
    new_admin: NewAdmin, whatsapp: WhatsAppServer
) -> None:
    admin = await new_admin()
    page = admin.page
    number, connection_id = await connect_number(admin, whatsapp, "106540352249001")
    account = whatsapp.graph.account_of(number.id)
    account.templates.append(template("order_ready"))
    await admin.go(f"/channels/{connection_id}")
    await check_access(page)

    assert number.override is not None

    # Templates as the platform has them now.
    lines = page.get_by_test_id("template-line")
    await page.get_by_test_id("templates-sync").click()
    await expect(lines).to_have_count(1)
    account.templates.append(template("order_late", "REJECTED"))
    await page.get_by_test_id("templates-sync").click()
    await expect(lines).to_have_count(2)
    await expect(lines.filter(has_text="order_late")).to_contain_text("Отклонён")
    await lines.filter(has_text="order_ready").click()
    await expect(page.get_by_test_id("template-preview")).to_contain_text("тапсырысыңыз дайын")
    await page.keyboard.press("Escape")

    # What the platform thinks of the number is asked now.
    await expect(page.get_by_test_id("health-warning")).to_have_count(0)
    number.told["quality_rating"] = "RED"
    await page.get_by_test_id("connection-check").click()
    await expect(page.get_by_test_id("health-warning")).to_contain_text("жалуются")
    await check_access(page)

    # A link for a poster.
    link, code = (
        page.get_by_test_id("chat-link"),
        page.get_by_test_id("chat-link").get_by_role("img"),
    )
    before = await code.locator("path").get_attribute("d")
    await page.get_by_test_id("link-ref").fill("vitrina")
    await expect(link).to_contain_text("vitrina")
    await expect(code.locator("path")).not_to_have_attribute("d", before or "")

    status = page.get_by_test_id("connection-status")
    await page.get_by_test_id("connection-pause").click()
    await page.get_by_test_id("pause-confirm").click()
    await expect(status).to_have_attribute("data-status", "paused")
    await admin.go("/channels")
    row = page.locator(f"[data-connection-id='{connection_id}']")
    await expect(row).to_contain_text("Приостановлен")
    await check_access(page)
    await row.click()
    await page.get_by_test_id("connection-pause").click()
    await expect(status).to_have_attribute("data-status", "active")

    await page.get_by_test_id("connection-delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Склад")
    await page.get_by_test_id("confirm").click()
    await page.wait_for_url(re.compile(r"/channels$"))
    await expect(row).to_have_count(0)
    assert number.override is None


async def test_a_paused_channel_and_a_closing_window_lose_no_word(
    new_admin: NewAdmin, whatsapp: WhatsAppServer, product: Supervisor
) -> None:
    admin = await new_admin()
    page = admin.page
    number, connection_id = await connect_number(admin, whatsapp, "106540352249002")
    person = whatsapp_api.customer("KZ.77010000778", "77010000778")
    await whatsapp.say("Сәлеметсіз бе?", person=person, number=number)
    await open_newest(admin)
    await page.get_by_test_id("take-over").click()

    # Written while the channel rests: it says why it waits, and goes by itself.
    path = f"/api/connections/{connection_id}"
    await admin.call("POST", f"{path}/pause")
    await asyncio.sleep(CONNECTION_CACHE_SECONDS + 1)  # all processes know it by then
    await admin.write("Ертең жазамыз.")
    bubble = admin.messages("operator").filter(has_text="Ертең жазамыз")
    await expect(bubble.get_by_test_id("queued-message")).to_contain_text("Канал приостановлен")
    await check_access(page)
    await admin.call("POST", f"{path}/resume")
    await expect(bubble).to_have_attribute("data-state", "sent")

    # The day is over while somebody types: the words come back with the next message of the customer.
    await page.get_by_test_id("composer").fill("Бүгін келе аласыз ба?")
    database = await Database.connect(product.settings)
    key = {"connection_id": ObjectId(connection_id)}
    wrote_at = datetime.now(UTC) - timedelta(hours=25)
    await database.collection("conversations").update_one(
        key, {"$set": {"last_inbound_at": wrote_at}}
    )
    await database.close()
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("reach-closed")).to_contain_text("24 часа")
    await expect(page.get_by_test_id("reach-template")).to_be_visible()
    await expect(page.get_by_test_id("pending-message")).to_have_count(0)
    await check_access(page)
    await whatsapp.say("Мен осындамын", person=person, number=number)
    await expect(page.get_by_test_id("composer")).to_have_value("Бүгін келе аласыз ба?")
    await page.get_by_test_id("send").click()
    await expect(admin.messages("operator").last).to_contain_text("Бүгін келе аласыз ба?")


async def test_every_form_of_a_channel_can_be_read_and_leads_on(new_admin: NewAdmin) -> None:
    admin = await new_admin()
    page = admin.page
    for channel in ("telegram", "whatsapp", "instagram", "email", "webchat"):
        await admin.go(f"/channels/connect/{channel}")
        await expect(page.get_by_test_id("connection-form")).to_be_visible()
        more = page.get_by_test_id("more-fields")
        if await more.count():
            await more.click()
        await check_access(page)
    await admin.go("/channels/connect/whatsapp")
    guide = page.get_by_role("link", name="developers.facebook.com")
    await expect(guide).to_have_attribute("href", "https://developers.facebook.com")


async def test_files_are_pasted_dropped_taken_back_and_refused_with_a_reason(
    new_admin: NewAdmin, telegram: TelegramServer
) -> None:
    admin, customer = await with_customer(new_admin, telegram)
    page = admin.page
    await customer.say("Пришлёте прайс?")
    await open_newest(admin)
    await page.get_by_test_id("take-over").click()
    await expect(page.get_by_test_id("composer")).to_be_focused()

    await carry(page, "paste", ("витрина.png", "image/png", png("green")))
    await carry(
        page, "drop", ("прайс.pdf", "application/pdf", PDF), ("лишнее.pdf", "application/pdf", PDF)
    )
    files = page.get_by_test_id("composer-files").locator("li")
    await expect(files).to_have_count(3)
    await files.filter(has_text="лишнее").get_by_role("button").click()
    await expect(files).to_have_count(2)
    await expect(page.locator("[data-testid=composer-files] [data-state=ready]")).to_have_count(2)

    program: FilePayload = {"name": "setup.exe", "mimeType": "", "buffer": PROGRAM}
    await page.get_by_test_id("attach-input").set_input_files([program])
    refused = files.filter(has_text="setup.exe")
    await expect(refused).to_have_attribute("data-state", "failed")
    await expect(refused.get_by_role("alert")).not_to_be_empty()
    await check_access(page)
    await refused.get_by_role("button").click()

    before = len(customer.got())
    await admin.write("Вот, посмотрите.")

    async def arrived() -> bool:
        sent = customer.got()[before:]
        return any("photo" in one for one in sent) and any("document" in one for one in sent)

    await eventually(arrived, "picture and document")
    bubble = admin.messages("operator").last
    await expect(bubble.get_by_test_id("message-document")).to_contain_text("прайс.pdf")
    await bubble.get_by_test_id("message-image").click()
    await expect(page.get_by_test_id("image-viewer").get_by_role("img")).to_be_visible()
    await check_access(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("image-viewer")).to_have_count(0)


async def test_what_could_not_be_fetched_is_fetched_again_by_a_click(
    new_admin: NewAdmin, telegram: TelegramServer
) -> None:
    admin, customer = await with_customer(new_admin, telegram)
    page = admin.page
    # The customer's portrait is fetched in the same way: all find nothing until then.
    customer.bot.fail("getFile", 400, "Bad Request: wrong file_id", times=99)
    await telegram.send("photo", png("red"), chat_id=customer.chat_id, bot=customer.bot)
    await open_newest(admin)
    lost = page.get_by_test_id("message-file-state")
    await expect(lost).to_have_attribute("data-state", "failed")
    await check_access(page)
    customer.bot.failures.clear()
    await lost.get_by_test_id("file-retry").click()
    await expect(page.get_by_test_id("message-image").locator("img")).to_be_visible()
    await expect(lost).to_have_count(0)


async def test_a_thread_is_taken_answered_and_quoted_without_a_mouse(
    new_admin: NewAdmin, telegram: TelegramServer
) -> None:
    admin, customer = await with_customer(new_admin, telegram)
    page = admin.page
    asked = await customer.tell(text="Вы открыты в субботу?")
    await customer.tell(location={"latitude": 43.25, "longitude": 76.95})
    await customer.tell(contact={"phone_number": "77010000599", "first_name": "Берік"})
    await customer.tell(poll=POLL)
    await open_newest(admin)
    await expect(admin.messages("customer")).to_have_count(4)
    await expect(page.get_by_test_id("place-map")).to_have_attribute(
        "href", re.compile(r"43\.25,76\.95")
    )
    await expect(page.get_by_test_id("message-contact")).to_contain_text("Берік")
    await expect(page.get_by_test_id("message-unsupported")).to_contain_text("Опрос")
    await check_access(page)

    await tab_to(page, page.get_by_test_id("take-over"))
    await page.keyboard.press("Enter")
    composer = page.get_by_test_id("composer")
    await expect(composer).to_be_focused()
    question = admin.messages("customer").filter(has_text=asked["text"])
    await tab_to(page, question.get_by_test_id("reply"), back=True)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("replying")).to_contain_text(asked["text"])
    await expect(composer).to_be_focused()
    await page.keyboard.type("Да, до шести.")
    await page.keyboard.press("Control+Enter")
    await customer.hears("Да, до шести")
    answer = customer.got()[-1]
    assert answer["reply_to"] == asked["message_id"]
    await expect(admin.messages("operator").get_by_test_id("quote")).to_contain_text(asked["text"])

    # Out of the field, N begins a note, which nobody outside sees.
    heard = len(customer.got())
    await page.get_by_test_id("messages").focus()
    await page.keyboard.press("n")
    await expect(composer).to_be_focused()
    await page.keyboard.type("Спросить у Данияра.")
    await page.keyboard.press("Control+Enter")
    await expect(admin.messages("note")).to_contain_text("Данияра")
    await check_access(page)
    assert len(customer.got()) == heard


async def test_pairs_that_may_be_one_person_are_decided_one_after_another(
    new_admin: NewAdmin,
) -> None:
    admin = await new_admin()
    page = admin.page
    people: dict[str, str] = {}
    for name, email in (
        ("Сауле", "saule@company.kz"),
        ("Сауле К.", "saule@company.kz"),
        ("Отдел продаж", "sales@company.kz"),
        ("Данияр", "sales@company.kz"),
    ):
        made = await admin.call("POST", "/api/contacts", {"name": name, "email": email})
        people[name] = made["id"]

    async def proposed() -> bool:
        found = await admin.call("GET", "/api/contacts/duplicates")
        return len(found["items"]) == 2

    await eventually(proposed, "two proposals")
    await admin.go("/contacts")
    await page.get_by_test_id("duplicates-link").click()
    rows = page.get_by_test_id("duplicate-row")
    await expect(rows).to_have_count(2)
    await check_access(page)

    await rows.filter(has_text="Данияр").get_by_test_id("duplicate-compare").click()
    await expect(page.get_by_test_id("duplicate-sides")).to_be_visible()
    await check_access(page)
    await page.get_by_test_id("duplicate-dismiss").click()
    await expect(rows).to_have_count(1)
    # The next pair is one key away.
    await expect(page.get_by_test_id("duplicate-compare")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("duplicate-swap").click()
    await page.get_by_test_id("duplicate-merge").click()
    await expect(page.get_by_text("Повторов нет")).to_be_visible()
    left = await admin.call("GET", "/api/contacts?limit=50")
    assert {one["id"] for one in left["items"]} == set(people.values()) - {people["Сауле"]}


POLL: Json = {
    "id": "5312345678901234567",
    "question": "Когда удобно?",
    "options": [{"persistent_id": "1", "text": "Утром", "voter_count": 0}],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}


async def with_customer(
    new_admin: NewAdmin, telegram: TelegramServer
) -> tuple[Admin, TelegramCustomer]:
    """A new organization with a bot of its own, and somebody who writes to it."""
    admin = await new_admin()
    number = str(int(token_hex(4), 16))
    token = f"{number}:AAE-fakeTokenOfOnePage_0123456789abcd"
    bot = telegram.add_bot(token, f"page_{number}_bot")
    config = {"token": token, "delivery": "webhook"}
    await admin.call(
        "POST", "/api/connections", {"channel": "telegram", "name": "Бот", "config": config}
    )
    return admin, TelegramCustomer(telegram, bot, 71_000)


async def connect_number(
    admin: Admin, whatsapp: WhatsAppServer, number_id: str
) -> tuple[FakeNumber, str]:
    """A number of an account of one's own, and the connection with it."""
    account_id = f"9{number_id[1:]}"
    number = whatsapp.graph.add_number(number_id, account_id=account_id)
    config = {**whatsapp_api.CONFIG, "waba_id": account_id, "phone_number_id": number_id}
    body = {"channel": "whatsapp", "name": "Склад", "config": config}
    return number, (await admin.call("POST", "/api/connections", body))["id"]


async def open_newest(admin: Admin) -> None:
    """Open the only conversation, as a person does."""
    await admin.go("/inbox?view=all")
    await admin.rows.first.click()
    await expect(admin.page.get_by_test_id("thread")).to_be_visible()


async def carry(page: Page, how: str, *files: tuple[str, str, bytes]) -> None:
    """Paste files into the composer, or drop them on it."""
    told = [[name, mime, base64.b64encode(content).decode()] for name, mime, content in files]
    await page.evaluate(DROP, ["[data-testid=composer]", told, how])
