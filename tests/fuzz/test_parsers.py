"""No parser of what strangers send raises anything but its own refusal, whatever it is given.

What it makes is checked, too: every event can be stored, and speaks of its own connection only.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bson
import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.base.forms import is_well_formed
from connectors.base.meta import signing_secret
from connectors.base.webhooks import MalformedError, RefusedError, check_secret, parsed_json
from connectors.email.inbound import message_of, report_in, status_events
from connectors.email.mail import read_mail
from connectors.instagram import inbound as instagram
from connectors.telegram.inbound import MalformedUpdateError, parse_update
from connectors.telegram.mentions import Myself
from connectors.webchat.frames import FRAMES, Form, Hello, Mail, Say, Share, Tap
from connectors.webchat.inbound import NotTheirFileError, Visitor, inbound
from connectors.webchat.uploads import cors
from connectors.webchat.visitors import sealed_file, visitor_of
from connectors.whatsapp import inbound as whatsapp
from crm.contract import Connection, InboundEvent, InboundMessage
from crm.files.errors import FileNotAllowed
from crm.files.names import honest_name, safe_name
from crm.files.sniffing import type_of
from tests.contract.instagram_events import BODIES, IG
from tests.contract.telegram_updates import BOT_ID, CONTENTS, EVENTS, IGNORED, USERNAME
from tests.contract.whatsapp_bodies import EVENTS as WHATSAPP_EVENTS
from tests.contract.whatsapp_bodies import MESSAGES
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


WHATSAPP = [told for told, _ in (*MESSAGES.values(), *WHATSAPP_EVENTS.values())]


@FUZZ
@given(changed_json(WHATSAPP))
def test_whatsapp(body: Any) -> None:
    try:
        changes = whatsapp.changes_of(body)
    except MalformedError:
        return
    for change in changes:
        events = whatsapp.events_of(change)
        check(events)
        assert all(is_well_formed(event) for event in events)


OURSELVES = instagram.Myself(frozenset({IG}))


@FUZZ
@given(changed_json(BODIES))
def test_instagram(body: Any) -> None:
    try:
        entries = instagram.entries_of(body)
    except MalformedError:
        return
    for entry in entries:
        events = instagram.events_of(entry, OURSELVES)
        check(events)
        assert all(is_well_formed(event) for event in events)


HEADS = [
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"GIF89a",
    b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    b"RIFF\x24\x00\x00\x00WAVEfmt ",
    b"OggS\x00\x02OpusHead",
    b"ID3\x04\x00",
    b"\xff\xfb\x90\x00",
    b"\x00\x00\x00\x18ftypmp42isom",
    b"\x1aE\xdf\xa3\x01webm",
    b"%PDF-1.7\n",
    b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + b"\x00" * 16 + b"\x13\x00\x00\x00[Content_Types].xml",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 60,
    b"\x1f\x8b\x08\x00",
    b"<!doctype html><script>alert(1)</script>",
    "<svg xmlns=x><!-- \u0493 --></svg>".encode("utf-16"),
    "\ufeffаты;бағасы\n".encode(),
]
NAMES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["a.png", "../../etc/passwd", "шот.pdf.exe", "con", "\u202egpj.exe", ".", "a\x00.pdf"]
    ),
)
CLAIMS = st.one_of(
    st.none(), st.text(max_size=40), st.sampled_from(["image/png", "text/html", "/", ";"])
)


@FUZZ
@given(changed_bytes(HEADS), NAMES, CLAIMS)
def test_what_files_are(head: bytes, name: str, claimed: str | None) -> None:
    try:
        mime = type_of(head, name=name, claimed=claimed)
    except FileNotAllowed:
        return
    kind, _, more = mime.partition("/")
    assert kind
    assert more
    for safe in (safe_name(name), honest_name(name, mime)):
        assert safe not in {"", ".", ".."}
        assert not set("/\\\x00\r\n") & set(safe)
        assert len(safe.encode()) <= 255


HEADERS = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\x00"), max_size=120)
PROOFS = st.one_of(
    HEADERS,
    st.binary(max_size=40).map(lambda raw: f"sha256={raw.hex()}"),
    st.text(max_size=60).map(quote),
    st.sampled_from(["", "sha256=", f"sha256={'0' * 64}", f"{'a' * 22}.{'0' * 64}", "Bearer "]),
)


@FUZZ
@given(PROOFS, HEADERS, st.binary(max_size=64))
def test_proofs_and_headers_of_uploads(proof: str, origin: str, body: bytes) -> None:
    with pytest.raises(RefusedError):
        check_secret(proof, MAILBOX.webhook_secret)
    assert signing_secret(body, proof, [MAILBOX.webhook_secret]) is None
    assert visitor_of(MAILBOX, proof) is None
    request = make_mocked_request("POST", "/", headers={"Origin": origin, "X-File-Name": proof})
    assert cors(request)["Cache-Control"] == "no-store"


@FUZZ
@given(changed_bytes([json.dumps(one).encode() for one in FRAMES_SAID]))
def test_webchat_bytes(raw: bytes) -> None:
    try:
        FRAMES.validate_json(raw)
    except ValidationError:
        return


@FUZZ
@given(changed_bytes([json.dumps(one).encode() for one in WHATSAPP]))
def test_bodies(raw: bytes) -> None:
    with contextlib.suppress(MalformedError):
        bson.encode({"body": _cleaned(parsed_json(raw))})
