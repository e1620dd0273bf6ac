"""What the files' endpoints take and answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from crm.core.api import Id, ResponseModel

type FileKind = Literal["image", "audio", "video", "document", "sticker"]


class FileRead(ResponseModel):
    """A file that was uploaded. `size` is in bytes; while it is `checking` it is not given out and cannot be sent."""

    id: Id
    kind: FileKind
    name: str
    mime: str
    size: int
    thumbnail: bool
    state: Literal["checking", "ready"]


class DownloadQuery(BaseModel):
    """How to give a file out."""

    model_config = ConfigDict(extra="forbid")

    download: bool = Field(
        default=False, description="To be saved, also where a browser could show it."
    )


class AttachmentError(ResponseModel):
    """Why a file is not there. `code` is the console's translation key."""

    code: str
    detail: str


class AttachmentRead(ResponseModel):
    """A file of a message.

    `state` waiting: it is being fetched or checked; stored: `file_id` gives it; failed: it can be tried again; refused: it
    is not kept. `size` is in bytes, `duration` in seconds; `inline`: it belongs into the text.
    """

    kind: FileKind
    name: str | None
    mime: str | None
    size: int | None
    duration: float | None
    inline: bool
    state: Literal["waiting", "stored", "failed", "refused"]
    error: AttachmentError | None
    file_id: Id | None
    thumbnail: bool
