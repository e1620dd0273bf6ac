"""The stored documents: reading and writing their rows, and the room an organization has for them."""

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.reading import kind_of
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import read_form
from crm.core.errors import FieldError, Invalid, NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.knowledge.errors import KnowledgeFull, NameTaken, refusal
from crm.knowledge.limits import KnowledgeLimits
from crm.knowledge.models import BRIEF, HIDDEN, SOURCES, UNFINISHED_STATES


class SourceStore:
    """Reads and writes the rows of documents."""

    def __init__(self, *, database: Database, events: EventLog, limits: KnowledgeLimits) -> None:
        self.rows = database.collection(SOURCES)
        self._events = events
        self._limits = limits

    async def write(
        self,
        organization_id: ObjectId,
        source_id: ObjectId,
        values: RawDocument,
        session: Session | None = None,
    ) -> RawDocument:
        """Set fields of a document, which makes a new revision of it, and return it.

        Raises:
            NotFound, NameTaken: as they say.
        """
        try:
            changed = await self.rows.find_one_and_update(
                {"_id": source_id, "organization_id": organization_id},
                {"$set": values, "$inc": {"revision": 1}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        except DuplicateKeyError:
            raise NameTaken from None
        if changed is None:
            raise NotFound
        return changed

    async def insert(self, source: RawDocument) -> None:
        """Store a new document.

        Raises:
            NameTaken: as it says.
        """
        try:
            await self.rows.insert_one(source)
        except DuplicateKeyError:
            raise NameTaken from None

    async def announce(self, source: RawDocument, actor: Actor) -> None:
        """Tell the consoles how a document is now."""
        await self._events.append(source["organization_id"], [event_of(source, actor)])

    async def get(self, organization_id: ObjectId, source_id: ObjectId) -> RawDocument:
        """Return a document as it is stored.

        Raises:
            NotFound: as it says.
        """
        found = await self.rows.find_one({"_id": source_id, "organization_id": organization_id})
        if found is None:
            raise NotFound
        return found

    async def check_room(
        self, organization_id: ObjectId, more_bytes: int, *, sources: int = 1
    ) -> None:
        """See that there is room for another document, or a larger one.

        Raises:
            KnowledgeFull: there is none.
        """
        here = {"organization_id": organization_id}
        found = await self.rows.aggregate(
            [
                {"$match": here},
                {
                    "$group": {
                        "_id": None,
                        "sources": {"$sum": 1},
                        "bytes": {"$sum": "$size"},
                        "waiting": {
                            "$sum": {"$cond": [{"$in": ["$state", UNFINISHED_STATES]}, 1, 0]}
                        },
                    }
                },
            ]
        )
        used = next(iter(await found.to_list()), {"sources": 0, "bytes": 0, "waiting": 0})
        limits = self._limits
        if used["sources"] + sources > limits.sources:
            raise KnowledgeFull(f"{limits.sources} documents may be kept.")
        if used["waiting"] >= limits.waiting:
            raise KnowledgeFull("Wait until the documents that were added are read.")
        if more_bytes > 0 and used["bytes"] + more_bytes > limits.bytes:
            allowed = limits.bytes // 1024 // 1024
            raise KnowledgeFull(f"All documents together may have {allowed} MB.")


def source_read(source: RawDocument, hidden: frozenset[str] = HIDDEN) -> RawDocument:
    """Return a stored document as the API and, without its text, the event log show it."""
    shown = read_form(source, hidden)
    if shown["file"] is not None:
        shown["file"] = {name: shown["file"][name] for name in ("name", "content_type", "size")}
    return shown


def event_of(source: RawDocument, actor: Actor, *, deleted: bool = False) -> NewEvent:
    """Return the event that tells how a document is now, without its text."""
    data = source_read(source, BRIEF)
    if deleted:
        data["deleted"] = True
    return NewEvent(type="knowledge.updated", subject_id=source["_id"], data=data, actor=actor)


def waiting() -> RawDocument:
    """Return what makes a document wait for its ingestion, also when one is under way."""
    now = utc_now()
    return {
        "state": "queued",
        "error": None,
        "progress": None,
        "attempts": 0,
        "lease": None,
        "queued_at": now,
        "updated_at": now,
    }


def checked_kind(name: str) -> str:
    """Return the kind a document's name says, or say that the name is wrong.

    Raises:
        Invalid: as it says.
    """
    try:
        return kind_of(name)
    except DocumentError as error:
        raise refusal(error, "name") from None


def check_days(values: RawDocument) -> None:
    """See that a document or passage is not valid backwards.

    Raises:
        Invalid: as it says.
    """
    first, last = values["valid_from"], values["valid_until"]
    if first is not None and last is not None and last < first:
        raise Invalid(
            fields=[
                FieldError("valid_until", "days_out_of_order", "The last day is before the first.")
            ]
        )
