"""The documents of the inbox, and the forms in which the API reads them.

The collections are read and written raw, without an object mapper: every message passes
here several times, and most steps touch two or three fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from crm.files.attachments import attachment_read

CONVERSATIONS: Final = "conversations"
MESSAGES: Final = "messages"
CHANNEL_EVENTS: Final = "channel_events"

type Document = dict[str, Any]

_LARGEST: Final = 2**63
_DEEPEST: Final = 40
"""So deep may what a platform told be nested: no platform's events are, and the database has its limit."""

RECEIVED: Final = "received"
HANDLED: Final = "handled"
QUEUED: Final = "queued"
SENDING: Final = "sending"
SENT: Final = "sent"
DELIVERED: Final = "delivered"
READ: Final = "read"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
RECORDED: Final = "recorded"

UNSENT: Final = (QUEUED, SENDING)
"""States of an outbound message that is still to reach the platform."""

_MESSAGE_FIELDS: Final = (
    "chat_id",
    "direction",
    "author",
    "kind",
    "text",
    "data",
    "buttons",
    "language",
    "state",
    "error",
    "trace",
    "referral",
    "template",
    "tag",
    "cost",
    "edited_at",
    "edited_text",
    "deleted_at",
    "delivered_at",
    "read_at",
)
_CONVERSATION_FIELDS: Final = (
    "channel",
    "contact_name",
    "owner",
    "status",
    "language",
    "summary",
    "facts",
    "unread",
    "last_message",
    "rating",
)


def _id(value: Any) -> str | None:
    return None if value is None else str(value)


def message_read(document: Mapping[str, Any]) -> Document:
    """A message as the API shows it."""
    read = {name: document.get(name) for name in _MESSAGE_FIELDS}
    if document["direction"] == "in":
        read["state"] = RECEIVED  # how far its turn is concerns nobody outside
    author = dict(document["author"])
    author["user_id"] = _id(author.get("user_id"))
    return {
        "id": str(document["_id"]),
        "conversation_id": _id(document.get("conversation_id")),
        "connection_id": str(document["connection_id"]),
        **read,
        "author": author,
        "attachments": [attachment_read(row) for row in document.get("attachments") or ()],
        "reply_to": _quoted(document.get("reply_to")),
        "reactions": document.get("reactions") or [],
        "attempts": document.get("attempts", 0),
        "created_at": document["created_at"],
        "updated_at": document["updated_at"],
    }


def _quoted(reply_to: Mapping[str, Any] | None) -> Document | None:
    if reply_to is None:
        return None
    return {
        "id": _id(reply_to.get("id")),
        "text": reply_to.get("text") or "",
        "author_kind": reply_to.get("author_kind"),
    }


def conversation_read(document: Mapping[str, Any]) -> Document:
    """A conversation as the API shows it."""
    return {
        "id": str(document["_id"]),
        **{name: document.get(name) for name in _CONVERSATION_FIELDS},
        "contact_id": str(document["contact_id"]),
        "connection_id": str(document["connection_id"]),
        "assignee_id": _id(document.get("assignee_id")),
        "waiting_since": document.get("waiting_since"),
        "reachable": document.get("reachable", True),
        "last_inbound_at": document.get("last_inbound_at"),
        "last_activity_at": document["last_activity_at"],
        "created_at": document["created_at"],
        "updated_at": document["updated_at"],
    }


def clean(text: str) -> str:
    """Text without what no database or screen can hold: null bytes and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()


def storable(value: Any, *, _depth: int = 0) -> Any:
    """What a platform told, in a form that the database takes: one odd value must not lose the rest.

    Dataclasses become their fields. Null bytes and lone surrogates go; a number of more than 64 bits becomes its digits; what is
    nested without sense or end goes.
    """
    if type(value) is str:
        plain = value.isascii() and "\x00" not in value
        bare = value.replace("\x00", "")
        return value if plain else bare.encode("utf-8", "ignore").decode("utf-8")
    if type(value) is int:
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if not isinstance(value, Mapping | list | tuple):
        return value
    if _depth >= _DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {
            storable(str(key)): storable(inner, _depth=_depth + 1) for key, inner in value.items()
        }
    return [storable(inner, _depth=_depth + 1) for inner in value]


def preview(text: str, limit: int = 140) -> str:
    """The first line of a message, for lists."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
