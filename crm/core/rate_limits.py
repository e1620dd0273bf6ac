"""Rate limits shared by all processes, held in MongoDB."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.errors import TooManyRequests

RATE_LIMITS = "rate_limits"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` hits of one key in each window of `seconds`."""

    name: str
    count: int
    seconds: int


class RateLimiter:
    """Counts hits in fixed windows; a window begins with its first hit."""

    def __init__(self, database: Database) -> None:
        self._hits = database.collection(RATE_LIMITS)

    async def hit(self, limit: Limit, key: str) -> None:
        """Count one hit.

        Raises:
            TooManyRequests: the window's hits are used up; the header says when it ends.
        """
        now = utc_now()
        record = await self._count(limit, key, now)
        if record["count"] > limit.count:
            seconds = max(1, math.ceil((record["expires_at"] - now).total_seconds()))
            raise TooManyRequests(
                f"Too many attempts. Try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )

    async def reset(self, limit: Limit, key: str) -> None:
        """Forget the hits of a key."""
        await self._hits.delete_one({"_id": f"{limit.name}:{key}"})

    async def _count(self, limit: Limit, key: str, now: datetime) -> RawDocument:
        # The TTL monitor runs once a minute, so an ended window is recognised here and begun anew in the same step.
        ended = {"$lte": [{"$ifNull": ["$expires_at", now]}, now]}
        step = [
            {
                "$set": {
                    "count": {"$cond": [ended, 1, {"$add": ["$count", 1]}]},
                    "expires_at": {
                        "$cond": [ended, now + timedelta(seconds=limit.seconds), "$expires_at"]
                    },
                }
            }
        ]
        for _ in range(3):
            try:
                record = await self._hits.find_one_and_update(
                    {"_id": f"{limit.name}:{key}"},
                    step,
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:  # two first hits at once: the second now finds the record
                continue
            if record is not None:
                return record
        raise TooManyRequests
