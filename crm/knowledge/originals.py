"""The files that documents were made of, in GridFS, each under its organization."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from bson import ObjectId

from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound
from crm.core.gridfs import GridBucket
from crm.knowledge.models import SOURCES

BUCKET = "knowledge_files"
UNCLAIMED = timedelta(hours=6)
"""A file that no document names for so long was left by an upload that was broken off."""


class Originals:
    """Stores, reads and removes files."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bucket = GridBucket(database, BUCKET)

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
        file_id = ObjectId()
        written = await self._bucket.write(file_id, chunks)
        metadata = {"organization_id": organization_id}
        try:
            await self._bucket.publish(file_id, written, name=name, metadata=metadata)
        except BaseException:
            await self._bucket.remove(file_id)  # the row, too, if only its acknowledgement failed
            raise
        return {
            "id": file_id,
            "name": name,
            "content_type": content_type,
            "size": written.size,
            "sha256": written.sha256,
        }

    async def read(self, organization_id: ObjectId, file_id: ObjectId) -> AsyncIterator[bytes]:
        """Yield a file's content, in pieces.

        Raises:
            NotFound: there is no such file in the organization.
        """
        row = await self._bucket.files.find_one(
            {"_id": file_id, "metadata.organization_id": organization_id}
        )
        if row is None:
            raise NotFound
        async for chunk in self._bucket.read(row):
            yield chunk

    async def delete(self, file: RawDocument | None) -> None:
        """Remove a file, if it is there."""
        if file is not None:
            await self._bucket.remove(file["id"])

    async def clean_up(self, now: datetime) -> int:
        """Remove the files no document names, and return how many that were."""
        sources = self._database.collection(SOURCES)
        gone = 0
        old = {"uploadDate": {"$lt": now - UNCLAIMED}}
        async for file in self._bucket.files.find(old, {"metadata": 1}):
            organization_id = (file.get("metadata") or {}).get("organization_id")
            used = {"organization_id": organization_id, "file.id": file["_id"]}
            if await sources.find_one(used, {"_id": 1}) is None:
                await self._bucket.remove(file["_id"])
                gone += 1
        return gone + await self._bucket.remove_unfinished(now)
