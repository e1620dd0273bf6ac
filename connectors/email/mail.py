"""A mail as it was received: bytes in, everything that is known of it out. Pure; never raises."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Any, Final

from connectors.email.addresses import Address, addresses, normalised
from connectors.email.automatic import automatic_reason, is_refuted
from connectors.email.bounds import is_too_complex
from connectors.email.headers import clean, message_ids, moment_of, raw_fields, text_of
from connectors.email.html import content_ids, safe_html
from connectors.email.html_text import text_of_html
from connectors.email.invites import invite_of, invite_text
from connectors.email.parts import Contents, MailFile, contents_of
from connectors.email.quotes import Cut, cut
from connectors.email.reports import Report, report_of
from connectors.email.threads import is_forwarded

_log = logging.getLogger(__name__)

MAX_FULL_TEXT: Final = 100_000
UNKNOWN_SENDER: Final = "unknown@invalid"
_REPLY_TO_US: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")
_HEAD_BYTES: Final = 64_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail. ``sender`` is whom an answer goes to, and so whom we speak with.

    That is who wrote it, unless the mail asks for answers elsewhere (Reply-To): ``writer`` is then who
    it says it is from. Nobody has proven either, so such a mail is nobody's whom we know already.

    ``text`` is what is new in it; ``full_text`` all of it; ``html`` is safe to be shown.
    ``automatic`` says why a machine must not answer it. ``unsupported`` names what cannot be shown.
    """

    external_id: str
    message_id: str | None = None
    sender: Address | None = None
    writer: Address | None = None
    refuted: bool = False
    """Our own receiving server says that it is not from whom it says (DMARC)."""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    references: tuple[str, ...] = ()
    """What it answers: In-Reply-To, then References from the newest to the oldest."""
    chain: tuple[str, ...] = ()
    """References as they stand, the oldest first."""
    text: str = ""
    full_text: str = ""
    signature: str = ""
    html: str | None = None
    files: tuple[MailFile, ...] = field(default=(), repr=False)
    inline: frozenset[int] = frozenset()
    """Which files stand in the HTML."""
    invite: dict[str, Any] | None = None
    unsupported: tuple[str, ...] = ()
    automatic: str | None = None
    report: Report | None = None
    raw_text: str = field(default="", repr=False)
    """All that stands in it, for what servers write of our mails."""

    def identity(self, own: Collection[str]) -> str:
        """By what the person is known: an address, or both where an answer goes elsewhere.

        A form of our own is believed to name the customer.
        """
        if self.sender is None:
            return UNKNOWN_SENDER
        if self.writer is None or self.writer.value in own:
            return self.sender.value
        return f"{self.sender.value} ({self.writer.value})"

    @property
    def proves_nothing(self) -> bool:
        """Whether anybody may have written it who knows a name and a subject."""
        return self.writer is not None or self.refuted


def read_mail(raw: bytes, *, own: Collection[str] = (), partial: bool = False) -> Mail:
    """Read a mail.

    ``own`` are our addresses; ``partial`` tells that only its beginning was fetched.
    """
    if is_too_complex(raw):
        return _unopened(raw, partial=partial)
    try:
        return _read(raw, own, partial=partial)
    except Exception as error:  # a mail that cannot be read stops no mailbox
        # Without its trace: an error's words may be the mail's.
        _log.error("a mail could not be read: %s", type(error).__name__)
        return unreadable(raw)


def unreadable(raw: bytes) -> Mail:
    """What is known of a mail that could not be read: as much of its header as can be."""
    bare = Mail(
        external_id=_digest(raw),
        unsupported=("broken",),
        automatic="unreadable",
    )
    try:
        head = BytesParser(policy=policy.compat32).parsebytes(raw[:_HEAD_BYTES], headersonly=True)
        fields = raw_fields(head)
        senders = addresses(fields.get("from", ()))
        ids = message_ids(fields, "message-id")
        return replace(
            bare,
            external_id=_external_id(ids, senders[0] if senders else None, raw),
            message_id=ids[0] if ids else None,
            sender=senders[0] if senders else None,
            subject=text_of(fields, "subject")[:500],
        )
    except Exception:  # not even its header
        return bare


def _unopened(raw: bytes, *, partial: bool) -> Mail:
    """A mail that is not taken apart, for people's own mail program."""
    mail = unreadable(raw)
    file = MailFile("message.eml", "message/rfc822", raw, cut=partial)
    return replace(mail, text=mail.subject, files=(file,), unsupported=("too_complex",))


def _read(raw: bytes, own: Collection[str], *, partial: bool) -> Mail:
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    fields = raw_fields(message)
    sender, writer = _people(fields, own)
    subject = text_of(fields, "subject")[:500]
    contents = contents_of(message, partial=partial)
    found = _texts(contents, forwarded=is_forwarded(subject))
    ids = message_ids(fields, "message-id")
    chain = message_ids(fields, "references")
    nearest = [*message_ids(fields, "in-reply-to"), *reversed(chain)]
    html = "\n".join(contents.html)
    seen = content_ids(html) if html else set()
    pictures = {
        one.content_id: place for place, one in enumerate(contents.files) if one.content_id in seen
    }
    invite = next((one for part in contents.calendar if (one := invite_of(part))), None)
    report = report_of(message)
    return Mail(
        external_id=_external_id(ids, sender, raw),
        message_id=ids[0] if ids else None,
        sender=sender,
        writer=writer,
        refuted=is_refuted(fields),
        to=tuple(addresses(fields.get("to", ()))),
        cc=tuple(addresses(fields.get("cc", ()))),
        delivered_to=tuple(_received_by(fields)),
        subject=subject,
        sent_at=moment_of(fields["date"][0]) if "date" in fields else None,
        references=tuple(dict.fromkeys(nearest)),
        chain=tuple(chain),
        text=found.new or (invite_text(invite) if invite else ""),
        full_text=_full(contents)[:MAX_FULL_TEXT],
        signature=found.signature[:2_000],
        html=safe_html(html, pictures) if html else None,
        files=tuple(contents.files),
        inline=frozenset(pictures.values()),
        invite=invite,
        unsupported=tuple(dict.fromkeys(contents.unsupported)),
        automatic=automatic_reason(
            fields,
            sender=sender.value if sender else None,
            writer=writer.value if writer else None,
            subject=subject,
            own=own,
        ),
        report=report,
        raw_text=_searched(message, raw),
    )


def _people(
    fields: dict[str, list[str]], own: Collection[str]
) -> tuple[Address | None, Address | None]:
    """Whom an answer goes to, and, where that is somebody else, who wrote the mail.

    A form on the company's own site writes from the company's own address; the customer's stands
    in Reply-To then.
    """
    writers = addresses(fields.get("from", ())) or addresses(fields.get("sender", ()))
    answers = [one for one in addresses(fields.get("reply-to", ())) if one.value not in own]
    writer = writers[0] if writers else (answers[0] if answers else _returned(fields))
    if writer is None or not answers or writer.value in {one.value for one in answers}:
        return writer, None
    return replace(answers[0], name=answers[0].name or writer.name), writer


def _returned(fields: dict[str, list[str]]) -> Address | None:
    found = addresses(fields.get("return-path", ()))
    return found[0] if found else None


def _received_by(fields: dict[str, list[str]]) -> list[str]:
    """The addresses that the mail came to, ours among them, the surest first."""
    found: list[str] = []
    for name in _REPLY_TO_US:
        for value in fields.get(name, ()):
            one = normalised(value.strip(" <>"))
            found += [one] if one else [address.value for address in addresses([value])]
    return list(dict.fromkeys(found))


def _texts(contents: Contents, *, forwarded: bool) -> Cut:
    """What is new in the mail: of its plain text, or of its HTML where that tells more."""
    plain = "\n".join(contents.plain)
    from_plain = cut(plain, forwarded=forwarded)
    if from_plain.new and (from_plain.quoted or not contents.html):
        return from_plain
    if not contents.html:
        return from_plain
    from_html = cut(text_of_html("\n".join(contents.html)), forwarded=forwarded)
    if not from_plain.new or (from_html.quoted and from_html.new):
        return from_html
    return from_plain


def _full(contents: Contents) -> str:
    plain = "\n".join(contents.plain).strip()
    return plain or (text_of_html("\n".join(contents.html)) if contents.html else "")


def _external_id(ids: list[str], sender: Address | None, raw: bytes) -> str:
    """By what the mail is known again: its Message-ID and its sender, else what stands in it.

    With the sender, so that nobody's mail is kept from us by another one's with its Message-ID.
    """
    if not ids:
        return _digest(raw)
    known = f"{ids[0]}\n{sender.value if sender else ''}"
    return hashlib.sha256(known.encode("utf-8", "replace")).hexdigest()[:40]


def _digest(raw: bytes) -> str:
    """Of a mail without an id: of its text and who and when, not of the way it came."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    lasting = re.findall(rb"(?im)^(?:from|date|subject|to):[^\n]*", head)
    return hashlib.sha256(b"\n".join([*lasting, body])).hexdigest()[:40]


def _searched(message: Message, raw: bytes) -> str:
    """The text in which ids of ours are looked for, when this may be a server's own mail."""
    if not message.is_multipart() and str(message.get("content-transfer-encoding", "")).lower() in {
        "",
        "7bit",
        "8bit",
    }:
        return clean(raw[:200_000].decode("utf-8", "replace"))
    texts = "\n".join(contents_of(message).plain)
    return clean(raw[:200_000].decode("utf-8", "replace")) + "\n" + texts[:200_000]
