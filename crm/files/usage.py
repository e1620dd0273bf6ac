"""How much room an organization's files take.

Counted by single updates and not in a transaction: one that a dead process left open would keep all others of the organization
from storing anything for a minute. What such a process leaves wrongly counted is put right by the hourly cleaning.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.files.errors import FilesFull
from crm.files.limits import MEGABYTE, FileLimits

USAGE: Final = "media_usage"
SETTLED: Final = timedelta(minutes=1)
"""What was counted so long ago is stored, or will never be."""


class Usage:
    """Counts files in and out."""

    def __init__(self, *, database: Database, limits: FileLimits) -> None:
        self._usage = database.collection(USAGE)
        self._limits = limits

    async def check(self, organization_id: ObjectId, size: int) -> None:
        """Refuse a file before it is read. Raises FilesFull."""
        if await self._kept(organization_id) + size > self._limits.organization_bytes:
            raise self._full()

    async def add(self, organization_id: ObjectId, size: int) -> None:
        """Count a file in.

        Raises:
            FilesFull: it does not fit; it is not counted then.
        """
        room = self._limits.organization_bytes - size
        while await self._kept(organization_id) <= room:
            try:
                await self._usage.update_one(
                    {"_id": organization_id, "bytes": {"$lte": room}},
                    {
                        "$inc": {"bytes": size, "files": 1},
                        "$set": {"organization_id": organization_id, "changed_at": utc_now()},
                    },
                    upsert=True,
                )
            except (
                DuplicateKeyError
            ):  # others were faster: the first file of all, or the last that fits
                continue
            return
        raise self._full()

    async def subtract(self, organization_id: ObjectId, size: int) -> None:
        """Count a file out."""
        await self._usage.update_one(
            {"_id": organization_id},
            {"$inc": {"bytes": -size, "files": -1}, "$set": {"changed_at": utc_now()}},
        )

    async def count_anew(self, files: AsyncCollection[RawDocument], now: datetime) -> None:
        """Put right what processes left wrongly counted that died between counting a file and storing it."""
        settled = {"changed_at": {"$lt": now - SETTLED}}
        async for counted in self._usage.find(settled):
            totals = await files.aggregate(
                [
                    {"$match": {"metadata.organization_id": counted["_id"]}},
                    {"$group": {"_id": None, "bytes": {"$sum": "$length"}, "files": {"$sum": 1}}},
                ]
            )
            total = next(iter(await totals.to_list()), {"bytes": 0, "files": 0})
            # Only if nothing was counted meanwhile: else the next hour sees to it.
            same = {"_id": counted["_id"], "changed_at": counted["changed_at"]}
            truth = {"bytes": total["bytes"], "files": total["files"]}
            await self._usage.update_one(same, {"$set": truth})

    async def _kept(self, organization_id: ObjectId) -> int:
        usage = await self._usage.find_one({"_id": organization_id}, {"bytes": 1})
        return int(usage["bytes"]) if usage is not None else 0

    def _full(self) -> FilesFull:
        room = self._limits.organization_bytes // MEGABYTE
        return FilesFull(f"All files of an organization together may have {room} MB.")
