"""Stored updates of Telegram get their bot's id into their own, and stay known to a redelivery."""

from datetime import timedelta

from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.migration_steps import telegram_updates


async def test_what_was_stored_of_late_is_known_by_its_new_name(database: Database) -> None:
    organization_id, now = ObjectId(), utc_now()
    ids = {}
    for channel, account in (("telegram", "123456789"), ("whatsapp", "77010000000")):
        ids[channel] = ObjectId()
        await database.collection("connections").insert_one(
            {
                "_id": ids[channel],
                "organization_id": organization_id,
                "channel": channel,
                "external_account": {"id": account},
            }
        )

    async def keep(collection: str, name: str, channel: str = "telegram", days: int = 0) -> None:
        await database.collection(collection).insert_one(
            {
                "organization_id": organization_id,
                "connection_id": ids[channel],
                "external_id": name,
                "created_at": now - timedelta(days=days),
            }
        )

    await keep("messages", "update:9001")
    await keep("messages", "update:123456789:9002")
    await keep("messages", "update:1234567890")
    await keep("messages", "update:9000", days=3)
    await keep("messages", "update:9001", "whatsapp")
    await keep("channel_events", "Deletion:update:9003:5")
    await keep("channel_events", "edit:update:9004")
    for _ in range(2):
        await telegram_updates.run(database)

    async def names(collection: str, channel: str = "telegram") -> set[str]:
        found = database.collection(collection).find({"connection_id": ids[channel]})
        return {document["external_id"] async for document in found}

    assert await names("messages") == {
        "update:123456789:9001",
        "update:123456789:9002",
        "update:123456789:1234567890",
        "update:9000",
    }
    assert await names("channel_events") == {
        "Deletion:update:123456789:9003:5",
        "edit:update:123456789:9004",
    }
    assert await names("messages", "whatsapp") == {"update:9001"}
