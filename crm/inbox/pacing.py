"""How fast messages may follow each other, kept in the database: all processes share a pace.

For every key one moment is kept: when the messages so far would have gone at an even pace (the
generic cell rate algorithm, ITU-T I.371). The database's clock is the only one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from pymongo import ReturnDocument, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection

from crm.contract import Pace, RetryableError
from crm.core.database import Database
from crm.inbox.models import Document

LONGEST_WAIT_SECONDS: Final = 2.0
"""A sender waits so long in its place; for more the message is put off."""
KEPT: Final = timedelta(minutes=10)
"""A key that nobody used for so long is forgotten (a time-to-live index)."""
LONGEST_HOLD_SECONDS: Final = 86_400.0
"""What a platform asks for is obeyed for so long."""
FREE_INTERVAL_SECONDS: Final = 0.1
FREE_BURST: Final = 20
FREE_KEYS: Final = 10_000

_MILLISECOND: Final = 1000


class Pacing:
    """Lets messages through when they are due."""

    def __init__(self, *, database: Database) -> None:
        self._paces = paces_of(database)

    async def take(self, paces: Sequence[Pace]) -> float:
        """Take one place in each pace, the last and narrowest first. Returns the seconds to wait.

        Raises:
            RetryableError: it would take longer than a sender should wait; that pace gave no place.
        """
        if not paces:
            return 0.0
        *wider, own = paces
        longest = await self._take(own)
        taken = await asyncio.gather(*(self._take(pace, shared=True) for pace in wider))
        return max([longest, *taken])

    async def hold(self, key: str, seconds: float) -> None:
        """Let nothing through for so long: the platform asked for it."""
        until = later(min(max(0.0, seconds), LONGEST_HOLD_SECONDS))
        await self._paces.update_one({"_id": key}, [{"$set": held_until(until)}], upsert=True)

    async def held(self, key: str) -> float:
        """For how many seconds the key is still held."""
        return float((await look(self._paces, key))["held"])

    async def _take(self, pace: Pace, *, shared: bool = False) -> float:
        """Take a place, unless it is further off than a sender should wait: then nothing is changed."""
        even = {"$ifNull": ["$even", "$$NOW"]}
        due: Document = {"$max": [{"$subtract": [even, _slack(pace)]}, "$held_until", "$$NOW"]}
        longest = LONGEST_WAIT_SECONDS * _MILLISECOND
        taken: Document = {"$lte": [{"$subtract": ["$due", "$$NOW"]}, longest]}
        after_it: Document = {"$add": [{"$max": [even, "$due"]}, pace.interval * _MILLISECOND]}
        after = await self._paces.find_one_and_update(
            {"_id": pace.key},
            [
                {"$set": {"due": due, "at": "$$NOW"}},
                {"$set": {"even": {"$cond": [taken, after_it, even]}}},
                {"$set": {"expires_at": {"$max": ["$expires_at", {"$add": ["$even", _kept()]}]}}},
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        wait = float((after["due"] - after["at"]).total_seconds()) if after else 0.0
        if wait > LONGEST_WAIT_SECONDS:
            raise RetryableError(
                "rate_limited",
                f"Too many messages {'through this channel' if shared else 'for this chat'} now.",
                retry_after=wait,
                account_wide=shared,
            )
        return wait


class FreeShares:
    """What goes through this process without asking the database for a shared pace.

    A pace that only a campaign ever reaches needs no write for each message of everybody's: up
    to ten a second and key are let through here, and only what is more has to keep to the pace.
    """

    def __init__(self) -> None:
        self._even: dict[str, float] = {}

    def take(self, key: str) -> bool:
        """Whether this one is free."""
        moment = time.monotonic()
        even = max(self._even.get(key, 0.0), moment)
        if even - FREE_INTERVAL_SECONDS * (FREE_BURST - 1) > moment:
            return False
        if len(self._even) >= FREE_KEYS:
            self._even.clear()
        self._even[key] = even + FREE_INTERVAL_SECONDS
        return True


def paces_of(database: Database) -> AsyncCollection[Document]:
    """Where paces are. What a crash loses there is one message's place."""
    return database.db["paces"].with_options(write_concern=WriteConcern(1, j=False))


async def look(paces: AsyncCollection[Document], key: str) -> Document:
    """A key's row, and for how many seconds it is ``held`` by the database's clock."""
    remaining = {"$max": [0, {"$subtract": ["$held_until", "$$NOW"]}]}
    stages: list[dict[str, Any]] = [{"$match": {"_id": key}}, {"$set": {"held": remaining}}]
    async for row in await paces.aggregate(stages):
        return {**row, "held": row["held"] / _MILLISECOND}
    return {"held": 0.0}


def later(seconds: float) -> Document:
    """The moment in so many seconds, by the database's clock."""
    return {"$add": ["$$NOW", seconds * _MILLISECOND]}


def held_until(until: Document) -> Document:
    """What holds a key at least until then, and keeps it long enough."""
    return {
        "held_until": {"$max": ["$held_until", until]},
        "expires_at": {"$max": ["$expires_at", {"$add": [until, _kept()]}]},
    }


def _slack(pace: Pace) -> float:
    return pace.interval * _MILLISECOND * (pace.burst - 1)


def _kept() -> float:
    return KEPT.total_seconds() * _MILLISECOND
