"""The ledger of what leaves for providers of language models, and what it costs a month."""

from pymongo import IndexModel

from crm.core.database import Database


async def run(database: Database) -> None:
    """Make the indexes."""
    calls = database.collection("provider_calls")
    await calls.create_indexes(
        [
            IndexModel([("organization_id", 1), ("key", 1)], unique=True),
            IndexModel([("organization_id", 1), ("at", -1), ("_id", -1)]),
            IndexModel([("organization_id", 1), ("month", 1), ("purpose", 1)]),
            IndexModel([("organization_id", 1), ("conversation_id", 1), ("at", -1)]),
            IndexModel([("organization_id", 1), ("trial_id", 1), ("at", -1)]),
            IndexModel([("organization_id", 1), ("search", 1), ("at", -1)]),
            IndexModel([("expires_at", 1)], expireAfterSeconds=0),
            # What a dead process left open is looked for across organizations.
            IndexModel([("at", 1)], name="open", partialFilterExpression={"state": "sending"}),
        ]
    )
    spend = database.collection("provider_spend")
    await spend.create_indexes([IndexModel([("organization_id", 1), ("month", -1)], unique=True)])
