"""The gate: publishing may ask that the required suites have passed on exactly this content and these documents."""

from __future__ import annotations

from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from bot.prompts.content import AssistantContent, digest
from crm.assistant.gate import GateState
from crm.assistant.models import AT_ONCE, WITH_PUBLISHING
from crm.assistant.suites.store import RUNS, SUITES
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Conflict, NotFound
from crm.core.events import Actor, EventLog, NewEvent


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
        self._database = database
        self._events = events
        self._organizations = database.collection("organizations")
        self._suites = database.collection(SUITES)
        self._runs = database.collection(RUNS)

    async def state(
        self, organization_id: ObjectId, content: AssistantContent, knowledge_version: int
    ) -> GateState:
        """Return how the content stands with these documents."""
        organization = await self._organizations.find_one(
            {"_id": organization_id}, {"assistant_gate": 1}
        )
        asked = bool(((organization or {}).get("assistant_gate") or {}).get("required"))
        required = self._suites.find({"organization_id": organization_id, "required": True})
        content_hash = digest(content, knowledge_version)
        suites = [
            await self._standing(suite, content_hash)
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

        async def work(session: Session) -> str:
            gate = {"required": required}
            values = {"assistant_gate": gate, "updated_at": utc_now()}
            if required:
                values["knowledge_goes_live"] = WITH_PUBLISHING
            changed = await self._organizations.find_one_and_update(
                {"_id": organization_id},
                {"$set": values},
                {"knowledge_goes_live": 1},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if changed is None:
                raise NotFound
            goes_live = changed.get("knowledge_goes_live") or AT_ONCE
            event = NewEvent(
                type="assistant.gate_changed",
                subject_id=organization_id,
                data={**gate, "knowledge_goes_live": goes_live},
                actor=actor,
            )
            await self._events.append(organization_id, [event], session)
            return str(goes_live)

        return await self._database.in_transaction(work, serial=organization_id)

    async def _standing(self, suite: RawDocument, content_hash: str) -> dict[str, Any]:
        run = await self._runs.find_one(
            {
                "organization_id": suite["organization_id"],
                "suite_id": suite["_id"],
                "content_hash": content_hash,
                "suite_revision": suite["revision"],
            },
            sort=[("created_at", -1), ("_id", -1)],
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
