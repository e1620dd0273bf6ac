"""What a run may need of a provider of language models: said before, so that nobody's money is spent unasked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bson import ObjectId

from bot.prompts.content import AssistantContent
from crm.core.database import Database, RawDocument

CALLS: Final = "provider_calls"
LOOKED_AT: Final = 200
"""Of the newest calls, to know what one costs on average."""

type Llm = Callable[[RawDocument, RawDocument], RawDocument | None]


class Estimates:
    """Counts calls.

    Args:
        database: where what calls have cost is read.
        llm: tells the language model that an organization's content is answered with; None where there is none.
    """

    def __init__(self, *, database: Database, llm: Llm) -> None:
        self._llm = llm
        self._organizations = database.collection("organizations")
        self._calls = database.collection(CALLS)

    async def of(
        self, organization_id: ObjectId, content: AssistantContent, messages: int
    ) -> dict[str, Any]:
        """Return the estimate of saying so many messages: calls at most, cost by what calls have cost lately."""
        organization = await self._organizations.find_one({"_id": organization_id}) or {}
        model = content.model.model_dump()
        estimate: dict[str, Any] = {
            "messages": messages,
            "calls": 0,
            "cost": None,
            "currency": None,
        }
        if not content.skills.answer or self._llm(organization, model) is None:
            return estimate
        # The answer, its judge, and the question in the documents' language where it found nothing in its own.
        estimate["calls"] = messages * (3 if content.model.judge else 2)
        paid = self._calls.find(
            {"organization_id": organization_id, "state": "done"}, {"cost": 1, "currency": 1}
        )
        newest = await paid.sort([("at", -1), ("_id", -1)]).limit(LOOKED_AT).to_list()
        costs = [row["cost"] for row in newest if row.get("cost")]
        if costs:
            estimate["cost"] = round(sum(costs) / len(costs) * estimate["calls"], 4)
            estimate["currency"] = newest[0].get("currency")
        return estimate
