"""The one versioned step that brings a database to the shape the code expects.

Add a migration at the end of `MIGRATIONS`; never change one that was released. Each must be safe to run again: a
process may die between a migration's work and its record.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.migration_steps import (
    answers_by_mail,
    assistant_results,
    assistant_suites,
    assistant_versions,
    channel_events,
    connections_by_account,
    connections_in_depth,
    contacts_in_depth,
    gates_hold_documents,
    media,
    passage_vectors,
    passages_by_intervals,
    provider_calls,
    telegram_updates,
)

MIGRATIONS_COLLECTION = "migrations"
_LOCK_ID = "lock"
_LOCK_SECONDS = 120
_LOCK_PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered step."""

    number: int
    title: str
    run: Callable[[Database], Awaitable[None]]


def _index(*keys: str, **options: Any) -> IndexModel:
    return IndexModel(
        [(key.removeprefix("-"), DESCENDING if key[0] == "-" else ASCENDING) for key in keys],
        **options,
    )


def _present(field: str, bson_type: str) -> dict[str, Any]:
    return {"partialFilterExpression": {field: {"$type": bson_type}}}


# Whatever is listed is sorted by (field, _id) within its organization, so that a page is one range of one index.
FIRST_INDEXES: Mapping[str, list[IndexModel]] = {
    "organizations": [_index("slug", unique=True)],
    "users": [_index("email", unique=True)],
    "memberships": [_index("organization_id", "user_id", unique=True), _index("user_id")],
    "sessions": [_index("expires_at", expireAfterSeconds=0), _index("user_id", "organization_id")],
    "rate_limits": [_index("expires_at", expireAfterSeconds=0)],
    "connections": [
        _index("organization_id", "created_at", "_id"),
        _index(
            "organization_id",
            "channel",
            "external_account.id",
            unique=True,
            partialFilterExpression={"external_account.id": {"$gt": ""}},
        ),
        _index("status"),
    ],
    "contacts": [
        _index("organization_id", "created_at", "_id"),
        _index("organization_id", "updated_at", "_id"),
        _index("organization_id", "name", "_id"),
        _index("organization_id", "search", "created_at"),
        _index("organization_id", "email"),
        _index("organization_id", "phone", unique=True, **_present("phone", "string")),
        _index(
            "organization_id",
            "identities.connection_id",
            "identities.external_id",
            unique=True,
            **_present("identities.external_id", "string"),
        ),
    ],
    "pipelines": [_index("organization_id", unique=True)],
    "deals": [
        _index("organization_id", "stage_id", "position", "_id"),
        _index("organization_id", "created_at", "_id"),
        _index("organization_id", "updated_at", "_id"),
        _index("organization_id", "contact_id", "-created_at"),
        _index("organization_id", "conversation_id"),
        _index("organization_id", "source_key", unique=True, **_present("source_key", "string")),
    ],
    "tasks": [
        _index("organization_id", "created_at", "_id"),
        _index("organization_id", "due_at", "_id"),
        _index("organization_id", "done_at", "due_at", "_id"),
        _index("organization_id", "assignee_id", "due_at"),
        _index("organization_id", "contact_id", "-created_at"),
        _index("organization_id", "conversation_id"),
        _index("organization_id", "deal_id"),
        _index("organization_id", "source_key", unique=True, **_present("source_key", "string")),
    ],
    "conversations": [
        _index("connection_id", "chat_id", unique=True),
        _index("organization_id", "status", "-last_activity_at", "-_id"),
        _index("organization_id", "owner", "-last_activity_at", "-_id"),
        _index("organization_id", "assignee_id", "-last_activity_at", "-_id"),
        _index("organization_id", "-last_activity_at", "-_id"),
        _index("organization_id", "contact_id", "-last_activity_at"),
        # The worker looks across organizations for conversations left alone.
        _index("owner", "operator_active_at"),
    ],
    "messages": [
        _index("connection_id", "external_id", unique=True, **_present("external_id", "string")),
        _index("conversation_id", "-created_at", "-_id"),
        _index("connection_id", "chat_id", "created_at", "_id"),
        _index("organization_id", "state", "-created_at", "-_id"),
        # What still has to be done is a small part of all messages: partial indexes stay small, and a turn finds its
        # messages without reading a long chat's history.
        _index(
            "connection_id",
            "chat_id",
            "created_at",
            name="unhandled",
            partialFilterExpression={"state": "received"},
        ),
        _index(
            "conversation_id",
            "created_at",
            name="unsent",
            partialFilterExpression={"state": {"$in": ["queued", "sending"]}},
        ),
        # The sweepers', each with the very condition it asks with: MongoDB infers no wider one.
        _index(
            "next_attempt_at",
            name="turns_due",
            partialFilterExpression={"state": "received"},
        ),
        _index(
            "next_attempt_at",
            name="deliveries_due",
            partialFilterExpression={"state": {"$in": ["queued", "sending"]}},
        ),
        _index(
            "conversation_id",
            name="unrecorded",
            partialFilterExpression={"unrecorded": True},
        ),
        # Only our own side's: what a visitor's widget calls its messages is nobody else's matter.
        _index(
            "conversation_id",
            "data.client_id",
            unique=True,
            partialFilterExpression={"direction": "out", "data.client_id": {"$type": "string"}},
        ),
        _index(
            "organization_id",
            "data.source_key",
            unique=True,
            **_present("data.source_key", "string"),
        ),
    ],
    "knowledge_sources": [
        _index("organization_id", "created_at", "_id"),
        _index("organization_id", "name", unique=True),
    ],
    "knowledge_passages": [
        _index("organization_id", "version", "source_id", "position"),
        _index("organization_id", "source_id"),
    ],
    "events": [_index("organization_id", "seq", unique=True)],
}


async def _create_first_indexes(database: Database) -> None:
    for collection, indexes in FIRST_INDEXES.items():
        await database.collection(collection).create_indexes(indexes)


MIGRATIONS: list[Migration] = [
    Migration(1, "indexes of the first collections", _create_first_indexes),
    Migration(2, "passages by intervals of versions", passages_by_intervals.run),
    Migration(3, "versions of assistants, words of names", assistant_versions.run),
    Migration(4, "the ledger of what leaves for providers", provider_calls.run),
    Migration(5, "test suites of assistants", assistant_suites.run),
    Migration(6, "embeddings of passages", passage_vectors.run),
    Migration(7, "documents wait where publishing asks for suites", gates_hold_documents.run),
    Migration(8, "results of runs by weight", assistant_results.run),
    Migration(9, "events of messengers, paces", channel_events.run),
    Migration(10, "files that people send", media.run),
    Migration(11, "health, templates and accounts of connections", connections_in_depth.run),
    Migration(12, "what brought contacts, and who are one person", contacts_in_depth.run),
    Migration(13, "connections by the ids of their accounts", connections_by_account.run),
    Migration(14, "updates of Telegram by their bots", telegram_updates.run),
    Migration(15, "answers that go by mail", answers_by_mail.run),
]


async def migrate(database: Database) -> list[int]:
    """Run what has not been run yet, in order, and return the numbers that ran.

    Any number of processes may call it at the same time: one works, the others wait for it and then find nothing to do.

    Raises:
        TimeoutError: another process holds the lock for more than five minutes.
    """
    collection = database.collection(MIGRATIONS_COLLECTION)
    if not await _pending(database):
        return []
    holder = ObjectId()
    give_up_at = time.monotonic() + _LOCK_PATIENCE_SECONDS
    while not await _lock(database, holder):
        if not await _pending(database):
            return []
        if time.monotonic() > give_up_at:
            raise TimeoutError(
                "Another process has been migrating the database for more than five minutes."
            )
        await asyncio.sleep(0.1)
    ran: list[int] = []
    try:
        for migration in await _pending(database):
            await migration.run(database)
            record = {"_id": migration.number, "title": migration.title, "at": utc_now()}
            await collection.replace_one({"_id": migration.number}, record, upsert=True)
            ran.append(migration.number)
            await _lock(database, holder)  # prolongs it
    finally:
        await collection.delete_one({"_id": _LOCK_ID, "holder": holder})
    return ran


async def _pending(database: Database) -> list[Migration]:
    collection = database.collection(MIGRATIONS_COLLECTION)
    done = {
        record["_id"] async for record in collection.find({"_id": {"$type": "number"}}, {"_id": 1})
    }
    return [migration for migration in MIGRATIONS if migration.number not in done]


async def _lock(database: Database, holder: ObjectId) -> bool:
    now = utc_now()
    try:
        await database.collection(MIGRATIONS_COLLECTION).update_one(
            {"_id": _LOCK_ID, "$or": [{"until": {"$lt": now}}, {"holder": holder}]},
            {"$set": {"holder": holder, "until": now + timedelta(seconds=_LOCK_SECONDS)}},
            upsert=True,
        )
    except DuplicateKeyError:
        return False
    return True
