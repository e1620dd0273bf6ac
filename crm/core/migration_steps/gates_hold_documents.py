"""Where publishing asks for passed suites, changed documents wait for it, too."""

from crm.core.database import Database


async def run(database: Database) -> None:
    """Let documents wait where the gate was switched on before it did so by itself."""
    await database.collection("organizations").update_many(
        {"assistant_gate.required": True}, {"$set": {"knowledge_goes_live": "with_publishing"}}
    )
