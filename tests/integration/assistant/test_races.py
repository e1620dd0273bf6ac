"""Admins at the same time in different processes: one history, no half of a version."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest

from bot.prompts.content import AssistantContent
from crm.assistant.models import VERSIONS, content_of
from crm.core.database import Database
from crm.core.settings import Settings
from tests.integration.assistant.processes import Process
from tests.support.console import Console


@pytest.fixture
async def processes(settings: Settings, owner: Console) -> AsyncIterator[list[Process]]:
    started = [Process.over(await Database.connect(settings)) for _ in range(3)]
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
