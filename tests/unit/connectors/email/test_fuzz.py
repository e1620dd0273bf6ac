"""Whatever strangers send, reading it raises nothing, ends soon, and yields what can be stored."""

import contextlib
import dataclasses
import json
import random
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.forms import is_well_formed
from connectors.email.addresses import addresses, normalised
from connectors.email.charsets import decoded
from connectors.email.composing import composed
from connectors.email.config import EmailConfig
from connectors.email.headers import decoded_words
from connectors.email.html import safe_html
from connectors.email.html_text import text_of_html
from connectors.email.inbound import message_of, report_in, status_events
from connectors.email.invites import invite_of
from connectors.email.mail import read_mail
from connectors.email.outbound import Part, render
from connectors.email.quotes import cut
from connectors.email.threads import topic_of
from crm.contract import OutboundMessage, RejectedError, StatusUpdate
from tests.unit.connectors.email.conftest import CONNECTION, CUSTOMER, MAILS, OURS, raw_mail

MANY = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = sorted(path.stem for path in MAILS.glob("*.eml"))

_FIELDS = st.sampled_from(
    [
        "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "References", "In-Reply-To",
        "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Auto-Submitted", "Return-Path",
        "List-Id", "X-Failed-Recipients",
    ]
)  # fmt: skip
_VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"multipart/mixed; boundary=b", b"multipart/report; boundary=b", b"message/delivery-status",
            b"message/rfc822", b"text/html; charset=utf-7", b"text/plain; charset=idna", b"text/calendar",
            b"=?utf-8?b?0Jf?= =?koi8-r?q?=D0?=", b"<a@b.kz>", b'a@b.kz, "c" <d@e.kz>', b"base64",
            b"quoted-printable", b"x-uuencode", b"attachment; filename*0*=utf-8''%D0; filename*1=x",
            b'attachment; filename="\xd4\xee\xf2\xee"', b"Thu, 32 Mar 99999 25:61:00 +9999", b"<>", b"=?",
            b'text/plain; charset="x\x00y"', b'multipart/mixed; boundary=""', b"auto-replied",
        ]
    ),
)  # fmt: skip
_MAILS = st.builds(
    lambda fields, body: b"".join(n.encode() + b": " + v + b"\r\n" for n, v in fields) + b"\r\n" + body,
    st.lists(st.tuples(_FIELDS, _VALUES), max_size=10),
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([b"--b\r\n", b"--b--\r\n", b"\r\n", b"Content-Type: text/html\r\n", b"> x\r\n",
                                  b"Content-Type: multipart/mixed; boundary=b\r\n", b"On x@y.kz wrote:\r\n",
                                  b"From: a@b\r\nTo: c\r\nSubject: d\r\n", b"<blockquote>", b"begin 644 x\r\n"]),
                 max_size=20).map(b"".join),
    ),
)  # fmt: skip


def check(raw: bytes, *, partial: bool = False) -> None:
    mail = read_mail(raw, own={OURS}, partial=partial)
    message = message_of(mail, chat_id="c", attachments=(), own={OURS}, silent=None, html=mail.html)
    assert is_well_formed(message)
    stored = json.dumps(dataclasses.asdict(message), default=str, ensure_ascii=False)
    stored.encode()  # what has a lone surrogate can be stored nowhere
    assert "\\u0000" not in stored
    assert 0 < len(message.external_id) <= 100
    assert len(message.sender.external_id) <= 660  # two addresses at most
    assert "<script" not in (mail.html or "").lower()
    report = report_in(mail, CONNECTION)
    if report is not None:
        for event in status_events(mail, report):
            assert isinstance(event, StatusUpdate)
            assert is_well_formed(event)
    again = read_mail(raw, own={OURS}, partial=partial)
    assert again.external_id == mail.external_id


@MANY
@given(_MAILS)
def test_any_mail(raw: bytes) -> None:
    check(raw)


@MANY
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False), st.booleans())
def test_spoilt_mails(name: str, chance: random.Random, partial: bool) -> None:
    raw = bytearray(raw_mail(name))
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(raw) + 1)
        choice = chance.randrange(4)
        if choice == 0:
            raw[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
        elif choice == 1:
            del raw[place : place + chance.randint(1, 30)]
        elif choice == 2:
            other = raw_mail(chance.choice(SEEDS))
            raw[place:place] = other[: chance.randrange(len(other))]
        else:
            del raw[place:]
    check(bytes(raw), partial=partial)


@SOME
@given(st.binary(max_size=400), st.text(max_size=20))
def test_any_bytes_are_text(content: bytes, charset: str) -> None:
    decoded(content, charset).encode("utf-8", "surrogatepass")


@SOME
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    cut(text)
    cut(text, forwarded=True)
    topic_of(text)
    decoded_words(text)
    addresses([text])
    normalised(text)
    invite_of(text)
    text_of_html(text)
    safe_html(text, {})


@SOME
@given(
    st.text(max_size=300),
    st.text(max_size=60),
    st.text(max_size=60),
    st.lists(st.text(max_size=30), max_size=4),
)
def test_any_answer_of_ours_can_be_sent(
    text: str, subject: str, name: str, references: list[str]
) -> None:
    message = OutboundMessage(
        id="6a1b2c3d4e5f60718293a4c1",
        chat_id=f"{'a' * 16}:{CUSTOMER}",
        text=text or "x",
        author_kind="operator",
        author_name=name,
        thread={"subject": subject, "message_id": "m@x", "references": references},
    )
    config = EmailConfig.model_validate(dict(CONNECTION.config))
    with contextlib.suppress(RejectedError):
        _check_sent(render(CONNECTION, config, message))


def _check_sent(parts: list[Part]) -> None:
    (part,) = parts
    mail = composed(part, [], now=datetime(2026, 3, 12, tzinfo=UTC))
    assert mail.isascii()
    head = mail.partition(b"\r\n\r\n")[0]
    names = {
        line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"
    }
    assert names <= {
        b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"mime-version",
        b"content-type", b"content-transfer-encoding",
    }  # fmt: skip


def _nested(depth: int) -> bytes:
    head = b"From: a@b.kz\r\n"
    return head + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )


@pytest.mark.parametrize(
    "raw",
    [
        _nested(2_000),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20_000,
        b"References: " + b"<a@b> " * 100_000 + b"\r\n\r\nx",
        b"To: " + b"a@b.kz, " * 50_000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?q?x?= " * 50_000 + b"\r\n\r\nx",
        b"Subject: " + b"Re: " * 200_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; " + b"a*0*=b; " * 5_000 + b"\r\n\r\nx",
        b"\r\n" + b"On Mar 12, 2026 at 10:00 x@y.kz\n" * 20_000,
        b"\r\n" + b">" * 500_000,
        b"\r\n" + b"From: x\n" * 50_000,
        b"\r\n" + b"-" * 300_000 + b"\n" + b"_" * 300_000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 60_000,
        b"Content-Type: text/html\r\n\r\n" + b"<a href=http://x.kz>" * 15_000,
        b"Content-Type: text/html\r\n\r\n" + b"<img src=cid:x style='" + b"width:" * 40_000 + b"'>",
        b"A: b\r\n" * 100_000,
        b"Content-Type: text/calendar\r\n\r\n" + b"BEGIN:VEVENT\n" * 20_000,
    ],
    ids=lambda raw: repr(raw[:24]),
)
@pytest.mark.timeout(60)
def test_large_and_evil_mails_end(raw: bytes) -> None:
    check(raw)


def test_a_mail_that_the_library_cannot_take_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any, **named: Any) -> None:
        raise RecursionError

    monkeypatch.setattr("connectors.email.mail.contents_of", fails)
    mail = EmailMessage()
    mail["From"], mail["Subject"] = CUSTOMER, "Сәлем"
    found = read_mail(mail.as_bytes())
    assert found.unsupported == ("broken",)
    assert (found.subject, found.automatic) == ("Сәлем", "unreadable")
    assert found.sender is not None
