"""The privacy page: what may leave, and what left, to whom and when."""

from datetime import datetime
from typing import Any, Final

from bson import ObjectId

from bot.privacy.markers import ALL_KINDS
from crm.core.api import Principal
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound
from crm.core.events import EventLog
from crm.core.listing import Listing, ListQuery, Sortable, prefix_search
from crm.core.organization_settings import OrganizationSettings
from crm.providers.models import CALLS, call_read, searched

CALL_LIST: Final = Listing(
    sorts={"at": Sortable("at")},
    default_sort="-at",
    projection={"masked_prompt": 0, "raw_answer": 0, "search": 0},
)


class Privacy:
    """Reads and changes the switches, and reads the ledger."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._changes = OrganizationSettings(database=database, events=events)
        self._organizations = database.collection("organizations")
        self._calls = database.collection(CALLS)

    async def settings(self, organization_id: ObjectId) -> RawDocument:
        """Return the switches."""
        found = await self._organizations.find_one({"_id": organization_id}, {"privacy": 1})
        if found is None:
            raise NotFound
        return _settings_read(found)

    async def change(self, principal: Principal, values: RawDocument) -> RawDocument:
        """Change the switches that are given; takes effect with the next prompt."""
        changes = {
            f"privacy.{name}": value for name, value in values.items() if name != "kinds"
        } | {f"privacy.kinds.{kind}": on for kind, on in (values.get("kinds") or {}).items()}

        return await self._changes.change(
            principal.organization_id,
            changes,
            event="privacy.updated",
            read=_settings_read,
            actor=principal.actor,
        )

    async def calls(
        self,
        organization_id: ObjectId,
        asked: ListQuery,
        *,
        text: str | None = None,
        purpose: str | None = None,
        conversation_id: ObjectId | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> RawDocument:
        """Return a page of what left, newest first. `text`: words that people or a model said in it, as masked."""
        query: RawDocument = {"organization_id": organization_id}
        if purpose:
            query["purpose"] = purpose
        if conversation_id:
            query["conversation_id"] = conversation_id
        moments = {"$gte": since, "$lt": until}
        if given := {name: moment for name, moment in moments.items() if moment is not None}:
            query["at"] = given
        if text:
            query |= prefix_search("search", text, _folded)
        page = await CALL_LIST.page(self._calls, query, asked)
        page["items"] = [call_read(row) for row in page["items"]]
        return page

    async def call(self, organization_id: ObjectId, call_id: ObjectId) -> RawDocument:
        """Return one entry whole.

        Raises:
            NotFound: there is no such entry here.
        """
        found = await self._calls.find_one({"_id": call_id, "organization_id": organization_id})
        if found is None:
            raise NotFound
        return call_read(found)


def _settings_read(organization: RawDocument) -> RawDocument:
    chosen: dict[str, Any] = organization.get("privacy") or {}
    kinds = chosen.get("kinds") or {}
    return {
        "kinds": {kind: bool(kinds.get(kind, True)) for kind in ALL_KINDS},
        "mask_passages": bool(chosen.get("mask_passages", True)),
        "providers_allowed": bool(chosen.get("providers_allowed", True)),
    }


def _folded(text: str) -> str:
    """Return the words as `search` holds them."""
    return " ".join(searched(text))
