"""Updates of Telegram are numbered by each bot: what was stored of late gets the bot's id into its own.

Telegram delivers an update again for a day at most; by then a redelivery must still be known as one.
"""

from datetime import timedelta

from crm.core.clock import utc_now
from crm.core.database import Database

_REDELIVERED = timedelta(days=2)
_BEGINNING = "^([A-Za-z_]+:)?"


async def run(database: Database) -> None:
    """Rename them: `update:<n>` becomes `update:<bot id>:<n>`. What has its new name keeps it."""
    since = utc_now() - _REDELIVERED
    async for connection in database.collection("connections").find({"channel": "telegram"}):
        prefix = f"update:{connection['external_account']['id']}:"
        old = {
            "organization_id": connection["organization_id"],
            "connection_id": connection["_id"],
            # Of events their kind stands before it.
            "external_id": {
                "$regex": f"{_BEGINNING}update:",
                "$not": {"$regex": f"{_BEGINNING}{prefix}"},
            },
            "created_at": {"$gte": since},
        }
        name = {"input": "$external_id", "find": "update:", "replacement": prefix}
        renamed = [{"$set": {"external_id": {"$replaceOne": name}}}]
        for collection in ("messages", "channel_events"):
            await database.collection(collection).update_many(old, renamed)
