"""Story 10: an operator's day over five channels at once: customers of all messengers, one console."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from PIL import Image, ImageDraw
from playwright.async_api import FilePayload, Locator, Page, expect

from crm.cli.supervisor import Supervisor
from crm.core.database import Database
from tests.e2e.customers import InstagramCustomer, MailCustomer, TelegramCustomer, WhatsAppCustomer
from tests.e2e.people import Operator, Visitor, eventually
from tests.fakes import whatsapp_api
from tests.fakes.instagram_server import InstagramServer
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.whatsapp_server import WhatsAppServer
from tests.support.mail_servers import CUSTOMER, OURS, PASSWORD, MailServers

type Picture = Callable[[Page, str], Awaitable[None]]

BOT = "987654321:AAE-fakeTokenOfTheDaysBot_0123456789"
PHONE = "+77010000777"
INSTAGRAM = "501200300777777"
ASTANA, SHYMKENT = r"1[\s\u00a0]?500", r"1[\s\u00a0]?800"
VOICE = b"OggS\x00\x02" + b"\x00" * 22 + b"OpusHead" + b"\x00" * 400
PLACE = {"latitude": 43.238949, "longitude": 76.889709}
UNDELIVERABLE = {"code": 131026, "title": "Message undeliverable", "message": "undeliverable"}
REMINDER = {
    "id": "77001",
    "name": "order_ready",
    "language": "kk",
    "status": "APPROVED",
    "category": "UTILITY",
    "parameter_format": "POSITIONAL",
    "components": [{"type": "BODY", "text": "{{1}}, тапсырысыңыз дайын."}],
}


def picture_of(colour: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(content, "PNG")
    return content.getvalue()


def bill() -> bytes:
    """A picture that looks like a bill: lines, sums on their right, the sum of all below."""
    image = Image.new("RGB", (320, 200), "white")
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((24, 22, 130, 34), fill="#0f766e")
    for line, width in enumerate((120, 150, 96)):
        top = 60 + 24 * line
        drawing.rectangle((24, top, 24 + width, top + 8), fill="#cbd5e1")
        drawing.rectangle((252, top, 296, top + 8), fill="#cbd5e1")
    drawing.line((24, 140, 296, 140), fill="#94a3b8")
    drawing.rectangle((228, 156, 296, 168), fill="#334155")
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


TENT, INVOICE = picture_of("green"), bill()


@pytest.fixture(scope="module")
async def mail() -> AsyncIterator[MailServers]:
    """The company's and the customers' mail servers."""
    servers = MailServers()
    try:
        await asyncio.to_thread(servers.start)
        yield servers
    finally:
        await asyncio.to_thread(servers.stop)


@pytest.fixture
async def database(product: Supervisor) -> AsyncIterator[Database]:
    """The product's, to let hours pass in it."""
    database = await Database.connect(product.settings)
    yield database
    await database.close()


@dataclass
class Day:
    """Who takes part, and what the console and the database know of them."""

    operator: Operator
    database: Database
    telegram: TelegramCustomer
    whatsapp: WhatsAppCustomer
    instagram: InstagramCustomer
    email: MailCustomer
    visitor: Visitor
    connections: dict[str, str]
    picture: Picture

    @property
    def page(self) -> Page:
        return self.operator.page

    async def id_of(self, channel: str) -> str:
        """The conversation with the customer of a channel."""

        async def look() -> str | None:
            found = await self.operator.call("GET", "/api/conversations?view=all&limit=50")
            ids = [one["id"] for one in found["items"] if self._is_here(one, channel)]
            return ids[0] if ids else None

        return await eventually(look, f"conversation in {channel}")

    def _is_here(self, conversation: dict[str, Any], channel: str) -> bool:
        if channel == "webchat":
            return bool(conversation["channel"] == channel)
        return bool(conversation["connection_id"] == self.connections[channel])

    async def open(self, channel: str) -> None:
        """Click the conversation in the list."""
        await self.operator.open_conversation(await self.id_of(channel))

    async def open_owned(self, channel: str) -> None:
        """Click the conversation, and take it over."""
        await self.open(channel)
        await self.page.get_by_test_id("take-over").click()
        await expect(self.page.get_by_test_id("hand-back")).to_be_visible()

    def says(self, author: str, text: str) -> Locator:
        """A message of the open thread."""
        return self.operator.messages(author).filter(has_text=text)

    async def attach(self, name: str, content: bytes) -> None:
        """Choose a file, and wait until it has travelled."""
        chosen: FilePayload = {"name": name, "mimeType": "image/png", "buffer": content}
        await self.page.get_by_test_id("attach-input").set_input_files([chosen])
        ready = self.page.get_by_test_id("composer-files").locator("[data-state=ready]")
        await expect(ready).to_have_count(1)

    async def let_hours_pass(self, channel: str, hours: int) -> None:
        """Nobody waits a day in a test: the customer wrote so long ago."""
        wrote_at = datetime.now(UTC) - timedelta(hours=hours)
        await self.database.collection("conversations").update_one(
            {"_id": ObjectId(await self.id_of(channel))}, {"$set": {"last_inbound_at": wrote_at}}
        )
        await self.page.reload()

    async def is_heard_in_silence(self, channel: str, text: str, heard: int) -> None:
        """Wait until the bot has had a message and said nothing to it."""
        key = {"conversation_id": ObjectId(await self.id_of(channel)), "text": text}

        async def look() -> bool:
            found = await self.database.collection("messages").find_one(key)
            return found is not None and found["state"] != "received"

        await eventually(look, f"message {text!r} that was looked at")
        customer = getattr(self, channel)
        assert len(customer.got()) == heard, customer.heard(heard)


@pytest.fixture
async def day(
    operator: Operator,
    database: Database,
    telegram: TelegramServer,
    whatsapp: WhatsAppServer,
    instagram: InstagramServer,
    mail: MailServers,
    new_visitor: Callable[..., Awaitable[Visitor]],
    picture: Picture,
) -> AsyncIterator[Day]:
    """The demo company, connected to all messengers: WhatsApp by the console's form, the others by the API."""
    whatsapp.graph.accounts[whatsapp_api.ACCOUNT_ID].templates.append(REMINDER)
    connections = {"whatsapp": await connect_whatsapp(operator)}
    account = instagram.account
    account.people = {INSTAGRAM: "Emma Clark"}
    configs: dict[str, dict[str, Any]] = {
        "telegram": {"token": BOT, "delivery": "webhook"},
        "instagram": {
            "login": account.login,
            "access_token": account.token,
            "app_secret": account.app_secret,
        },
        "email": mailbox(mail),
    }
    bot = telegram.add_bot(BOT, "tau_day_bot")
    for channel, config in configs.items():
        body = {"channel": channel, "name": f"{channel}: день", "config": config}
        connections[channel] = (await operator.call("POST", "/api/connections", body))["id"]
    shown = await operator.call("GET", f"/api/connections/{connections['instagram']}")
    webhook = shown["webhook"]
    assert await instagram.set_webhook(webhook["url"], webhook["verify_token"]) == 200
    yield Day(
        operator=operator,
        database=database,
        telegram=TelegramCustomer(telegram, bot, 70_777),
        whatsapp=WhatsAppCustomer(whatsapp, f"KZ.{PHONE[1:]}", PHONE[1:]),
        instagram=InstagramCustomer(instagram, INSTAGRAM),
        email=MailCustomer(mail),
        visitor=await new_visitor(),
        connections=connections,
        picture=picture,
    )
    for connection_id in connections.values():
        await operator.call("DELETE", f"/api/connections/{connection_id}")


async def connect_whatsapp(operator: Operator) -> str:
    page = operator.page
    await operator.go("/channels")
    await page.get_by_test_id("connect-whatsapp").click()
    for name, value in whatsapp_api.CONFIG.items():
        await page.get_by_test_id(f"config-{name}").fill(value)
    await page.get_by_test_id("connection-save").click()
    await page.wait_for_url(re.compile(r"/channels/[0-9a-f]{24}$"))
    await page.get_by_test_id("templates-sync").click()
    await expect(page.get_by_test_id("template-line").first).to_contain_text("order_ready")
    return page.url.rpartition("/")[2]


def mailbox(mail: MailServers) -> dict[str, Any]:
    own = {"address": OURS, "password": PASSWORD}
    imap = {"imap_host": "localhost", "imap_port": mail.ports.imap, "imap_security": "none"}
    smtp = {"smtp_host": "localhost", "smtp_port": mail.ports.smtp, "smtp_security": "none"}
    return {**own, **imap, **smtp}


async def test_an_operators_day_over_five_channels_at_once(day: Day) -> None:
    await all_write_at_once_and_are_answered(day)
    await customers_send_more_than_words(day)
    await whatsapp_by_file_and_quote_with_marks(day)
    await whatsapp_failed_sent_again_and_after_a_day_by_template(day)
    await telegram_failed_sent_again_and_two_contacts_become_one(day)
    await instagram_from_the_phone_and_as_a_person(day)
    await email_with_an_attachment(day)
    await web_chat_and_everybody_back_to_the_bot(day)
    await a_channel_is_checked_paused_and_disconnected(day)


async def all_write_at_once_and_are_answered(day: Day) -> None:
    await asyncio.gather(
        day.whatsapp.ask("Астанаға жеткізу қанша тұрады?", ASTANA, "Дереккөз: "),
        day.telegram.ask("Есть ли доставка в Астану?", ASTANA, "Источник: "),
        day.instagram.ask("How much is delivery to Shymkent?", SHYMKENT, "Source: "),
        day.email.ask("Сколько стоит доставка в Шымкент?", SHYMKENT, "Источник: "),
        day.visitor.ask("How much is delivery to Astana?", ASTANA, "Source: "),
    )
    await day.operator.go("/inbox?view=all")
    for channel in ("whatsapp", "telegram", "instagram", "email", "webchat"):
        row = day.page.locator(f"[data-conversation-id='{await day.id_of(channel)}']")
        await expect(row).to_have_attribute("data-owner", "bot")


async def customers_send_more_than_words(day: Day) -> None:
    await day.whatsapp.send_picture(TENT)
    await day.whatsapp.ask("Сәлем", "Қандай көмек керек")
    before = len(day.whatsapp.got())
    await day.whatsapp.tap("Адамды шақыру")
    await day.whatsapp.hears("ызметкер", since=before)

    asked = await day.telegram.tell(text="Сколько стоит доставка в Караганду?")
    await day.telegram.hears("доставк|Караганд", since=1)
    before = len(day.telegram.got())
    await day.telegram.edit(asked, "Сколько стоит доставка в Шымкент?")
    await day.telegram.hears(SHYMKENT, since=before)
    await day.telegram.send_voice(VOICE)
    await day.telegram.tell(location=PLACE)
    await day.email.write("Вот что я хочу.", [("палатка.png", "image/png", TENT)])


async def whatsapp_by_file_and_quote_with_marks(day: Day) -> None:
    page, server = day.page, day.whatsapp.server
    await day.open("whatsapp")
    await expect(page.get_by_test_id("handoff-summary")).to_be_visible()
    await expect(page.get_by_test_id("message-image").first.locator("img")).to_be_visible()
    await page.get_by_test_id("take-over").click()

    # A file with words under it.
    before = len(day.whatsapp.got())
    await day.attach("шот.png", INVOICE)
    await day.operator.write("Міне шот.")
    await day.whatsapp.hears("Міне шот", since=before)
    image = next(one for one in day.whatsapp.got()[before:] if one["type"] == "image")
    assert server.graph.uploads[image["image"]["id"]][:2] == (INVOICE, "image/png")

    # A quoted answer, and how far it came.
    asked = day.says("customer", "Астанаға жеткізу")
    await asked.hover()
    await asked.get_by_test_id("reply").click()
    await expect(page.get_by_test_id("replying")).to_contain_text("Астанаға жеткізу")
    await day.operator.write("Ертең жеткіземіз.")
    await day.whatsapp.hears("Ертең", since=before)
    answer = day.whatsapp.got()[-1]
    assert answer["context"]["message_id"].startswith("wamid.")
    bubble = day.says("operator", "Ертең жеткіземіз")
    await expect(bubble.get_by_test_id("quote")).to_contain_text("Астанаға жеткізу")
    for state, told in (("delivered", "Доставлено"), ("read", "Прочитано")):
        await server.progress(answer["id"], state)
        await expect(bubble).to_have_attribute("data-state", state)
        await expect(bubble.get_by_title(told)).to_be_visible()
    await day.picture(page, "channels-inbox")


async def whatsapp_failed_sent_again_and_after_a_day_by_template(day: Day) -> None:
    page, server = day.page, day.whatsapp.server
    # The platform could not deliver: the operator sees why, and sends it again.
    await day.operator.write("Курьер жолда.")
    await day.whatsapp.hears("Курьер жолда")
    lost = day.whatsapp.got()[-1]
    await server.progress(lost["id"], "failed", errors=[UNDELIVERABLE])
    bubble = day.says("operator", "Курьер жолда")
    await expect(bubble).to_have_attribute("data-state", "failed")
    await bubble.get_by_test_id("failed-message").click()
    await expect(page.get_by_text("WhatsApp не может доставить")).to_be_visible()
    before = len(day.whatsapp.got())
    await page.get_by_test_id("resend").click()
    await day.whatsapp.hears("Курьер жолда", since=before)
    await server.progress(day.whatsapp.got()[-1]["id"], "delivered")
    await expect(bubble).to_have_attribute("data-state", "delivered")

    # A day later nothing goes but a template.
    await day.let_hours_pass("whatsapp", 25)
    await expect(page.get_by_test_id("reach-closed")).to_be_visible()
    await page.get_by_test_id("reach-template").click()
    await page.get_by_test_id("template-row").filter(has_text="order_ready").click()
    await page.get_by_test_id("template-variable-0").fill("Айгүл")
    await expect(page.get_by_test_id("template-preview")).to_contain_text("Айгүл")
    before = len(day.whatsapp.got())
    await page.get_by_test_id("template-send").click()

    async def templated() -> bool:
        return len(day.whatsapp.got()) > before

    await eventually(templated, "template")
    template = day.whatsapp.got()[-1]["template"]
    assert (template["name"], template["language"]["code"]) == ("order_ready", "kk")
    assert template["components"][0]["parameters"][0]["text"] == "Айгүл"
    sent = day.says("operator", "тапсырысыңыз дайын")
    await expect(sent.get_by_test_id("mark-template")).to_be_visible()


async def telegram_failed_sent_again_and_two_contacts_become_one(day: Day) -> None:
    page = day.page
    await day.open_owned("telegram")
    await day.telegram.hears("присоединился сотрудник")
    await expect(page.get_by_test_id("message-audio")).to_be_visible()
    await expect(day.says("customer", str(PLACE["latitude"]))).to_be_visible()
    edited = day.says("customer", "доставка в Шымкент").filter(has=page.get_by_test_id("edited"))
    await expect(edited).to_be_visible()
    await edited.get_by_test_id("edited").click()
    await expect(edited.get_by_test_id("edited-before")).to_contain_text("Караганду")

    day.telegram.bot.fail("sendMessage", 400, "Bad Request: wrong character")
    before = len(day.telegram.got())
    await day.operator.write("Сейчас посмотрю.")
    bubble = day.says("operator", "Сейчас посмотрю")
    await bubble.get_by_test_id("failed-message").click()
    await expect(page.get_by_text("Мессенджер не принял сообщение")).to_be_visible()
    await page.get_by_test_id("resend").click()
    await day.telegram.hears("Сейчас посмотрю", since=before)
    await expect(bubble).to_have_attribute("data-state", "sent")

    # The phone is known from WhatsApp: one person, who is asked for with a click.
    own = {"phone_number": PHONE, "first_name": "Айгүл", "user_id": day.telegram.chat_id}
    await day.telegram.tell(contact=own)
    await page.get_by_test_id("duplicate-compare").click()
    await expect(page.get_by_test_id("duplicate-sides")).to_contain_text("WhatsApp")
    await page.get_by_test_id("duplicate-merge").click()
    await expect(page.get_by_test_id("duplicate-notice")).to_have_count(0)
    channels = page.get_by_test_id("contact-panel").get_by_test_id("contact-channels")
    await expect(channels).to_contain_text("WhatsApp")
    await expect(channels).to_contain_text("Telegram")
    threads = [
        await day.operator.call("GET", f"/api/conversations/{await day.id_of(channel)}")
        for channel in ("telegram", "whatsapp")
    ]
    assert threads[0]["contact_id"] == threads[1]["contact_id"]


async def instagram_from_the_phone_and_as_a_person(day: Day) -> None:
    page, customer = day.page, day.instagram
    await day.open("instagram")
    await customer.server.write_from_phone("I will call you", customer=customer.igsid)
    await expect(
        day.says("operator", "I will call you").get_by_test_id("mark-echo")
    ).to_be_visible()
    await expect(page.get_by_test_id("hand-back")).to_be_visible()
    heard = len(customer.got())
    await customer.say("Is there delivery to Astana?")
    await day.is_heard_in_silence("instagram", "Is there delivery to Astana?", heard)

    await day.let_hours_pass("instagram", 30)
    customer.wrote_hours_ago(30)
    await expect(page.get_by_test_id("reach-closed")).to_be_visible()
    await page.get_by_test_id("reach-tag").click()
    await day.operator.write("Sorry for the wait: yes, there is.")
    await customer.hears("Sorry for the wait", since=heard)
    assert customer.got()[-1]["tag"] == "HUMAN_AGENT"
    await expect(
        day.says("operator", "Sorry for the wait").get_by_test_id("mark-tag")
    ).to_be_visible()


async def email_with_an_attachment(day: Day) -> None:
    await day.open_owned("email")
    letter = day.says("customer", "Вот что я хочу")
    await expect(letter.get_by_test_id("message-image").locator("img")).to_be_visible()
    before = len(day.email.got())
    await day.attach("счёт.png", INVOICE)
    await day.operator.write("Счёт во вложении.")
    await day.email.hears("Счёт во вложении", since=before)
    answer = day.email.got()[-1]["mail"]
    assert answer["In-Reply-To"] == "<day-2@customer.test>"
    assert CUSTOMER in answer["To"]
    assert day.email.files()["счёт.png"] == INVOICE
    await expect(day.says("operator", "Счёт во вложении")).to_have_attribute("data-state", "sent")


async def web_chat_and_everybody_back_to_the_bot(day: Day) -> None:
    page, visitor = day.page, day.visitor
    await day.open_owned("webchat")
    await day.operator.write("Good afternoon!")
    await expect(visitor.operator_messages.filter(has_text="Good afternoon!")).to_be_visible()
    seen = day.says("operator", "Good afternoon!")
    await expect(seen).to_have_attribute("data-state", "read")
    await page.get_by_test_id("hand-back").click()
    await visitor.ask("How much is delivery to Shymkent?", SHYMKENT)

    await day.open("telegram")
    await page.get_by_test_id("hand-back").click()
    await day.telegram.ask("Есть ли доставка в Астану?", ASTANA)


async def a_channel_is_checked_paused_and_disconnected(day: Day) -> None:
    page, bot = day.page, day.telegram.bot
    await day.operator.go(f"/channels/{day.connections.pop('telegram')}")
    asked = len(bot.calls)
    await page.get_by_test_id("connection-check").click()

    async def looked() -> bool:
        return any(method == "getWebhookInfo" for method, _ in bot.calls[asked:])

    await eventually(looked, "check at the platform")
    await expect(page.get_by_test_id("connection-health")).to_contain_text("Telegram")
    await page.get_by_test_id("connection-pause").click()
    await page.get_by_test_id("pause-confirm").click()
    status = page.get_by_test_id("connection-status")
    await expect(status).to_have_attribute("data-status", "paused")
    await page.get_by_test_id("connection-pause").click()
    await expect(status).to_have_attribute("data-status", "active")
    await day.telegram.ask("Сколько стоит доставка в Шымкент?", SHYMKENT)
    await page.get_by_test_id("connection-delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Отключить").click()
    await page.wait_for_url(re.compile(r"/channels$"))
    assert not bot.webhook.get("url")
