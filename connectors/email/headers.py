"""Header fields of real mails: encoded words, raw bytes, folded lines, wrong syntax.

The standard library's ``policy.default`` parses headers too, but raises on some, so they are read
raw (``compat32``) and decoded here. RFC 2047 allows nothing between two encoded words to be seen,
and mail programs cut letters of several bytes in two: words are joined before they are decoded.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, Final

from connectors.email.charsets import decoded

_ENCODED_WORD: Final = re.compile(
    r"=\?([A-Za-z0-9_.:+\-]{1,40})(?:\*[A-Za-z\-]{0,20})?\?([bBqQ])\?([^?\s]{0,4000}(?: [^?\s]{1,200}){0,40})\?="
)
_MESSAGE_ID: Final = re.compile(r"<\s*([^<>\s]{1,900})\s*>")
_SPACE: Final = re.compile(r"\s+")
_LONGEST: Final = 20_000
"""Characters of one field that are read."""


def raw_fields(message: Message) -> dict[str, list[str]]:
    """All fields by their name in small letters; values are unfolded, not yet decoded."""
    fields: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        text = _readable(str(value)[:_LONGEST])
        fields.setdefault(str(name).lower(), []).append(_SPACE.sub(" ", text).strip())
    return fields


def decoded_words(value: str) -> str:
    """A field's text with its encoded words decoded (RFC 2047)."""
    pieces: list[str] = []
    waiting: tuple[str, bytes] | None = None
    place = 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[place : match.start()]
        charset, content = match[1].lower(), _word_bytes(match[2], match[3])
        place = match.end()
        if waiting is not None and not between.strip():
            if waiting[0] == charset:
                waiting = (charset, waiting[1] + content)
                continue
            between = ""
        if waiting is not None:
            pieces.append(decoded(waiting[1], waiting[0]))
        pieces.append(between)
        waiting = (charset, content)
    if waiting is not None:
        pieces.append(decoded(waiting[1], waiting[0]))
    pieces.append(value[place:])
    return "".join(pieces)


def text_of(fields: dict[str, list[str]], name: str) -> str:
    """The first field of that name as people read it, in one line; empty when there is none."""
    values = fields.get(name)
    return _SPACE.sub(" ", clean(decoded_words(values[0]))).strip() if values else ""


def message_ids(fields: dict[str, list[str]], name: str) -> list[str]:
    """The message ids in a field, in order, without their brackets."""
    found: list[str] = []
    for value in fields.get(name, ()):
        ids = _MESSAGE_ID.findall(value)
        if not ids and name != "references":
            ids = [word.strip("<>") for word in value.split()[:1]]
        found += [one for identity in ids if (one := clean(identity)[:900].strip())]
    return list(dict.fromkeys(found))


def moment_of(value: str) -> datetime | None:
    """A ``Date`` field as a moment in UTC, if it is one."""
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def parameter(part: Message, name: str, header: str = "content-type") -> str | None:
    """A parameter of a field, RFC 2231 and RFC 2047 decoded alike; None when there is none."""
    try:
        value: Any = _without_raw_bytes(part, header).get_param(name, None, header)
    except Exception:  # the library's parser of parameters raises on some that are malformed
        return None
    if value is None:
        return None
    if isinstance(value, tuple):
        charset, _, text = value
        octets = str(text).encode("latin-1", "surrogateescape" if _has_raw(str(text)) else "ignore")
        return clean(decoded(octets, charset if isinstance(charset, str) else None)).strip()
    return clean(decoded_words(_readable(str(value)))).strip()


def clean(text: str) -> str:
    """Text without null bytes, lone surrogates and other control characters but white space."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n\r").replace(
        "\x7f", ""
    )


def _has_raw(text: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in text)


def _without_raw_bytes(part: Message, header: str) -> Message:
    """The part, or one with this field alone when bytes above 127 stand in it unencoded."""
    raw = next((value for name, value in part.raw_items() if name.lower() == header), "")
    if not _has_raw(str(raw)):
        return part
    bare: Message = Message()
    bare[header] = _readable(str(raw)[:_LONGEST])
    return bare


def _readable(value: str) -> str:
    """Bytes above 127 that stand in a field unencoded, as text."""
    if not _has_raw(value):
        return value
    return decoded(value.encode("utf-8", "surrogateescape"))


def _word_bytes(encoding: str, text: str) -> bytes:
    if encoding in "bB":
        letters = re.sub(r"[^A-Za-z0-9+/]", "", text)
        whole = letters[: len(letters) // 4 * 4]
        rest = letters[len(whole) :]
        if len(rest) > 1:
            whole += rest + "=" * (4 - len(rest))
        try:
            return base64.b64decode(whole)
        except binascii.Error:
            return b""
    return binascii.a2b_qp(text.encode("ascii", "replace"), header=True)
