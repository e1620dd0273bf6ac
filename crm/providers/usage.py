"""What providers cost an organization."""

from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound
from crm.providers.allowance import Allowance
from crm.providers.ledger import NO_ALLOWANCE
from crm.providers.models import CALLS, FAILED, SPEND, month_of

MONTHS = 12
_SUMS = ("calls", "failed", "input_tokens", "output_tokens")


class Usage:
    """Reads sums."""

    def __init__(self, *, database: Database, allowance: Allowance = NO_ALLOWANCE) -> None:
        self._allowance = allowance
        self._organizations = database.collection("organizations")
        self._calls = database.collection(CALLS)
        self._spend = database.collection(SPEND)

    async def read(self, organization_id: ObjectId) -> RawDocument:
        """Return this month's spending and that of the year before."""
        organization = await self._organizations.find_one(
            {"_id": organization_id}, {"llm": 1, "timezone": 1}
        )
        if organization is None:
            raise NotFound
        month = month_of(utc_now(), organization)
        llm = organization.get("llm") or {}
        limit = llm.get("monthly_limit")
        newest = (
            await self._spend.find({"organization_id": organization_id})
            .sort("month", -1)
            .limit(MONTHS)
            .to_list()
        )
        now = next((row for row in newest if row["month"] == month), {})
        spent, reserved = _money(now.get("spent")), _money(now.get("reserved"))
        return {
            "month": month,
            "currency": now.get("currency") or (llm.get("prices") or {}).get("currency"),
            "limit": limit,
            "spent": spent,
            "reserved": reserved,
            "left": None if limit is None else max(0.0, _money(limit - spent - reserved)),
            "installation": None if llm.get("model") else self._on_installation(now),
            **{name: now.get(name, 0) for name in _SUMS},
            "purposes": await self._purposes(organization_id, month),
            "months": [
                {
                    "month": row["month"],
                    "spent": _money(row.get("spent")),
                    "currency": row.get("currency"),
                    **{name: row.get(name, 0) for name in _SUMS},
                }
                for row in newest
            ],
        }

    def _on_installation(self, now: RawDocument) -> RawDocument | None:
        prices, limit = self._allowance.prices, self._allowance.limit
        if prices is None:
            return None
        spent = _money(now.get("installation_spent"))
        reserved = _money(now.get("installation_reserved"))
        return {
            "currency": prices["currency"],
            "limit": limit,
            "spent": spent,
            "reserved": reserved,
            "left": None if limit is None else max(0.0, _money(limit - spent - reserved)),
        }

    async def _purposes(self, organization_id: ObjectId, month: str) -> list[RawDocument]:
        rows = await self._calls.aggregate(
            [
                {"$match": {"organization_id": organization_id, "month": month}},
                {
                    "$group": {
                        "_id": {"purpose": "$purpose", "model": "$model"},
                        "calls": {"$sum": 1},
                        "failed": {"$sum": {"$cond": [{"$eq": ["$state", FAILED]}, 1, 0]}},
                        "input_tokens": {"$sum": "$input_tokens"},
                        "output_tokens": {"$sum": "$output_tokens"},
                        "cost": {"$sum": "$cost"},
                    }
                },
                {"$sort": {"cost": -1, "calls": -1, "_id": 1}},
            ]
        )
        return [
            {**row.pop("_id"), **row, "cost": _money(row["cost"])} for row in await rows.to_list()
        ]


def _money(value: float | None) -> float:
    """Return a sum without the dust of floating point."""
    return round(value or 0.0, 6)
