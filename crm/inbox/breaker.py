"""A connection whose platform does not answer rests for a while, and harms no other.

Failures are counted in this process; the rest itself is kept beside the paces, where all
processes see it. When it is over, one message tries: only when that arrives do the others follow.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from crm.contract import RetryableError
from crm.core.database import Database
from crm.inbox.models import Document
from crm.inbox.pacing import held_until, later, look, paces_of

FAILURES: Final = 5
"""Failures in so many chats, with nothing arriving in between, open the breaker.

Chats, not tries: a message that the platform never takes is no reason to let all others wait.
"""
FIRST_REST_SECONDS: Final = 30.0
LONGEST_REST_SECONDS: Final = 600.0
LOOK_AGAIN_SECONDS: Final = 3.0
"""How soon the others ask again while one message tries."""
RESTING: Final = "connection_resting"

_MILLISECOND: Final = 1000


@dataclass(frozen=True, slots=True)
class Passage:
    """Leave to send. ``trial_until`` of the one message that tries whether the platform is back."""

    connection_id: str
    trial_until: datetime | None = None


class Breaker:
    """Lets messages pass while their connection's platform answers."""

    def __init__(self, *, database: Database) -> None:
        self._paces = paces_of(database)
        self._failing: dict[str, set[str]] = {}

    async def check(self, connection_id: str) -> bool:
        """Whether the connection is to be tried by one message only (``enter``).

        Raises:
            RetryableError: it rests, or its platform wants nothing of it for now.
        """
        row = await look(self._paces, pace_key(connection_id))
        if row["held"] and not row.get("rest"):
            raise RetryableError(
                "rate_limited",
                "The platform takes no messages of this channel for now.",
                retry_after=row["held"],
                account_wide=True,
            )
        if row["held"]:
            raise _resting(LOOK_AGAIN_SECONDS if row.get("trial") else row["held"])
        return "rest" in row

    async def enter(self, connection_id: str, seconds: float) -> Passage:
        """Try for all whether the platform is back, which may take so long.

        Raises:
            RetryableError: another message tries already.
        """
        over = {"$expr": {"$lte": ["$held_until", "$$NOW"]}, "rest": {"$gt": 0}}
        found = await self._paces.find_one_and_update(
            {"_id": pace_key(connection_id), **over},
            [{"$set": {**held_until(later(seconds)), "trial": True}}],
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            raise _resting(LOOK_AGAIN_SECONDS)
        return Passage(connection_id, trial_until=found["held_until"])

    async def answered(self, passage: Passage) -> None:
        """The platform answered, be it with a refusal."""
        self._failing.pop(passage.connection_id, None)
        if passage.trial_until is None:
            return
        held = {"$eq": ["$held_until", passage.trial_until]}  # else the platform asked for more
        with contextlib.suppress(PyMongoError):  # what was sent is sent; another one will try
            await self._paces.update_one(
                {"_id": pace_key(passage.connection_id)},
                [
                    {"$set": {"held_until": {"$cond": [held, "$$NOW", "$held_until"]}}},
                    {"$unset": ["rest", "trial"]},
                ],
            )

    async def failed(self, passage: Passage, chat_id: str) -> None:
        """The platform did not answer, or answered that it cannot."""
        if passage.trial_until is not None:
            await self._rest(passage.connection_id, again=True)
            return
        failing = self._failing.setdefault(passage.connection_id, set())
        failing.add(chat_id)
        if len(failing) >= FAILURES:
            self._failing.pop(passage.connection_id)
            await self._rest(passage.connection_id, again=False)

    async def _rest(self, connection_id: str, *, again: bool) -> None:
        """Rest, twice as long as the last time. What fails while it rests already changes nothing."""
        first, longest = FIRST_REST_SECONDS * _MILLISECOND, LONGEST_REST_SECONDS * _MILLISECOND
        known = {"$ifNull": ["$rest", 0]}
        doubled: Document = {
            "$cond": [{"$gt": [known, 0]}, {"$min": [{"$multiply": [known, 2]}, longest]}, first]
        }
        resting = {"$and": [{"$gt": [known, 0]}, {"$gt": ["$held_until", "$$NOW"]}]}
        await self._paces.update_one(
            {"_id": pace_key(connection_id)},
            [
                {"$set": {"was": False if again else resting}},
                {"$set": {"rest": {"$cond": ["$was", "$rest", doubled]}}},
                {
                    "$set": {
                        "until": {"$cond": ["$was", "$held_until", {"$add": ["$$NOW", "$rest"]}]}
                    }
                },
                {"$set": held_until({"$ifNull": ["$until", "$$NOW"]})},
                {"$unset": ["was", "until", "trial"]},
            ],
            upsert=True,
        )


def pace_key(connection_id: str) -> str:
    """Under which all of a connection's messages are held together."""
    return f"connection:{connection_id}"


def _resting(seconds: float) -> RetryableError:
    return RetryableError(
        RESTING,
        "The platform does not answer. The channel rests before it tries again.",
        retry_after=seconds,
        account_wide=True,
    )
