"""What an older version had sent of a message is not sent again after the upgrade."""

import pytest
from bson import ObjectId

from crm.core.database import Database
from crm.core.migration_steps import channel_events


@pytest.mark.parametrize("state", ["queued", "sending", "failed"])
async def test_a_message_goes_on_behind_what_went_out(database: Database, state: str) -> None:
    """A failed one, too: a person may ask for it to be sent again."""
    messages = database.collection("messages")
    half, whole = ObjectId(), ObjectId()
    await messages.insert_many(
        [
            {"_id": half, "state": state, "parts_sent": 2, "external_id": "1"},
            {"_id": whole, "state": state, "parts_sent": 0, "external_id": "2"},
        ]
    )
    noted = [{"platform_id": None, "state": "sent"}] * 2
    for _ in range(2):
        await channel_events.run(database)
        row = await messages.find_one({"_id": half})
        assert row is not None
        assert row["parts"] == noted
    untouched = await messages.find_one({"_id": whole})
    assert untouched is not None
    assert "parts" not in untouched


async def test_running_it_again_takes_nothing_back(database: Database) -> None:
    """A process may die behind the step, and another go on sending before it is run again."""
    messages = database.collection("messages")
    parts = [{"platform_id": None, "state": "sent"}, {"platform_id": "7", "state": "delivered"}]
    row = {"_id": ObjectId(), "state": "queued", "parts_sent": 1, "parts": parts}
    await messages.insert_one(row)
    await channel_events.run(database)
    after = await messages.find_one({"_id": row["_id"]})
    assert after is not None
    assert after["parts"] == parts
