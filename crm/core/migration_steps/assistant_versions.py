"""Assistants get versions, trials and a history; contacts get the words of their names.

Before, an organization had one persona, changed in place. It becomes the newest version, under the number it had.
"""

from typing import Any

from bson import ObjectId
from pydantic import ValidationError
from pymongo import ASCENDING, IndexModel, UpdateOne

from bot.prompts.content import AssistantContent
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.name_words import name_words

TRIAL_SECONDS = 24 * 60 * 60
BATCH = 1_000
# What new organizations were given before, and nobody chose: it follows the new default, whose variable has another name.
_FORMER_DISCLOSURE = {
    "ru": "Вам отвечает ИИ-ассистент компании «{organization}». Если понадобится, позову человека.",
    "kk": "Сізге «{organization}» компаниясының ЖИ-көмекшісі жауап береді. "
    "Қажет болса, адамды шақырамын.",
    "en": "You are talking to the AI assistant of {organization}. "
    "I can call a person whenever you like.",
}


async def run(database: Database) -> None:
    """Do it; again is safe."""
    await _make_indexes(database)
    await _begin_histories(database)
    await _write_name_words(database)


async def _make_indexes(database: Database) -> None:
    await database.collection("assistant_versions").create_indexes(
        [IndexModel([("organization_id", ASCENDING), ("number", ASCENDING)], unique=True)]
    )
    await database.collection("assistant_trials").create_indexes(
        [IndexModel([("created_at", ASCENDING)], expireAfterSeconds=TRIAL_SECONDS)]
    )
    # The engine's side of a trial goes with it; its conversations are named `trial:<id>`.
    await database.collection("engine_conversations").create_indexes(
        [
            IndexModel(
                [("updated_at", ASCENDING)],
                name="trials",
                expireAfterSeconds=TRIAL_SECONDS,
                partialFilterExpression={"_id": {"$gte": "trial:", "$lt": "trial;"}},
            )
        ]
    )
    await database.collection("contacts").create_indexes(
        [IndexModel([("organization_id", ASCENDING), ("name_words", ASCENDING)])]
    )


async def _begin_histories(database: Database) -> None:
    organizations = database.collection("organizations")
    versions = database.collection("assistant_versions")
    fields = dict.fromkeys(("assistant", "language", "knowledge_version"), 1)
    async for organization in organizations.find({}, fields):
        if await versions.find_one({"organization_id": organization["_id"]}, {"_id": 1}):
            continue
        stored = organization.get("assistant") or {}
        number = int(stored.get("version") or 1)
        content = _content(stored, organization.get("language")).model_dump(mode="json")
        await organizations.update_one(
            {"_id": organization["_id"]}, {"$set": {"assistant": {**content, "version": number}}}
        )
        await versions.insert_one(
            {
                "_id": ObjectId(),
                "organization_id": organization["_id"],
                "number": number,
                "content": content,
                "knowledge_version": organization.get("knowledge_version") or 0,
                "author": None,
                "reason": "",
                "rollback_of": None,
                "published_at": utc_now(),
            }
        )


def _content(stored: RawDocument, language: Any) -> AssistantContent:
    given: dict[str, Any] = {"default_language": language or "ru", **stored}
    if given.get("disclosure") == _FORMER_DISCLOSURE:
        del given["disclosure"]
    while True:
        try:
            return AssistantContent.model_validate(given)
        except ValidationError as error:  # what was never checked gives way to the default
            wrong = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
            wrong = wrong or {"languages", "default_language"}
            given = {name: value for name, value in given.items() if name not in wrong}


async def _write_name_words(database: Database) -> None:
    contacts = database.collection("contacts")
    batch: list[UpdateOne] = []
    fields = {"name": 1, "identities.profile_name": 1}
    async for contact in contacts.find({"name_words": {"$exists": False}}, fields):
        called = [contact.get("name")]
        called += [identity.get("profile_name") for identity in contact.get("identities", ())]
        batch.append(
            UpdateOne({"_id": contact["_id"]}, {"$set": {"name_words": name_words(called)}})
        )
        if len(batch) == BATCH:
            await contacts.bulk_write(batch, ordered=False)
            batch = []
    if batch:
        await contacts.bulk_write(batch, ordered=False)
