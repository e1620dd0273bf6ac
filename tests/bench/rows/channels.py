"""Row (h): reading and rendering messages, each channel against its bare library."""

import gc
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import orjson
import telegram
from pywa.client import WhatsApp
from pywa.types.callback import Button as PywaButton
from pywa.types.message import Message as PywaMessage

from connectors.base import Connector
from connectors.base.addresses import any_address
from connectors.email.composing import composed
from connectors.email.connector import EmailConnector
from connectors.email.inbound import message_of
from connectors.email.mail import read_mail
from connectors.email.outbound import Part
from connectors.instagram import InstagramConnector
from connectors.instagram import inbound as instagram
from connectors.telegram import TelegramConnector
from connectors.telegram.inbound import parse_update
from connectors.telegram.mentions import Myself
from connectors.webchat.frames import FRAMES
from connectors.whatsapp import WhatsAppConnector
from connectors.whatsapp.inbound import changes_of, events_of
from crm.contract import Button, Connection, OutboundMessage
from tests.bench.figures import Line, Row
from tests.bench.ground import Effort
from tests.contract import instagram_events, telegram_updates, whatsapp_bodies

REPEATS = 400
MOST_MICROSECONDS = 5_000
MAIL = (Path(__file__).parents[2] / "unit/connectors/email/mails/gmail_ru_reply.eml").read_bytes()
TEXT = "Доставка в Астану занимает **два дня** и стоит 1500 тенге. " * 12
BUTTONS = [Button(title=f"Выбор {number}", payload=f"/choose_{number}") for number in range(3)]
ADDRESS = "info@shop.test"

type Work = Callable[[], object]


async def measure(effort: Effort) -> Row:
    """Measure it."""
    lines = [
        _line(title, ours, bare, effort)
        for title, (ours, bare) in {**_reading(), **_rendering()}.items()
    ]
    return Row(
        key="h",
        title="A message read and an answer rendered, by channel",
        sides="Reading: ours makes the neutral event of the bytes that came, with files, quotations, referrals, and looks at every field's "
        "type; the rival is the bare library's own object (python-telegram-bot's `Update.de_json`, pywa's `Message`, `email` with its "
        "default policy), or `orjson.loads` where there is no library. Rendering: ours splits 700 letters with marks and three buttons into "
        "the platform's parts; the rival makes the library's request of a text that is known to fit.",
        lines=lines,
        notes=[
            "The rival does less in every line: the ratio says what the neutral form costs, and the goal is a bound of the time itself."
        ],
    )


def _line(title: str, ours: Work, bare: Work, effort: Effort) -> Line:
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(effort.rounds + 1):
        for name, work in (("ours", ours), ("bare", bare)):
            gc.collect()
            began = time.perf_counter()
            for _ in range(REPEATS):
                work()
            if number:
                times[name].append((time.perf_counter() - began) / REPEATS * 1e6)
    mine, rival = (statistics.median(times[name]) for name in ("ours", "bare"))
    return Line(
        f"{title}, µs",
        f"{mine:,.0f}",
        f"{rival:,.1f}",
        f"{rival / mine:.2f}",
        f"at most {MOST_MICROSECONDS / 1000:.0f} ms",
        met=mine <= MOST_MICROSECONDS,
    )


def _reading() -> dict[str, tuple[Work, Work]]:
    update = orjson.dumps(telegram_updates.CONTENTS["photo"][0])
    body = orjson.dumps(whatsapp_bodies.MESSAGES["image"][0])
    event = orjson.dumps(instagram_events.body(instagram_events.CONTENTS["image"][0]))
    frame = orjson.dumps({"type": "message", "id": "client-id-1", "text": "Сәлем"})
    bot = Myself(telegram_updates.BOT_ID, telegram_updates.USERNAME)
    account = instagram.Myself(frozenset({instagram_events.IG}))
    client = WhatsApp(phone_id="106540352242922", token="token")

    def read_instagram() -> object:
        entries = instagram.entries_of(orjson.loads(event))
        return [instagram.events_of(entry, account) for entry in entries]

    def read_email() -> object:
        mail = read_mail(MAIL, own={ADDRESS})
        return message_of(mail, chat_id="c", attachments=(), own=(), silent=None, html=mail.html)

    def read_bare_email() -> object:
        words = message_from_bytes(MAIL, policy=default).get_body(("plain", "html"))
        return words.get_content() if isinstance(words, EmailMessage) else None

    return {
        "Telegram: a picture read": (
            lambda: parse_update(orjson.loads(update), bot),
            lambda: telegram.Update.de_json(orjson.loads(update), None),
        ),
        "WhatsApp: a picture read": (
            lambda: [events_of(change) for change in changes_of(orjson.loads(body))],
            lambda: PywaMessage.from_update(client, orjson.loads(body)),
        ),
        "Instagram: a picture read": (read_instagram, lambda: orjson.loads(event)),
        "E-mail: an answer with a quotation read": (read_email, read_bare_email),
        "Web chat: a frame read": (
            lambda: FRAMES.validate_json(frame),
            lambda: orjson.loads(frame),
        ),
    }


def _rendering() -> dict[str, tuple[Work, Work]]:
    def ours(connector: Connector, chat_id: str, **config: Any) -> Work:
        connection = Connection(
            id="6a1b2c3d4e5f60718293a4b5",
            organization_id="6a1b2c3d4e5f60718293a4b0",
            channel=connector.channel,
            name="Tau",
            config=config,
            webhook_secret="webhook_secret-0123456789",
        )
        message = OutboundMessage(
            id="6a1b2c3d4e5f60718293a4c1",
            chat_id=chat_id,
            text=TEXT,
            author_kind="bot",
            buttons=BUTTONS,
        )
        return lambda: connector.render(connection, message)

    keyboard = [(one.title, one.payload) for one in BUTTONS]

    def bare_telegram() -> object:
        rows = [
            [telegram.InlineKeyboardButton(title, callback_data=payload)]
            for title, payload in keyboard
        ]
        markup = telegram.InlineKeyboardMarkup(rows).to_dict()
        return {"chat_id": 501, "text": TEXT, "reply_markup": markup}

    def bare_whatsapp() -> object:
        buttons = [PywaButton(title=title, callback_data=payload) for title, payload in keyboard]
        action = {"buttons": [button.to_dict() for button in buttons]}
        return {"type": "button", "body": {"text": TEXT}, "action": action}

    def bare_instagram() -> object:
        replies = [
            {"content_type": "text", "title": title, "payload": payload}
            for title, payload in keyboard
        ]
        return orjson.dumps({"message": {"text": TEXT, "quick_replies": replies}})

    def bare_email() -> object:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = ADDRESS, "aigul@customer.test", "Re: Сұрақ"
        mail.set_content(TEXT)
        return mail.as_bytes()

    config = {
        "address": ADDRESS,
        "password": "x",
        "imap_host": "localhost",
        "smtp_host": "localhost",
    }
    email = EmailConnector(addresses_of=any_address)
    parts = ours(email, "nhn2nfcvqcgsl4qn:aigul@customer.test", **config)

    def render_email() -> object:
        made: list[Part] = parts()  # type: ignore[assignment]
        return [composed(part, [], now=datetime.now(UTC)) for part in made]

    return {
        "Telegram: an answer rendered": (
            ours(TelegramConnector(), "501", token="1:x"),
            bare_telegram,
        ),
        "WhatsApp: an answer rendered": (ours(WhatsAppConnector(), "KZ.1"), bare_whatsapp),
        "Instagram: an answer rendered": (ours(InstagramConnector(), "501"), bare_instagram),
        "E-mail: an answer composed": (render_email, bare_email),
    }
