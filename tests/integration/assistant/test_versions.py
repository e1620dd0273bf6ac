"""Draft, publish, roll back over the API, and the races between admins."""

import asyncio
from typing import Any

import pytest

from bot.prompts.content import AssistantContent
from crm.assistant.models import VERSIONS
from crm.core.feature import Core
from crm.knowledge.models import PASSAGES
from crm.knowledge.models import VERSIONS as SNAPSHOTS
from tests.support.console import Console

DELIVERY = "# Доставка\n\nДоставка в Астану стоит 1 500 ₸."


async def change(console: Console, revision: int, values: dict[str, Any], status: int = 200) -> Any:
    return await console.patch(
        "/api/assistant/draft", {"revision": revision, **values}, status=status
    )


async def publish(console: Console, revision: int, reason: str = "", status: int = 201) -> Any:
    body = {"revision": revision, "reason": reason}
    return await console.post("/api/assistant/publish", body, status=status)


async def organization(core: Core, console: Console) -> dict[str, Any]:
    found = await core.database.collection("organizations").find_one(console.organization_id)
    assert found is not None
    return found


async def event_types(core: Core, console: Console) -> list[str]:
    events = core.database.collection("events").find({"organization_id": console.organization_id})
    return [event["type"] async for event in events.sort("seq", 1)]


async def test_a_new_organization_begins_with_version_1(owner: Console, viewer: Console) -> None:
    state = await viewer.get("/api/assistant")
    assert state["draft"]["content"] == state["published"]["content"]
    assert state["published"]["content"] == AssistantContent().document()
    assert (state["draft"]["revision"], state["changes"]) == (0, [])
    assert (state["published"]["number"], state["published"]["current"]) == (1, True)
    assert state["published"]["author"]["name"]
    assert state["knowledge"] == {
        "published": 0,
        "head": 0,
        "goes_live": "at_once",
        "changes": [],
    }
    assert state["gate"] == {"required": False, "green": None, "suites": []}


async def test_a_draft_changes_nothing_until_it_is_published(owner: Console, core: Core) -> None:
    state = await change(owner, 0, {"name": "Ару", "skills": {"order": False}})
    assert state["draft"]["revision"] == 1
    assert [(c["path"], c["before"], c["after"]) for c in state["changes"]] == [
        ("name", "Aitys", "Ару"),
        ("skills.order", True, False),
    ]
    assert (await organization(core, owner))["assistant"]["name"] == "Aitys"
    version = await publish(owner, 1, "new name")
    assert (version["number"], version["reason"], version["current"]) == (2, "new name", True)
    stored = (await organization(core, owner))["assistant"]
    assert (stored["name"], stored["version"], stored["skills"]["order"]) == ("Ару", 2, False)
    state = await owner.get("/api/assistant")
    assert (state["changes"], state["draft"]["revision"]) == ([], 1)
    assert await event_types(core, owner) == ["assistant.draft_changed", "assistant.published"]
    page = await owner.get("/api/assistant/versions")
    assert [(row["number"], row["current"]) for row in page["items"]] == [(2, True), (1, False)]
    assert "content" not in page["items"][0]
    page = await owner.get("/api/assistant/versions?limit=1")
    rest = await owner.get(f"/api/assistant/versions?limit=1&cursor={page['next_cursor']}")
    assert [row["number"] for row in rest["items"]] == [1]


async def test_what_cannot_be_said_is_not_saved(owner: Console, viewer: Console) -> None:
    problem = await change(owner, 0, {"instructions": "{compani} {today}"}, status=422)
    [error] = problem["errors"]
    assert (error["field"], error["code"]) == ("instructions", "variable_unknown")
    assert "{company}" in error["detail"]
    problem = await change(owner, 0, {"disclosure": {"ru": ""}}, status=422)
    assert problem["errors"][0]["field"] == "disclosure.ru"
    problem = await change(owner, 0, {"lead_form": [{"field": "product"}]}, status=422)
    assert problem["errors"][0]["code"] == "lead_form_unreachable"
    await change(owner, 0, {"surprise": 1}, status=422)
    await change(viewer, 0, {"name": "x"}, status=403)
    assert (await owner.get("/api/assistant"))["draft"]["revision"] == 0


async def test_a_draft_that_was_changed_meanwhile_is_not_overwritten(
    owner: Console, admin: Console
) -> None:
    await change(owner, 0, {"name": "A"})
    assert (await change(admin, 0, {"name": "B"}, status=409))["code"] == "draft_changed"
    assert (await publish(admin, 0, status=409))["code"] == "draft_changed"
    state = await change(admin, 1, {"tone": "dry"})
    assert state["draft"]["content"]["name"] == "A"


async def test_of_many_at_once_one_changes_the_draft(owner: Console, admin: Console) -> None:
    consoles = [owner, admin] * 3
    answers = await asyncio.gather(
        *(
            console.request(
                "PATCH", "/api/assistant/draft", json={"revision": 0, "name": f"N{place}"}
            )
            for place, console in enumerate(consoles)
        )
    )
    assert sorted(answer.status for answer in answers) == [200] + [409] * 5
    assert (await owner.get("/api/assistant"))["draft"]["revision"] == 1


async def test_of_two_who_publish_at_once_one_does(
    owner: Console, admin: Console, core: Core
) -> None:
    await change(owner, 0, {"name": "A"})
    answers = await asyncio.gather(
        *(
            console.request("POST", "/api/assistant/publish", json={"revision": 1, "reason": ""})
            for console in (owner, admin, owner, admin)
        )
    )
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    problems = {(await a.json(content_type=None))["code"] for a in answers if a.status == 409}
    assert problems == {"nothing_to_publish"}
    rows = core.database.collection(VERSIONS).find({"organization_id": owner.organization_id})
    assert sorted([row["number"] async for row in rows]) == [1, 2]
    assert (await event_types(core, owner)).count("assistant.published") == 1


async def test_discarding_makes_the_draft_what_is_published(owner: Console) -> None:
    await change(owner, 0, {"name": "A"})
    state = await owner.request("DELETE", "/api/assistant/draft")
    body = await state.json()
    assert (body["draft"]["content"]["name"], body["draft"]["revision"]) == ("Aitys", 2)
    assert (await publish(owner, 2, status=409))["code"] == "nothing_to_publish"


async def test_rolling_back_publishes_the_old_content_under_a_new_number(
    owner: Console, core: Core
) -> None:
    await change(owner, 0, {"name": "Bad"})
    await publish(owner, 1)
    version = await owner.post(
        "/api/assistant/versions/1/rollback", {"reason": "it was bad"}, status=201
    )
    assert (version["number"], version["rollback_of"], version["content"]["name"]) == (
        3,
        1,
        "Aitys",
    )
    state = await owner.get("/api/assistant")
    assert state["changes"] == []
    assert (await organization(core, owner))["assistant"]["name"] == "Aitys"
    kept = await owner.get("/api/assistant/versions/2")
    assert (kept["content"]["name"], kept["current"]) == ("Bad", False)
    problem = await owner.post("/api/assistant/versions/3/rollback", {}, status=409)
    assert problem["code"] == "nothing_to_publish"
    await owner.post("/api/assistant/versions/9/rollback", {}, status=404)


async def test_rolling_back_keeps_a_draft_with_work_of_its_own(owner: Console) -> None:
    await change(owner, 0, {"name": "Bad"})
    await publish(owner, 1)
    await change(owner, 1, {"tone": "in progress"})
    await owner.post("/api/assistant/versions/1/rollback", {}, status=201)
    state = await owner.get("/api/assistant")
    assert state["draft"]["content"]["tone"] == "in progress"
    assert {c["path"] for c in state["changes"]} == {"name", "tone"}


async def add_document(core: Core, console: Console, text: str = DELIVERY) -> None:
    name = f"d{len(text)}.md"
    await console.post("/api/knowledge/sources", {"name": name, "content": text}, status=201)


async def test_rolling_back_brings_the_documents_of_then_back(owner: Console, core: Core) -> None:
    await add_document(core, owner)
    first = (await owner.get("/api/assistant"))["knowledge"]["published"]
    assert first > 0
    await change(owner, 0, {"name": "A"})
    await publish(owner, 1)
    await add_document(core, owner, DELIVERY + "\n\nСрок два дня.")
    state = await owner.get("/api/assistant")
    assert state["knowledge"]["published"] == state["knowledge"]["head"] > first
    # Version 1 began without documents and ended with one: that one comes back.
    version = await owner.post("/api/assistant/versions/1/rollback", {}, status=201)
    assert version["knowledge_version"] == first
    state = await owner.get("/api/assistant")
    assert state["knowledge"]["published"] == first
    assert state["knowledge"]["goes_live"] == "with_publishing"
    assert [c["change"] for c in state["knowledge"]["changes"]] == ["added"]
    # With the same content, the newer documents alone are worth publishing.
    version = await publish(owner, state["draft"]["revision"])
    assert version["knowledge_version"] == state["knowledge"]["head"]


async def test_rolling_back_may_leave_the_documents_alone(owner: Console, core: Core) -> None:
    await change(owner, 0, {"name": "A"})
    await publish(owner, 1)
    await add_document(core, owner)
    live = (await owner.get("/api/assistant"))["knowledge"]["published"]
    body = {"reason": "", "keep_knowledge": True}
    version = await owner.post("/api/assistant/versions/1/rollback", body, status=201)
    assert (version["knowledge_version"], version["content"]["name"]) == (live, "Aitys")
    assert (await owner.get("/api/assistant"))["knowledge"]["goes_live"] == "at_once"


async def test_a_snapshot_that_is_no_longer_kept_is_said_to_be_gone(
    owner: Console, core: Core
) -> None:
    await add_document(core, owner)
    await change(owner, 0, {"name": "A"})
    await publish(owner, 1)
    await add_document(core, owner, DELIVERY + "\n\nСрок два дня.")
    database = core.database
    await database.collection(SNAPSHOTS).update_one(
        {"_id": owner.organization_id}, [{"$set": {"pinned": [], "complete_from": "$head"}}]
    )
    await database.collection(PASSAGES).delete_many({"to": {"$ne": None}})
    before = await organization(core, owner)
    problem = await owner.post("/api/assistant/versions/1/rollback", {}, status=409)
    assert problem["code"] == "snapshot_gone"
    assert await organization(core, owner) == before
    body = {"reason": "", "keep_knowledge": True}
    await owner.post("/api/assistant/versions/1/rollback", body, status=201)


async def test_versions_are_compared_with_each_other_and_with_the_draft(
    owner: Console, core: Core
) -> None:
    await change(owner, 0, {"name": "A"})
    await publish(owner, 1)
    await change(owner, 1, {"name": "B"})
    path = "/api/assistant/versions/1/changes"
    found = await owner.get(path + "?against=2")
    assert [(c["before"], c["after"]) for c in found["changes"]] == [("Aitys", "A")]
    found = await owner.get(path)
    assert [(c["before"], c["after"]) for c in found["changes"]] == [("Aitys", "B")]
    await owner.get(path + "?against=7", status=404)
    await owner.get(path + "?against=x", status=422)


async def test_another_organization_sees_its_own_versions_only(
    owner: Console, stranger: Console
) -> None:
    await change(owner, 0, {"name": "Secret"})
    await publish(owner, 1)
    await stranger.get("/api/assistant/versions/2", status=404)
    page = await stranger.get("/api/assistant/versions")
    assert [row["number"] for row in page["items"]] == [1]


async def test_the_editor_is_told_the_variables(viewer: Console) -> None:
    found = await viewer.get("/api/assistant/variables")
    assert {"company", "today", "opening_hours"} <= {variable["name"] for variable in found}
    assert all(variable["title"]["kk"] for variable in found)


@pytest.mark.parametrize("against", ["draft", "2"])
async def test_a_viewer_compares(owner: Console, viewer: Console, against: str) -> None:
    await change(owner, 0, {"name": "A"})
    await publish(owner, 1)
    assert await viewer.get(f"/api/assistant/versions/1/changes?against={against}")
