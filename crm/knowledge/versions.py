"""Versions of an organization's passages.

A version is written whole under a number nobody reads yet, then the organization is switched to it in one transaction.
Readers see the old passages or the new ones, never a mixture, and a process that dies in between leaves only rows that
the next clean-up removes.
"""

from collections.abc import Awaitable, Callable, Sequence

from bson import ObjectId
from pymongo import ReturnDocument

from bot.knowledge.passages import Passage
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import EventLog, NewEvent
from crm.knowledge.errors import KnowledgeBusy
from crm.knowledge.models import PASSAGES, VERSIONS, stored_passage

KEPT_VERSIONS = 3
"""The present version and the two before it: turns that began under them still find their passages."""

ATTEMPTS = 20
INSERT_BATCH = 1_000

type Switch = Callable[[Session], Awaitable[NewEvent | None]]


class Versions:
    """Writes, switches, reads and removes versions."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._organizations = database.collection("organizations")
        self._passages = database.collection(PASSAGES)
        self._versions = database.collection(VERSIONS)

    async def current(self, organization_id: ObjectId) -> int:
        """Return the version that answers now; 0 before the first.

        Raises:
            NotFound: there is no such organization.
        """
        found = await self._organizations.find_one(
            {"_id": organization_id}, {"knowledge_version": 1}
        )
        if found is None:
            raise NotFound
        return int(found.get("knowledge_version") or 0)

    async def replace(
        self,
        organization_id: ObjectId,
        source_id: ObjectId,
        passages: Sequence[Passage],
        switch: Switch,
    ) -> int:
        """Publish a version in which `passages` stand for the source, and return its number.

        Args:
            organization_id: whose version.
            source_id: whose passages are replaced; with none it disappears from the version.
            passages: the new ones.
            switch: what must change in the same transaction; it may run more than once. It returns the event to
                append, or None to give up (the source has changed meanwhile): nothing is switched then.

        Raises:
            KnowledgeBusy: other changes of the same organization kept getting in between.
        """
        for _ in range(ATTEMPTS):
            base = await self.current(organization_id)
            version = await self._next(organization_id, base)
            await self._write(organization_id, source_id, passages, base, version)
            if await self._switch(organization_id, base, version, switch):
                await self._clean_up(organization_id)
                return version
            await self._passages.delete_many(
                {"organization_id": organization_id, "version": version}
            )
        raise KnowledgeBusy

    async def passages(self, organization_id: ObjectId, version: int) -> list[RawDocument]:
        """Return all passages of a version, document by document.

        Raises:
            NotFound: the version never was, or is no longer kept.
        """
        record = await self._versions.find_one({"_id": organization_id}, {"published": 1})
        if version != await self.current(organization_id) and version not in (record or {}).get(
            "published", []
        ):
            raise NotFound
        query = {"organization_id": organization_id, "version": version}
        return await self._passages.find(query).sort([("source_id", 1), ("position", 1)]).to_list()

    async def _next(self, organization_id: ObjectId, base: int) -> int:
        record = await self._versions.find_one_and_update(
            {"_id": organization_id},
            [{"$set": {"last": {"$add": [{"$max": ["$last", base]}, 1]}}}],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return int(record["last"]) if record else base + 1

    async def _write(
        self,
        organization_id: ObjectId,
        source_id: ObjectId,
        passages: Sequence[Passage],
        base: int,
        version: int,
    ) -> None:
        others = {
            "organization_id": organization_id,
            "version": base,
            "source_id": {"$ne": source_id},
        }
        copying = await self._passages.aggregate(
            [
                {"$match": others},
                {"$project": {"_id": 0}},
                {"$set": {"version": version}},
                {"$merge": {"into": PASSAGES}},
            ]
        )
        await copying.to_list()
        rows = [
            stored_passage(
                passage, organization_id=organization_id, source_id=source_id, version=version
            )
            for passage in passages
        ]
        for start in range(0, len(rows), INSERT_BATCH):
            await self._passages.insert_many(rows[start : start + INSERT_BATCH], ordered=False)

    async def _switch(
        self, organization_id: ObjectId, base: int, version: int, switch: Switch
    ) -> bool:
        async def work(session: Session) -> bool:
            changed = await self._organizations.update_one(
                {"_id": organization_id, "knowledge_version": base},
                {"$set": {"knowledge_version": version, "updated_at": utc_now()}},
                session=session,
            )
            if not changed.matched_count:
                return False
            event = await switch(session)
            if event is None:
                raise _GivenUpError
            await self._versions.update_one(
                {"_id": organization_id},
                {"$push": {"published": {"$each": [version], "$slice": -KEPT_VERSIONS}}},
                session=session,
            )
            await self._events.append(organization_id, [event], session)
            return True

        try:
            return await self._database.in_transaction(work, serial=organization_id)
        except _GivenUpError:
            await self._passages.delete_many(
                {"organization_id": organization_id, "version": version}
            )
            raise SourceChangedError from None

    async def _clean_up(self, organization_id: ObjectId) -> None:
        record = await self._versions.find_one({"_id": organization_id}, {"published": 1})
        published = (record or {}).get("published") or []
        if len(published) >= KEPT_VERSIONS:
            # A version still being written under a lower number cannot be switched to any more.
            old = {"organization_id": organization_id, "version": {"$lt": published[0]}}
            await self._passages.delete_many(old)


class SourceChangedError(Exception):
    """The source changed or went while its passages were made; nothing was switched."""


class _GivenUpError(Exception):
    """Undoes the transaction."""
