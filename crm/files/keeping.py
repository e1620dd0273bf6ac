"""Keeping a file: stored while it comes in, then checked at once."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bson import ObjectId
from pymongo.errors import PyMongoError

from crm.contract import Connection, FileRefusedError, KeptFile, Stranger
from crm.core.database import RawDocument
from crm.core.errors import DomainError
from crm.files.checking import Checking
from crm.files.errors import REFUSALS, FileInterrupted, FilesDailyLimit, FilesFull
from crm.files.store import File, FileStore
from crm.files.strangers import Strangers

_log = logging.getLogger(__name__)


class Keeping:
    """Keeps files of people and of connectors."""

    def __init__(self, *, store: FileStore, checking: Checking, strangers: Strangers) -> None:
        self._store = store
        self._checking = checking
        self._strangers = strangers

    async def keep(
        self,
        organization_id: ObjectId,
        chunks: AsyncIterator[bytes],
        *,
        name: str | None,
        claimed: str | None = None,
        origin: RawDocument | None = None,
        promised: int | None = None,
        strange: bool = False,
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
            strange=strange,
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
        promised: int | None = None,
        stranger: Stranger | None = None,
    ) -> KeptFile:
        """See `crm.contract.Inbox`."""
        organization_id = ObjectId(connection.organization_id)
        try:
            async with self._counted(organization_id, stranger, promised) as came:
                file = await self.keep(
                    organization_id,
                    chunks,
                    name=name,
                    claimed=mime,
                    origin={"connection_id": ObjectId(connection.id)},
                    promised=promised,
                    strange=stranger is not None,
                )
                came(file["length"])
        except (*REFUSALS, FileInterrupted, FilesFull, FilesDailyLimit) as refusal:
            raise FileRefusedError(refusal.code, refusal.detail) from None
        return kept(file)

    @asynccontextmanager
    async def _counted(
        self, organization_id: ObjectId, stranger: Stranger | None, promised: int | None
    ) -> AsyncIterator[Callable[[int], None]]:
        """Count what a stranger sends against their day; without a promise, the most it can be is held meanwhile.

        Raises FilesDailyLimit.
        """
        came = 0

        def note(size: int) -> None:
            nonlocal came
            came = size

        if stranger is None:
            yield note
            return
        size = self._store.limits.file_bytes if promised is None else promised
        reserved = await self._strangers.reserve(organization_id, stranger, size)
        try:
            yield note
        finally:
            await self._strangers.settle(reserved, came)


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
