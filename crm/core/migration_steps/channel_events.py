"""What complete messengers need: events beside messages, the platform's own ids, paces."""

from pymongo import ASCENDING, IndexModel

from crm.core.database import Database

EVENT_DAYS = 30
"""Longer than any platform delivers an event again (WhatsApp: 7 days)."""


async def run(database: Database) -> None:
    """Make the indexes, and tell of earlier messages what later code reads."""
    await database.collection("channel_events").create_indexes(
        [
            IndexModel([("connection_id", ASCENDING), ("external_id", ASCENDING)], unique=True),
            IndexModel([("created_at", ASCENDING)], expireAfterSeconds=EVENT_DAYS * 86_400),
            IndexModel(
                [("organization_id", ASCENDING), ("next_attempt_at", ASCENDING)],
                name="events_due",
                partialFilterExpression={"state": "waiting"},
            ),
        ]
    )
    await database.collection("paces").create_indexes(
        [IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)]
    )
    messages = database.collection("messages")
    await messages.create_indexes(
        [
            IndexModel([("connection_id", ASCENDING), ("platform_ids", ASCENDING)]),
            IndexModel(
                [("connection_id", ASCENDING), ("edit_of", ASCENDING)],
                name="wordings",
                partialFilterExpression={"edit_of": {"$gt": ""}},
            ),
            IndexModel(
                [
                    ("connection_id", ASCENDING),
                    ("sender.external_id", ASCENDING),
                    ("data.topic", ASCENDING),
                    ("created_at", ASCENDING),
                ],
                name="topics",
                partialFilterExpression={"data.topic": {"$exists": True}},
            ),
        ]
    )
    # A message that was cut and half sent goes on behind what went out, also one that a person sends again.
    half_sent = {
        "state": {"$in": ["queued", "sending", "failed"]},
        "parts_sent": {"$gt": 0},
        "parts": {"$exists": False},
    }
    async for message in messages.find(half_sent, {"parts_sent": 1}):
        parts = [{"platform_id": None, "state": "sent"}] * message["parts_sent"]
        await messages.update_one({"_id": message["_id"]}, {"$set": {"parts": parts}})
