"""An organization's settings."""

from functools import partial

from bson import ObjectId

from crm.core.api import Principal
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import read_form
from crm.core.errors import Conflict, NotFound
from crm.core.events import EventLog
from crm.core.organization_settings import OrganizationSettings
from crm.team.models import Organization
from crm.team.schemas import OrganizationUpdate

_PROJECTION = dict.fromkeys(Organization.hidden, 0)


class GateRequired(Conflict):
    """Changed documents would answer customers past the suites that publishing asks for."""

    default_code = "gate_required"
    title = "Publishing asks for passed suites: documents wait for it, too"


class Organizations:
    """Reads and changes settings."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._settings = OrganizationSettings(database=database, events=events)
        self._organizations = database.collection("organizations")

    async def read(self, organization_id: ObjectId) -> RawDocument:
        """Return the settings."""
        found = await self._organizations.find_one({"_id": organization_id}, _PROJECTION)
        if found is None:
            raise NotFound
        return read_form(found)

    async def change(self, principal: Principal, change: OrganizationUpdate) -> RawDocument:
        """Change what is given.

        Raises:
            GateRequired: documents are to go live at once, though publishing asks for passed suites.
        """
        values = change.given()
        if change.business_hours is not None and "business_hours" in values:
            hours = change.business_hours.model_dump()
            values["business_hours"] = {
                day: [list(interval) for interval in intervals] for day, intervals in hours.items()
            }
        if "holidays" in values:
            values["holidays"] = sorted({day.isoformat() for day in values["holidays"]})

        async def work(session: Session) -> RawDocument:
            if values.get("knowledge_goes_live") == "at_once":
                mine = {"_id": principal.organization_id, "assistant_gate.required": True}
                if await self._organizations.find_one(mine, {"_id": 1}, session=session):
                    raise GateRequired
            return await self._settings.change(
                principal.organization_id,
                values,
                event="organization.updated",
                read=partial(read_form, hidden=Organization.hidden),
                actor=principal.actor,
                session=session,
            )

        return await self._database.in_transaction(work, serial=principal.organization_id)
