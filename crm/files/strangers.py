"""How many bytes of files people may send a day whom nobody vouches for: visitors of a chat on the company's site.

Counted in MongoDB for all processes, in the collection of the rate limits, which forgets by itself what is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm.contract import Stranger
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.rate_limits import RATE_LIMITS
from crm.files.errors import FilesDailyLimit
from crm.files.limits import MEGABYTE, FileLimits

_KEPT: Final = timedelta(days=2)
"""Longer than the day that is counted."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Bytes of a stranger's day that are taken for a file on its way: in these counts, so many."""

    keys: Sequence[str]
    size: int


class Strangers:
    """Counts what strangers send, by person and by network. Days are those of UTC."""

    def __init__(self, *, database: Database, limits: FileLimits) -> None:
        self._counts = database.collection(RATE_LIMITS)
        self._limits = limits

    async def reserve(
        self, organization_id: ObjectId, stranger: Stranger, size: int
    ) -> Reservation:
        """Take so many bytes before any of them is read; `settle` follows.

        Raises:
            FilesDailyLimit: there are not so many left today; nothing is taken then.
        """
        day = f"files:{organization_id}:{utc_now():%Y%m%d}"
        wanted = {
            f"{day}:visitor:{stranger.visitor}": self._limits.visitor_day_bytes,
            f"{day}:network:{stranger.network}": self._limits.network_day_bytes,
        }
        taken: list[str] = []
        for key, most in wanted.items():
            if not await self._take(key, size, most):
                await self.settle(Reservation(taken, size), 0)
                raise FilesDailyLimit(f"It is {most // MEGABYTE} MB a day.")
            taken.append(key)
        return Reservation(taken, size)

    async def settle(self, reservation: Reservation, came: int) -> None:
        """Give back what did not come; `came` is 0 when nothing was stored."""
        if came != reservation.size:
            await self._counts.update_many(
                {"_id": {"$in": list(reservation.keys)}},
                {"$inc": {"count": came - reservation.size}},
            )

    async def _take(self, key: str, size: int, most: int) -> bool:
        if size > most:
            return False
        while True:
            try:
                await self._counts.update_one(
                    {"_id": key, "count": {"$lte": most - size}},
                    {"$inc": {"count": size}, "$setOnInsert": {"expires_at": utc_now() + _KEPT}},
                    upsert=True,
                )
            except DuplicateKeyError:  # there is no room, or others were faster with a first file
                known = await self._counts.find_one({"_id": key}, {"count": 1})
                if known is not None and known["count"] > most - size:
                    return False
                continue
            return True
