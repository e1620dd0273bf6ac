"""The assistant of an organization."""

from collections.abc import Callable
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from bot.answering import Answerer
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import read_form
from crm.core.errors import NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.knowledge.answers import KnowledgeSearch
from crm.team.defaults import default_assistant
from crm.team.models import Organization

FIELDS = ("name", "tone", "instructions", "greeting", "disclosure")


class Assistants:
    """Reads, changes and tries assistants."""

    def __init__(
        self,
        *,
        database: Database,
        events: EventLog,
        search: KnowledgeSearch,
        answerer: Answerer,
        context_of: Callable[[RawDocument], RawDocument],
    ) -> None:
        """`context_of` tells how an organization's assistant answers: version, persona, knowledge and model."""
        self._database = database
        self._events = events
        self._search = search
        self._answerer = answerer
        self._context_of = context_of
        self._organizations = database.collection("organizations")

    async def read(self, organization_id: ObjectId) -> RawDocument:
        """Return the persona."""
        return _read(await self._get(organization_id))

    async def change(
        self, organization_id: ObjectId, values: RawDocument, *, actor: Actor
    ) -> RawDocument:
        """Change what is given; the version grows by one."""

        async def work(session: Session) -> RawDocument:
            before = _read(await self._get(organization_id, session))
            assistant = {**before, **values, "version": before["version"] + (1 if values else 0)}
            changed = await self._organizations.find_one_and_update(
                {"_id": organization_id},
                {"$set": {"assistant": assistant, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if changed is None:
                raise NotFound
            event = NewEvent(
                type="organization.updated",
                subject_id=organization_id,
                data=read_form(changed, Organization.hidden),
                actor=actor,
            )
            await self._events.append(organization_id, [event], session)
            return _read(changed)

        return await self._database.in_transaction(work, serial=organization_id)

    async def test(
        self, organization_id: ObjectId, *, text: str, language: str, history: list[dict[str, str]]
    ) -> dict[str, Any]:
        """Return what the bot would answer, and how it came about. Nothing is stored and nobody is written to."""
        organization = await self._get(organization_id)

        async def load(version: int) -> RawDocument:
            return await self._search.snapshot(organization_id, version)

        answer = await self._answerer.answer(
            question=text,
            language=language,
            history=history,
            context={
                "organization": {"id": str(organization_id), "name": organization["name"]},
                "assistant": self._context_of(organization),
            },
            load_snapshot=load,
        )
        trace = {
            **answer.trace,
            "answered": answer.answered,
            "confidence": round(answer.confidence, 4),
        }
        return {"answer": answer.text, "sources": answer.sources, "trace": trace}

    async def _get(self, organization_id: ObjectId, session: Session | None = None) -> RawDocument:
        found = await self._organizations.find_one({"_id": organization_id}, session=session)
        if found is None:
            raise NotFound
        return found


def _read(organization: RawDocument) -> RawDocument:
    stored = organization.get("assistant") or {}
    defaults = default_assistant()
    return {
        **{name: stored.get(name, defaults[name]) for name in FIELDS},
        "version": int(stored.get("version", 1)),
    }
