"""Test suites of assistants, their cases, runs and results."""

from pymongo import IndexModel

from crm.core.database import Database


async def run(database: Database) -> None:
    """Make the indexes."""
    await database.collection("assistant_suites").create_indexes(
        [
            IndexModel([("organization_id", 1), ("name", 1)], unique=True),
            IndexModel([("organization_id", 1), ("created_at", 1), ("_id", 1)]),
        ]
    )
    await database.collection("assistant_cases").create_indexes(
        [IndexModel([("organization_id", 1), ("suite_id", 1), ("position", 1), ("_id", 1)])]
    )
    await database.collection("assistant_runs").create_indexes(
        [
            IndexModel([("organization_id", 1), ("created_at", -1), ("_id", -1)]),
            IndexModel([("organization_id", 1), ("suite_id", 1), ("created_at", -1)]),
            # The worker looks across organizations for runs to do.
            IndexModel(
                [("created_at", 1)],
                name="due",
                partialFilterExpression={"state": {"$in": ["queued", "running"]}},
            ),
        ]
    )
    for name in ("assistant_results", "assistant_run_items"):
        # A place of a run has one result, however often a run is gone on with.
        place = [("organization_id", 1), ("run_id", 1), ("position", 1)]
        await database.collection(name).create_indexes([IndexModel(place, unique=True)])
