"""The gate: publishing may ask that the required suites have passed on exactly this content and these documents."""

from __future__ import annotations

from typing import Any

from bson import ObjectId

from bot.prompts.content import AssistantContent, digest
from crm.assistant.gate import GateState
from crm.assistant.models import AT_ONCE, WITH_PUBLISHING
from crm.assistant.suites.store import RUNS, SUITES
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Conflict
from crm.core.events import Actor, EventLog
from crm.core.organization_settings import ORGANIZATIONS, OrganizationSettings


class NoRequiredSuite(Conflict):
    """Nothing could open the gate."""

    default_code = "no_required_suite"
    title = "Mark a suite as required first"


class SuiteGate:
    """Looks at the last finished run of each required suite.

    A run counts only for the content, the documents and the cases it ran: whatever of them changes shuts the gate again.
    Where no suite is required any more, nothing is asked.
    """

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._settings = OrganizationSettings(database=database, events=events)
        self._organizations = database.collection(ORGANIZATIONS)
        self._suites = database.collection(SUITES)
        self._runs = database.collection(RUNS)

    async def state(
        self,
        organization_id: ObjectId,
        content: AssistantContent,
        knowledge_version: int,
        session: Session | None = None,
    ) -> GateState:
        """Return how the content stands with these documents.

        Whatever makes more of suites required writes to the organization, as publishing does (see `SuiteStore`): where this is
        read in the transaction that publishes, the two collide, and publishing looks again.
        """
        organization = await self._organizations.find_one(
            {"_id": organization_id}, {"assistant_gate": 1}, session=session
        )
        asked = bool(((organization or {}).get("assistant_gate") or {}).get("required"))
        required = self._suites.find(
            {"organization_id": organization_id, "required": True}, session=session
        )
        content_hash = digest(content, knowledge_version)
        suites = [
            await self._standing(suite, content_hash, session)
            for suite in await required.sort([("created_at", 1), ("_id", 1)]).to_list()
        ]
        return GateState(
            required=asked and bool(suites),
            green=_all_green([suite["green"] for suite in suites]),
            suites=suites,
        )

    async def ask(self, organization_id: ObjectId, *, required: bool, actor: Actor) -> str:
        """Let publishing ask for the required suites, or not, and return when changed documents answer customers.

        Where it asks, changed documents wait for publishing, too: they would pass the suites by otherwise. That stays when
        it no longer asks.

        Raises:
            NoRequiredSuite: there is none to ask for.
        """
        mine = {"organization_id": organization_id, "required": True}
        if required and await self._suites.find_one(mine, {"_id": 1}) is None:
            raise NoRequiredSuite

        values: RawDocument = {"assistant_gate.required": required}
        if required:
            values["knowledge_goes_live"] = WITH_PUBLISHING
        changed = await self._settings.change(
            organization_id, values, event="assistant.gate_changed", read=_told, actor=actor
        )
        return str(changed["knowledge_goes_live"])

    async def _standing(
        self, suite: RawDocument, content_hash: str, session: Session | None
    ) -> dict[str, Any]:
        run = await self._runs.find_one(
            {
                "organization_id": suite["organization_id"],
                "suite_id": suite["_id"],
                "content_hash": content_hash,
                "suite_revision": suite["revision"],
            },
            sort=[("created_at", -1), ("_id", -1)],
            session=session,
        )
        green = None
        if run is not None and run["state"] in {"done", "failed", "cancelled"}:
            green = run["state"] == "done" and run["failed"] == 0
        return {
            "id": suite["_id"],
            "name": suite["name"],
            "cases": suite["cases"],
            "run": run_summary(run) if run else None,
            "green": green,
        }


def _told(organization: RawDocument) -> RawDocument:
    return {
        "required": organization["assistant_gate"]["required"],
        "knowledge_goes_live": organization.get("knowledge_goes_live") or AT_ONCE,
    }


def run_summary(run: RawDocument) -> dict[str, Any]:
    """Return a run in brief."""
    names = ("state", "passed", "failed", "created_at")
    return {"id": run["_id"], **{name: run[name] for name in names}}


def _all_green(standing: list[bool | None]) -> bool | None:
    if not standing:
        return None
    if False in standing:
        return False
    return None if None in standing else True
