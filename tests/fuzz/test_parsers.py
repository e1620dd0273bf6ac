"""No parser of what strangers send raises anything but its own refusal, whatever it is given.

What it makes is checked, too: every event can be stored, and speaks of its own connection only.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bson
import pytest
from hypothesis import given
from pydantic import ValidationError

from connectors.email.inbound import message_of, report_in, status_events
from connectors.email.mail import read_mail
from connectors.telegram.inbound import MalformedUpdateError, Myself, parse_update
from connectors.webchat.frames import FRAMES, Form, Hello, Mail, Say, Share, Tap
from connectors.webchat.inbound import NotTheirFileError, Visitor, inbound
from connectors.webchat.visitors import sealed_file
from crm.contract import Connection, InboundEvent, InboundMessage
from tests.contract.telegram_updates import BOT_ID, CONTENTS, EVENTS, IGNORED, USERNAME
from tests.fuzz.conftest import FUZZ
from tests.fuzz.mutations import changed_bytes, changed_json

pytestmark = pytest.mark.timeout(3600)

MYSELF = Myself(BOT_ID, USERNAME)
TELEGRAM = [
    *(update for update, _ in CONTENTS.values()),
    *(update for update, _ in EVENTS.values()),
    *IGNORED.values(),
]
CHAT = Connection(
    id="6a1b2c3d4e5f60718293a4b5",
    organization_id="6a1b2c3d4e5f60718293a4b0",
    channel="webchat",
    name="Tau Demo",
    config={},
    webhook_secret="webhook_secret-0123456789",
)
FRAMES_SAID: list[dict[str, Any]] = [
    {"type": "hello", "token": None, "language": "kk", "after": "6a1b2c3d4e5f60718293a4b5"},
    {"type": "message", "id": "client-id-1", "text": "Сәлем"},
    {"type": "tap", "id": "client-id-2", "payload": "/ask_human", "title": "Адам"},
    {"type": "seen", "id": "6a1b2c3d4e5f60718293a4b5"},
    {"type": "typing"},
    {"type": "language", "language": "ru"},
    {"type": "ping"},
    {"type": "older", "before": "6a1b2c3d4e5f60718293a4b5"},
    {"type": "phone", "id": "client-id-3", "phone": "8 (701) 123-45-67"},
    {"type": "email", "id": "client-id-4", "email": "a@b.kz"},
    {
        "type": "form",
        "id": "client-id-5",
        "text": "Имя: Айдана",
        "name": "Айдана",
        "answer": "17",
        "consent": True,
    },
    {
        "type": "message",
        "id": "client-id-6",
        "files": [
            {
                "id": sealed_file(CHAT, "visitor", "6a1b2c3d4e5f60718293a4b5"),
                "name": "шатыр.png",
                "mime": "image/png",
                "size": 5,
            }
        ],
    },
    {
        "type": "hello",
        "identity": {
            "user_id": "u1",
            "signature": "0" * 64,
            "name": "Айдана",
            "phone": "+77011234567",
        },
        "details": {"name": "Айдана", "email": "a@b.kz"},
        "page": "https://tau.kz/",
    },
]


def check(events: Iterable[InboundEvent]) -> None:
    """Each event has its ids, and the database can hold it once its text is cleaned."""
    for event in events:
        told = dataclasses.asdict(event)
        assert isinstance(event.external_id, str)
        assert event.external_id
        if isinstance(event, InboundMessage):
            assert isinstance(event.text, str)
            assert event.sender.external_id
            assert event.chat_id
        bson.encode({"event": _cleaned(told)})


def _cleaned(value: Any) -> Any:
    """As intake stores it: without lone surrogates, times and enumerations as they are."""
    if isinstance(value, str):
        return str(value).replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, dict):
        return {str(_cleaned(key)): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    return value


@FUZZ
@given(changed_json(TELEGRAM))
def test_telegram(body: Any) -> None:
    try:
        check(parse_update(body, MYSELF))
    except MalformedUpdateError:
        return


@FUZZ
@given(changed_json(FRAMES_SAID))
def test_webchat(frame: Any) -> None:
    try:
        told = FRAMES.validate_python(frame)
        if isinstance(told, Hello):
            for known in (told.details, told.identity):
                visitor = Visitor(id="visitor")
                if known is not None:
                    visitor.learn(known)
                bson.encode(_cleaned(dataclasses.asdict(visitor)))
        elif isinstance(told, Say | Tap | Share | Form | Mail):
            check([inbound(CHAT, Visitor(id="visitor"), told)])
    except (ValidationError, NotTheirFileError):
        return


MAILS = [
    path.read_bytes()
    for path in sorted((Path(__file__).parents[1] / "unit/connectors/email/mails").glob("*.eml"))
]
MAILBOX = Connection(
    id="6a1b2c3d4e5f60718293a4b5",
    organization_id="6a1b2c3d4e5f60718293a4b0",
    channel="email",
    name="Tau Demo",
    config={},
    webhook_secret="webhook_secret-0123456789",
)


@FUZZ
@given(changed_bytes(MAILS))
def test_email(raw: bytes) -> None:
    mail = read_mail(raw, own={"info@shop.test"})
    check([message_of(mail, chat_id="c", attachments=(), own=(), silent=None, html=mail.html)])
    if (report := report_in(mail, MAILBOX)) is not None:
        check(status_events(mail, report))
