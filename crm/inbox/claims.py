"""Who sends a message, and until when: claims are kept by the database's clock, and end by themselves.

A conversation's messages go one after another, in order: only its oldest unsent message can be
claimed. A claim that ran out is another process's to take; what its holder still does for it then
changes nothing, and is stopped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from crm.core.clock import utc_now
from crm.core.database import Database
from crm.inbox.models import MESSAGES, QUEUED, SENDING, UNSENT, Document

MARGIN_SECONDS: Final = 15.0
"""A claim outlives the longest send by so much: the database and the pace take their time as well."""
REPLIES_SECONDS: Final = 30.0
"""How long a turn claims each of its replies, which it sends at once."""
PARKED: Final = timedelta(days=1)
"""How far what waits for its admin is put off, unless the connection is back earlier."""
BEHIND: Final = timedelta(seconds=60)
"""How long a sweeper leaves alone what stands behind a message that waits for its next try."""
SWEPT_AT_ONCE: Final = 500

_MILLISECOND: Final = 1000
_DUE: Final = {"$expr": {"$lte": ["$next_attempt_at", "$$NOW"]}}
_STOPPED: Final = ("paused", "failing")


class Claim:
    """How long this process has a message to itself, by a clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._limit: asyncio.Timeout | None = None

    def renew(self, seconds: float) -> None:
        """It was claimed anew just now."""
        self._until = time.monotonic() + seconds
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + seconds)

    def allows(self, seconds: float) -> bool:
        """Whether something that may take so long can still be begun."""
        return time.monotonic() + seconds <= self._until

    def limit(self) -> asyncio.Timeout:
        """Ends the block with TimeoutError when the claim runs out: nothing may hold it for longer."""
        left = self._until - time.monotonic()
        self._limit = asyncio.timeout(max(left, 0.0))
        return self._limit


class Claims:
    """Claims in the database."""

    def __init__(self, *, database: Database) -> None:
        self._messages = database.db[MESSAGES]
        self._connections = database.db["connections"]

    async def next(
        self, conversation_id: ObjectId, seconds_of: Callable[[Document], float]
    ) -> tuple[Document, Claim] | None:
        """Claim the conversation's oldest unsent message; None when there is none, or it is not its turn."""
        head = await self._messages.find_one(
            {"conversation_id": conversation_id, "state": {"$in": UNSENT}},
            sort=[("created_at", 1), ("_id", 1)],
        )
        if head is None:
            return None
        waits = head["attempts"] > 0 or head["state"] == SENDING
        seconds = seconds_of(head)
        claim = Claim(seconds)
        claimed = await self._messages.find_one_and_update(
            {**held(head), "state": head["state"], **(_DUE if waits else {})},
            [
                {
                    "$set": {
                        "state": SENDING,
                        "attempts": {"$add": ["$attempts", 1]},
                        "next_attempt_at": in_seconds(seconds),
                    }
                },
                {"$unset": "parked"},
            ],
            return_document=ReturnDocument.AFTER,
        )
        if claimed is None:
            if waits:  # it is being sent, or waits for its next try; order is kept
                await self._line_up_behind(head)
            return None
        return claimed, claim

    async def anew(self, message: Document, seconds: float) -> Claim | None:
        """Claim a message that is ours for so long from now; None when another process has it by now."""
        claim = Claim(seconds)
        found = await self._messages.update_one(
            held(message), [{"$set": {"next_attempt_at": in_seconds(seconds)}}]
        )
        return claim if found.matched_count == 1 else None

    async def note_part(
        self, message: Document, claim: Claim, part: Document, seconds: float
    ) -> bool:
        """Note durably what went out, and claim the message anew for the next part."""
        claim.renew(seconds)
        noted = await self._messages.update_one(
            held(message),
            [{"$set": {"next_attempt_at": in_seconds(seconds), **with_part(part)}}],
        )
        return noted.matched_count == 1

    async def give_back(self, claimed: Sequence[Document]) -> None:
        """Queue messages whose predecessor has to be tried again later."""
        if not claimed:
            return
        ids = [message["_id"] for message in claimed]
        await self._messages.update_many(
            {
                "organization_id": claimed[0]["organization_id"],
                "_id": {"$in": ids},
                "state": SENDING,
                "attempts": 1,
            },
            [{"$set": {"state": QUEUED, "attempts": 0, "next_attempt_at": "$$NOW"}}],
        )

    async def due(
        self, *, but: Collection[Any], but_of: Collection[Any]
    ) -> dict[ObjectId, ObjectId]:
        """Conversations with something to be sent, and their connections; the longest due first.

        Without what is seen to already: conversations ``but``, connections ``but_of``.
        """
        query: Document = {"state": {"$in": UNSENT}, **_DUE}
        if but:
            query["conversation_id"] = {"$nin": list(but)}
        if but_of:
            query["connection_id"] = {"$nin": list(but_of)}
        rows = self._messages.find(query, {"conversation_id": 1, "connection_id": 1})
        return {
            row["conversation_id"]: row["connection_id"]
            async for row in rows.sort("next_attempt_at", 1).limit(SWEPT_AT_ONCE)
        }

    async def wake(self) -> int:
        """Let be due what waited for a connection that may send again; returns how many messages."""
        rows = await self._messages.aggregate(
            [
                {
                    "$match": {
                        "state": QUEUED,
                        "parked": True,
                        "next_attempt_at": {"$gt": utc_now()},
                    }
                },
                {"$group": {"_id": "$connection_id", "of": {"$first": "$organization_id"}}},
            ]
        )
        parked = {row["_id"]: row["of"] async for row in rows}
        if not parked:
            return 0
        stopped = {"_id": {"$in": list(parked)}, "status": {"$in": _STOPPED}}
        still = {row["_id"] async for row in self._connections.find(stopped, {"_id": 1})}
        count = 0
        for connection_id in parked.keys() - still:
            woken = await self._messages.update_many(
                {
                    "organization_id": parked[connection_id],
                    "connection_id": connection_id,
                    "state": QUEUED,
                    "parked": True,
                },
                # The days it waited are no tries: it is given up a day after this at the earliest.
                [
                    {"$set": {"next_attempt_at": "$$NOW", "due_since": "$$NOW"}},
                    {"$unset": "parked"},
                ],
            )
            count += woken.modified_count
        return count

    async def _line_up_behind(self, head: Document) -> None:
        """Let no sweeper look at those behind a message before it is due; but for a while only.

        Whoever sends the message goes on with them; should that process die, they are found again.
        """
        until: datetime = head["next_attempt_at"]
        changes: Document = {"next_attempt_at": until}
        if head.get("parked"):
            changes["parked"] = True
        else:
            changes["next_attempt_at"] = until = min(until, utc_now() + BEHIND)
        await self._messages.update_many(
            {
                "organization_id": head["organization_id"],
                "conversation_id": head["conversation_id"],
                "state": QUEUED,
                "attempts": 0,
                "next_attempt_at": {"$lt": until},
            },
            {"$set": changes},
        )


async def insert_claimed(
    messages: AsyncCollection[Document],
    replies: Sequence[Document],
    seconds: float,
    session: AsyncClientSession,
) -> None:
    """Insert replies that their writer has claimed: the first for so long, each later one for as much more."""
    inserts = [
        (
            {"_id": reply["_id"], "organization_id": reply["organization_id"]},
            [
                {
                    "$replaceWith": {
                        "$mergeObjects": [
                            {"$literal": reply},
                            {"next_attempt_at": in_seconds(seconds * place)},
                        ]
                    }
                }
            ],
        )
        for place, reply in enumerate(replies, 1)
    ]
    if len(inserts) == 1:  # a bulk write costs the client several times as much
        await messages.update_one(*inserts[0], upsert=True, session=session)
    else:
        await messages.bulk_write(
            [UpdateOne(*insert, upsert=True) for insert in inserts], session=session
        )


def in_seconds(seconds: float) -> Document:
    """The moment in so many seconds, by the database's clock."""
    return {"$add": ["$$NOW", int(seconds * _MILLISECOND)]}


def with_part(part: Document) -> Document:
    """What notes a part that went out. Added, not replaced: its status may have come already."""
    added: Document = {"parts": _appended("$parts", part)}
    if part["platform_id"]:
        added["platform_ids"] = _appended("$platform_ids", part["platform_id"])
    return added


def _appended(field: str, value: Any) -> Document:
    return {"$concatArrays": [{"$ifNull": [field, []]}, [{"$literal": value}]]}


def held(message: Document) -> Document:
    """The message, as long as nobody else has claimed it since."""
    return {
        "_id": message["_id"],
        "organization_id": message["organization_id"],
        "attempts": message["attempts"],
        "state": SENDING,
    }
