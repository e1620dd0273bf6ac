"""How fast messages may follow each other, kept in the database: all processes share a pace.

For every key one moment is kept: when the messages so far would have gone at an even pace (the
generic cell rate algorithm, ITU-T I.371). The database's clock is the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from pymongo import ReturnDocument, WriteConcern

from crm.contract import Pace, RetryableError
from crm.core.database import Database
from crm.inbox.models import Document

LONGEST_WAIT_SECONDS: Final = 2.0
"""A sender waits so long in its place; for more the message is put off."""
KEPT: Final = timedelta(minutes=10)
"""A key that nobody used for so long is forgotten (a time-to-live index)."""

_MILLISECOND: Final = 1000


class Pacing:
    """Lets messages through when they are due."""

    def __init__(self, *, database: Database) -> None:
        # What a crash loses here is one message's place in a pace.
        self._paces = database.db["paces"].with_options(write_concern=WriteConcern(1, j=False))

    async def take(self, paces: Sequence[Pace]) -> float:
        """Take one place in each pace. Returns the seconds to wait before sending.

        Raises:
            RetryableError: it would take longer than a sender should wait; no place was taken.
        """
        if not paces:
            return 0.0
        wait = await self._look(paces)
        if wait > LONGEST_WAIT_SECONDS:
            raise RetryableError(
                "rate_limited", "Too many messages for this chat now.", retry_after=wait
            )
        return max([await self._take(pace) for pace in paces])

    async def hold(self, key: str, seconds: float) -> None:
        """Let nothing through for so long: the platform asked for it, or does not answer."""
        until = {"$add": ["$$NOW", seconds * _MILLISECOND]}
        await self._paces.update_one(
            {"_id": key},
            [
                {
                    "$set": {
                        "held_until": {"$max": ["$held_until", until]},
                        "expires_at": {"$max": ["$expires_at", {"$add": [until, _kept()]}]},
                    }
                }
            ],
            upsert=True,
        )

    async def held(self, key: str) -> float:
        """For how many seconds the key is still held."""
        return await self._look([Pace(key=key, interval=0)])

    async def _look(self, paces: Sequence[Pace]) -> float:
        """How long it would take now, without taking a place."""
        slack = {pace.key: _slack(pace) for pace in paces}
        found = self._paces.aggregate(
            [
                {"$match": {"_id": {"$in": list(slack)}}},
                {
                    "$project": {
                        "even": {"$subtract": ["$even", "$$NOW"]},
                        "held": {"$subtract": ["$held_until", "$$NOW"]},
                    }
                },
            ]
        )
        longest = 0.0
        async for row in await found:
            even = (row.get("even") or 0) - slack[row["_id"]]
            longest = max(longest, even, row.get("held") or 0)
        return longest / _MILLISECOND

    async def _take(self, pace: Pace) -> float:
        even = {"$ifNull": ["$even", "$$NOW"]}
        due: Document = {"$max": [{"$subtract": [even, _slack(pace)]}, "$held_until", "$$NOW"]}
        after = await self._paces.find_one_and_update(
            {"_id": pace.key},
            [
                {"$set": {"due": due, "at": "$$NOW"}},
                {"$set": {"even": {"$add": [{"$max": [even, "$due"]}, _interval(pace)]}}},
                {"$set": {"expires_at": {"$max": ["$expires_at", {"$add": ["$even", _kept()]}]}}},
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return float((after["due"] - after["at"]).total_seconds()) if after else 0.0


def _interval(pace: Pace) -> float:
    return pace.interval * _MILLISECOND


def _slack(pace: Pace) -> float:
    return _interval(pace) * (pace.burst - 1)


def _kept() -> float:
    return KEPT.total_seconds() * _MILLISECOND
