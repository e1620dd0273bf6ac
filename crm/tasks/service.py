"""Tasks: made by people and by the bot, done by people."""

import re

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session, TransactionConflictError, string
from crm.core.documents import read_form
from crm.core.errors import NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.core.listing import Listing, Sortable
from crm.core.references import check_references
from crm.tasks.models import Task
from crm.tasks.schemas import TaskQuery, TaskUpdate

HIDDEN = frozenset({"source_key", "revision_id"})
REFERENCES = {
    "assignee_id": "memberships",
    "contact_id": "contacts",
    "conversation_id": "conversations",
    "deal_id": "deals",
}

_LISTING = Listing(
    sorts={
        "due_at": Sortable("due_at", nullable=True),
        "created_at": Sortable("created_at"),
        "updated_at": Sortable("updated_at"),
    },
    default_sort="-created_at",
    projection={"organization_id": 0, **dict.fromkeys(HIDDEN, 0)},
)


class Tasks:
    """The tasks of organizations."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._tasks = database.collection("tasks")

    async def list(self, organization_id: ObjectId, query: TaskQuery) -> RawDocument:
        """Return a page of tasks."""
        conditions: RawDocument = {"organization_id": organization_id}
        for field in ("assignee_id", "contact_id", "conversation_id", "deal_id", "kind"):
            if (value := getattr(query, field)) is not None:
                conditions[field] = value
        if query.open is not None:
            conditions["done_at"] = None if query.open else {"$ne": None}
        if query.due_before is not None:
            conditions["due_at"] = {"$lt": query.due_before}
        if query.q:
            conditions["title"] = {"$regex": re.escape(query.q), "$options": "i"}
        return await _LISTING.page(self._tasks, conditions, query)

    async def read(self, organization_id: ObjectId, task_id: ObjectId) -> RawDocument:
        """Return one task.

        Raises:
            NotFound: as it says.
        """
        return read_form(await self._get(organization_id, task_id), HIDDEN)

    async def create(
        self,
        organization_id: ObjectId,
        values: RawDocument,
        *,
        actor: Actor,
        source_key: str | None = None,
        session: Session | None = None,
    ) -> RawDocument:
        """Make a task and return it.

        Args:
            organization_id: whose task it is.
            values: the fields of the task; only `title` is needed.
            actor: who makes it.
            source_key: what it comes from; a second call with it changes nothing and returns the first task.
            session: the transaction it belongs to, if there is one.

        Raises:
            Invalid: what it points at does not exist.
        """

        async def work(session: Session) -> RawDocument:
            if source_key is not None:
                query = {"organization_id": organization_id, "source_key": string(source_key)}
                if (made := await self._tasks.find_one(query, session=session)) is not None:
                    return read_form(made, HIDDEN)
            await check_references(self._database, organization_id, values, REFERENCES, session)
            now = utc_now()
            task = Task(
                **{
                    **values,
                    "organization_id": organization_id,
                    "source_key": source_key,
                    "created_at": now,
                    "updated_at": now,
                }
            )
            try:
                await task.insert(session=session)
            except DuplicateKeyError:  # the same source at the same time: look again
                raise TransactionConflictError from None
            return await self._append("task.created", task.raw(), actor, session)

        return await self._database.within(session, work, serial=organization_id)

    async def change(
        self, organization_id: ObjectId, task_id: ObjectId, change: TaskUpdate, actor: Actor
    ) -> RawDocument:
        """Change what is given.

        Raises:
            NotFound, Invalid: the task, or what it is to point at, does not exist.
        """

        async def work(session: Session) -> RawDocument:
            values = change.given()
            task = await self._get(organization_id, task_id, session)
            await check_references(self._database, organization_id, values, REFERENCES, session)
            if (done := values.pop("done", None)) is not None:
                values["done_at"] = (task["done_at"] or utc_now()) if done else None
            stored = await self._tasks.find_one_and_update(
                {"organization_id": organization_id, "_id": task_id},
                {"$set": {**values, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if stored is None:
                raise NotFound
            return await self._append("task.updated", stored, actor, session)

        return await self._database.in_transaction(work, serial=organization_id)

    async def delete(self, organization_id: ObjectId, task_id: ObjectId, actor: Actor) -> None:
        """Delete a task.

        Raises:
            NotFound: as it says.
        """

        async def work(session: Session) -> None:
            task = await self._get(organization_id, task_id, session)
            await self._tasks.delete_one(
                {"organization_id": organization_id, "_id": task_id}, session=session
            )
            await self._append("task.deleted", task, actor, session)

        await self._database.in_transaction(work, serial=organization_id)

    async def _get(
        self, organization_id: ObjectId, task_id: ObjectId, session: Session | None = None
    ) -> RawDocument:
        query = {"_id": task_id, "organization_id": organization_id}
        found = await self._tasks.find_one(query, session=session)
        if found is None:
            raise NotFound
        return found

    async def _append(
        self, kind: str, task: RawDocument, actor: Actor, session: Session
    ) -> RawDocument:
        read = read_form(task, HIDDEN)
        event = NewEvent(type=kind, subject_id=task["_id"], data=read, actor=actor)
        await self._events.append(task["organization_id"], [event], session)
        return read
