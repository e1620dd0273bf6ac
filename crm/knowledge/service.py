"""The documents of organizations: stored, and given to ingestion."""

import asyncio
import re

from bson import ObjectId

from bot.knowledge.documents import title_of
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.reading import (
    TEXT_KINDS,
    check,
    read_document,
)
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import SYSTEM, Actor, EventLog, NewEvent
from crm.core.listing import Listing, Sortable
from crm.core.references import check_references
from crm.knowledge.articles import article_name, article_text
from crm.knowledge.errors import NameTaken, ReadOnlyText, refusal
from crm.knowledge.files import Files
from crm.knowledge.ingestion import Ingestion, Pace
from crm.knowledge.limits import KnowledgeLimits
from crm.knowledge.models import BRIEF, UNFINISHED_STATES, Origin, new_source
from crm.knowledge.originals import Originals
from crm.knowledge.passages import Passages
from crm.knowledge.reading import Reader, is_small_text
from crm.knowledge.schemas import SourceQuery
from crm.knowledge.store import (
    SourceStore,
    check_days,
    checked_kind,
    event_of,
    source_read,
    waiting,
)
from crm.knowledge.vectors import StoredVectors
from crm.knowledge.versions import SourceChangedError, Versions

_SOURCES = Listing(
    sorts={
        "created_at": Sortable("created_at"),
        "updated_at": Sortable("updated_at"),
        "name": Sortable("name"),
    },
    default_sort="created_at",
    projection={
        "organization_id": 0,
        "file.id": 0,
        "file.sha256": 0,
        **dict.fromkeys(BRIEF, 0),
    },
)


class Knowledge:
    """The knowledge bases of organizations."""

    def __init__(
        self,
        *,
        database: Database,
        events: EventLog,
        limits: KnowledgeLimits | None = None,
        reader: Reader | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        limits = limits or KnowledgeLimits()
        self._store = SourceStore(database=database, events=events, limits=limits)
        self.versions = Versions(database=database, events=events)
        self.vectors = StoredVectors(database=database)
        self.originals = Originals(database)
        self.ingestion = Ingestion(
            database=database,
            events=events,
            versions=self.versions,
            originals=self.originals,
            reader=reader or Reader(),
            limits=limits,
            pace=pace or Pace(),
        )
        self.files = Files(store=self._store, originals=self.originals)
        self.passages = Passages(database=database, store=self._store, versions=self.versions)

    async def list(self, organization_id: ObjectId, query: SourceQuery) -> RawDocument:
        """Return a page of documents, without their texts."""
        conditions: RawDocument = {"organization_id": organization_id}
        if query.state is not None:
            conditions["state"] = query.state
        if query.q:
            part = {"$regex": re.escape(query.q), "$options": "i"}
            conditions["$or"] = [{"name": part}, {"title": part}]
        return await _SOURCES.page(self._store.rows, conditions, query)

    async def read(self, organization_id: ObjectId, source_id: ObjectId) -> RawDocument:
        """Return a document with its text: the typed one, or what was read in the file.

        Raises:
            NotFound: as it says.
        """
        return source_read(await self._store.get(organization_id, source_id))

    async def create(
        self,
        organization_id: ObjectId,
        *,
        name: str,
        content: str,
        title: str | None = None,
        language: str | None = None,
        origin: Origin = "typed",
        from_message: RawDocument | None = None,
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Store a typed text and return it: ingested already when it is small, else waiting for a worker.

        Raises:
            Invalid: the text cannot be used; nothing is stored. The code is the parser's (`document_empty`, ...).
            NameTaken, KnowledgeFull: as they say.
        """
        kind = await self._checked(name, content)
        await self._store.check_room(organization_id, len(content.encode()))
        source = new_source(
            organization_id=organization_id,
            name=name,
            title=title or title_of(name),
            title_given=title is not None,
            kind=kind,
            language=language,
            origin=origin,
            content=content,
            from_message=from_message,
            now=utc_now(),
        )
        await self._store.insert(source)
        return await self._ingested(source, actor)

    async def add_article(
        self,
        organization_id: ObjectId,
        *,
        question: str,
        answer: str,
        language: str,
        references: RawDocument,
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Make a document of a question and the answer an operator gave.

        Raises:
            Invalid: the message or the conversation is not the organization's.
            KnowledgeFull: as it says.
        """
        await check_references(
            self._database,
            organization_id,
            references,
            {"conversation_id": "conversations", "message_id": "messages"},
        )
        name = article_name(question)
        for number in range(2, 100):
            try:
                return await self.create(
                    organization_id,
                    name=name,
                    content=article_text(question, answer),
                    language=language,
                    origin="answer",
                    from_message=references,
                    actor=actor,
                )
            except NameTaken:
                name = article_name(question, number)
        raise NameTaken

    async def change(
        self,
        organization_id: ObjectId,
        source_id: ObjectId,
        values: RawDocument,
        *,
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Change name, title, text, language or the days it is valid; the old passages answer until the new ones are there.

        Raises:
            NotFound, NameTaken, KnowledgeFull, ReadOnlyText: as they say.
            Invalid: the document could not be used; nothing is changed.
        """
        source = await self._store.get(organization_id, source_id)
        if "content" in values and source["file"] is not None:
            raise ReadOnlyText
        merged = {**source, **values}
        kind = await self._checked_change(source, merged)
        check_days(merged)
        stored: RawDocument = {**values, "kind": kind, "updated_at": utc_now()}
        if "title" in values:
            stored["title_given"] = True
        if "content" in values:
            size = len(values["content"].encode())
            await self._store.check_room(organization_id, size - source["size"], sources=0)
            stored["size"] = size
        texts = (
            any(merged[name] != source[name] for name in ("content", "language"))
            or kind != source["kind"]
        )
        if texts or source["state"] in UNFINISHED_STATES:
            changed = await self._store.write(organization_id, source_id, {**stored, **waiting()})
            return await self._ingested(changed, actor)
        await self._amend(source, merged, stored, actor)
        return await self.read(organization_id, source_id)

    async def delete(
        self, organization_id: ObjectId, source_id: ObjectId, *, actor: Actor = SYSTEM
    ) -> None:
        """Remove a document, and its passages from the newest version.

        Raises:
            NotFound: as it says.
        """
        source = await self._store.get(organization_id, source_id)

        async def switch(session: Session) -> NewEvent | None:
            gone = await self._store.rows.delete_one(
                {"_id": source_id, "organization_id": organization_id}, session=session
            )
            if not gone.deleted_count:
                return None
            return event_of(source, actor, deleted=True)

        try:
            await self.versions.replace(organization_id, source_id, [], switch)
        except SourceChangedError:
            raise NotFound from None
        await self.originals.delete(source["file"])

    async def retry(
        self, organization_id: ObjectId, source_id: ObjectId, *, actor: Actor = SYSTEM
    ) -> RawDocument:
        """Ingest a document again: one that failed, or one that was read by an older program.

        Raises:
            NotFound: as it says.
        """
        changed = await self._store.write(organization_id, source_id, waiting())
        return await self._ingested(changed, actor)

    async def _ingested(self, source: RawDocument, actor: Actor) -> RawDocument:
        """Ingest a small typed text at once, leave others to a worker, and return the document."""
        if source["file"] is None and is_small_text(source["name"], source["size"]):
            await self.ingestion.ingest(source["organization_id"], source["_id"], actor=actor)
            return await self.read(source["organization_id"], source["_id"])
        await self._store.announce(source, actor)
        return source_read(source)

    async def _amend(
        self, source: RawDocument, merged: RawDocument, stored: RawDocument, actor: Actor
    ) -> None:
        """Write a change that leaves the texts as they are: passages are not cut anew."""
        organization_id, source_id = source["organization_id"], source["_id"]
        shown = {
            "title": merged["title"],
            "document": merged["name"],
            "source_valid_from": merged["valid_from"],
            "source_valid_until": merged["valid_until"],
        }

        async def switch(session: Session) -> NewEvent | None:
            return event_of(
                await self._store.write(organization_id, source_id, stored, session), actor
            )

        await self.versions.amend(organization_id, {"source_id": source_id}, shown, switch)

    async def _checked(self, name: str, content: str) -> str:
        """Return the kind of a typed text, or say which field is wrong."""
        kind = checked_kind(name)
        try:
            if kind not in TEXT_KINDS and kind != "html":
                raise DocumentError("document_wrong_type", "A file of this kind is uploaded.")
            if is_small_text(name, len(content.encode("utf-8", "replace"))):
                await asyncio.to_thread(read_document, name, content)
            else:
                check(content)
        except DocumentError as error:
            raise refusal(error, "content") from None
        return kind

    async def _checked_change(self, source: RawDocument, merged: RawDocument) -> str:
        if source["file"] is None:
            return await self._checked(merged["name"], merged["content"])
        kind = checked_kind(merged["name"])
        if kind != source["kind"]:
            error = DocumentError("document_wrong_type", "The ending of the name must stay.")
            raise refusal(error, "name")
        return kind
