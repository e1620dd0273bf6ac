"""Versions (snapshots) of an organization's passages.

A row belongs to the versions from its `from` up to, without, its `to`. A change closes the rows it replaces and inserts
new ones under the next number, in one transaction: readers see a version whole or not at all, what did not change is not
written again, and nothing of a version ever changes.

Two numbers matter: `head`, the newest version, which drafts and tests use; and the one that answers customers,
`organization.knowledge_version`, moved by `publish`, or by each change while the organization lets changes go live at once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from pymongo import ReturnDocument

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import EventLog, NewEvent
from crm.knowledge.alignment import Plan, align
from crm.knowledge.models import PASSAGES, VERSIONS

KEPT = timedelta(days=30)
"""How long rows outlive the version that closed them: for trials and runs that began earlier, and for those who ask why
the assistant said something."""

AT_ONCE = "at_once"
INSERT_BATCH = 1_000

type Switch = Callable[[Session], Awaitable[NewEvent | None]]


class SourceChangedError(Exception):
    """The source changed or went while its passages were made; nothing was written."""


class Versions:
    """Writes, reads, publishes and prunes versions."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._organizations = database.collection("organizations")
        self._passages = database.collection(PASSAGES)
        self._versions = database.collection(VERSIONS)

    async def head(self, organization_id: ObjectId, session: Session | None = None) -> int:
        """Return the newest version, published or not; 0 before the first."""
        record = await self._versions.find_one(
            {"_id": organization_id}, {"head": 1}, session=session
        )
        return int(record["head"]) if record else 0

    async def today(self, organization_id: ObjectId, now: datetime) -> date:
        """Return the day by the organization's own clock, by which passages are valid or not.

        Raises:
            NotFound: there is no such organization.
        """
        found = await self._organizations.find_one({"_id": organization_id}, {"timezone": 1})
        if found is None:
            raise NotFound
        return now.astimezone(ZoneInfo(found.get("timezone") or "UTC")).date()

    async def current(self, organization_id: ObjectId, session: Session | None = None) -> int:
        """Return the version that answers customers; 0 before the first.

        Raises:
            NotFound: there is no such organization.
        """
        found = await self._organizations.find_one(
            {"_id": organization_id}, {"knowledge_version": 1}, session=session
        )
        if found is None:
            raise NotFound
        return int(found.get("knowledge_version") or 0)

    async def passages(self, organization_id: ObjectId, version: int) -> list[RawDocument]:
        """Return the passages of a version that may answer (not the excluded ones), document by document.

        Each has `id`, `source_id`, `document`, `title`, `heading`, `language`, `position`, `text`, `page`, and
        `valid_from` and `valid_until` (ISO days or None), in which its document's days are counted.

        Raises:
            NotFound: the version never was, or is no longer kept.
        """
        if not await self.exists(organization_id, version):
            raise NotFound
        where = {"organization_id": organization_id, **_in(version)}
        rows = self._passages.find(where).sort([("source_id", 1), ("rank", 1)])
        found: list[RawDocument] = []
        source_id, position = None, 0
        async for row in rows:
            position = position + 1 if row["source_id"] == source_id else 0
            source_id = row["source_id"]
            if not row["excluded"]:
                found.append({**_as_read(row), "position": position})
        return found

    async def changes(
        self, organization_id: ObjectId, since: int, until: int
    ) -> list[dict[str, Any]]:
        """Return what the second version has other than the first, by document, in the order of names.

        Each is `{source_id, name, change, passages}`: added, changed or removed, and how many passages that are.
        """
        low, high = sorted((since, until))
        span = {"$gt": low, "$lte": high}
        where = {"organization_id": organization_id, "$or": [{"from": span}, {"to": span}]}
        fields = ("source_id", "document", "passage_id", "from", "to")
        touched: dict[ObjectId, set[ObjectId]] = {}
        names: dict[ObjectId, str] = {}
        async for row in self._passages.find(where, dict.fromkeys(fields, 1)).sort("from", 1):
            if _holds(row, since) != _holds(row, until):
                touched.setdefault(row["source_id"], set()).add(row["passage_id"])
                names[row["source_id"]] = row["document"]
        before = await self._sources_at(organization_id, list(touched), since)
        after = await self._sources_at(organization_id, list(touched), until)
        found = [
            {
                "source_id": source_id,
                "name": names[source_id],
                "change": _change(known=source_id in before, stays=source_id in after),
                "passages": len(passages),
            }
            for source_id, passages in touched.items()
        ]
        return sorted(found, key=lambda change: str(change["name"]))

    async def passages_of(
        self, organization_id: ObjectId, version: int, passage_ids: Sequence[ObjectId]
    ) -> list[RawDocument]:
        """Return these passages as they were in a version, in no order and without positions; the pruned ones are left out."""
        wanted = {"passage_id": {"$in": list(passage_ids)}, **_in(version)}
        rows = self._passages.find({"organization_id": organization_id, **wanted})
        return [_as_read(row) async for row in rows]

    async def exists(
        self, organization_id: ObjectId, version: int, session: Session | None = None
    ) -> bool:
        """Whether the version can still be read. Version 0, of nothing, always can."""
        if version == 0:
            return True
        record = await self._versions.find_one({"_id": organization_id}, session=session) or {}
        return (
            record.get("complete_from", 0) <= version <= record.get("head", 0)
            or version in record.get("pinned", ())
            or version == await self.current(organization_id, session)
        )

    async def publish(self, organization_id: ObjectId, version: int, session: Session) -> None:
        """Make a version the one that answers customers, in the caller's transaction.

        It is kept from now on, and so is the one that answered before. No event is appended: the caller does that, last.

        Raises:
            NotFound: there is no such organization; the version never was, or is no longer kept.
        """
        if not await self.exists(organization_id, version, session):
            raise NotFound
        # What answered until now may be returned to, also where it went live without being published.
        pinned = {version, await self.current(organization_id, session)}
        # Also makes a change that is written at this moment conflict with us, and one of the two run again.
        await self._versions.update_one(
            {"_id": organization_id},
            {"$addToSet": {"pinned": {"$each": sorted(pinned)}}, "$max": {"head": version}},
            upsert=True,
            session=session,
        )
        moved = await self._organizations.update_one(
            {"_id": organization_id}, {"$set": {"knowledge_version": version}}, session=session
        )
        if not moved.matched_count:
            raise NotFound

    async def pin(self, organization_id: ObjectId, version: int, session: Session) -> None:
        """Keep a version from now on, without letting it answer.

        Raises:
            NotFound: it never was, or is no longer kept.
        """
        if not await self.exists(organization_id, version, session):
            raise NotFound
        await self._versions.update_one(
            {"_id": organization_id},
            {"$addToSet": {"pinned": version}, "$max": {"head": version}},
            upsert=True,
            session=session,
        )

    async def prune_all(self, now: datetime) -> int:
        """Prune every organization's rows, and return how many went."""
        gone = 0
        async for record in self._versions.find({}, {"_id": 1}):
            with suppress(NotFound):  # the organization is gone
                gone += await self.prune(record["_id"], now)
        return gone

    async def replace(
        self,
        organization_id: ObjectId,
        source_id: ObjectId,
        contents: Sequence[Mapping[str, Any]],
        switch: Switch,
    ) -> int:
        """Let these passages (`stored_content`) stand for the source, and return the head.

        Passages whose content is unchanged keep their rows; when nothing changed there is no new version.

        Args:
            organization_id: whose knowledge.
            source_id: whose passages; with none it disappears.
            contents: the new passages, in order.
            switch: what must change in the same transaction; it may run more than once. It returns the event to
                append, or None to give up (the source has changed meanwhile).

        Raises:
            SourceChangedError: `switch` gave up; nothing was written.
        """

        def plan(rows: Sequence[RawDocument]) -> Plan:
            return align(rows, contents)

        return await self._write(organization_id, {"source_id": source_id}, plan, switch)

    async def amend(
        self,
        organization_id: ObjectId,
        where: Mapping[str, Any],
        values: Mapping[str, Any],
        switch: Switch,
    ) -> int:
        """Set the same fields on the head's passages that `where` selects, and return the head.

        Raises:
            SourceChangedError: `switch` gave up; nothing was written.
        """

        def plan(rows: Sequence[RawDocument]) -> Plan:
            differing = [
                row for row in rows if any(row[name] != value for name, value in values.items())
            ]
            return Plan([row["_id"] for row in differing], [{**row, **values} for row in differing])

        return await self._write(organization_id, where, plan, switch)

    async def prune(self, organization_id: ObjectId, now: datetime) -> int:
        """Delete the rows that no kept version holds, and return how many that were."""

        async def work(session: Session) -> int:
            old = {"organization_id": organization_id, "closed_at": {"$lt": now - KEPT}}
            last = await self._passages.find_one(old, {"to": 1}, sort=[("to", -1)], session=session)
            if last is None:
                return 0
            record = await self._versions.find_one_and_update(
                {"_id": organization_id},
                {"$max": {"complete_from": last["to"]}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            pinned = {*(record or {}).get("pinned", ()), await self.current(organization_id)}
            floor, gone = 0, 0
            for version in [*sorted(pin for pin in pinned if pin < last["to"]), last["to"]]:
                between = {"from": {"$gt": floor}, "to": {"$lte": version}}
                deleted = await self._passages.delete_many(
                    {"organization_id": organization_id, **between}, session=session
                )
                gone += deleted.deleted_count
                floor = version
            return gone

        return await self._database.in_transaction(work, serial=organization_id)

    async def _write(
        self,
        organization_id: ObjectId,
        where: Mapping[str, Any],
        plan_of: Callable[[Sequence[RawDocument]], Plan],
        switch: Switch,
    ) -> int:
        async def work(session: Session) -> int:
            query = {"organization_id": organization_id, "to": None, **where}
            rows = await self._passages.find(query, session=session).sort("rank", 1).to_list()
            event = await switch(session)
            if event is None:
                raise SourceChangedError
            plan = plan_of(rows)
            if not plan:
                version = await self.head(organization_id, session)
            else:
                version = await self._next(organization_id, session)
                await self._carry_out(plan, organization_id, where, version, session)
            await self._events.append(organization_id, [event], session)
            return version

        return await self._database.in_transaction(work, serial=organization_id)

    async def _next(self, organization_id: ObjectId, session: Session) -> int:
        """Make the next version the head; the one that answers, too, where changes go live at once.

        An organization that answers from an older version (after a roll-back, say) goes on doing so until somebody publishes.
        """
        record = await self._versions.find_one_and_update(
            {"_id": organization_id},
            {"$inc": {"head": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        version = int(record["head"]) if record else 1
        await self._organizations.update_one(
            {
                "_id": organization_id,
                "knowledge_version": version - 1,
                "knowledge_goes_live": {"$in": [AT_ONCE, None]},
            },
            {"$set": {"knowledge_version": version}},
            session=session,
        )
        return version

    async def _carry_out(
        self,
        plan: Plan,
        organization_id: ObjectId,
        where: Mapping[str, Any],
        version: int,
        session: Session,
    ) -> None:
        if plan.close:
            await self._passages.update_many(
                {"organization_id": organization_id, "_id": {"$in": plan.close}},
                {"$set": {"to": version, "closed_at": utc_now()}},
                session=session,
            )
        fixed = {
            "organization_id": organization_id,
            **({"source_id": where["source_id"]} if "source_id" in where else {}),
            "from": version,
            "to": None,
            "closed_at": None,
        }
        rows = [{**row, **fixed, "_id": ObjectId()} for row in plan.insert]
        for start in range(0, len(rows), INSERT_BATCH):
            await self._passages.insert_many(rows[start : start + INSERT_BATCH], session=session)

    async def _sources_at(
        self, organization_id: ObjectId, source_ids: list[ObjectId], version: int
    ) -> set[ObjectId]:
        if not source_ids:
            return set()
        where = {
            "organization_id": organization_id,
            "source_id": {"$in": source_ids},
            **_in(version),
        }
        return set(await self._passages.distinct("source_id", where))


def _in(version: int) -> RawDocument:
    """Return the condition under which a row belongs to a version."""
    return {"from": {"$lte": version}, "$or": [{"to": None}, {"to": {"$gt": version}}]}


def _holds(row: RawDocument, version: int) -> bool:
    return row["from"] <= version and (row["to"] is None or row["to"] > version)


def _change(*, known: bool, stays: bool) -> str:
    if not known:
        return "added"
    return "changed" if stays else "removed"


def _as_read(row: RawDocument) -> RawDocument:
    """Return the row as a reader of snapshots gets it."""
    names = ("source_id", "document", "title", "heading", "language", "text", "page")
    begins = [day for day in (row["valid_from"], row["source_valid_from"]) if day]
    ends = [day for day in (row["valid_until"], row["source_valid_until"]) if day]
    return {
        "id": row["passage_id"],
        **{name: row[name] for name in names},
        "valid_from": max(begins, default=None),
        "valid_until": min(ends, default=None),
    }
