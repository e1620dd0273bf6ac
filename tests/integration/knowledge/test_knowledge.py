"""Documents over the API: stored, cut, published, found, and given to the bot."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from bson import ObjectId

from bot.knowledge.errors import DocumentError
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.knowledge.ingestion import Pace
from crm.knowledge.models import PASSAGES, SOURCES
from crm.knowledge.reading import Reader
from crm.knowledge.service import Knowledge
from tests.support.console import Console

DELIVERY = "# Доставка\n\n## Цена\n\nДоставка в Астану стоит 1 500 ₸.\n\n## Срок\n\nВезём два дня."
SOURCE_FIELDS = {
    "id",
    "name",
    "title",
    "kind",
    "language",
    "state",
    "error",
    "passages",
    "created_at",
    "updated_at",
    "content",
    "origin",
    "file",
    "from_message",
    "size",
    "progress",
    "warnings",
    "valid_from",
    "valid_until",
}


@pytest.fixture
def knowledge(core: Core) -> Knowledge:
    return Knowledge(database=core.database, events=core.events)


async def add(console: Console, name: str = "delivery.md", content: str = DELIVERY) -> Any:
    return await console.post("/api/knowledge/sources", {"name": name, "content": content})


async def until_ready(console: Console, source_id: str) -> Any:
    for _ in range(1_200):
        source = await console.get(f"/api/knowledge/sources/{source_id}")
        if source["state"] in {"ready", "failed"}:
            return source
        await asyncio.sleep(0.05)
    raise AssertionError(source)


async def version_of(core: Core, console: Console) -> int:
    found = await core.database.collection("organizations").find_one(console.organization_id)
    assert found is not None
    return int(found["knowledge_version"])


async def test_a_document_is_cut_published_and_found(owner: Console, core: Core) -> None:
    source = await add(owner)
    assert set(source) == SOURCE_FIELDS
    assert (source["title"], source["kind"], source["language"]) == ("Доставка", "markdown", "ru")
    assert (source["state"], source["error"], source["passages"]) == ("ready", None, 2)
    assert await version_of(core, owner) == 1
    page = await owner.get(f"/api/knowledge/sources/{source['id']}/passages?limit=1")
    assert page["items"][0]["heading"] == ["Цена"]
    rest = await owner.get(
        f"/api/knowledge/sources/{source['id']}/passages?limit=1&cursor={page['next_cursor']}"
    )
    assert [item["text"] for item in rest["items"]] == ["Везём два дня."]
    found = await owner.post(
        "/api/knowledge/search", {"text": "сколько стоит доставка", "language": "ru"}
    )
    assert found["items"][0]["text"] == "Доставка в Астану стоит 1 500 ₸."
    assert found["items"][0]["source_id"] == source["id"]
    assert found["answerable"] is True
    listed = await owner.get("/api/knowledge/sources?q=deliv&state=ready")
    assert [item["id"] for item in listed["items"]] == [source["id"]]
    assert "content" not in listed["items"][0]


async def test_the_search_sees_what_is_ready_but_not_live_and_completes_a_follow_up(
    owner: Console,
) -> None:
    await add(owner)
    await owner.patch("/api/organization", {"knowledge_goes_live": "with_publishing"})
    await add(owner, "hours.txt", "Работаем с 9:00 до 19:00.")
    asked = {"text": "часы работы", "language": "ru"}
    live = await owner.post("/api/knowledge/search", asked)
    head = await owner.post("/api/knowledge/search", {**asked, "version": "head"})
    assert [item["document"] for item in live["items"]] == []
    assert [item["document"] for item in head["items"]] == ["hours.txt"]

    alone = await owner.post("/api/knowledge/search", {"text": "а туда?", "language": "ru"})
    history = [{"role": "customer", "text": "сколько стоит доставка в Астану"}]
    after = await owner.post(
        "/api/knowledge/search", {"text": "а туда?", "language": "ru", "history": history}
    )
    assert alone["items"] == []
    assert after["items"][0]["text"] == "Доставка в Астану стоит 1 500 ₸."


async def test_a_passage_out_of_date_is_not_found(owner: Console) -> None:
    source = await add(owner)
    asked = {"text": "сколько стоит доставка", "language": "ru"}
    await owner.patch(f"/api/knowledge/sources/{source['id']}", {"valid_until": "2020-01-01"})
    assert (await owner.post("/api/knowledge/search", asked))["items"] == []
    await owner.patch(f"/api/knowledge/sources/{source['id']}", {"valid_until": None})
    assert (await owner.post("/api/knowledge/search", asked))["items"]


async def test_changing_and_removing_publish_new_versions(owner: Console, core: Core) -> None:
    source = await add(owner)
    await add(owner, "hours.txt", "Работаем с 9:00 до 19:00.")
    changed = await owner.patch(
        f"/api/knowledge/sources/{source['id']}", {"content": "# Доставка\n\nТеперь 2 000 ₸."}
    )
    assert changed["passages"] == 1
    found = await owner.post("/api/knowledge/search", {"text": "доставка цена", "language": "ru"})
    texts = [item["text"] for item in found["items"]]
    assert "Теперь 2 000 ₸." in texts
    assert not any("1 500" in text for text in texts)
    await owner.delete(f"/api/knowledge/sources/{source['id']}")
    found = await owner.post("/api/knowledge/search", {"text": "доставка цена", "language": "ru"})
    assert found["items"] == []
    found = await owner.post("/api/knowledge/search", {"text": "часы работы", "language": "ru"})
    assert [item["document"] for item in found["items"]] == ["hours.txt"]
    await owner.get(f"/api/knowledge/sources/{source['id']}", status=404)
    assert await version_of(core, owner) == 4


async def test_a_title_typed_by_a_person_stays(owner: Console) -> None:
    source = await add(owner)
    path = f"/api/knowledge/sources/{source['id']}"
    assert (await owner.patch(path, {"title": "Условия"}))["title"] == "Условия"
    changed = await owner.patch(path, {"content": "# Другое\n\nТекст."})
    assert changed["title"] == "Условия"
    passages = await owner.get(path + "/passages")
    assert {item["title"] for item in passages["items"]} == {"Условия"}


@pytest.mark.parametrize(
    ("name", "content", "code", "field"),
    [
        ("a.exe", "x", "document_unknown_type", "name"),
        ("a.md", "   ", "document_empty", "content"),
        ("a.csv", "a\n1", "faq_columns_missing", "content"),
        ("a.txt", "a\0b", "document_bad_encoding", "content"),
        ("a.txt", "я" * 4_200_000, "document_too_large", "content"),
    ],
)
async def test_bad_documents_are_refused_and_nothing_is_lost(
    owner: Console, core: Core, name: str, content: str, code: str, field: str
) -> None:
    source = await add(owner)
    path = f"/api/knowledge/sources/{source['id']}"
    for problem in (
        await owner.post("/api/knowledge/sources", {"name": name, "content": content}, status=422),
        await owner.patch(path, {"name": name, "content": content}, status=422),
    ):
        assert problem["code"] == code
        assert problem["errors"][0]["field"] == field
        assert problem["errors"][0]["code"] == code
    assert await owner.get(path) == source
    assert await version_of(core, owner) == 1
    assert await core.database.collection(SOURCES).count_documents({}) == 1


async def test_a_name_is_taken_once(owner: Console, stranger: Console) -> None:
    await add(owner)
    problem = await owner.post(
        "/api/knowledge/sources", {"name": "delivery.md", "content": "x"}, status=409
    )
    assert problem["code"] == "source_name_taken"
    other = await add(owner, "other.md")
    problem = await owner.patch(
        f"/api/knowledge/sources/{other['id']}", {"name": "delivery.md"}, status=409
    )
    assert problem["code"] == "source_name_taken"
    await add(stranger)


async def test_documents_added_at_once_are_all_there(owner: Console, core: Core) -> None:
    names = [f"doc{n}.txt" for n in range(8)]
    await asyncio.gather(*(add(owner, name, f"Правило {name} такое.") for name in names))
    assert await version_of(core, owner) == len(names)
    rows = core.database.collection(PASSAGES).find({"to": None})
    assert sorted([row["document"] async for row in rows]) == names
    assert sorted(await core.database.collection(PASSAGES).distinct("from")) == [*range(1, 9)]
    found = await owner.get("/api/knowledge/sources")
    assert {item["state"] for item in found["items"]} == {"ready"}


async def test_of_changes_at_once_the_stored_text_is_the_one_that_answers(owner: Console) -> None:
    source = await add(owner)
    path = f"/api/knowledge/sources/{source['id']}"
    contents = [f"# Доставка\n\nЦена {n} ₸." for n in range(101, 107)]
    await asyncio.gather(*(owner.patch(path, {"content": content}) for content in contents))
    last = await owner.get(path)
    passages = await owner.get(path + "/passages")
    assert last["state"] == "ready"
    assert last["content"].endswith(passages["items"][0]["text"])
    assert len(passages["items"]) == 1


async def test_a_change_while_passages_are_made_makes_them_again(
    owner: Console, core: Core, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await add(owner)
    source_id = ObjectId(source["id"])
    sources = core.database.collection(SOURCES)
    write = knowledge.versions.replace
    change = {"$set": {"content": "# Доставка\n\nНовая цена."}, "$inc": {"revision": 1}}
    changes = [change]

    async def write_while_it_changes(*values: Any) -> int:
        if changes:
            await sources.update_one({"_id": source_id}, changes.pop())
        return await write(*values)

    monkeypatch.setattr(knowledge.versions, "replace", write_while_it_changes)
    done = await knowledge.retry(owner.organization_id, source_id)
    assert (done["state"], done["passages"]) == ("ready", 1)
    passages = await owner.get(f"/api/knowledge/sources/{source['id']}/passages")
    assert [item["text"] for item in passages["items"]] == ["Новая цена."]


async def test_what_a_dead_process_left_is_finished(
    owner: Console, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await add(owner)
    path = f"/api/knowledge/sources/{source['id']}"
    dying = Knowledge(database=core.database, events=core.events, pace=Pace(lease_seconds=0.2))

    async def die(*_: Any, **__: Any) -> int:
        raise ConnectionResetError

    monkeypatch.setattr(dying.versions, "_carry_out", die)
    with pytest.raises(ConnectionResetError):
        await dying.change(
            owner.organization_id, ObjectId(source["id"]), {"content": "# Доставка\n\nДаром."}
        )
    # The old version answers.
    assert await version_of(core, owner) == 1
    found = await owner.post("/api/knowledge/search", {"text": "доставка", "language": "ru"})
    assert "1 500" in found["items"][0]["text"]
    assert (await owner.get(path))["state"] == "processing"
    worker = Knowledge(database=core.database, events=core.events).ingestion
    await asyncio.sleep(0.25)
    assert await worker.sweep() == 1
    assert await worker.sweep() == 0
    await until_ready(owner, source["id"])
    found = await owner.post("/api/knowledge/search", {"text": "доставка", "language": "ru"})
    assert [item["text"] for item in found["items"]] == ["Даром."]


async def test_a_document_found_unusable_is_marked_and_the_old_passages_stay(
    owner: Console, core: Core
) -> None:
    source = await add(owner)

    class Refusing(Reader):
        async def read_text(self, *_: Any, **__: Any) -> Any:
            raise DocumentError("document_empty", "The document is empty.")

    knowledge = Knowledge(database=core.database, events=core.events, reader=Refusing())
    failed = await knowledge.retry(owner.organization_id, ObjectId(source["id"]))
    assert (failed["state"], failed["error"]) == (
        "failed",
        {"code": "document_empty", "detail": "The document is empty."},
    )
    found = await owner.post("/api/knowledge/search", {"text": "доставка", "language": "ru"})
    assert "1 500" in found["items"][0]["text"]
    again = await owner.post(f"/api/knowledge/sources/{source['id']}/retry")
    assert (again["state"], again["error"]) == ("ready", None)


async def test_changes_are_told_to_the_consoles(owner: Console, core: Core) -> None:
    source = await add(owner)
    await owner.delete(f"/api/knowledge/sources/{source['id']}")
    events = core.database.collection("events").find(
        {"organization_id": owner.organization_id, "type": "knowledge.updated"}
    )
    found = [event async for event in events.sort("seq")]
    assert [str(event["subject_id"]) for event in found] == [source["id"]] * 2
    assert found[0]["data"]["state"] == "ready"
    assert "content" not in found[0]["data"]
    assert found[1]["data"]["deleted"] is True


async def test_the_bot_gets_snapshots_with_the_internal_token_only(
    owner: Console, stranger: Console, server: TestServer, settings: Settings, core: Core
) -> None:
    await add(owner)
    version = await version_of(core, owner)
    token = {"Authorization": f"Bearer {settings.internal_token.get_secret_value()}"}
    path = f"/internal/organizations/{owner.organization_id}/knowledge"
    snapshot = await owner.get(f"{path}/{version}", headers=token)
    assert snapshot["version"] == version
    assert [set(passage) for passage in snapshot["passages"]] == [
        {
            *("id", "document", "title", "heading", "language", "position", "text"),
            *("page", "valid_from", "valid_until"),
        }
    ] * 2
    await owner.get(f"{path}/{version}", status=401)
    for wrong in (
        f"{path}/{version + 1}",
        f"{path}/x",
        f"/internal/organizations/{ObjectId()}/knowledge/1",
    ):
        await owner.get(wrong, headers=token, status=404)
    empty = f"/internal/organizations/{stranger.organization_id}/knowledge/0"
    nothing = {"version": 0, "passages": [], "vectors": None}
    assert await owner.get(empty, headers=token) == nothing


async def test_nobody_reaches_the_documents_of_another_organization(
    owner: Console, stranger: Console, viewer: Console, operator: Console, visitor: Console
) -> None:
    source = await add(owner)
    path = f"/api/knowledge/sources/{source['id']}"
    for call in (
        stranger.get(path, status=404),
        stranger.get(path + "/passages", status=404),
        stranger.patch(path, {"title": "x"}, status=404),
        stranger.delete(path, status=404),
        viewer.patch(path, {"title": "x"}, status=403),
        operator.delete(path, status=403),
        operator.post("/api/knowledge/sources", {"name": "a.md", "content": "x"}, status=403),
        visitor.get(path, status=401),
    ):
        await call
    assert (await stranger.get("/api/knowledge/sources"))["items"] == []
    found = await stranger.post("/api/knowledge/search", {"text": "доставка", "language": "ru"})
    assert found["items"] == []
    assert (await viewer.get(path))["content"] == DELIVERY


async def test_a_question_is_asked_of_what_answers_or_of_all_that_is_ready(owner: Console) -> None:
    source = await add(owner)
    await owner.patch("/api/organization", {"knowledge_goes_live": "with_publishing"})
    path = f"/api/knowledge/sources/{source['id']}"
    await owner.patch(path, {"content": DELIVERY.replace("1 500", "2 000")})

    async def asked(**more: Any) -> list[str]:
        question = {"text": "сколько стоит доставка в Астану", "language": "ru", **more}
        found = await owner.post("/api/knowledge/search", question)
        return [item["text"] for item in found["items"]]

    assert (await asked())[0] == "Доставка в Астану стоит 1 500 ₸."
    assert (await asked(version="head"))[0] == "Доставка в Астану стоит 2 000 ₸."
    follow_up = {
        "text": "а срок?",
        "language": "ru",
        "history": [{"role": "customer", "text": "доставка в Астану"}],
    }
    found = await owner.post("/api/knowledge/search", follow_up)
    assert "Везём два дня." in [item["text"] for item in found["items"]]


async def test_what_is_not_valid_today_does_not_answer(owner: Console) -> None:
    source = await add(owner)
    path = f"/api/knowledge/sources/{source['id']}"
    question = {"text": "сколько стоит доставка в Астану", "language": "ru"}
    for change, answers in (
        ({"valid_until": "2020-12-31"}, False),
        ({"valid_until": None}, True),
        ({"valid_from": "2199-01-01"}, False),
    ):
        changed = await owner.patch(path, change)
        assert changed["state"] == "ready"
        found = await owner.post("/api/knowledge/search", question)
        assert bool(found["items"]) is answers, change
