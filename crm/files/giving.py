"""Giving files to platforms and to visitors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from bson import ObjectId

from crm.contract import ChatFile, MessageKind, OutboundFile, RejectedError, RetryableError
from crm.core.errors import NotFound
from crm.files.attachments import STORED
from crm.files.errors import FileNotChecked
from crm.files.links import FOR_PLATFORMS, FOR_READERS, FOR_VISITORS, Links
from crm.files.store import File, FileStore


class Giving:
    """Gives out what is ready."""

    def __init__(self, *, store: FileStore, links: Links) -> None:
        self._store = store
        self._links = links

    async def outbound(
        self, organization_id: ObjectId, ids: Sequence[ObjectId]
    ) -> Sequence[OutboundFile]:
        """Return files to send, in this order.

        Raises:
            RejectedError: one is gone.
            RetryableError: one waits for the virus scanner.
        """
        try:
            return [
                self._outbound(await self._store.find_ready(organization_id, file_id))
                for file_id in ids
            ]
        except NotFound:
            raise RejectedError("file_gone", "The file is gone.") from None
        except FileNotChecked as error:
            raise RetryableError(error.code, error.detail) from None

    def _outbound(self, file: File) -> OutboundFile:
        return OutboundFile(
            id=str(file["_id"]),
            kind=MessageKind(file["metadata"]["kind"]),
            name=file["filename"],
            mime=file["metadata"]["mime"],
            size=file["length"],
            url=self._links.url(file["_id"], lasts=FOR_PLATFORMS),
            link=self._links.url(file["_id"], lasts=FOR_READERS),
            open=partial(self._open, file),
        )

    def _open(self, file: File) -> AsyncIterator[bytes]:
        return self._store.read(file)

    def chat_files(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[ChatFile]:
        """Return the files of a message that its customer may fetch: those that are stored."""
        return [
            ChatFile(
                kind=row["kind"],
                name=row["name"],
                mime=row["mime"],
                size=row["size"],
                # An event has the id as text, a document as it is.
                url=self._links.url(ObjectId(row["file_id"]), lasts=FOR_VISITORS),
                thumbnail_url=self._links.url(
                    ObjectId(row["file_id"]), lasts=FOR_VISITORS, thumbnail=True
                )
                if row["thumbnail"]
                else None,
            )
            for row in rows
            if row["state"] == STORED
        ]
