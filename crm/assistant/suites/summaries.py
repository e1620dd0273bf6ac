"""Suites as lists show them: with their last run."""

from __future__ import annotations

from collections.abc import Sequence

from bson import ObjectId

from crm.assistant.suites.gate import run_summary
from crm.assistant.suites.store import RUNS
from crm.core.database import Database, RawDocument

_NAMES = ("name", "required", "cases", "created_at", "updated_at")


class LastRuns:
    """Finds the last run of suites."""

    def __init__(self, *, database: Database) -> None:
        self._runs = database.collection(RUNS)

    async def read(self, suite: RawDocument) -> RawDocument:
        """Return a stored suite as the API shows it."""
        [read] = await self.add(suite["organization_id"], [{**suite, "id": suite["_id"]}])
        return read

    async def add(
        self, organization_id: ObjectId, suites: Sequence[RawDocument]
    ) -> list[RawDocument]:
        """Return listed suites as the API shows them."""
        found = await self._runs.aggregate(
            [
                {
                    "$match": {
                        "organization_id": organization_id,
                        "suite_id": {"$in": [suite["id"] for suite in suites]},
                    }
                },
                {"$sort": {"suite_id": 1, "created_at": -1}},
                {
                    "$group": {
                        "_id": "$suite_id",
                        "run": {
                            "$first": {
                                "_id": "$_id",
                                "state": "$state",
                                "passed": "$passed",
                                "failed": "$failed",
                                "created_at": "$created_at",
                            }
                        },
                    }
                },
            ]
        )
        newest = {row["_id"]: run_summary(row["run"]) for row in await found.to_list()}
        return [
            {
                "id": suite["id"],
                **{name: suite[name] for name in _NAMES},
                "last_run": newest.get(suite["id"]),
            }
            for suite in suites
        ]
