"""Where files are kept: GridFS, each under its organization, measured and recognised while it comes in.

A file's row says in `metadata` whose it is, what it is, and how far it is: `checking` until the virus scanner has passed it
and its thumbnail was tried, then `ready`; it is given out then and not before. `look_at` is when it is next asked whether
anything still needs it: what no message and no contact names is removed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo.errors import PyMongoError

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.gridfs import GridBucket, Written
from crm.files.attachments import kind_of
from crm.files.errors import (
    FileEmpty,
    FileInterrupted,
    FileNotChecked,
    FileTooLarge,
    StorageUnavailable,
)
from crm.files.limits import MEGABYTE, FileLimits
from crm.files.names import honest_name, safe_name
from crm.files.sniffing import HEAD_BYTES, type_of
from crm.files.usage import TellOwners, Usage

_log = logging.getLogger(__name__)

BUCKET: Final = "media"
THUMBNAILS: Final = "media_thumbnails"

CHECKING: Final = "checking"
READY: Final = "ready"

UNUSED: Final = timedelta(days=1)
"""An upload that nothing names for so long is removed."""
GRACE: Final = timedelta(seconds=30)
"""How long the process that stored a file has to check it before a sweep does."""
LOOK_EVERY: Final = timedelta(days=7)
"""How often it is asked whether what was used is used still: messages and contacts are deleted."""

type File = RawDocument


class FileStore:
    """Keeps, finds, reads and removes files. What it gives out is always one organization's."""

    def __init__(
        self, *, database: Database, limits: FileLimits, tell_owners: TellOwners | None = None
    ) -> None:
        self.bucket = GridBucket(database, BUCKET)
        self.files = self.bucket.files
        self.limits = limits
        self._usage = Usage(database=database, limits=limits, tell_owners=tell_owners)
        self._thumbnails = database.collection(THUMBNAILS)
        self._messages = database.collection("messages")
        self._contacts = database.collection("contacts")

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
        """Store a file while it comes in, and return its row, in the state `checking`.

        Args:
            organization_id: whose it is.
            chunks: its content; closed when it is not read to its end.
            name: as its sender calls it.
            claimed: the type its sender says.
            origin: where it comes from, kept with it (`connection_id`, `user_id`).
            promised: how many bytes were promised; a larger one than may be is not even begun.
            strange: whether a stranger sends it (`crm.files.strangers`).

        Raises:
            FileTooLarge, FileNotAllowed, FileEmpty: as they say.
            FileInterrupted: it came too slowly.
            FilesFull: the organization keeps as much as it may.
            StorageUnavailable: the database would not take it. Nothing is left of the file in any of these cases.
            Whatever else `chunks` raises.
        """
        if promised is not None and promised > self.limits.file_bytes:
            raise _too_large(self.limits.file_bytes)
        file_id = ObjectId()
        safe = safe_name(name)
        intake = _Intake(chunks, name=safe, claimed=claimed, limits=self.limits)
        try:
            await self._usage.check(organization_id, promised or 1, strange=strange)
            written = await self.bucket.write(file_id, intake.pieces())
            metadata = {
                "organization_id": organization_id,
                "kind": kind_of(intake.mime),
                "mime": intake.mime,
                "sha256": written.sha256,
                "origin": origin or {},
                "state": CHECKING,
                "check_at": utc_now() + GRACE,
                "check_attempts": 0,
                "thumbnail": False,
                "look_at": utc_now() + UNUSED,
                **({"strange": True} if strange else {}),
            }
            return await self._publish(file_id, written, honest_name(safe, intake.mime), metadata)
        except PyMongoError as error:
            _log.warning("a file could not be stored: %s", type(error).__name__)
            raise StorageUnavailable from error
        finally:
            await intake.close()

    async def _publish(
        self, file_id: ObjectId, written: Written, name: str, metadata: RawDocument
    ) -> File:
        organization_id, strange = metadata["organization_id"], metadata.get("strange", False)
        try:
            await self._usage.add(organization_id, written.size, strange=strange)
            try:
                return await self.bucket.publish(file_id, written, name=name, metadata=metadata)
            except BaseException:
                await self._usage.subtract(organization_id, written.size, strange=strange)
                raise
        except BaseException:
            # The row, too: what failed may have been its acknowledgement only.
            whose = {"metadata.organization_id": organization_id}
            await self.files.delete_one({"_id": file_id, **whose})
            await self.bucket.remove_pieces(file_id)
            raise

    async def find(self, organization_id: ObjectId, file_id: ObjectId) -> File:
        """Return a file's row.

        Raises:
            NotFound: there is no such file in the organization.
        """
        file = await self.files.find_one(
            {"_id": file_id, "metadata.organization_id": organization_id}
        )
        if file is None:
            raise NotFound
        return file

    async def find_ready(self, organization_id: ObjectId, file_id: ObjectId) -> File:
        """Return the row of a file that may be given out.

        Raises:
            NotFound: there is no such file in the organization.
            FileNotChecked: it waits for the virus scanner.
        """
        return _checked(await self.find(organization_id, file_id))

    async def linked(self, file_id: ObjectId) -> File:
        """Return the row of a file whose signed link somebody showed. Raises as `find_ready`."""
        file = await self.files.find_one({"_id": file_id})
        if file is None:
            raise NotFound
        return _checked(file)

    def read(self, file: File, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield a file's bytes. Raises `FileDamagedError`."""
        return self.bucket.read(file, start, stop)

    async def thumbnail(self, file: File) -> bytes | None:
        """Return a file's thumbnail, a JPEG, or None when it has none."""
        found = await self._thumbnails.find_one(_thumbnail_of(file), {"data": 1})
        return bytes(found["data"]) if found is not None else None

    async def take(
        self, organization_id: ObjectId, file_ids: Sequence[ObjectId], session: Session
    ) -> list[File]:
        """Return the rows of files that a message is about to name, within the transaction that stores it.

        They cannot be cleaned away meanwhile.

        Raises:
            NotFound: one is not there (any more).
            FileNotChecked: one waits for the virus scanner.
        """
        files = []
        for file_id in file_ids:
            file = await self.files.find_one_and_update(
                {"_id": file_id, "metadata.organization_id": organization_id},
                {"$set": {"metadata.look_at": utc_now() + UNUSED}},
                session=session,
            )
            if file is None:
                raise NotFound("One of the files is gone: upload it again.")
            files.append(_checked(file))
        return files

    async def release(
        self,
        organization_id: ObjectId,
        file_ids: Sequence[ObjectId],
        session: Session | None = None,
    ) -> None:
        """Have the next cleaning look whether these files are still needed."""
        await self.files.update_many(
            {"_id": {"$in": list(file_ids)}, "metadata.organization_id": organization_id},
            {"$set": {"metadata.look_at": utc_now()}},
            session=session,
        )

    async def settle(
        self, file: File, changes: RawDocument, thumbnail: bytes | None = None
    ) -> bool:
        """Write down what checking a file gave; False when the file is gone, or another process was faster."""
        metadata = file["metadata"]
        values = {f"metadata.{key}": value for key, value in changes.items()}
        if thumbnail is not None:
            row = {**_thumbnail_of(file), "data": thumbnail}
            await self._thumbnails.replace_one(_thumbnail_of(file), row, upsert=True)
        here = {"_id": file["_id"], "metadata.organization_id": metadata["organization_id"]}
        done = await self.files.update_one(
            {**here, "metadata.check_at": metadata["check_at"]}, {"$set": values}
        )
        if done.matched_count == 1:
            metadata.update(changes)
        elif thumbnail is not None and await self.files.find_one(here, {"_id": 1}) is None:
            await self._thumbnails.delete_one(_thumbnail_of(file))
        return done.matched_count == 1

    async def remove(self, file: File, *, only: RawDocument | None = None) -> bool:
        """Remove a file and count it out; False when it is gone, or is not as `only` says any more."""
        metadata = file["metadata"]
        whose = {"metadata.organization_id": metadata["organization_id"]}
        gone = await self.files.delete_one({"_id": file["_id"], **whose, **(only or {})})
        if not gone.deleted_count:
            return False
        await self._usage.subtract(
            metadata["organization_id"], file["length"], strange=metadata.get("strange", False)
        )
        await self._thumbnails.delete_one(_thumbnail_of(file))
        await self.bucket.remove_pieces(file["_id"])
        return True

    async def clean_up(self, now: datetime) -> int:
        """Remove the files nothing names and what broken writes left, and return how many that were."""
        gone = 0
        async with self.files.find({"metadata.look_at": {"$lte": now}}) as due:
            async for file in due:
                # Whoever takes the file meanwhile moves the time on: it is not removed then.
                unmoved = {"metadata.look_at": file["metadata"]["look_at"]}
                if await self._is_used(file):
                    later = {"$set": {"metadata.look_at": now + LOOK_EVERY}}
                    await self.files.update_one({"_id": file["_id"], **unmoved}, later)
                elif await self.remove(file, only=unmoved):
                    gone += 1
        await self._usage.count_anew(self.files, now)
        await self._usage.tell(now)
        return gone + await self.bucket.remove_unfinished(now)

    async def _is_used(self, file: File) -> bool:
        organization_id, file_id = file["metadata"]["organization_id"], file["_id"]
        for collection, field in (
            (self._messages, "attachments.file_id"),
            (self._contacts, "avatar_file_id"),
        ):
            query: dict[str, Any] = {
                "organization_id": organization_id,
                field: {"$eq": file_id, "$type": "objectId"},  # as the partial index says it
            }
            if await collection.find_one(query, {"_id": 1}) is not None:
                return True
        return False


class _Intake:
    """Passes a file on while it comes in, once its beginning is known and as long as it keeps to its limits."""

    def __init__(
        self, chunks: AsyncIterator[bytes], *, name: str, claimed: str | None, limits: FileLimits
    ) -> None:
        self.mime = ""
        self._chunks = chunks
        self._name = name
        self._claimed = claimed
        self._limits = limits

    async def pieces(self) -> AsyncIterator[bytes]:
        head, size, limit = bytearray(), 0, self._limits.file_bytes
        async for chunk in self._in_time():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            if self.mime:
                yield chunk
                continue
            head += chunk
            if len(head) >= HEAD_BYTES:
                limit = self._recognise(head, size)
                yield bytes(head)
        if not self.mime:
            if not head:
                raise FileEmpty
            self._recognise(head, size)
            yield bytes(head)

    def _recognise(self, head: bytearray, size: int) -> int:
        mime = type_of(bytes(head[:HEAD_BYTES]), name=self._name, claimed=self._claimed)
        limit = self._limits.for_type(mime)
        if size > limit:
            raise _too_large(limit)
        self.mime = mime
        return limit

    async def _in_time(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.total_seconds
        while True:
            try:
                async with asyncio.timeout_at(min(end, loop.time() + self._limits.idle_seconds)):
                    chunk = await anext(self._chunks, None)
            except TimeoutError:
                raise FileInterrupted("The file came too slowly.") from None
            if chunk is None:
                return
            yield chunk

    async def close(self) -> None:
        close = getattr(self._chunks, "aclose", None)
        if close is not None:
            await close()


def _thumbnail_of(file: File) -> RawDocument:
    return {"_id": file["_id"], "organization_id": file["metadata"]["organization_id"]}


def _checked(file: File) -> File:
    if file["metadata"]["state"] != READY:
        raise FileNotChecked
    return file


def _too_large(limit: int) -> FileTooLarge:
    return FileTooLarge(f"It may have {limit // MEGABYTE} MB.")
