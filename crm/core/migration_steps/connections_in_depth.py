"""Connections say how they do, have templates, and have their platform's account to themselves."""

import random
from datetime import timedelta

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import Database

_WITHOUT_ACCOUNT = "webchat"
"""A channel that is nobody's platform: there may be many connections of it."""


async def run(database: Database) -> None:
    """Do it; again is safe."""
    connections = database.collection("connections")
    await connections.create_indexes(
        [
            IndexModel(
                [("account_key", ASCENDING)],
                unique=True,
                partialFilterExpression={"account_key": {"$type": "string"}},
            ),
            # The worker looks across organizations for what is due.
            IndexModel([("health_due_at", ASCENDING)]),
            IndexModel([("templates_due_at", ASCENDING)], sparse=True),
            IndexModel([("templates_due", ASCENDING)], sparse=True),
        ]
    )
    await database.collection("message_templates").create_indexes(
        [
            IndexModel(
                [
                    ("organization_id", ASCENDING),
                    ("connection_id", ASCENDING),
                    ("name", ASCENDING),
                    ("language", ASCENDING),
                ],
                unique=True,
            ),
            IndexModel(
                [
                    ("organization_id", ASCENDING),
                    ("connection_id", ASCENDING),
                    ("updated_at", ASCENDING),
                ]
            ),
        ]
    )
    await connections.update_many(
        {"channel": _WITHOUT_ACCOUNT}, {"$set": {"external_account.id": ""}}
    )
    # Until now two organizations could connect one account: the older one keeps it.
    unkeyed = {"account_key": {"$exists": False}, "external_account.id": {"$gt": ""}}
    async for connection in connections.find(unkeyed).sort("_id", ASCENDING):
        key = f"{connection['channel']}:{connection['external_account']['id']}"
        try:
            await connections.update_one({"_id": connection["_id"]}, {"$set": {"account_key": key}})
        except DuplicateKeyError:
            error = {
                "code": "account_connected",
                "detail": "This account is connected in another organization.",
                "at": utc_now(),
            }
            await connections.update_one(
                {"_id": connection["_id"]}, {"$set": {"status": "failing", "last_error": error}}
            )
    async for connection in connections.find({"health_due_at": {"$exists": False}}, {"_id": 1}):
        due = utc_now() + timedelta(minutes=random.uniform(0, 60))  # noqa: S311 - spread only
        await connections.update_one({"_id": connection["_id"]}, {"$set": {"health_due_at": due}})
