"""How much room an organization's files take.

Counted by single updates and not in a transaction: one that a dead process left open would keep all others of the organization
from storing anything for a minute. What such a process leaves wrongly counted is put right by the hourly cleaning.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
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
STRANGE: Final = "strange_bytes"
"""How many of an organization's bytes strangers have sent."""
SETTLED: Final = timedelta(minutes=1)
"""What was counted so long ago is stored, or will never be."""


NEARLY_FULL: Final = 0.8
"""The part of the room at which the owners are told."""
_ROOMY: Final = 0.7
"""The part under which they would be told again."""

type TellOwners = Callable[[ObjectId, str, int, int, datetime], Awaitable[None]]
"""Tells an organization's owners that room runs out: whose, of what (`bytes` or `strange_bytes`), how many bytes are taken
of how many, and when. A second call of a day changes nothing."""


class Usage:
    """Counts files in and out.

    Args:
        database: where they are counted.
        limits: of the room.
        tell_owners: told by `tell`.
    """

    def __init__(
        self, *, database: Database, limits: FileLimits, tell_owners: TellOwners | None = None
    ) -> None:
        self._usage = database.collection(USAGE)
        self._limits = limits
        self._tell_owners = tell_owners

    async def check(self, organization_id: ObjectId, size: int, *, strange: bool = False) -> None:
        """Refuse a file before it is read. `strange`: a stranger sends it (`crm.files.strangers`). Raises FilesFull."""
        await self._check(organization_id, self._rooms(size, strange=strange))

    async def add(self, organization_id: ObjectId, size: int, *, strange: bool = False) -> None:
        """Count a file in.

        Raises:
            FilesFull: it does not fit; it is not counted then.
        """
        rooms = self._rooms(size, strange=strange)
        fits = {name: {"$not": {"$gt": room}} for name, room in rooms.items()}
        while True:
            await self._check(organization_id, rooms)
            try:
                await self._usage.update_one(
                    {"_id": organization_id, **fits},
                    {
                        "$inc": _counts(size, strange=strange),
                        "$set": {"organization_id": organization_id, "changed_at": utc_now()},
                    },
                    upsert=True,
                )
            except (
                DuplicateKeyError
            ):  # others were faster: the first file of all, or the last that fits
                continue
            return

    async def subtract(
        self, organization_id: ObjectId, size: int, *, strange: bool = False
    ) -> None:
        """Count a file out."""
        out = {name: -count for name, count in _counts(size, strange=strange).items()}
        await self._usage.update_one(
            {"_id": organization_id}, {"$inc": out, "$set": {"changed_at": utc_now()}}
        )

    async def count_anew(self, files: AsyncCollection[RawDocument], now: datetime) -> None:
        """Put right what processes left wrongly counted that died between counting a file and storing it."""
        settled = {"changed_at": {"$lt": now - SETTLED}}
        async for counted in self._usage.find(settled):
            totals = await files.aggregate(
                [
                    {"$match": {"metadata.organization_id": counted["_id"]}},
                    {
                        "$group": {
                            "_id": None,
                            "bytes": {"$sum": "$length"},
                            "files": {"$sum": 1},
                            STRANGE: {"$sum": {"$cond": ["$metadata.strange", "$length", 0]}},
                        }
                    },
                ]
            )
            total = next(iter(await totals.to_list()), {"bytes": 0, "files": 0, STRANGE: 0})
            # Only if nothing was counted meanwhile: else the next hour sees to it.
            same = {"_id": counted["_id"], "changed_at": counted["changed_at"]}
            truth = {name: total[name] for name in ("bytes", "files", STRANGE)}
            await self._usage.update_one(same, {"$set": truth})

    async def tell(self, now: datetime) -> None:
        """Tell the owners of the organizations whose room is nearly full, once each time it becomes so."""
        for name, room in self._rooms(0, strange=True).items():
            told = f"told.{name}"
            nearly = {name: {"$gte": NEARLY_FULL * room}, told: None}
            async for usage in self._usage.find(nearly):
                if self._tell_owners is not None:
                    await self._tell_owners(usage["_id"], name, usage[name], room, now)
                await self._usage.update_one({"_id": usage["_id"]}, {"$set": {told: now}})
            roomy = {name: {"$lt": _ROOMY * room}, told: {"$ne": None}}
            await self._usage.update_many(roomy, {"$unset": {told: ""}})

    def _rooms(self, size: int, *, strange: bool) -> Mapping[str, int]:
        """How much there may be of each count, so that so many bytes fit."""
        rooms = {"bytes": self._limits.organization_bytes - size}
        return {**rooms, STRANGE: self._limits.strangers_bytes - size} if strange else rooms

    async def _check(self, organization_id: ObjectId, rooms: Mapping[str, int]) -> None:
        usage = await self._usage.find_one({"_id": organization_id}) or {}
        if usage.get("bytes", 0) > rooms["bytes"]:
            room = self._limits.organization_bytes // MEGABYTE
            raise FilesFull(f"All files of an organization together may have {room} MB.")
        if STRANGE in rooms and usage.get(STRANGE, 0) > rooms[STRANGE]:
            room = self._limits.strangers_bytes // MEGABYTE
            raise FilesFull(f"All files of visitors together may have {room} MB.")


def _counts(size: int, *, strange: bool) -> dict[str, int]:
    return {"bytes": size, "files": 1, **({STRANGE: size} if strange else {})}
