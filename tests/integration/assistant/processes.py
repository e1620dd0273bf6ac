"""The services of assistants as one process has them, with a connection and queues of its own."""

from dataclasses import dataclass
from typing import Self

from bson import ObjectId

from crm.assistant.drafts import Drafts
from crm.assistant.errors import DraftChanged, NothingToPublish
from crm.assistant.gate import Gate, GateState
from crm.assistant.history import AssistantHistory
from crm.assistant.models import Author
from crm.assistant.versions import AssistantVersions
from crm.core.database import Database
from crm.core.events import SYSTEM, EventLog
from crm.knowledge.versions import Versions as KnowledgeVersions

AUTHOR = Author(None, "Test")


class Open:
    async def state(self, *_: object) -> GateState:
        return GateState()


@dataclass
class Process:
    """One process."""

    database: Database
    knowledge: KnowledgeVersions
    drafts: Drafts
    history: AssistantHistory
    versions: AssistantVersions

    @classmethod
    def over(cls, database: Database, gate: Gate | None = None) -> Self:
        events = EventLog(database)
        knowledge = KnowledgeVersions(database=database, events=events)
        drafts = Drafts(database=database, events=events)
        gate = gate or Open()
        history = AssistantHistory(database=database, drafts=drafts, knowledge=knowledge, gate=gate)
        versions = AssistantVersions(
            database=database,
            events=events,
            drafts=drafts,
            history=history,
            knowledge=knowledge,
            gate=gate,
        )
        return cls(database, knowledge, drafts, history, versions)

    async def revision(self, organization_id: ObjectId) -> int:
        return int((await self.history.overview(organization_id))["draft"]["revision"])

    async def change(self, organization_id: ObjectId, revision: int, name: str) -> bool:
        try:
            await self.drafts.change(
                organization_id, revision, {"name": name}, author=AUTHOR, actor=SYSTEM
            )
        except DraftChanged:
            return False
        return True

    async def publish(self, organization_id: ObjectId, revision: int) -> bool:
        try:
            await self.versions.publish(
                organization_id, revision=revision, reason="", author=AUTHOR, actor=SYSTEM
            )
        except (DraftChanged, NothingToPublish):
            return False
        return True

    async def roll_back(self, organization_id: ObjectId, number: int) -> bool:
        try:
            await self.versions.roll_back(
                organization_id, number, reason="", author=AUTHOR, actor=SYSTEM
            )
        except NothingToPublish:
            return False
        return True
