"""The pipeline of an organization."""

from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from crm.core.api import Principal
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import read_form
from crm.core.errors import Conflict, FieldError, Invalid
from crm.core.events import EventLog, NewEvent
from crm.deals.models import default_stages
from crm.deals.schemas import PipelineUpdate


class StageInUse(Conflict):
    """A stage that was left out still has deals."""

    default_code = "stage_in_use"
    title = "A stage with deals cannot be removed"


class Pipelines:
    """Reads and changes the one pipeline of each organization; the first use makes it."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._pipelines = database.collection("pipelines")
        self._deals = database.collection("deals")

    async def get(self, organization_id: ObjectId, session: Session | None = None) -> RawDocument:
        """Return the stored pipeline."""
        query = {"organization_id": organization_id}
        found = await self._pipelines.find_one(query, session=session)
        if found is None:
            now = utc_now()
            found = await self._pipelines.find_one_and_update(
                query,
                {
                    "$setOnInsert": {
                        "name": "",
                        "stages": default_stages(),
                        "created_at": now,
                        "updated_at": now,
                    }
                },
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        assert found is not None
        return found

    async def read(self, organization_id: ObjectId) -> RawDocument:
        """Return the pipeline."""
        return read_form(await self.get(organization_id))

    async def stage(
        self, organization_id: ObjectId, stage_id: str | None, session: Session
    ) -> RawDocument:
        """Return a stage, the first one for None.

        Raises:
            Invalid: there is none such.
        """
        stages: list[RawDocument] = (await self.get(organization_id, session))["stages"]
        if stage_id is None:
            return stages[0]
        for stage in stages:
            if stage["id"] == stage_id:
                return stage
        unknown = FieldError("stage_id", "unknown_id", "There is no such stage.")
        raise Invalid(fields=[unknown])

    async def change(self, principal: Principal, change: PipelineUpdate) -> RawDocument:
        """Change what is given.

        Raises:
            StageInUse: a stage that has deals would go.
        """
        organization_id = principal.organization_id
        await self.get(organization_id)

        async def work(session: Session) -> RawDocument:
            values: dict[str, Any] = change.given()
            if "stages" in values:
                kept = [stage["id"] for stage in values["stages"]]
                orphan = await self._deals.find_one(
                    {"organization_id": organization_id, "stage_id": {"$nin": kept}},
                    {"_id": 1},
                    session=session,
                )
                if orphan is not None:
                    raise StageInUse
            stored = await self._pipelines.find_one_and_update(
                {"organization_id": organization_id},
                {"$set": {**values, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            assert stored is not None
            read = read_form(stored)
            event = NewEvent(
                type="pipeline.updated", subject_id=stored["_id"], data=read, actor=principal.actor
            )
            await self._events.append(organization_id, [event], session)
            return read

        return await self._database.in_transaction(work, serial=organization_id)
