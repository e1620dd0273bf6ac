"""Hands the events of the log to any number of readers in this process, by one change stream."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.events import EVENTS, UNNUMBERED, Event, EventLog, Reset

log = logging.getLogger(__name__)

PRUNE_EVERY = 500
QUEUE_SIZE = 1_000


@dataclass(slots=True, eq=False)
class _Reader:
    """One subscriber: a bounded queue, and a mark that something did not fit or may have been missed."""

    queue: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))
    behind: bool = False

    def offer(self, event: Event) -> None:
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.behind = True

    def nudge(self) -> None:
        """Make the reader look into the log itself."""
        self.behind = True
        with suppress(asyncio.QueueFull):  # a full queue wakes it as well
            self.queue.put_nowait(None)


type RevocationListener = Callable[[str, Any], None]


class EventHub:
    """Follows the log with one change stream and hands events to any number of readers.

    The same stream tells `on_revocation` listeners when a session or a membership was changed or deleted by any
    process, so that cached sign-ins can be dropped at once.
    """

    REVOCABLE = ("sessions", "memberships")

    def __init__(self, database: Database, event_log: EventLog) -> None:
        self._database = database
        self._log = event_log
        self._readers: defaultdict[ObjectId, set[_Reader]] = defaultdict(set)
        self._listeners: list[RevocationListener] = []
        self._task: asyncio.Task[None] | None = None
        self._following = asyncio.Event()

    async def start(self) -> None:
        """Begin to follow; returns when the change stream stands."""
        self._task = asyncio.create_task(self._follow(), name="event-hub")
        await asyncio.wait_for(self._following.wait(), timeout=30)

    async def stop(self) -> None:
        """Stop following. Open iterators go on waiting until they are closed."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def on_revocation(self, listener: RevocationListener) -> None:
        """Call `listener(collection, id)` for each changed or deleted session or membership.

        The id is None when changes may have been missed: forget everything.
        """
        self._listeners.append(listener)

    def tell(self, organization_id: ObjectId, kind: str, subject_id: ObjectId) -> None:
        """Tell the readers of this process something that is not stored and may be missed."""
        event = Event(
            organization_id=organization_id,
            seq=UNNUMBERED,
            type=kind,
            at=utc_now(),
            subject_id=subject_id,
            data={},
            actor={"kind": "contact", "id": None},
        )
        for reader in self._readers.get(organization_id, ()):
            reader.offer(event)

    async def subscribe(
        self, organization_id: ObjectId, after_seq: int
    ) -> AsyncGenerator[Event | Reset]:
        """Yield all events after `after_seq`, first the stored ones, then as they happen, without gap or repetition.

        When the place is no longer in the log (too old, or from another database), one `Reset` comes instead, and
        then the events after its number.
        """
        reader = _Reader()
        self._readers[organization_id].add(reader)
        try:
            last = after_seq
            newest = await self._log.last_seq(organization_id)
            oldest = await self._log.first_seq(organization_id)
            if after_seq > newest or after_seq < oldest - 1:
                last = newest
                yield Reset(newest)
            reader.behind = True
            while True:
                if reader.behind:
                    reader.behind = False
                    async for item in self._stored(organization_id, last):
                        last = item.seq
                        yield item
                event = await reader.queue.get()
                if event is None:
                    continue
                if event.seq == UNNUMBERED:
                    yield event
                elif event.seq == last + 1:
                    last = event.seq
                    yield event
                elif event.seq > last:
                    reader.behind = True
        finally:
            readers = self._readers[organization_id]
            readers.discard(reader)
            if not readers:
                del self._readers[organization_id]

    async def _stored(self, organization_id: ObjectId, last: int) -> AsyncGenerator[Event | Reset]:
        """Yield what the log holds after `last`, or a reset when it was pruned meanwhile."""
        while batch := await self._log.read(organization_id, last):
            if batch[0].seq != last + 1:
                last = await self._log.last_seq(organization_id)
                yield Reset(last)
                continue
            for event in batch:
                yield event
            last = batch[-1].seq

    async def _follow(self) -> None:
        pipeline = [
            {
                "$match": {
                    "$or": [
                        {"ns.coll": EVENTS, "operationType": "insert"},
                        {
                            "ns.coll": {"$in": list(self.REVOCABLE)},
                            "operationType": {"$in": ["update", "replace", "delete"]},
                        },
                    ]
                }
            }
        ]
        pause = 0.1
        while True:
            try:
                async with await self._database.db.watch(
                    pipeline, max_await_time_ms=1_000
                ) as stream:
                    self._catch_up()
                    self._following.set()
                    async for change in stream:
                        pause = 0.1
                        self._dispatch(change)
            except PyMongoError as error:
                log.warning("The change stream broke (%s); following again.", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    def _catch_up(self) -> None:
        """After (re)connecting: what happened meanwhile is in the log, and any sign-in may have been revoked."""
        for readers in self._readers.values():
            for reader in readers:
                reader.nudge()
        for collection in self.REVOCABLE:
            self._revoked(collection, None)

    def _dispatch(self, change: Any) -> None:
        collection = change["ns"]["coll"]
        if collection != EVENTS:
            self._revoked(collection, change["documentKey"]["_id"])
            return
        event = Event.from_document(change["fullDocument"])
        for reader in self._readers.get(event.organization_id, ()):
            reader.offer(event)
        if event.seq % PRUNE_EVERY == 0:
            # Pruning twice (by several processes) is harmless; failing only postpones it.
            self._pruning = asyncio.create_task(self._prune(event))

    async def _prune(self, event: Event) -> None:
        with suppress(PyMongoError):
            await self._log.prune(event.organization_id, event.seq)

    def _revoked(self, collection: str, document_id: Any) -> None:
        for listener in self._listeners:
            listener(collection, document_id)
