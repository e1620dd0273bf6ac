"""Keeping a file: stored while it comes in, then checked at once."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from bson import ObjectId
from pymongo.errors import PyMongoError

from crm.contract import Connection, FileRefusedError, KeptFile
from crm.core.database import RawDocument
from crm.core.errors import DomainError
from crm.files.checking import Checking
from crm.files.errors import REFUSALS, FileInterrupted, FilesFull
from crm.files.store import File, FileStore

_log = logging.getLogger(__name__)


class Keeping:
    """Keeps files of people and of connectors."""

    def __init__(self, *, store: FileStore, checking: Checking) -> None:
        self._store = store
        self._checking = checking

    async def keep(
        self,
        organization_id: ObjectId,
        chunks: AsyncIterator[bytes],
        *,
        name: str | None,
        claimed: str | None = None,
        origin: RawDocument | None = None,
        promised: int | None = None,
    ) -> File:
        """Store and check a file. Its row says `checking` when it could not be checked now: the worker's sweep goes on.

        Raises as `FileStore.keep`, and FileInfected.
        """
        file = await self._store.keep(
            organization_id,
            chunks,
            name=name,
            claimed=claimed,
            origin=origin,
            promised=promised,
        )
        try:
            await self._checking.check(file)
        except PyMongoError as error:
            _log.warning("a file is left to be checked: %s", type(error).__name__)
        return file

    async def keep_file(
        self,
        connection: Connection,
        chunks: AsyncIterator[bytes],
        *,
        name: str | None,
        mime: str | None,
    ) -> KeptFile:
        """See `crm.contract.Inbox`."""
        try:
            file = await self.keep(
                ObjectId(connection.organization_id),
                chunks,
                name=name,
                claimed=mime,
                origin={"connection_id": ObjectId(connection.id)},
            )
        except (*REFUSALS, FileInterrupted, FilesFull) as refusal:
            raise FileRefusedError(refusal.code, refusal.detail) from None
        return kept(file)


def kept(file: File) -> KeptFile:
    """A file as a connector sees it."""
    return KeptFile(
        id=str(file["_id"]),
        name=file["filename"],
        mime=file["metadata"]["mime"],
        size=file["length"],
    )


def refusal_of(error: DomainError) -> RawDocument:
    """Why a file is not there, as a message keeps it."""
    return {"code": error.code, "detail": error.detail}
