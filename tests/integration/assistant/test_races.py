"""Admins at the same time in different processes: one history, no half of a version."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Self

import pytest
from bson import ObjectId

from bot.prompts.content import AssistantContent
from crm.assistant.drafts import Drafts
from crm.assistant.errors import DraftChanged, NothingToPublish
from crm.assistant.gate import GateState
from crm.assistant.history import AssistantHistory
from crm.assistant.models import VERSIONS, Author, content_of
from crm.assistant.versions import AssistantVersions
from crm.core.database import Database
from crm.core.events import SYSTEM, EventLog
from crm.core.settings import Settings
from crm.knowledge.versions import Versions as KnowledgeVersions
from tests.support.console import Console

AUTHOR = Author(None, "Test")


class Open:
    async def state(self, *_: object) -> GateState:
        return GateState()


@dataclass
class Process:
    """The services of one process, with a connection and queues of its own."""

    database: Database
    drafts: Drafts
    history: AssistantHistory
    versions: AssistantVersions

    @classmethod
    async def start(cls, settings: Settings) -> Self:
        database = await Database.connect(settings)
        events = EventLog(database)
        knowledge = KnowledgeVersions(database=database, events=events)
        drafts = Drafts(database=database, events=events)
        history = AssistantHistory(
            database=database, drafts=drafts, knowledge=knowledge, gate=Open()
        )
        versions = AssistantVersions(
            database=database,
            events=events,
            drafts=drafts,
            history=history,
            knowledge=knowledge,
            gate=Open(),
        )
        return cls(database, drafts, history, versions)

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


@pytest.fixture
async def processes(settings: Settings, owner: Console) -> AsyncIterator[list[Process]]:
    started = [await Process.start(settings) for _ in range(3)]
    yield started
    for process in started:
        await process.database.close()


async def test_of_three_processes_one_changes_the_draft_and_one_publishes_it(
    owner: Console, processes: list[Process]
) -> None:
    own = owner.organization_id
    changed = await asyncio.gather(
        *(process.change(own, 0, f"N{place}") for place, process in enumerate(processes))
    )
    assert sorted(changed) == [False, False, True]
    published = await asyncio.gather(*(process.publish(own, 1) for process in processes))
    assert sorted(published) == [False, False, True]


async def test_whatever_happens_at_once_the_history_is_whole(
    owner: Console, processes: list[Process]
) -> None:
    own, random = owner.organization_id, Random(7)
    done = 0

    async def act(process: Process, place: int) -> bool:
        kind = random.choice(["change", "publish", "publish", "roll_back"])
        if kind == "change":
            await process.change(own, await process.revision(own), f"N{place}")
            return False
        if kind == "publish":
            return await process.publish(own, await process.revision(own))
        return await process.roll_back(own, 1)

    for round_ in range(12):
        await processes[0].change(own, await processes[0].revision(own), f"R{round_}")
        results = await asyncio.gather(
            *(act(process, round_ * 10 + place) for place, process in enumerate(processes * 2))
        )
        done += sum(results)
    database = processes[0].database
    rows = await database.collection(VERSIONS).find({"organization_id": own}).to_list()
    rows.sort(key=lambda row: row["number"])
    assert [row["number"] for row in rows] == list(range(1, done + 2))
    assert done > 5
    organization = await database.collection("organizations").find_one(own)
    assert organization is not None
    assert organization["assistant"]["version"] == done + 1
    assert content_of(organization["assistant"]) == content_of(rows[-1]["content"])
    assert content_of(rows[0]["content"]) == AssistantContent()
    events = await database.collection("events").find({"organization_id": own}).to_list()
    told = [event["data"]["number"] for event in events if event["type"] == "assistant.published"]
    assert sorted(told) == list(range(2, done + 2))
