"""Contacts tell what brought them, and who of them seem to be one person."""

from itertools import combinations
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument

BATCH = 1_000
MOST = 20
"""More people than this with one phone are a switchboard, not one person."""


async def run(database: Database) -> None:
    """Do it; again is safe."""
    await _make_indexes(database)
    await _write_match_keys(database)
    await _propose(database)


async def _make_indexes(database: Database) -> None:
    await database.collection("contacts").create_indexes(
        [
            _organization("match_keys"),
            _organization("source.source", "-created_at", "-_id"),
            _organization("source.ref", "-created_at", "-_id"),
            _organization("source.ad_id", "-created_at", "-_id"),
        ]
    )
    await database.collection("contact_duplicates").create_indexes(
        [
            IndexModel([("organization_id", ASCENDING), ("pair", ASCENDING)], unique=True),
            _organization("contact_ids"),
            _organization("state", "-created_at", "-_id"),
        ]
    )


def _organization(*keys: str) -> IndexModel:
    fields = [(key.removeprefix("-"), DESCENDING if key[0] == "-" else ASCENDING) for key in keys]
    return IndexModel([("organization_id", ASCENDING), *fields])


async def _write_match_keys(database: Database) -> None:
    contacts = database.collection("contacts")
    fields = dict.fromkeys(("phone", "email", "attributes", "identities"), 1)
    updates: list[UpdateOne] = []
    async for contact in contacts.find({"match_keys": {"$exists": False}}, fields):
        updates.append(UpdateOne({"_id": contact["_id"]}, {"$set": {"match_keys": _keys(contact)}}))
        if len(updates) == BATCH:
            await contacts.bulk_write(updates, ordered=False)
            updates.clear()
    if updates:
        await contacts.bulk_write(updates, ordered=False)


def _keys(contact: RawDocument) -> list[str]:
    attributes: dict[str, Any] = contact.get("attributes") or {}
    phones = {contact.get("phone"), attributes.get("other_phone")}
    keys = {f"phone:{phone}" for phone in phones if phone}
    if contact.get("email"):
        keys.add(f"email:{contact['email'].lower()}")
    for identity in contact.get("identities") or ():
        if identity.get("external_id"):
            keys.add(f"account:{identity['channel']}:{identity['external_id']}")
    return sorted(keys)


async def _propose(database: Database) -> None:
    pairs = database.collection("contact_duplicates")
    alike = await database.collection("contacts").aggregate(
        [
            {"$unwind": "$match_keys"},
            {
                "$group": {
                    "_id": {"organization_id": "$organization_id", "key": "$match_keys"},
                    "ids": {"$push": "$_id"},
                }
            },
            {"$match": {"ids.1": {"$exists": True}}},
        ],
        allowDiskUse=True,
    )
    moment = utc_now()
    async for group in alike:
        reason = group["_id"]["key"].partition(":")[0]
        for low, high in combinations(sorted(group["ids"])[:MOST], 2):
            await pairs.update_one(
                {"organization_id": group["_id"]["organization_id"], "pair": f"{low}:{high}"},
                {
                    "$addToSet": {"reasons": reason},
                    "$setOnInsert": {
                        "contact_ids": [low, high],
                        "state": "open",
                        "created_at": moment,
                        "updated_at": moment,
                    },
                },
                upsert=True,
            )
