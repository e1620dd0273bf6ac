"""An installation of the first release goes on after all migrations: its persona, its documents, a way back."""

from datetime import timedelta

from bson import ObjectId

from bot.prompts.content import AssistantContent
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.migrations import MIGRATIONS, migrate
from tests.integration.assistant.processes import Process

OWN = ObjectId()


async def fill_as_the_first_release_did(database: Database) -> None:
    now = utc_now() - timedelta(days=3)
    times = {"created_at": now, "updated_at": now}
    persona = {**AssistantContent(name="Ару").document(), "version": 3}
    for later in ("languages", "default_language", "skills", "lead_form", "handoff", "model"):
        del persona[later]
    await database.collection("organizations").insert_one(
        {
            "_id": OWN,
            "name": "Tau",
            "slug": "tau",
            "language": "kk",
            "assistant": persona,
            "knowledge_version": 2,
            **times,
        }
    )
    source = {"_id": ObjectId(), "organization_id": OWN, "name": "d.md", "title": "d"}
    await database.collection("knowledge_sources").insert_one(
        {
            **source,
            "kind": "markdown",
            "language": "ru",
            "content": "# d\n\nДоставка 1 500 ₸.",
            "revision": 1,
            "state": "ready",
            "error": None,
            "passages": 1,
            **times,
        }
    )
    passage = {"organization_id": OWN, "source_id": source["_id"], "document": "d.md"}
    await database.collection("knowledge_passages").insert_many(
        [
            {
                **passage,
                "version": version,
                "title": "d",
                "heading": [],
                "language": "ru",
                "position": 0,
                "text": text,
            }
            for version, text in ((1, "Доставка 900 ₸."), (2, "Доставка 1 500 ₸."))
        ]
    )
    await database.collection("knowledge_versions").insert_one(
        {"_id": OWN, "last": 2, "published": [1, 2]}
    )


async def test_the_first_releases_assistant_goes_on(database: Database) -> None:
    fresh = Database(database.client, f"test_{ObjectId()}")
    try:
        await MIGRATIONS[0].run(fresh)
        await fresh.collection("migrations").insert_one({"_id": 1})
        await fill_as_the_first_release_did(fresh)
        assert await migrate(fresh) == [migration.number for migration in MIGRATIONS[1:]]
        process = Process.over(fresh)
        state = await process.history.overview(OWN)
        assert (state["published"]["number"], state["published"]["content"]["name"]) == (3, "Ару")
        assert state["published"]["content"]["default_language"] == "kk"
        assert (state["knowledge"]["published"], state["knowledge"]["head"]) == (2, 2)
        assert state["changes"] == []
        assert await process.change(OWN, 0, "Болат")
        assert await process.publish(OWN, 1)
        assert await process.roll_back(OWN, 3)
        state = await process.history.overview(OWN)
        assert (state["published"]["number"], state["published"]["content"]["name"]) == (5, "Ару")
        passages = await process.knowledge.passages(OWN, state["knowledge"]["published"])
        assert [passage["text"] for passage in passages] == ["Доставка 1 500 ₸."]
    finally:
        await fresh.client.drop_database(fresh.db.name)
