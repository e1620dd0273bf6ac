"""The files that documents were made of, in GridFS, each under its organization."""

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound
from crm.knowledge.models import SOURCES

BUCKET = "knowledge_files"
CHUNK_BYTES = 1024 * 1024
UNCLAIMED = timedelta(hours=6)
"""A file that no document names for so long was left by an upload that was broken off."""


class Originals:
    """Stores, reads and removes files."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bucket = AsyncGridFSBucket(database.db, bucket_name=BUCKET)
        self._files = database.collection(f"{BUCKET}.files")
        self._chunks = database.collection(f"{BUCKET}.chunks")

    async def store(
        self,
        organization_id: ObjectId,
        name: str,
        content_type: str,
        chunks: AsyncIterator[bytes],
    ) -> RawDocument:
        """Store a file while it comes in, a megabyte at a time, and return what its document keeps of it.

        PyMongo's own upload stream holds up to 48 MB back; here a hundred uploads at once take a hundred megabytes.

        Raises:
            Whatever `chunks` raises; nothing is stored then.
        """
        file_id = ObjectId()
        digest = hashlib.sha256()
        size = number = 0
        try:
            async for piece in _pieces(chunks):
                digest.update(piece)
                await self._chunks.insert_one({"files_id": file_id, "n": number, "data": piece})
                size += len(piece)
                number += 1
            await self._files.insert_one(
                {
                    "_id": file_id,
                    "length": size,
                    "chunkSize": CHUNK_BYTES,
                    "uploadDate": utc_now(),
                    "filename": name,
                    "metadata": {"organization_id": organization_id},
                }
            )
        except BaseException:
            await self._chunks.delete_many({"files_id": file_id})
            raise
        return {
            "id": file_id,
            "name": name,
            "content_type": content_type,
            "size": size,
            "sha256": digest.hexdigest(),
        }

    async def read(self, organization_id: ObjectId, file_id: ObjectId) -> AsyncIterator[bytes]:
        """Yield a file's content, in pieces.

        Raises:
            NotFound: there is no such file in the organization.
        """
        try:
            stream = await self._bucket.open_download_stream(file_id)
        except NoFile:
            raise NotFound from None
        async with stream:
            if (stream.metadata or {}).get("organization_id") != organization_id:
                raise NotFound
            while chunk := await stream.read(CHUNK_BYTES):
                yield chunk

    async def delete(self, file: RawDocument | None) -> None:
        """Remove a file, if it is there."""
        if file is not None:
            try:
                await self._bucket.delete(file["id"])
            except NoFile:
                return

    async def clean_up(self, now: datetime) -> int:
        """Remove the files no document names, and return how many that were."""
        sources = self._database.collection(SOURCES)
        gone = 0
        old = {"uploadDate": {"$lt": now - UNCLAIMED}}
        async for file in self._files.find(old, {"metadata": 1}):
            organization_id = (file.get("metadata") or {}).get("organization_id")
            used = {"organization_id": organization_id, "file.id": file["_id"]}
            if await sources.find_one(used, {"_id": 1}) is None:
                await self.delete({"id": file["_id"]})
                gone += 1
        # What a process left that died while a file came in.
        for file_id in await self._chunks.distinct("files_id"):
            late = file_id.generation_time < now - UNCLAIMED
            if late and await self._files.find_one({"_id": file_id}, {"_id": 1}) is None:
                await self._chunks.delete_many({"files_id": file_id})
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
