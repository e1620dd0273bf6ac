"""What older releases stored becomes a first version; a second run changes nothing."""

from typing import Any

from bson import ObjectId

from crm.assistant.trials import ENGINE_PREFIX
from crm.core.database import Database
from crm.core.migration_steps import assistant_versions

GREETING = {"ru": "Добро пожаловать!", "kk": "Сәлем", "en": "Hello"}


async def organization(database: Database, **values: Any) -> ObjectId:
    document = {"_id": ObjectId(), "slug": str(ObjectId()), "language": "kk", **values}
    await database.collection("organizations").insert_one(document)
    return ObjectId(document["_id"])


async def test_a_persona_becomes_the_version_of_its_number(database: Database) -> None:
    persona = {
        "name": "Ару",
        "tone": "friendly",
        "instructions": "Будь {вежлива}.",
        "greeting": GREETING,
        "disclosure": assistant_versions._FORMER_DISCLOSURE,
        "version": 7,
    }
    own = await organization(database, assistant=persona, knowledge_version=4)
    for _ in range(2):
        await assistant_versions.run(database)
    rows = await database.collection("assistant_versions").find().to_list()
    assert [(row["organization_id"], row["number"], row["knowledge_version"]) for row in rows] == [
        (own, 7, 4)
    ]
    content = rows[0]["content"]
    assert (content["name"], content["default_language"]) == ("Ару", "kk")
    assert content["greeting"] == GREETING
    assert "{company}" in content["disclosure"]["kk"]
    stored = await database.collection("organizations").find_one(own)
    assert stored is not None
    assert stored["assistant"] == {**content, "version": 7}


async def test_what_was_never_checked_gives_way_to_the_defaults(database: Database) -> None:
    own = await organization(database, assistant={"name": "", "tone": "dry", "greeting": {}})
    without = await organization(database)
    await assistant_versions.run(database)
    rows = await database.collection("assistant_versions").find().to_list()
    by_id = {row["organization_id"]: row["content"] for row in rows}
    assert (by_id[own]["name"], by_id[own]["tone"]) == ("Aitys", "dry")
    assert by_id[without]["name"] == "Aitys"


async def test_contacts_get_the_words_of_their_names(database: Database) -> None:
    contacts = database.collection("contacts")
    await contacts.insert_one({"name": "Айгерим", "identities": [{"profile_name": "Aika"}]})
    await assistant_versions.run(database)
    found = await contacts.find_one({})
    assert found is not None
    assert found["name_words"] == ["аигерим", "аик"]


async def test_old_trials_are_forgotten_with_their_side_of_the_engine_and_nothing_else(
    database: Database,
) -> None:
    trials = await database.collection("assistant_trials").index_information()
    assert [i["expireAfterSeconds"] for i in trials.values() if "expireAfterSeconds" in i] == [
        86_400
    ]
    engine = await database.collection("engine_conversations").index_information()
    assert engine["trials"]["expireAfterSeconds"] == 86_400
    names = engine["trials"]["partialFilterExpression"]["_id"]
    assert names["$gte"] <= f"{ENGINE_PREFIX}{ObjectId()}" < names["$lt"]
    assert not names["$gte"] <= str(ObjectId()) < names["$lt"]
