"""Deals: made, changed, moved along the board."""

import asyncio
import re
from collections.abc import Iterable
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session, TransactionConflictError, string
from crm.core.documents import read_form
from crm.core.errors import FieldError, Invalid, NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.core.listing import Listing, Sortable
from crm.core.references import check_references
from crm.deals.models import Deal
from crm.deals.pipelines import Pipelines
from crm.deals.schemas import DealMove, DealQuery, DealUpdate

HIDDEN = frozenset({"source_key", "revision_id"})
STEP = 1024.0
SMALLEST_GAP = 1e-6
REFERENCES = {"contact_id": "contacts", "conversation_id": "conversations"}

_PROJECTION = {"organization_id": 0, **dict.fromkeys(HIDDEN, 0)}
_LISTING = Listing(
    sorts={
        "created_at": Sortable("created_at"),
        "updated_at": Sortable("updated_at"),
        "amount": Sortable("amount", nullable=True),
        "position": Sortable("position"),
    },
    default_sort="-created_at",
    projection=_PROJECTION,
)


class Deals:
    """The deals of organizations."""

    def __init__(self, *, database: Database, events: EventLog, pipelines: Pipelines) -> None:
        self._database = database
        self._events = events
        self._pipelines = pipelines
        self._deals = database.collection("deals")
        self._contacts = database.collection("contacts")

    async def list(self, organization_id: ObjectId, query: DealQuery) -> RawDocument:
        """Return a page of deals."""
        conditions: RawDocument = {"organization_id": organization_id}
        for field in ("stage_id", "contact_id", "conversation_id"):
            if (value := getattr(query, field)) is not None:
                conditions[field] = value
        if query.open is not None:
            conditions["closed_at"] = None if query.open else {"$ne": None}
        if query.q:
            conditions["title"] = {"$regex": re.escape(query.q), "$options": "i"}
        page = await _LISTING.page(self._deals, conditions, query)
        await self._add_contacts(organization_id, page["items"])
        return page

    async def board(self, organization_id: ObjectId, limit: int) -> RawDocument:
        """Return all stages with their sums and their first `limit` deals."""
        pipeline = await self._pipelines.get(organization_id)
        sums_cursor = await self._deals.aggregate(
            [
                {"$match": {"organization_id": organization_id}},
                {
                    "$group": {
                        "_id": "$stage_id",
                        "total": {"$sum": {"$ifNull": ["$amount", 0]}},
                        "count": {"$sum": 1},
                    }
                },
            ]
        )
        sums = {row["_id"]: row async for row in sums_cursor}

        async def column(stage: RawDocument) -> RawDocument:
            query = {"organization_id": organization_id, "stage_id": stage["id"]}
            order = [("position", 1), ("_id", 1)]
            found = await self._deals.find(query, _PROJECTION).sort(order).limit(limit).to_list()
            rows = [read_form(deal) for deal in found]
            await self._add_contacts(organization_id, rows)
            of_stage = sums.get(stage["id"], {"total": 0, "count": 0})
            return {
                "stage": stage,
                "total_amount": of_stage["total"],
                "count": of_stage["count"],
                "deals": rows,
            }

        return {"stages": await asyncio.gather(*map(column, pipeline["stages"]))}

    async def read(self, organization_id: ObjectId, deal_id: ObjectId) -> RawDocument:
        """Return one deal.

        Raises:
            NotFound: as it says.
        """
        return await self._read(await self._get(organization_id, deal_id))

    async def create(
        self,
        organization_id: ObjectId,
        values: RawDocument,
        *,
        actor: Actor,
        source_key: str | None = None,
        session: Session | None = None,
    ) -> RawDocument:
        """Make a deal at the top of its stage and return it.

        Args:
            organization_id: whose deal it is.
            values: contact_id, title, and, if known, amount, stage_id, conversation_id.
            actor: who makes it.
            source_key: what it comes from; a second call with it changes nothing and returns the first deal.
            session: the transaction it belongs to, if there is one.

        Raises:
            Invalid: the contact, the conversation or the stage does not exist.
        """

        async def work(session: Session) -> RawDocument:
            if source_key is not None:
                query = {"organization_id": organization_id, "source_key": string(source_key)}
                if (made := await self._deals.find_one(query, session=session)) is not None:
                    return await self._read(made, session)
            await check_references(self._database, organization_id, values, REFERENCES, session)
            stage = await self._pipelines.stage(organization_id, values.get("stage_id"), session)
            now = utc_now()
            deal = Deal(
                **{
                    **values,
                    "organization_id": organization_id,
                    "stage_id": stage["id"],
                    "position": await self._top(organization_id, stage["id"], session),
                    "source_key": source_key,
                    "closed_at": None if stage["kind"] == "open" else now,
                    "created_at": now,
                    "updated_at": now,
                }
            )
            try:
                await deal.insert(session=session)
            except DuplicateKeyError:  # the same source at the same time: look again
                raise TransactionConflictError from None
            return await self._append("deal.created", deal.raw(), actor, session)

        return await self._database.within(session, work, serial=organization_id)

    async def change(
        self, organization_id: ObjectId, deal_id: ObjectId, change: DealUpdate, actor: Actor
    ) -> RawDocument:
        """Change what is given.

        Raises:
            NotFound, Invalid: the deal, or what it is to point at, does not exist.
        """

        async def work(session: Session) -> RawDocument:
            values = change.given()
            deal = await self._get(organization_id, deal_id, session)
            await check_references(self._database, organization_id, values, REFERENCES, session)
            if values.get("stage_id", deal["stage_id"]) != deal["stage_id"]:
                position = await self._top(organization_id, values["stage_id"], session)
                values |= await self._entering(organization_id, values["stage_id"], session)
                values["position"] = position
            return await self._store(organization_id, deal_id, values, actor, session)

        return await self._database.in_transaction(work, serial=organization_id)

    async def move(
        self, organization_id: ObjectId, deal_id: ObjectId, move: DealMove, actor: Actor
    ) -> RawDocument:
        """Put a deal before another one of a stage, or at the stage's end.

        Raises:
            NotFound, Invalid: the deal, the stage or the other deal does not exist.
        """

        async def work(session: Session) -> RawDocument:
            deal = await self._get(organization_id, deal_id, session)
            values: RawDocument = {}
            if move.stage_id != deal["stage_id"]:
                values |= await self._entering(organization_id, move.stage_id, session)
            values["position"] = await self._place(organization_id, deal_id, move, session)
            return await self._store(organization_id, deal_id, values, actor, session)

        return await self._database.in_transaction(work, serial=organization_id)

    async def delete(self, organization_id: ObjectId, deal_id: ObjectId, actor: Actor) -> None:
        """Delete a deal.

        Raises:
            NotFound: as it says.
        """

        async def work(session: Session) -> None:
            deal = await self._get(organization_id, deal_id, session)
            await self._database.collection("tasks").update_many(
                {"organization_id": organization_id, "deal_id": deal_id},
                {"$set": {"deal_id": None}},
                session=session,
            )
            await self._deals.delete_one(
                {"organization_id": organization_id, "_id": deal_id}, session=session
            )
            await self._append("deal.deleted", deal, actor, session)

        await self._database.in_transaction(work, serial=organization_id)

    async def _get(
        self, organization_id: ObjectId, deal_id: ObjectId, session: Session | None = None
    ) -> RawDocument:
        query = {"_id": deal_id, "organization_id": organization_id}
        found = await self._deals.find_one(query, session=session)
        if found is None:
            raise NotFound
        return found

    async def _entering(
        self, organization_id: ObjectId, stage_id: str, session: Session
    ) -> RawDocument:
        stage = await self._pipelines.stage(organization_id, stage_id, session)
        return {"stage_id": stage_id, "closed_at": None if stage["kind"] == "open" else utc_now()}

    async def _top(self, organization_id: ObjectId, stage_id: str, session: Session) -> float:
        first = await self._deals.find_one(
            {"organization_id": organization_id, "stage_id": stage_id},
            {"position": 1},
            sort=[("position", 1), ("_id", 1)],
            session=session,
        )
        return float(first["position"]) - STEP if first else 0.0

    async def _place(
        self, organization_id: ObjectId, deal_id: ObjectId, move: DealMove, session: Session
    ) -> float:
        """Return the position between the deal `before_id` and the one above it."""
        others: RawDocument = {
            "organization_id": organization_id,
            "stage_id": move.stage_id,
            "_id": {"$ne": deal_id},
        }
        column = [
            (row["_id"], float(row["position"]))
            async for row in self._deals.find(others, {"position": 1}, session=session).sort(
                [("position", 1), ("_id", 1)]
            )
        ]
        if move.before_id is None:
            return column[-1][1] + STEP if column else 0.0
        index = next((i for i, (other, _) in enumerate(column) if other == move.before_id), None)
        if index is None:
            unknown = FieldError("before_id", "unknown_id", "There is no such deal in the stage.")
            raise Invalid(fields=[unknown])
        if index == 0:
            return column[0][1] - STEP
        above, below = column[index - 1][1], column[index][1]
        if below - above > SMALLEST_GAP:
            return (above + below) / 2
        # Floats have run out of room here: number the column anew, leaving a place.
        for place, (other, _) in enumerate(column):
            shifted = place if place < index else place + 1
            await self._deals.update_one(
                {"organization_id": organization_id, "_id": other},
                {"$set": {"position": shifted * STEP}},
                session=session,
            )
        return index * STEP

    async def _store(
        self,
        organization_id: ObjectId,
        deal_id: ObjectId,
        values: RawDocument,
        actor: Actor,
        session: Session,
    ) -> RawDocument:
        stored = await self._deals.find_one_and_update(
            {"organization_id": organization_id, "_id": deal_id},
            {"$set": {**values, "updated_at": utc_now()}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if stored is None:
            raise NotFound
        return await self._append("deal.updated", stored, actor, session)

    async def _append(
        self, kind: str, deal: RawDocument, actor: Actor, session: Session
    ) -> RawDocument:
        read = await self._read(deal, session)
        event = NewEvent(type=kind, subject_id=deal["_id"], data=read, actor=actor)
        await self._events.append(deal["organization_id"], [event], session)
        return read

    async def _read(self, deal: RawDocument, session: Session | None = None) -> RawDocument:
        read = read_form(deal, HIDDEN)
        await self._add_contacts(deal["organization_id"], [read], session)
        return read

    async def _add_contacts(
        self,
        organization_id: ObjectId,
        deals: Iterable[RawDocument],
        session: Session | None = None,
    ) -> None:
        ids = {deal["contact_id"] for deal in deals}
        found: dict[Any, RawDocument] = {}
        if ids:
            query = {"organization_id": organization_id, "_id": {"$in": list(ids)}}
            fields = {"name": 1, "phone": 1}
            async for contact in self._contacts.find(query, fields, session=session):
                found[contact["_id"]] = {
                    "id": contact["_id"],
                    "name": contact.get("name"),
                    "phone": contact.get("phone"),
                }
        for deal in deals:
            deal["contact"] = found.get(deal["contact_id"])
