"""Whether a content may be published: asked of whoever runs test suites."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from bson import ObjectId

from bot.prompts.content import AssistantContent
from crm.core.database import Session


@dataclass(frozen=True, slots=True)
class GateState:
    """What stands between a draft and publishing it.

    Attributes:
        required: whether the organization asks for passed suites.
        green: whether all required suites have passed on exactly this content and knowledge; None when there is no such
            run yet, or nothing to run.
        suites: for people: each required suite with its last run on this content.
    """

    required: bool = False
    green: bool | None = None
    suites: list[dict[str, Any]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether publishing is allowed."""
        return not self.required or self.green is True


class Gate(Protocol):
    """Knows the organizations' suites and their runs."""

    async def state(
        self,
        organization_id: ObjectId,
        content: AssistantContent,
        knowledge_version: int,
        session: Session | None = None,
    ) -> GateState:
        """Return how the content stands with these documents.

        Args:
            organization_id: whose.
            content: what is to be published.
            knowledge_version: the documents with it.
            session: the transaction that publishes: what would shut the gate until it is committed then conflicts with it.
        """
        ...
