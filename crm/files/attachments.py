"""The files of a message, as they stand in its document and in the API.

A row waits until its file is fetched, or, where a connector has kept it already, until it is seen that it is that
connection's and was checked (`crm.files.fetching`). While any row of a message waits, the message has `media_due_at`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bson import ObjectId

from crm.contract import Attachment, MessageKind
from crm.files.names import safe_name
from crm.files.types import SHOWN, STICKER

type Row = dict[str, Any]

WAITING: Final = "waiting"
STORED: Final = "stored"
FAILED: Final = "failed"
"""It could not be had; a person may try again."""
REFUSED: Final = "refused"
"""It was had, or would have been, and is not kept: too large, of a kind not taken, infected."""

_SHOWN: Final = (
    "kind",
    "name",
    "mime",
    "size",
    "duration",
    "inline",
    "state",
    "error",
    "file_id",
    "thumbnail",
)


def inbound_row(attachment: Attachment) -> Row:
    """How a message document keeps a file that a platform announced. Pure; never raises."""
    file_id = attachment.file_id
    known = ObjectId(file_id) if file_id is not None and ObjectId.is_valid(file_id) else None
    return {
        "kind": attachment.kind.value,
        "name": safe_name(attachment.name) if attachment.name else None,
        "mime": attachment.mime,
        "size": attachment.size,
        "duration": attachment.duration,
        "inline": attachment.inline,
        "state": WAITING if attachment.error is None else REFUSED,
        "error": dict(attachment.error) if attachment.error is not None else None,
        "file_id": known,
        "thumbnail": False,
        "ref": dict(attachment.ref),
        "attempts": 0,
    }


def file_row(file: Mapping[str, Any]) -> Row:
    """How a message of ours keeps a file of the store (`crm.files.store`)."""
    return {
        "kind": file["metadata"]["kind"],
        "name": file["filename"],
        "mime": file["metadata"]["mime"],
        "size": file["length"],
        "duration": None,
        "inline": False,
        "state": STORED,
        "error": None,
        "file_id": file["_id"],
        "thumbnail": file["metadata"]["thumbnail"],
    }


def due_at(rows: Sequence[Row], moment: datetime) -> datetime | None:
    """When a message's files are to be seen to: at once, or never when none waits."""
    return moment if any(row["state"] == WAITING for row in rows) else None


def attachment_read(row: Mapping[str, Any]) -> Row:
    """A file of a message as the API shows it; it is given out once it is stored."""
    read = {name: row.get(name) for name in _SHOWN}
    read["file_id"] = str(row["file_id"]) if row.get("state") == STORED else None
    return read


def shown_kind(claimed: str, mime: str) -> str:
    """What a file is shown as: what the platform called it, unless its content cannot be that."""
    family = mime.partition("/")[0]
    fits = {
        MessageKind.IMAGE: mime in SHOWN and family == "image",
        MessageKind.AUDIO: family == "audio",
        MessageKind.VIDEO: family == "video" or mime == "image/gif",
        MessageKind.STICKER: (mime in SHOWN and family in {"image", "video"}) or mime == STICKER,
        MessageKind.DOCUMENT: True,
    }
    if fits.get(MessageKind(claimed), False):
        return claimed
    return kind_of(mime)


def kind_of(mime: str) -> str:
    """What a file of this type is by itself. A picture is what browsers show as one: a drawing for a workshop is a document."""
    family = mime.partition("/")[0]
    if family == "image" and mime not in SHOWN:
        return MessageKind.DOCUMENT.value
    return family if family in {"image", "audio", "video"} else MessageKind.DOCUMENT.value
