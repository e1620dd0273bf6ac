"""The files that documents were made of, in GridFS, each under its organization."""

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile

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
        self._bucket = AsyncGridFSBucket(
            database.db, bucket_name=BUCKET, chunk_size_bytes=CHUNK_BYTES
        )

    async def store(
        self,
        organization_id: ObjectId,
        name: str,
        content_type: str,
        chunks: AsyncIterator[bytes],
    ) -> RawDocument:
        """Store a file while it comes in, and return what its document keeps of it.

        Raises:
            Whatever `chunks` raises; nothing is stored then.
        """
        metadata = {"organization_id": organization_id}
        stream = self._bucket.open_upload_stream(name, metadata=metadata)
        digest = hashlib.sha256()
        size = 0
        try:
            async for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                await stream.write(chunk)
            await stream.close()
        except BaseException:
            await stream.abort()
            raise
        return {
            "id": stream._id,  # noqa: SLF001 - the only name it has
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
        files = self._database.collection(f"{BUCKET}.files")
        gone = 0
        async for file in files.find({"uploadDate": {"$lt": now - UNCLAIMED}}, {"metadata": 1}):
            organization_id: Any = (file.get("metadata") or {}).get("organization_id")
            used = {"organization_id": organization_id, "file.id": file["_id"]}
            if await sources.find_one(used, {"_id": 1}) is None:
                await self.delete({"id": file["_id"]})
                gone += 1
        return gone
