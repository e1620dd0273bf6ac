"""Whether a machine wrote a mail: the bot never answers those (RFC 3834, section 2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

_PRECEDENCE: Final = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_SUPPRESS: Final = frozenset({"all", "autoreply", "oof"})
"""https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail, X-Auto-Response-Suppress."""
_MARKS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-mail-autoreply",
    "x-failed-recipients",
    "x-ebay-mailtracker",
    "feedback-id",
    "x-loop",
)
_ROBOT: Final = re.compile(
    r"(?:mailer-daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply|bounces?|auto[-_.]?reply|robot|listserv|majordomo"
    r"|.*-(?:request|owner|bounces?)|owner-.*)(?:\+.*)?",
    re.IGNORECASE,
)
_REFUTED: Final = re.compile(r"(?:^|;)\s*dmarc\s*=\s*fail\b", re.IGNORECASE)
_SUBJECT: Final = re.compile(
    r"\s*(?:(?:re|fwd?|отв):\s*)?(?:automatic reply|auto(?:matic)?[ -]?(?:response|reply)|autoreply|out of (?:the )?office"
    r"|автоответ(?:чик)?|автоматический ответ|авто-ответ|вне офиса|автоматты жауап|кеңседен тыс)\b",
    re.IGNORECASE,
)


def automatic_reason(
    fields: Mapping[str, Sequence[str]],
    *,
    sender: str | None,
    writer: str | None,
    subject: str,
    own: Collection[str],
) -> str | None:
    """Why the mail must not be answered by a machine, as a stable word; None when a person wrote it.

    ``writer`` is who it says it is from, where answers go to somebody else.
    """
    checks: tuple[tuple[str, bool], ...] = (
        ("no_sender", sender is None),
        ("own_address", sender in own),
        ("list", any(name.startswith("list-") for name in fields)),  # these break signatures, too
        ("not_proven", is_refuted(fields)),
        ("auto_submitted", _is_submitted(fields)),
        ("empty_return_path", _first(fields, "return-path") == "<>"),
        ("report", _first(fields, "content-type").lower().startswith("multipart/report")),
        ("bulk", _first(fields, "precedence").lower() in _PRECEDENCE),
        ("suppressed", _is_suppressed(fields)),
        ("automatic", any(name in fields for name in _MARKS)),
        ("robot", any(_is_robot(one) for one in (sender, writer) if one and one not in own)),
        ("automatic", _SUBJECT.match(subject) is not None),
        ("spam", _first(fields, "x-spam-flag").lower() == "yes"),
    )
    return next((reason for reason, holds in checks if holds), None)


def is_refuted(fields: Mapping[str, Sequence[str]]) -> bool:
    """Whether the server that received the mail says that it is not from whom it says (RFC 8601).

    That server's field stands above all others; what stands below may have come with the mail.
    """
    return _REFUTED.search(_first(fields, "authentication-results")) is not None


def _first(fields: Mapping[str, Sequence[str]], name: str) -> str:
    values = fields.get(name)
    return values[0].strip() if values else ""


def _is_robot(address: str) -> bool:
    return _ROBOT.fullmatch(address.rpartition("@")[0]) is not None


def _is_submitted(fields: Mapping[str, Sequence[str]]) -> bool:
    values = (value.partition(";")[0].strip().lower() for value in fields.get("auto-submitted", ()))
    return any(value not in {"no", ""} for value in values)


def _is_suppressed(fields: Mapping[str, Sequence[str]]) -> bool:
    asked = _first(fields, "x-auto-response-suppress").lower()
    return any(word.strip() in _SUPPRESS for word in asked.split(","))
