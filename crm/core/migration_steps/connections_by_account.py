"""Connections are found by any id of their platform's account, without looking through them all."""

from typing import Final

from pymongo import ASCENDING, IndexModel

from crm.core.database import Database

_ALIASES: Final = ("waba_id", "page_id", "app_scoped_id")
"""What accounts of Meta's platforms kept among their data until now."""


async def run(database: Database) -> None:
    """Do it; again is safe."""
    connections = database.collection("connections")
    index = [("channel", ASCENDING), ("account_ids", ASCENDING)]
    await connections.create_indexes([IndexModel(index)])
    unlisted = {"account_ids": {"$exists": False}}
    async for connection in connections.find(unlisted, {"external_account": 1, "config": 1}):
        account = connection["external_account"]
        told = connection.get("config", {}) | (account.get("data") or {})
        aliases = [str(told[name]) for name in _ALIASES if told.get(name)]
        await connections.update_one(
            {"_id": connection["_id"]},
            {
                "$set": {
                    "external_account.aliases": aliases,
                    "account_ids": [one for one in (account["id"], *aliases) if one],
                }
            },
        )
