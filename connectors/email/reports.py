"""What servers report of mails we sent: not delivered (RFC 3464), read (RFC 8098), or in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from typing import Final, Literal

from connectors.email.headers import clean, message_ids, raw_fields
from connectors.email.parts import content_type, payload_of

_SMTP_REPLY: Final = re.compile(
    r"\b([45])(?:\d\d)[ -](?:#?([245]\.\d{1,3}\.\d{1,3})\b)?[^\n]{0,400}"
)
_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_DELAY: Final = re.compile(
    r"\b(?:delayed|delay|warning|will (?:be retried|keep trying|retry)|still trying|not yet been delivered"
    r"|temporary|задерж\w+|временн\w+|отложен\w+|кешік\w+)\b",
    re.IGNORECASE,
)
_PARTS: Final = 60
_SEARCHED: Final = 200_000


@dataclass(frozen=True, slots=True)
class Report:
    """What became of mails of ours.

    ``ids`` are the Message-IDs that the report may speak of; ``state`` None: nothing has changed
    (it is delayed).
    """

    state: Literal["delivered", "read", "failed"] | None
    ids: tuple[str, ...]
    code: str | None = None
    detail: str | None = None


def report_of(message: Message) -> Report | None:
    """The report that a mail is, by its parts; None when it is none in a standard's form."""
    status: Message | None = None
    kind = ""
    ids: list[str] = []
    for part in _parts(message):
        found = content_type(part)
        if found in {
            "message/delivery-status",
            "message/disposition-notification",
            "message/global-delivery-status",
        }:
            status, kind = part, found
        elif found in {
            "message/rfc822",
            "text/rfc822-headers",
            "message/global",
            "message/global-headers",
        }:
            ids += _original_ids(part)
    if status is None:
        return None
    fields = _status_fields(status)
    ids = message_ids(fields, "original-message-id") + ids
    ids += [value for value in fields.get("original-envelope-id", ()) if value]
    if kind == "message/disposition-notification":
        shown = "displayed" in " ".join(fields.get("disposition", ())).lower()
        return Report("read" if shown else None, tuple(ids))
    return _delivery(fields, tuple(ids))


def plain_report(text: str, ids: list[str], *, subject: str) -> Report:
    """What a server wrote in plain words of mails of ours (their ids stand in its text)."""
    reply = _SMTP_REPLY.search(text[:_SEARCHED])
    permanent = reply is not None and reply[1] == "5"
    if not permanent and _DELAY.search(f"{subject}\n{text[:2_000]}"):
        return Report(None, tuple(ids))
    detail = " ".join(reply[0].split()) if reply else _first_words(text)
    return Report("failed", tuple(ids), reason_code(detail, detail), detail[:300])


def reason_code(status: str, words: str) -> str:
    """Our stable word for why a mail was not delivered, by RFC 3463's code and the server's words.

    https://www.rfc-editor.org/rfc/rfc3463
    """
    lowered = words.lower()
    match = _ENHANCED.search(status) or _ENHANCED.search(words)
    subject, detail = (int(match[2]), int(match[3])) if match else (0, 0)
    checks = (
        ("mailbox_full", (subject, detail) == (2, 2) or "quota" in lowered or "mailbox is full" in lowered),
        ("message_too_large", (subject, detail) in {(3, 4), (2, 3)}),
        ("host_unknown", (subject, detail) in {(1, 2), (4, 4), (4, 1), (4, 7)} or "host not found" in lowered
         or "domain not found" in lowered),
        ("sending_limit", (subject, detail) == (4, 5) or "limit exceeded" in lowered
         or "sending limit" in lowered),
        ("refused_as_spam", subject == 7 or "spam" in lowered or "blocked" in lowered
         or "policy" in lowered),
        ("recipient_unknown", subject == 1 or (subject, detail) == (2, 1)
         or any(hint in lowered for hint in ("user unknown", "no such user", "unknown user",
                                             "does not exist", "not found", "mailbox unavailable"))),
    )  # fmt: skip
    return next((code for code, holds in checks if holds), "not_delivered")


def _delivery(fields: dict[str, list[str]], ids: tuple[str, ...]) -> Report:
    action = " ".join(fields.get("action", ())).lower()
    status = " ".join(fields.get("status", ()))
    words = " ".join(fields.get("diagnostic-code", ())) or " ".join(
        fields.get("x-display-name", ())
    )
    detail = re.sub(r"^\s*(?:smtp|x-\w+|x400)\s*;\s*", "", words, flags=re.IGNORECASE).strip()
    if "failed" in action or (not action and status.startswith("5")):
        return Report("failed", ids, reason_code(status, detail), (detail or status)[:300] or None)
    return Report("delivered" if "delivered" in action else None, ids)


def _status_fields(part: Message) -> dict[str, list[str]]:
    """The fields of all blocks of a report, first those of the mail, then of each recipient."""
    fields: dict[str, list[str]] = {}
    blocks = part.get_payload()
    if isinstance(blocks, list):
        for block in blocks[:_PARTS]:
            if isinstance(block, Message):
                for name, values in raw_fields(block).items():
                    fields.setdefault(name, []).extend(values)
    else:  # a part in base64 is not parsed by the library
        for line in payload_of(part)[:20_000].decode("utf-8", "replace").splitlines():
            name, colon, value = line.partition(":")
            if colon and re.fullmatch(r"[A-Za-z-]{1,40}", name):
                fields.setdefault(name.lower(), []).append(clean(value).strip())
    return fields


def _original_ids(part: Message) -> list[str]:
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return message_ids(raw_fields(inner[0]), "message-id")
    found = re.search(
        rb"^message-id:\s*<([^<>\s]{1,900})>",
        payload_of(part)[:50_000],
        re.IGNORECASE | re.MULTILINE,
    )
    return [found[1].decode("utf-8", "replace")] if found else []


def _parts(message: Message) -> list[Message]:
    """The message's own parts, not those of mails within it."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < _PARTS:
        part = waiting.pop(0)
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and content_type(part).startswith("multipart/"):
            waiting += [child for child in children if isinstance(child, Message)]
        else:
            found.append(part)
    return found


def _first_words(text: str) -> str:
    lines = [" ".join(line.split()) for line in text[:5_000].splitlines()]
    return " ".join(line for line in lines if line)[:300]
