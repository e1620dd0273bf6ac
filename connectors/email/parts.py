"""The parts of a MIME message: texts, pictures that stand in them, files.

Walks without recursion, and over a limited number of parts: strangers nest as they like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from connectors.email.charsets import decoded
from connectors.email.headers import clean, parameter
from connectors.email.html_text import charset_of
from crm.contract import MessageKind

MAX_PARTS: Final = 200
MAX_TEXT: Final = 200_000
"""Letters of text that are read of one mail."""
_UNSEEN: Final = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "message/delivery-status",
        "message/disposition-notification",
        "text/rfc822-headers",
    }
)
"""Parts that say nothing to people."""
_ENCRYPTED: Final = frozenset(
    {"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}
)
_TNEF: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_EXTENSIONS: Final = {
    "application/pdf": "pdf",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/html": "html",
    "text/plain": "txt",
    "text/vcard": "vcf",
    "video/mp4": "mp4",
}
_MIME: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file of a mail. ``content_id`` is what the HTML calls it by."""

    name: str
    mime: str
    content: bytes = field(repr=False)
    content_id: str | None = None
    cut: bool = False
    """Only its beginning was fetched."""

    @property
    def kind(self) -> MessageKind:
        """What it is in the contract's terms, by what it claims to be."""
        family = self.mime.partition("/")[0]
        kinds = {
            "image": MessageKind.IMAGE,
            "audio": MessageKind.AUDIO,
            "video": MessageKind.VIDEO,
        }
        return kinds.get(family, MessageKind.DOCUMENT)


@dataclass(slots=True)
class Contents:
    """What the parts of a mail hold."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    calendar: list[str] = field(default_factory=list)
    files: list[MailFile] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    """What cannot be shown: ``tnef``, ``encrypted``, ``too_many_parts``, ``broken``."""


def contents_of(message: Message, *, partial: bool = False) -> Contents:
    """Everything a mail holds. ``partial``: its end was not fetched, so its last file is cut."""
    found = Contents()
    leaves = list(_leaves(message))
    if len(leaves) > MAX_PARTS:
        found.unsupported.append("too_many_parts")
    for place, (part, inside_alternative) in enumerate(leaves[:MAX_PARTS]):
        _take(found, part, alternative=inside_alternative, cut=partial and place == len(leaves) - 1)
    return found


def content_type(part: Message) -> str:
    """The part's media type; ``application/octet-stream`` when it names none that is valid."""
    try:
        found = part.get_content_type()
    except Exception:  # the library raises on some malformed fields
        return "application/octet-stream"
    return found if _MIME.fullmatch(found) else "application/octet-stream"


def payload_of(part: Message) -> bytes:
    """The part's bytes, decoded from its transfer encoding; never raises."""
    try:
        content = part.get_payload(decode=True)
    except Exception:  # the library raises on some malformed encodings
        content = None
    if isinstance(content, bytes):
        return content
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def text_of_part(part: Message) -> str:
    """The part's text, whatever charset it claims."""
    content = payload_of(part)[: MAX_TEXT * 4]
    charset = parameter(part, "charset")
    if charset is None and content_type(part) == "text/html":
        charset = charset_of(content)
    return clean(decoded(content, charset))[:MAX_TEXT]


def file_name(part: Message) -> str | None:
    """The name that the sender gave the part."""
    name = parameter(part, "filename", "content-disposition") or parameter(part, "name")
    return " ".join(name.split())[:200] or None if name else None


def _leaves(message: Message) -> Iterator[tuple[Message, bool]]:
    """The parts that hold something, in order, and whether each is one of several wordings."""
    waiting: list[tuple[Message, bool]] = [(message, False)]
    count = 0
    while waiting and count <= MAX_PARTS:
        part, alternative = waiting.pop()
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and not content_type(part).startswith("message/"):
            within = alternative or content_type(part) == "multipart/alternative"
            waiting += [
                (child, within) for child in reversed(children) if isinstance(child, Message)
            ]
            continue
        count += 1
        yield part, alternative


def _take(found: Contents, part: Message, *, alternative: bool, cut: bool) -> None:
    kind, name = content_type(part), file_name(part)
    attached = _disposition(part) == "attachment"
    if kind in _UNSEEN:
        return
    if kind in _ENCRYPTED and (parameter(part, "smime-type") or "").lower() != "signed-data":
        found.unsupported.append("encrypted")
    elif kind in _TNEF or (name or "").lower() == "winmail.dat":
        found.unsupported.append("tnef")
    elif kind.startswith("text/") and not attached and (name is None or alternative):
        if _take_text(found, part, kind):
            return
    elif kind.startswith("multipart/"):  # one without its parts: its boundary is missing
        found.unsupported.append("broken")
        found.plain.append(text_of_part(part))
        return
    _take_file(found, part, kind, name, cut=cut)


def _take_text(found: Contents, part: Message, kind: str) -> bool:
    """Take a part that is to be read; whether that is all there is to do with it."""
    if kind == "text/html":
        found.html.append(text_of_part(part))
    elif kind == "text/calendar":
        found.calendar.append(text_of_part(part))
        return False
    elif kind in {"text/plain", "text/enriched", "text/markdown", "text/x-amp-html"}:
        if kind != "text/x-amp-html":
            found.plain.append(_unflowed(part))
    else:
        return False
    return True


def _take_file(found: Contents, part: Message, kind: str, name: str | None, *, cut: bool) -> None:
    content = _message_bytes(part) if kind.startswith("message/") else payload_of(part)
    if not content and name is None:
        return
    content_id = str(part.get("content-id") or "").strip().strip("<>").strip() or None
    if name is None:
        name = f"{kind.partition('/')[0]}-{len(found.files) + 1}.{_EXTENSIONS.get(kind, 'bin')}"
    found.files.append(MailFile(clean(name), kind, content, clean(content_id or "") or None, cut))


def _message_bytes(part: Message) -> bytes:
    """A mail within a mail, as it can be opened by mail programs."""
    inner = part.get_payload()
    try:
        if isinstance(inner, list) and inner and isinstance(inner[0], Message):
            return inner[0].as_bytes()
    except Exception:  # what could be parsed cannot always be written down again
        return b""
    return payload_of(part)


def _disposition(part: Message) -> str:
    return str(part.get("content-disposition") or "").partition(";")[0].strip().lower()


def _unflowed(part: Message) -> str:
    """The text of a part; lines that were only broken for transport are joined (RFC 3676)."""
    text = text_of_part(part)
    if (parameter(part, "format") or "").lower() != "flowed":
        return text
    without_space = (parameter(part, "delsp") or "").lower() == "yes"
    lines: list[str] = []
    joins = False
    for line in text.replace("\r\n", "\n").split("\n"):
        quoted = line.startswith(">")
        shown = line.removeprefix(" ")
        if joins and lines and not quoted:
            lines[-1] += shown
        else:
            lines.append(shown)
        joins = shown.endswith(" ") and shown != "-- " and not quoted
        if joins and without_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
