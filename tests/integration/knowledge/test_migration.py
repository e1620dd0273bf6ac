"""A database of the first release, with its documents, brought to intervals of versions."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.events import EventLog
from crm.core.migrations import FIRST_INDEXES, MIGRATIONS_COLLECTION, migrate
from crm.core.settings import Settings
from crm.knowledge.schemas import PassageQuery, Source, SourceQuery
from crm.knowledge.service import Knowledge

NOW = utc_now()


@pytest.fixture
async def old(settings: Settings) -> AsyncIterator[Database]:
    """A database as the first migration left it."""
    database = await Database.connect(settings)
    for collection, indexes in FIRST_INDEXES.items():
        await database.collection(collection).create_indexes(indexes)
    await database.collection(MIGRATIONS_COLLECTION).insert_one({"_id": 1, "title": "", "at": NOW})
    yield database
    await database.client.drop_database(settings.mongodb_database)
    await database.close()


def source(organization_id: ObjectId, name: str, **fields: Any) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "organization_id": organization_id,
        "name": name,
        "title": "Доставка",
        "kind": "markdown",
        "language": "ru",
        "content": "# Доставка\n\n## Цена\n\nСтоит 1 500 ₸.\n\n## Срок\n\nДва дня.",
        "revision": 1,
        "state": "ready",
        "error": None,
        "passages": 2,
        "created_at": NOW,
        "updated_at": NOW,
        **fields,
    }


async def test_documents_of_the_first_release_answer_as_before(old: Database) -> None:
    organization_id = ObjectId()
    await old.collection("organizations").insert_one(
        {"_id": organization_id, "slug": "tau", "knowledge_version": 7, "assistant": {}}
    )
    await old.collection("knowledge_versions").insert_one(
        {"_id": organization_id, "last": 8, "published": [5, 6, 7]}
    )
    ready = source(organization_id, "a.md")
    failed = source(organization_id, "b.md", state="failed", error="The document is empty.")
    waiting = source(organization_id, "c.md", state="processing")
    await old.collection("knowledge_sources").insert_many([ready, failed, waiting])
    passages = old.collection("knowledge_passages")
    for version in (5, 6, 7, 8):
        for position, text in enumerate(("Стоит 1 500 ₸.", "Два дня.")):
            await passages.insert_one(
                {
                    "organization_id": organization_id,
                    "version": version,
                    "source_id": ready["_id"],
                    "document": "a.md",
                    "title": "Доставка",
                    "heading": [("Цена", "Срок")[position]],
                    "language": "ru",
                    "position": position,
                    "text": text,
                }
            )
    answering = {row["_id"] async for row in passages.find({"version": 7})}

    assert await migrate(old)
    assert await passages.count_documents({}) == 2
    knowledge = Knowledge(database=old, events=EventLog(old))
    assert await knowledge.versions.head(organization_id) == 7
    rows = await knowledge.versions.passages(organization_id, 7)
    assert [(row["position"], row["text"]) for row in rows] == [
        (0, "Стоит 1 500 ₸."),
        (1, "Два дня."),
    ]
    assert {row["id"] for row in rows} == answering
    for name, state, error in (
        ("a.md", "ready", None),
        ("b.md", "failed", {"code": "document_unusable", "detail": "The document is empty."}),
        ("c.md", "queued", None),
    ):
        page = await knowledge.list(organization_id, SourceQuery(q=name))
        (shown,) = page["items"]
        assert (shown["state"], shown["error"]) == (state, error)
        Source.model_validate({**shown, "content": ""})
    listed = await knowledge.passages.list(organization_id, ready["_id"], PassageQuery())
    assert [item["excluded"] for item in listed["items"]] == [False, False]

    # What waited is ingested; a change writes only what changed, and goes live at once as it did.
    assert await knowledge.ingestion.sweep() == 1
    await knowledge.ingestion.close()
    await knowledge.ingestion.ingest(organization_id, waiting["_id"])
    await knowledge.change(
        organization_id, ready["_id"], {"content": ready["content"].replace("1 500", "2 000")}
    )
    head = await knowledge.versions.head(organization_id)
    assert await knowledge.versions.current(organization_id) == head > 7
    texts = {row["text"] for row in await knowledge.versions.passages(organization_id, head)}
    assert texts == {"Стоит 2 000 ₸.", "Стоит 1 500 ₸.", "Два дня."}
    kept = {row["_id"] async for row in passages.find({"to": None, "source_id": ready["_id"]})}
    assert len(kept & answering) == 1


async def test_migrating_again_changes_nothing(old: Database) -> None:
    organization_id = ObjectId()
    await old.collection("organizations").insert_one(
        {"_id": organization_id, "slug": "tau", "knowledge_version": 0}
    )
    await old.collection("knowledge_sources").insert_one(source(organization_id, "a.md"))
    await migrate(old)
    names = [name for name in await old.db.list_collection_names() if "knowledge" in name]
    before = {name: await old.collection(name).find({}).to_list() for name in names}
    await old.collection(MIGRATIONS_COLLECTION).delete_one({"_id": 2})
    assert await migrate(old) == [2]
    assert {name: await old.collection(name).find({}).to_list() for name in names} == before


async def test_a_version_whose_writer_died_before_the_first_was_published_goes(
    old: Database,
) -> None:
    organization_id = ObjectId()
    await old.collection("organizations").insert_one({"_id": organization_id, "slug": "tau"})
    half = {"organization_id": organization_id, "version": 1, "source_id": ObjectId()}
    passages = old.collection("knowledge_passages")
    await passages.insert_many([{**half, "position": 0}, {**half, "position": 1}])
    assert await migrate(old)
    assert not await passages.count_documents({})
