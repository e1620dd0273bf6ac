"""The gate holds whatever happens between looking at it and publishing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bson import ObjectId

from bot.prompts.content import AssistantContent, digest
from crm.assistant.errors import SuiteNotGreen
from crm.assistant.gate import GateState
from crm.assistant.suites.gate import SuiteGate
from crm.assistant.suites.store import SuiteStore
from crm.core.clock import utc_now
from crm.core.database import Database, Session
from crm.core.events import SYSTEM, EventLog
from crm.core.migration_steps import gates_hold_documents
from crm.core.settings import Settings
from tests.integration.assistant.processes import Process
from tests.support.console import Console


class Interrupted(SuiteGate):
    """A gate that something happens right after it was looked at, once, in another process."""

    meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def state(
        self,
        organization_id: ObjectId,
        content: AssistantContent,
        knowledge_version: int,
        session: Session | None = None,
    ) -> GateState:
        found = await super().state(organization_id, content, knowledge_version, session)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return found


CASE = {"name": None, "turns": ["привет"], "expect": {"language": "ru"}}


class Others:
    """What other admins do, in another process."""

    def __init__(self, database: Database, organization_id: ObjectId) -> None:
        events = EventLog(database)
        self.own = organization_id
        self.suites = SuiteStore(database=database, events=events)
        self.gate = SuiteGate(database=database, events=events)
        self.main, self.other = ObjectId(), ObjectId()
        self._runs = database.collection("assistant_runs")

    async def prepare(self, content: AssistantContent) -> None:
        """Have a required suite that has passed on the content, and one that is not required."""
        main = await self.suites.add_suite(self.own, "Main", required=True, actor=SYSTEM)
        other = await self.suites.add_suite(self.own, "Other", required=False, actor=SYSTEM)
        self.main, self.other = main["_id"], other["_id"]
        for suite_id in (self.main, self.other):
            await self.suites.add_cases(self.own, suite_id, [CASE], actor=SYSTEM)
        passed = {"state": "done", "passed": 1, "failed": 0, "created_at": utc_now()}
        place = {"organization_id": self.own, "suite_id": self.main, "suite_revision": 1}
        await self._runs.insert_one({**place, **passed, "content_hash": digest(content, 0)})
        await self.gate.ask(self.own, required=True, actor=SYSTEM)

    async def require_another(self) -> None:
        await self.suites.change_suite(self.own, self.other, {"required": True}, actor=SYSTEM)

    async def add_a_case(self) -> None:
        await self.suites.add_cases(self.own, self.main, [CASE], actor=SYSTEM)

    async def ask_again(self) -> None:
        await self.require_another()
        await self.gate.ask(self.own, required=True, actor=SYSTEM)


@pytest.mark.parametrize("act", ["require_another", "add_a_case", "ask_again"])
async def test_what_shuts_the_gate_while_somebody_publishes_holds(
    owner: Console, settings: Settings, database: Database, act: str
) -> None:
    own = owner.organization_id
    elsewhere = await Database.connect(settings)
    try:
        others = Others(elsewhere, own)
        gate = Interrupted(database=database, events=EventLog(database))
        mine = Process.over(database, gate)
        await mine.change(own, 0, "Ару")
        content, _, _ = await mine.history.target(own, "draft")
        await others.prepare(content)
        if act == "ask_again":
            await others.gate.ask(own, required=False, actor=SYSTEM)
        gate.meanwhile = getattr(others, act)
        # A process that has told nothing yet: by the events' numbers it notices nothing.
        with pytest.raises(SuiteNotGreen):
            await Process.over(database, gate).publish(own, 1)
        assert (await owner.get("/api/assistant"))["published"]["number"] == 1
    finally:
        await elsewhere.close()


async def test_a_shut_gate_opens_with_a_passed_run(owner: Console, database: Database) -> None:
    own = owner.organization_id
    gate = SuiteGate(database=database, events=EventLog(database))
    mine = Process.over(database, gate)
    await mine.change(own, 0, "Ару")
    content, _, _ = await mine.history.target(own, "draft")
    await Others(database, own).prepare(content)
    assert await mine.publish(own, 1)


async def test_an_older_gate_holds_documents_back(owner: Console, database: Database) -> None:
    organizations = database.collection("organizations")
    await organizations.update_one(
        {"_id": owner.organization_id},
        {"$set": {"assistant_gate": {"required": True}, "knowledge_goes_live": "at_once"}},
    )
    ungated = {"_id": ObjectId(), "slug": "x", "knowledge_goes_live": "at_once"}
    await organizations.insert_one(ungated)
    for _ in range(2):
        await gates_hold_documents.run(database)
    assert (await owner.get("/api/organization"))["knowledge_goes_live"] == "with_publishing"
    assert await organizations.find_one(ungated["_id"]) == ungated
