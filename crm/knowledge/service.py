"""The documents of organizations: stored, cut into passages, published."""

import asyncio
import logging
import re
from collections.abc import Sequence

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from bot.knowledge.blocks import Document
from bot.knowledge.documents import (
    document_language,
    kind_of,
    passages_of,
    title_of,
)
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.reading import read_document
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import read_form
from crm.core.errors import Conflict, NotFound
from crm.core.events import SYSTEM, Actor, EventLog, NewEvent
from crm.core.listing import Listing, Sortable
from crm.knowledge.errors import NameTaken, refusal
from crm.knowledge.models import PASSAGES, SOURCES, new_source, stored_content
from crm.knowledge.schemas import PassageQuery, SourceQuery
from crm.knowledge.versions import SourceChangedError, Versions

_log = logging.getLogger(__name__)

_HIDDEN = frozenset({"revision", "attempts", "lease", "queued_at"})
_BRIEF = frozenset({"content"}) | _HIDDEN
_SOURCES = Listing(
    sorts={
        "created_at": Sortable("created_at"),
        "updated_at": Sortable("updated_at"),
        "name": Sortable("name"),
    },
    default_sort="created_at",
    projection={"organization_id": 0, **dict.fromkeys(_BRIEF, 0)},
)
_PASSAGES = Listing(
    sorts={"position": Sortable("rank")},
    default_sort="position",
    projection=dict.fromkeys(
        ("organization_id", "from", "to", "closed_at", "source_valid_from", "source_valid_until"), 0
    ),
)


class Knowledge:
    """The knowledge bases of organizations."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._sources = database.collection(SOURCES)
        self._passages = database.collection(PASSAGES)
        self.versions = Versions(database=database, events=events)

    async def list(self, organization_id: ObjectId, query: SourceQuery) -> RawDocument:
        """Return a page of documents, without their texts."""
        conditions: RawDocument = {"organization_id": organization_id}
        if query.state is not None:
            conditions["state"] = query.state
        if query.q:
            part = {"$regex": re.escape(query.q), "$options": "i"}
            conditions["$or"] = [{"name": part}, {"title": part}]
        return await _SOURCES.page(self._sources, conditions, query)

    async def read(self, organization_id: ObjectId, source_id: ObjectId) -> RawDocument:
        """Return a document with its text.

        Raises:
            NotFound: as it says.
        """
        return read_form(await self._get(organization_id, source_id), _HIDDEN)

    async def list_passages(
        self, organization_id: ObjectId, source_id: ObjectId, query: PassageQuery
    ) -> RawDocument:
        """Return a page of the newest version's passages, the excluded ones too.

        Raises:
            NotFound: there is no such document.
        """
        await self._get(organization_id, source_id)
        where = {"organization_id": organization_id, "source_id": source_id, "to": None}
        page = await _PASSAGES.page(self._passages, where, query)
        rows = page["items"]
        if rows:
            lowest = min(row["rank"] for row in rows)
            skipped = await self._passages.count_documents({**where, "rank": {"$lt": lowest}})
            step = -1 if (query.sort or "").startswith("-") else 1
            first = skipped if step == 1 else skipped + len(rows) - 1
            page["items"] = [
                _passage_read(row, first + step * offset) for offset, row in enumerate(rows)
            ]
        return page

    async def create(
        self,
        organization_id: ObjectId,
        *,
        name: str,
        content: str,
        language: str | None = None,
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Store a document and publish its passages; return it.

        Raises:
            Invalid: the document cannot be used; nothing is stored. The code is the parser's (`document_empty`, ...).
            NameTaken: as it says.
        """
        document = await _checked(name, content)
        source = new_source(
            organization_id=organization_id,
            name=name,
            title=title_of(name, document),
            kind=kind_of(name),
            language=language or document_language(content),
            origin="typed",
            content=content,
            now=utc_now(),
        )
        try:
            await self._sources.insert_one(source)
        except DuplicateKeyError:
            raise NameTaken from None
        return await self.ingest(organization_id, source["_id"], actor=actor)

    async def change(
        self,
        organization_id: ObjectId,
        source_id: ObjectId,
        values: RawDocument,
        *,
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Change name, title, content or language; the old passages answer until the new ones are published.

        Raises:
            NotFound, NameTaken: as they say.
            Invalid: the document could not be used; nothing is changed.
        """
        source = await self._get(organization_id, source_id)
        merged = {**source, **values}
        document = await _checked(merged["name"], merged["content"])
        stored = {
            "name": merged["name"],
            "content": merged["content"],
            "kind": kind_of(merged["name"]),
            "language": values.get("language") or source["language"],
            "title": values.get("title") or _title(source, merged, document),
            "state": "queued",
            "error": None,
            "updated_at": utc_now(),
        }
        try:
            await self._sources.update_one(
                {"_id": source_id, "organization_id": organization_id},
                {"$set": stored, "$inc": {"revision": 1}},
            )
        except DuplicateKeyError:
            raise NameTaken from None
        return await self.ingest(organization_id, source_id, actor=actor)

    async def delete(
        self, organization_id: ObjectId, source_id: ObjectId, *, actor: Actor = SYSTEM
    ) -> None:
        """Remove a document and publish a version without its passages.

        Raises:
            NotFound: as it says.
        """
        source = await self._get(organization_id, source_id)

        async def switch(session: Session) -> NewEvent | None:
            gone = await self._sources.delete_one(
                {"_id": source_id, "organization_id": organization_id}, session=session
            )
            if not gone.deleted_count:
                return None
            data = {**read_form(source, _BRIEF), "deleted": True}
            return NewEvent(type="knowledge.updated", subject_id=source_id, data=data, actor=actor)

        try:
            await self.versions.replace(organization_id, source_id, [], switch)
        except SourceChangedError:
            raise NotFound from None

    async def ingest(
        self, organization_id: ObjectId, source_id: ObjectId, *, actor: Actor = SYSTEM
    ) -> RawDocument:
        """Cut a stored document into passages, publish them, and return the document.

        Safe to call again at any time, from any process: a job may run it twice. A document that cannot be used is
        marked as failed, and its former passages go on answering.

        Raises:
            NotFound: there is no such document.
            Conflict: other changes kept getting in between; the document stays `processing`.
        """
        while True:
            source = await self._get(organization_id, source_id)
            try:
                passages = await asyncio.to_thread(
                    passages_of,
                    name=source["name"],
                    content=source["content"],
                    language=source["language"],
                    title=source["title"],
                )
            except DocumentError as error:
                return await self._fail(source, error, actor)
            values = {"state": "ready", "error": None, "passages": len(passages)}
            contents = [stored_content(passage, source) for passage in passages]

            async def switch(
                session: Session, source: RawDocument = source, values: RawDocument = values
            ) -> NewEvent | None:
                return await self._settle(source, values, actor, session)

            try:
                await self.versions.replace(organization_id, source_id, contents, switch)
            except SourceChangedError:
                continue
            return await self.read(organization_id, source_id)

    async def sources_of(
        self, organization_id: ObjectId, passage_ids: Sequence[ObjectId]
    ) -> dict[str, ObjectId]:
        """Return the sources of passages, by the passages' ids as text."""
        where = {"organization_id": organization_id, "passage_id": {"$in": passage_ids}}
        rows = self._passages.find(where, {"_id": 0, "passage_id": 1, "source_id": 1})
        return {str(row["passage_id"]): row["source_id"] async for row in rows}

    async def resume(self) -> int:
        """Ingest what a process that died left half-way, and return how many documents that were."""
        waiting = await self._sources.find({"state": "queued"}, {"organization_id": 1}).to_list()
        for source in waiting:
            try:
                await self.ingest(source["organization_id"], source["_id"])
            except (NotFound, Conflict) as error:
                _log.warning("document %s was not ingested: %s", source["_id"], error.code)
        return len(waiting)

    async def _fail(self, source: RawDocument, error: DocumentError, actor: Actor) -> RawDocument:
        async def work(session: Session) -> None:
            event = await self._settle(
                source,
                {"state": "failed", "error": {"code": error.code, "detail": error.detail}},
                actor,
                session,
            )
            if event is not None:
                await self._events.append(source["organization_id"], [event], session)

        await self._database.in_transaction(work, serial=source["organization_id"])
        return await self.read(source["organization_id"], source["_id"])

    async def _settle(
        self, source: RawDocument, values: RawDocument, actor: Actor, session: Session
    ) -> NewEvent | None:
        """Write the outcome if the document is still the one that was read; None when it is not."""
        changed = await self._sources.find_one_and_update(
            {
                "_id": source["_id"],
                "organization_id": source["organization_id"],
                "revision": source["revision"],
            },
            {"$set": {**values, "updated_at": utc_now()}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if changed is None:
            return None
        data = read_form(changed, _BRIEF)
        return NewEvent(type="knowledge.updated", subject_id=source["_id"], data=data, actor=actor)

    async def _get(self, organization_id: ObjectId, source_id: ObjectId) -> RawDocument:
        found = await self._sources.find_one({"_id": source_id, "organization_id": organization_id})
        if found is None:
            raise NotFound
        return found


async def _checked(name: str, content: str) -> Document:
    """Return the parsed document, or say which field is wrong."""
    try:
        kind_of(name)
    except DocumentError as error:
        raise refusal(error, "name") from None
    try:
        return await asyncio.to_thread(read_document, name, content)
    except DocumentError as error:
        raise refusal(error, "content") from None


def _title(source: RawDocument, merged: RawDocument, document: Document) -> str:
    """Return the document's title after a change: one that a person has typed stays."""
    old = title_of(source["name"], read_document(source["name"], source["content"]))
    return title_of(merged["name"], document) if source["title"] == old else str(source["title"])


def _passage_read(row: RawDocument, position: int) -> RawDocument:
    """Return a row as the console gets it: under the id that it keeps over its rows."""
    shown = {name: value for name, value in row.items() if name not in {"rank", "passage_id"}}
    return {**shown, "id": row["passage_id"], "position": position}
