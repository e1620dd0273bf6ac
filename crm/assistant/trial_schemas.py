"""What the endpoints of trials take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from crm.core.api import Id, RequestModel, ResponseModel
from crm.core.api.fields import Language

type Target = Literal["draft", "published"] | Annotated[int, Field(ge=1)]


class TrialStart(RequestModel):
    """What to try: the draft, what answers customers now, or a version by its number."""

    target: Target = "draft"
    language: Language | None = Field(
        default=None, description="What is known of the customer's language; the draft's own else."
    )


class TrialSay(RequestModel):
    """A message of the customer, or the title of a tapped button with its payload."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    payload: Annotated[str, StringConstraints(max_length=100)] | None = None


class TrialButton(ResponseModel):
    """A choice under a reply."""

    title: str
    payload: str


class TrialReplyRead(ResponseModel):
    """A reply. `trace` says what made it, as a message's does; the disclosure's `skill` is `disclosure`."""

    text: str
    buttons: list[TrialButton]
    sources: list[dict[str, Any]]
    trace: dict[str, Any]


class IntentRead(ResponseModel):
    """What a message was understood as."""

    name: str | None
    confidence: float


class TrialEffect(ResponseModel):
    """What would have been done."""

    kind: Literal["lead", "task", "handoff", "contact", "consent", "feedback"]
    data: dict[str, Any]


class TrialTurnRead(ResponseModel):
    """What a message led to. `cost` is null where nothing was asked of a provider or prices are unknown."""

    text: str
    replies: list[TrialReplyRead]
    intent: IntentRead
    skill: str | None
    language: str
    effects: list[TrialEffect]
    elapsed_ms: float
    cost: float | None


class TrialRead(ResponseModel):
    """A trial. It is forgotten a day after it began."""

    id: Id
    version: int | None = Field(description="The version's number; null of a draft.")
    knowledge_version: int
    language: str
    turns: list[TrialTurnRead]
    created_at: datetime
