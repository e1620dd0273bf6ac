"""Ingestion: a stored document is read, cut into passages, and these take the place of its former ones.

What is to be done stands in the document itself (`state`, `queued_at`), written in the same step as what it is made of, so that
nothing is stored without being ingested: no message to a queue can be lost or doubled. A worker claims it with a lease and
prolongs that while it works; when it dies, the lease runs out and another begins anew. A result is written only under the
lease and for the revision it was made of, so that of two workers, or after a change, only one counts.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from bot.knowledge.blocks import Notice
from bot.knowledge.documents import Reading
from bot.knowledge.errors import DocumentError
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import SYSTEM, Actor, EventLog, NewEvent
from crm.knowledge.articles import personal_data
from crm.knowledge.limits import KnowledgeLimits
from crm.knowledge.models import PASSAGES, SOURCES, UNFINISHED_STATES, stored_content
from crm.knowledge.originals import Originals
from crm.knowledge.reading import Reader, is_small_text
from crm.knowledge.store import event_of
from crm.knowledge.versions import SourceChangedError, Versions

_log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""How many workers may die over a document before it is given up: it may be what they die of."""
_LOOK_SECONDS = 0.05
_UNFINISHED: Mapping[str, Any] = {"state": {"$in": UNFINISHED_STATES}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The rhythm of ingestion.

    Attributes:
        lease_seconds: for how long a worker owns a document without saying so again.
        at_once: documents a worker reads at the same time.
        tell_seconds: the shortest time between two pieces of news about a document's progress.
    """

    lease_seconds: float = 10.0
    at_once: int = 2
    tell_seconds: float = 1.0


class Ingestion:
    """Ingests documents; `sweep` is for workers, `ingest` for those who wait for the outcome."""

    def __init__(
        self,
        *,
        database: Database,
        events: EventLog,
        versions: Versions,
        originals: Originals,
        reader: Reader,
        limits: KnowledgeLimits,
        pace: Pace,
    ) -> None:
        self._database = database
        self._events = events
        self._versions = versions
        self._originals = originals
        self._reader = reader
        self._limits = limits
        self._pace = pace
        self._sources = database.collection(SOURCES)
        self._passages = database.collection(PASSAGES)
        self._holder = ObjectId()
        self._running: dict[ObjectId, asyncio.Task[None]] = {}
        self._served: dict[ObjectId, float] = {}

    async def sweep(self) -> int:
        """Begin with the documents that wait, as many as there is room for, and return how many that were.

        The organization served longest ago comes first: nobody's thousand files keep the others waiting.
        """
        started = 0
        while len(self._running) < self._pace.at_once:
            source = await self._claim_next()
            if source is None:
                break
            task = asyncio.create_task(self._work(source), name=f"ingest {source['_id']}")
            self._running[source["_id"]] = task
            task.add_done_callback(partial(self._forget, source["_id"]))
            started += 1
        return started

    def _forget(self, source_id: ObjectId, _: asyncio.Task[None]) -> None:
        self._running.pop(source_id, None)

    async def close(self) -> None:
        """Stop what runs; others go on with it at once."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def ingest(
        self, organization_id: ObjectId, source_id: ObjectId, *, actor: Actor = SYSTEM
    ) -> None:
        """Ingest a document now, or wait a little for the worker that was faster."""
        here = {"organization_id": organization_id, "_id": source_id}
        give_up_at = time.monotonic() + 2 * self._pace.lease_seconds
        while time.monotonic() < give_up_at:
            source = await self._claim(here)
            if source is not None:
                if await self._carry_out(source, actor):
                    return
            elif await self._sources.find_one({**here, **_UNFINISHED}, {"_id": 1}) is None:
                return
            else:
                await asyncio.sleep(_LOOK_SECONDS)

    async def _work(self, source: RawDocument) -> None:
        """Ingest a claimed document; what stops it for now leaves it to the next sweep."""
        try:
            await self._carry_out(source, SYSTEM)
        except asyncio.CancelledError:
            with suppress(PyMongoError):
                await self._release(source)
            raise
        except PyMongoError as error:
            _log.warning("ingestion of %s interrupted: %s", source["_id"], type(error).__name__)
        except Exception:  # one document must not stop the others
            _log.exception("ingestion of %s failed", source["_id"])

    async def _claim_next(self) -> RawDocument | None:
        now = utc_now()
        due = {**_UNFINISHED, "$or": [{"lease": None}, {"lease.until": {"$lt": now}}]}
        waiting: list[ObjectId] = await self._sources.distinct("organization_id", due)
        for organization_id in sorted(waiting, key=lambda key: self._served.get(key, 0.0)):
            claimed = await self._claim({"organization_id": organization_id})
            if claimed is not None:
                if len(self._served) > 10_000:
                    self._served.clear()
                self._served[organization_id] = time.monotonic()
                return claimed
        return None

    async def _claim(self, where: RawDocument) -> RawDocument | None:
        """Take the lease of one document that waits, the oldest first."""
        now = utc_now()
        lease = {"holder": self._holder, "fence": ObjectId(), "until": self._until()}
        return await self._sources.find_one_and_update(
            {
                **where,
                **_UNFINISHED,
                "$or": [{"lease": None}, {"lease.until": {"$lt": now}}],
            },
            {
                "$set": {
                    "state": "processing",
                    "lease": lease,
                    "progress": {"stage": "reading", "done": 0, "total": 0},
                },
                "$inc": {"attempts": 1},
            },
            sort=[("queued_at", 1)],
            return_document=ReturnDocument.AFTER,
        )

    async def _carry_out(self, source: RawDocument, actor: Actor) -> bool:
        """Ingest a claimed document; False when it changed meanwhile and is to be claimed anew."""
        keeping = asyncio.create_task(self._keep_lease(source, asyncio.current_task()))
        try:
            if source["attempts"] > MAX_ATTEMPTS:
                raise DocumentError(
                    "document_gave_up", "Reading it was broken off several times: try again later."
                )
            reading = await self._read(source)
            await self._check_room(source, len(reading.passages))
            await self._store(source, reading, actor)
        except DocumentError as error:
            return await self._fail(source, error, actor)
        except SourceChangedError:
            await self._release(source)
            return False
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        return True

    async def _read(self, source: RawDocument) -> Reading:
        given = source["title"] if source.get("title_given") else None
        name, language = source["name"], source["language"]
        if source["file"] is None and is_small_text(name, source["size"]):
            return await self._reader.read_text(
                name, source["content"], language=language, title=given
            )
        await self._tell(source, source["progress"])
        news = _News(self._pace.tell_seconds)

        async def tell(done: int, total: int) -> None:
            if news.is_due(final=done == total):
                await self._tell(source, {"stage": "parsing", "done": done, "total": total})

        return await self._reader.read(
            name, self._content(source), language=language, title=given, tell=tell
        )

    async def _content(self, source: RawDocument) -> AsyncIterator[bytes]:
        if source["file"] is None:
            yield source["content"].encode()
            return
        try:
            async for chunk in self._originals.read(
                source["organization_id"], source["file"]["id"]
            ):
                yield chunk
        except NotFound:
            raise SourceChangedError from None  # another file took its place

    async def _store(self, source: RawDocument, reading: Reading, actor: Actor) -> None:
        total = len(reading.passages)
        if total > 500:
            await self._tell(source, {"stage": "storing", "done": 0, "total": total})
        values: RawDocument = {
            "state": "ready",
            "error": None,
            "title": reading.title,
            "language": reading.language,
            "passages": total,
            "warnings": [
                {"code": notice.code, "detail": notice.detail, "pages": list(notice.pages)}
                for notice in [*reading.notices, *await _hints(source, reading)]
            ],
        }
        if source["file"] is not None:
            values["content"] = reading.text
        contents = [
            stored_content(passage, {**source, "title": reading.title})
            for passage in reading.passages
        ]

        async def switch(session: Session) -> NewEvent | None:
            return await self._settle(source, values, actor, session)

        await self._versions.replace(source["organization_id"], source["_id"], contents, switch)

    async def _check_room(self, source: RawDocument, passages: int) -> None:
        others = {
            "organization_id": source["organization_id"],
            "source_id": {"$ne": source["_id"]},
            "to": None,
        }
        if await self._passages.count_documents(others) + passages > self._limits.passages:
            raise DocumentError(
                "knowledge_full",
                f"All documents together may have {self._limits.passages} passages.",
            )

    async def _fail(self, source: RawDocument, error: DocumentError, actor: Actor) -> bool:
        """Write down why a document cannot be used; its former passages go on answering."""
        values = {"state": "failed", "error": {"code": error.code, "detail": error.detail}}

        async def work(session: Session) -> bool:
            event = await self._settle(source, values, actor, session)
            if event is None:
                return False
            await self._events.append(source["organization_id"], [event], session)
            return True

        settled = await self._database.in_transaction(work, serial=source["organization_id"])
        if not settled:
            await self._release(source)
        return settled

    async def _settle(
        self, source: RawDocument, values: RawDocument, actor: Actor, session: Session
    ) -> NewEvent | None:
        """Write the outcome if the document and the lease are still those it was made under; None when not."""
        changed = await self._sources.find_one_and_update(
            {**_mine(source), "revision": source["revision"]},
            {
                "$set": {
                    **values,
                    "lease": None,
                    "progress": None,
                    "attempts": 0,
                    "updated_at": utc_now(),
                }
            },
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if changed is None:
            return None
        return event_of(changed, actor)

    async def _tell(self, source: RawDocument, progress: RawDocument) -> None:
        changed = await self._sources.find_one_and_update(
            _mine(source),
            {"$set": {"progress": progress}},
            projection={"content": 0},
            return_document=ReturnDocument.AFTER,
        )
        if changed is not None:
            await self._events.append(source["organization_id"], [event_of(changed, SYSTEM)])

    async def _keep_lease(self, source: RawDocument, worker: asyncio.Task[Any] | None) -> None:
        """Prolong the lease until cancelled. When it is lost, what is made can no longer be stored: that is found out then."""
        while worker is not None and not worker.done():
            await asyncio.sleep(self._pace.lease_seconds / 4)
            try:
                await self._sources.update_one(
                    _mine(source), {"$set": {"lease.until": self._until()}}
                )
            except PyMongoError as error:
                _log.warning("a lease was not prolonged: %s", type(error).__name__)

    async def _release(self, source: RawDocument) -> None:
        """Give the document back to whoever comes next; nobody is to blame."""
        await self._sources.update_one(
            _mine(source),
            {
                "$set": {"state": "queued", "lease": None, "progress": None},
                "$inc": {"attempts": -1},
            },
        )

    def _until(self) -> Any:
        return utc_now() + timedelta(seconds=self._pace.lease_seconds)


async def _hints(source: RawDocument, reading: Reading) -> list[Notice]:
    """Return what an admin should look at before customers do."""
    if source["origin"] != "answer":
        return []
    text = "\n".join(passage.text for passage in reading.passages)
    hint = await asyncio.to_thread(personal_data, text)
    return [hint] if hint else []


class _News:
    """Lets something through now and then."""

    def __init__(self, every_seconds: float) -> None:
        self._every = every_seconds
        self._last = 0.0

    def is_due(self, *, final: bool) -> bool:
        now = time.monotonic()
        if final or now - self._last >= self._every:
            self._last = now
            return True
        return False


def _mine(source: RawDocument) -> RawDocument:
    """Return the condition under which a claimed document is still ours."""
    return {
        "_id": source["_id"],
        "organization_id": source["organization_id"],
        "lease.fence": source["lease"]["fence"],
    }
