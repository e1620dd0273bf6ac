"""What skills do in a trial: nothing, but it is written down."""

from __future__ import annotations

import json
from typing import Any

from bson import ObjectId

from crm.assistant.trial_store import TrialStore
from crm.bot_api.given import contact_details, lead_details
from crm.bot_api.hours import opening
from crm.bot_api.schemas import (
    ConsentWrite,
    ContactWrite,
    FeedbackWrite,
    HandoffWrite,
    LeadWrite,
    TaskWrite,
)
from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.core.errors import NotFound
from crm.inbox.store import ConversationStore


class TrialActions:
    """Answers skills as ``SkillActions`` does, with ids of things that were not made."""

    def __init__(self, *, trials: TrialStore, store: ConversationStore) -> None:
        self._trials = trials
        self._store = store

    async def organization(self, trial: RawDocument) -> RawDocument:
        """The trial's organization."""
        found = await self._store.organizations.find_one({"_id": trial["organization_id"]})
        if found is None:
            raise NotFound("The organization is gone.")
        return found

    async def add_lead(self, trial: RawDocument, lead: LeadWrite) -> RawDocument:
        """Note an order; the trial's customer is known by what it gives from now on."""
        given = lead_details(lead)
        await self._note(trial, "lead", given, lead.source_key, facts=given)
        return {"contact_id": trial["_id"], "deal_id": ObjectId(), "task_id": ObjectId()}

    async def add_task(self, trial: RawDocument, task: TaskWrite) -> RawDocument:
        """Note a task."""
        await self._note(trial, "task", task.model_dump(exclude={"source_key"}), task.source_key)
        return {"task_id": ObjectId()}

    async def request_handoff(self, trial: RawDocument, handoff: HandoffWrite) -> RawDocument:
        """Note that people are wanted; nobody is called."""
        await self._note(
            trial, "handoff", {"reason": handoff.reason}, handoff.source_key, status="waiting"
        )
        open_now, opens_at = opening(await self.organization(trial), utc_now())
        return {"open_now": open_now, "opens_at": opens_at}

    async def learn(self, trial: RawDocument, asked: ContactWrite) -> RawDocument:
        """Note what the customer said of himself."""
        values, facts = contact_details(asked)
        # Nothing else tells one such saying from its repetition.
        said = json.dumps({**values, "facts": asked.facts}, sort_keys=True)
        key = f"{trial['turn']}:contact:{said}"
        await self._note(trial, "contact", {**values, **asked.facts}, key, facts=facts)
        return {"contact_id": trial["_id"]}

    async def record_consent(self, trial: RawDocument, consent: ConsentWrite) -> None:
        """Note a yes or a no."""
        data = consent.model_dump(exclude={"source_key"})
        await self._note(
            trial, "consent", data, consent.source_key, facts={"marketing_consent": consent.granted}
        )

    async def add_feedback(self, trial: RawDocument, feedback: FeedbackWrite) -> None:
        """Note the customer's opinion."""
        data = feedback.model_dump(exclude={"source_key"})
        await self._note(trial, "feedback", data, feedback.source_key)

    async def _note(
        self,
        trial: RawDocument,
        kind: str,
        data: RawDocument,
        source_key: str,
        *,
        facts: RawDocument | None = None,
        status: str | None = None,
    ) -> None:
        changes: dict[str, Any] = {f"facts.{name}": value for name, value in (facts or {}).items()}
        if status:
            changes["status"] = status
        await self._trials.note(trial, kind, data, source_key=source_key, changes=changes)
