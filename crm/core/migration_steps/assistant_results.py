"""Results of runs, what most wants a look first."""

from pymongo import IndexModel

from crm.core.database import Database


async def run(database: Database) -> None:
    """Make the index."""
    weight = [("organization_id", 1), ("run_id", 1), ("weight", 1), ("_id", 1)]
    await database.collection("assistant_results").create_indexes([IndexModel(weight)])
