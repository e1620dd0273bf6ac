"""Files in GridFS, written and read in pieces: nobody's file is ever whole in memory.

PyMongo's own streams hold up to 48 MB of a file back; here a hundred uploads at once take a hundred megabytes. A file
is there once `publish` has written its row: pieces without a row are what a dead process left, and are removed.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session

CHUNK_BYTES = 1024 * 1024
UNFINISHED = timedelta(hours=6)
"""No file takes so long to come in: its pieces were left by a process that died."""
_READ_AHEAD = 2


class FileDamagedError(Exception):
    """Pieces of a file are missing."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came in: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


class GridBucket:
    """One bucket of files, as GridFS lays it out (https://github.com/mongodb/specifications, "GridFS Spec")."""

    def __init__(self, database: Database, name: str) -> None:
        self.files = database.collection(f"{name}.files")
        self._chunks = database.collection(f"{name}.chunks")

    async def write(self, file_id: ObjectId, chunks: AsyncIterator[bytes]) -> Written:
        """Write a file's pieces while it comes in; `publish` makes it a file.

        Raises:
            Whatever `chunks` raises; nothing is stored then.
        """
        digest = hashlib.sha256()
        size = number = 0
        try:
            async for piece in _pieces(chunks):
                digest.update(piece)
                await self._chunks.insert_one({"files_id": file_id, "n": number, "data": piece})
                size += len(piece)
                number += 1
        except BaseException:
            await self._chunks.delete_many({"files_id": file_id})
            raise
        return Written(size, digest.hexdigest())

    async def publish(
        self,
        file_id: ObjectId,
        written: Written,
        *,
        name: str,
        metadata: RawDocument,
        session: Session | None = None,
    ) -> RawDocument:
        """Make what was written a file, and return its row."""
        row: RawDocument = {
            "_id": file_id,
            "length": written.size,
            "chunkSize": CHUNK_BYTES,
            "uploadDate": utc_now(),
            "filename": name,
            "metadata": metadata,
        }
        await self.files.insert_one(row, session=session)
        return row

    async def read(
        self, row: RawDocument, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of a file from `start` up to, not including, `stop`.

        Raises:
            FileDamagedError: pieces are missing; the file may just have been removed.
        """
        size, stop = row["chunkSize"], min(row["length"], row["length"] if stop is None else stop)
        if start >= stop:
            return
        number = start // size
        query: dict[str, Any] = {
            "files_id": row["_id"],
            "n": {"$gte": number, "$lte": (stop - 1) // size},
        }
        cursor = self._chunks.find(query, {"n": 1, "data": 1}).sort("n", 1).batch_size(_READ_AHEAD)
        async with cursor:
            async for chunk in cursor:
                if chunk["n"] != number:
                    break
                offset = number * size
                piece = bytes(chunk["data"])[max(0, start - offset) : stop - offset]
                number += 1
                yield piece
        if number != (stop - 1) // size + 1:
            raise FileDamagedError(f"piece {number} of file {row['_id']} is missing")

    async def remove(self, file_id: ObjectId) -> None:
        """Remove a file, if it is there: first its row, so that nobody finds half a file."""
        await self.files.delete_one({"_id": file_id})
        await self.remove_pieces(file_id)

    async def remove_pieces(self, file_id: ObjectId) -> None:
        """Remove the pieces of a file that has no row (any more)."""
        await self._chunks.delete_many({"files_id": file_id})

    async def remove_unfinished(self, now: datetime) -> int:
        """Remove what processes left that died while a file came in, and return how many files that were."""
        before = ObjectId.from_datetime(now - UNFINISHED)
        left = await self._chunks.aggregate(
            [
                {"$match": {"files_id": {"$lt": before}}},
                {"$group": {"_id": "$files_id"}},  # a scan of the index's distinct keys
                {
                    "$lookup": {
                        "from": self.files.name,
                        "localField": "_id",
                        "foreignField": "_id",
                        "pipeline": [{"$project": {"_id": 1}}],
                        "as": "file",
                    }
                },
                {"$match": {"file": []}},
            ],
            allowDiskUse=True,
        )
        gone = 0
        async for found in left:
            await self.remove_pieces(found["_id"])
            gone += 1
        return gone


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the same content in pieces of a chunk's size."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)
