"""Passages belong to versions by intervals; documents may be files, and are ingested by workers."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import OperationFailure

from crm.core.database import Database


def _index(*keys: str, **options: Any) -> IndexModel:
    return IndexModel([(key, ASCENDING) for key in keys], **options)


INDEXES: Mapping[str, list[IndexModel]] = {
    "knowledge_passages": [
        _index("organization_id", "source_id", "rank", "_id"),
        # A passage has one row a version.
        _index("organization_id", "passage_id", "from", unique=True),
        # What changed between two versions.
        _index("organization_id", "from"),
        _index("organization_id", "to"),
    ],
    "knowledge_sources": [
        # The worker looks across organizations for documents to ingest.
        _index(
            "organization_id",
            "queued_at",
            name="ingestion_due",
            partialFilterExpression={"state": {"$in": ["queued", "processing"]}},
        ),
        _index("organization_id", "updated_at", "_id"),
    ],
    # What GridFS itself would make at the first upload.
    "knowledge_files.chunks": [_index("files_id", "n", unique=True)],
}


async def run(database: Database) -> None:
    """Before, each version had a row of its own for every passage; only the one that answers is still of use."""
    organizations = database.collection("organizations")
    passages = database.collection("knowledge_passages")
    versions = database.collection("knowledge_versions")
    sources = database.collection("knowledge_sources")
    fields = {"knowledge_version": 1}
    async for organization in organizations.find({"knowledge_version": {"$gt": 0}}, fields):
        here = {"organization_id": organization["_id"]}
        version = organization["knowledge_version"]
        # Only rows of the old form have the field `version`; on a second run there is none.
        await passages.delete_many({**here, "version": {"$exists": True, "$ne": version}})
        await passages.update_many(
            {**here, "version": version},
            [
                {
                    "$set": {
                        "passage_id": "$_id",
                        "rank": {"$toDouble": "$position"},
                        "from": "$version",
                        "to": None,
                        "closed_at": None,
                        "page": None,
                        "excluded": False,
                        "valid_from": None,
                        "valid_until": None,
                        "source_valid_from": None,
                        "source_valid_until": None,
                    }
                },
                {"$unset": ["version", "position"]},
            ],
        )
        await versions.update_one(
            {"_id": organization["_id"]},
            {
                "$max": {"head": version, "complete_from": version},
                "$addToSet": {"pinned": version},
                "$unset": {"last": "", "published": ""},
            },
            upsert=True,
        )
    # What is left was written for a version that was never switched to: its writer died.
    await passages.delete_many({"version": {"$exists": True}})
    await organizations.update_many(
        {"knowledge_goes_live": {"$exists": False}}, {"$set": {"knowledge_goes_live": "at_once"}}
    )
    await sources.update_many(
        {"origin": {"$exists": False}},
        [
            {
                "$set": {
                    "state": {
                        "$cond": [{"$eq": ["$state", "processing"]}, "queued", "$state"],
                    },
                    "error": {
                        "$cond": [
                            {"$eq": [{"$type": "$error"}, "string"]},
                            {"code": "document_unusable", "detail": "$error"},
                            None,
                        ]
                    },
                    "origin": "typed",
                    "size": {"$strLenBytes": "$content"},
                    "file": None,
                    "progress": None,
                    "warnings": [],
                    "valid_from": None,
                    "valid_until": None,
                    "from_message": None,
                    "title_given": False,
                    "attempts": 0,
                    "lease": None,
                    "queued_at": "$updated_at",
                }
            }
        ],
    )
    with suppress(OperationFailure):  # on a second run it is gone
        await passages.drop_index("organization_id_1_version_1_source_id_1_position_1")
    for collection, indexes in INDEXES.items():
        await database.collection(collection).create_indexes(indexes)
