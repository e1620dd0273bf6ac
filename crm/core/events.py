"""The organization's numbered log of everything that happened.

Numbers are gapless for each organization and become visible in order: an event's number is inserted under a unique
index only when the number before it is committed. The console's WebSocket, outgoing webhooks and analytics read this
one log; `crm.core.event_hub` follows it with one change stream for the whole process.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self
from weakref import WeakKeyDictionary

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import (
    TRANSACTION_PATIENCE_SECONDS,
    Database,
    RawDocument,
    TransactionConflictError,
)

EVENTS = "events"
KEPT_EVENTS = 20_000
"""How many events of an organization are kept for those who resume; older ones go, and their readers start anew."""
BACKLOG_BATCH = 500
KNOWN_ORGANIZATIONS = 10_000
UNNUMBERED = 0
"""The number of what is only told, never stored: that somebody is typing."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event. `id` is a user's id, or None for the others."""

    kind: Literal["user", "contact", "bot", "system"]
    id: ObjectId | None = None


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has a number. `data` is the read form of the thing, as the API answers it."""

    type: str
    subject_id: ObjectId
    data: RawDocument
    actor: Actor = SYSTEM


@dataclass(frozen=True, slots=True)
class Event:
    """A numbered event of the log."""

    organization_id: ObjectId
    seq: int
    type: str
    at: datetime
    subject_id: ObjectId
    data: RawDocument
    actor: RawDocument

    @classmethod
    def from_document(cls, document: RawDocument) -> Self:
        """Return an event as the log has stored it."""
        return cls(
            organization_id=document["organization_id"],
            seq=document["seq"],
            type=document["type"],
            at=document["at"],
            subject_id=document["subject_id"],
            data=document["data"],
            actor=document["actor"],
        )

    def public(self) -> RawDocument:
        """Return the form readers outside the process get; what is only told has no number there."""
        return {
            "seq": None if self.seq == UNNUMBERED else self.seq,
            "type": self.type,
            "at": self.at,
            "subject_id": self.subject_id,
            "actor": self.actor,
            "data": self.data,
        }


@dataclass(frozen=True, slots=True)
class Reset:
    """The reader's place is no longer in the log: fetch a fresh snapshot, then go on after `seq`."""

    seq: int


class EventLog:
    """Appends to and reads the log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = database.collection(EVENTS)
        # The number that was committed last, by organization, as far as this process knows. Only a guess: the unique index decides.
        self._committed: dict[ObjectId, int] = {}
        self._uncommitted: WeakKeyDictionary[AsyncClientSession, tuple[ObjectId, int]] = (
            WeakKeyDictionary()
        )

    async def append(
        self,
        organization_id: ObjectId,
        events: Sequence[NewEvent],
        session: AsyncClientSession | None = None,
    ) -> list[int]:
        """Number and store events, in order, and return their numbers.

        With `session` they belong to its transaction, which must run under `Database.in_transaction`: when another
        process took the numbers, it runs again. From here to its end it is the only one of this process that appends
        for the organization, so append last.
        """
        if not events:
            return []
        if session is None:
            if len(events) == 1:
                return [await self._append_one(organization_id, events[0])]
            return await self._database.in_transaction(
                lambda own: self.append(organization_id, events, own)
            )
        await self._database.queue_up(session, organization_id)
        first = await self._next(organization_id, session)
        last = first + len(events) - 1
        documents = _numbered(organization_id, first, events)
        try:
            if len(documents) == 1:  # bulk writes cost the client several times as much
                await self._events.insert_one(documents[0], session=session)
            else:
                await self._events.insert_many(documents, session=session)
        except (DuplicateKeyError, BulkWriteError) as error:
            if isinstance(error, BulkWriteError) and not _only_duplicates(error):
                raise
            raise TransactionConflictError(
                "another transaction took the next event number"
            ) from error
        self._uncommitted[session] = (organization_id, last)
        self._database.after_commit(session, lambda: self._note_committed(organization_id, last))
        return list(range(first, last + 1))

    async def _next(self, organization_id: ObjectId, session: AsyncClientSession) -> int:
        """The number that follows, as far as this process knows; to be called as the first in the queue."""
        known_to, last = self._uncommitted.get(session, (None, 0))
        if known_to == organization_id:
            return last + 1
        # Taken out while the transaction is open, so that one that is undone leaves no wrong number behind.
        known = self._committed.pop(organization_id, None)
        # Not in the session: what others have committed since its snapshot counts.
        return (await self.last_seq(organization_id) if known is None else known) + 1

    async def _append_one(self, organization_id: ObjectId, event: NewEvent) -> int:
        """Append an event that stands alone: one insert is as atomic as a transaction, and much cheaper.

        Raises:
            TransactionConflictError: other processes were faster for twenty seconds.
        """
        give_up_at = time.monotonic() + TRANSACTION_PATIENCE_SECONDS
        async with self._database.alone(organization_id):
            while True:
                known = self._committed.pop(organization_id, None)
                last = await self.last_seq(organization_id) if known is None else known
                try:
                    await self._events.insert_one(_numbered(organization_id, last + 1, [event])[0])
                except DuplicateKeyError as error:
                    if time.monotonic() > give_up_at:
                        raise TransactionConflictError(
                            "the next event number is always taken"
                        ) from error
                    await asyncio.sleep(random.uniform(0.001, 0.005))  # noqa: S311 - jitter is no secret
                else:
                    self._note_committed(organization_id, last + 1)
                    return last + 1

    def _note_committed(self, organization_id: ObjectId, seq: int) -> None:
        if len(self._committed) >= KNOWN_ORGANIZATIONS:
            self._committed.clear()
        self._committed[organization_id] = seq

    async def last_seq(
        self, organization_id: ObjectId, session: AsyncClientSession | None = None
    ) -> int:
        """Return the newest number, 0 when nothing has happened."""
        newest = await self._events.find_one(
            {"organization_id": organization_id},
            {"_id": 0, "seq": 1},
            sort=[("seq", -1)],
            session=session,
        )
        return int(newest["seq"]) if newest else 0

    async def first_seq(self, organization_id: ObjectId) -> int:
        """Return the oldest number still kept, 1 when nothing has happened."""
        oldest = await self._events.find_one(
            {"organization_id": organization_id}, {"_id": 0, "seq": 1}, sort=[("seq", 1)]
        )
        return int(oldest["seq"]) if oldest else 1

    async def read(
        self, organization_id: ObjectId, after_seq: int, limit: int = BACKLOG_BATCH
    ) -> list[Event]:
        """Return up to `limit` events that follow `after_seq`, oldest first."""
        query = {"organization_id": organization_id, "seq": {"$gt": after_seq}}
        return [
            Event.from_document(document)
            async for document in self._events.find(query, sort=[("seq", 1)], limit=limit)
        ]

    async def prune(
        self, organization_id: ObjectId, newest_seq: int, keep: int = KEPT_EVENTS
    ) -> int:
        """Delete all but the `keep` newest events and return how many went."""
        gone = await self._events.delete_many(
            {"organization_id": organization_id, "seq": {"$lte": newest_seq - keep}}
        )
        return gone.deleted_count


def _numbered(
    organization_id: ObjectId, first: int, events: Sequence[NewEvent]
) -> list[RawDocument]:
    at = utc_now()
    return [
        {
            "organization_id": organization_id,
            "seq": first + offset,
            "type": event.type,
            "at": at,
            "actor": {"kind": event.actor.kind, "id": event.actor.id},
            "subject_id": event.subject_id,
            "data": event.data,
        }
        for offset, event in enumerate(events)
    ]


def _only_duplicates(error: BulkWriteError) -> bool:
    return all(item.get("code") == 11000 for item in error.details.get("writeErrors", ()))
