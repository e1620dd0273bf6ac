"""Answers that visitors of a site have not seen go after them by mail."""

from pymongo import ASCENDING, IndexModel

from crm.core.database import Database


async def run(database: Database) -> None:
    """Make the indexes: what is due, and how much went to an address."""
    await database.collection("messages").create_indexes(
        [
            IndexModel([("follow_at", ASCENDING)], name="follow_due", sparse=True),
            IndexModel(
                [
                    ("organization_id", ASCENDING),
                    ("data.follows.address", ASCENDING),
                    ("created_at", ASCENDING),
                ],
                name="followed",
                partialFilterExpression={"data.follows.address": {"$type": "string"}},
            ),
        ]
    )
