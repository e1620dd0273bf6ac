"""What skills send and get. Written for our own action server; not for tenants."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from crm.core.api import Id, RequestModel, ResponseModel
from crm.core.api.fields import Email, Language, Moment, Name

type SourceKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]
type HandoffReason = Literal[
    "asked", "complaint", "dissatisfaction", "low_confidence", "unanswered", "words"
]


class OrganizationContext(ResponseModel):
    """The company, and whether its people are there."""

    id: Id
    name: str
    timezone: str
    language: str
    open_now: bool
    opens_at: datetime | None


class PriceContext(ResponseModel):
    """Per million tokens."""

    input: float
    output: float
    currency: str


class ModelContext(ResponseModel):
    """A language model to write answers with. The key leaves this process for the action server only.

    `public_only`: it must not be in our own network. `refused`: the code of why it must not be asked at all.
    `on_installation`: the installation pays for it.
    """

    model: str
    base_url: str | None
    api_key: str | None
    price: PriceContext | None
    on_installation: bool = False
    temperature: float
    max_tokens: int
    public_only: bool = False
    refused: str | None = None


class LlmContext(ModelContext):
    """The model that is asked first, and the one for when it cannot be."""

    fallback: ModelContext | None


class EmbeddingsContext(ResponseModel):
    """The model whose embeddings help to find. `ready`: whether the passages have its vectors."""

    model: str
    base_url: str | None
    api_key: str | None
    price: PriceContext | None
    ready: bool
    public_only: bool = False


class PrivacyContext(ResponseModel):
    """What is masked before a text leaves: kinds, the conversation's markers so far, and names known to occur."""

    kinds: list[str]
    mask_passages: bool
    markers: list[dict[str, Any]]
    known: list[str]


class AssistantContext(ResponseModel):
    """How the assistant answers.

    `version` is null of a draft. `instructions` are those of the content, with the values of its variables in the
    conversation's language; `variables` holds the values in each language.
    """

    version: int | None
    knowledge_version: int
    content: dict[str, Any]
    name: str
    tone: str
    instructions: str
    variables: dict[str, dict[str, str]]
    llm: LlmContext | None
    embeddings: EmbeddingsContext | None


class ConversationContext(ResponseModel):
    """The conversation a skill acts in."""

    id: Id
    language: str
    channel: str
    facts: dict[str, Any]
    owner: str
    status: str


class ContactContext(ResponseModel):
    """The customer, as far as known."""

    id: Id
    name: str | None
    phone: str | None
    email: str | None
    marketing_consent: bool | None


class StageContext(ResponseModel):
    """A stage of the pipeline."""

    id: str
    name: dict[str, str]
    kind: str


class DealContext(ResponseModel):
    """The customer's newest deal."""

    id: Id
    title: str
    stage: StageContext
    updated_at: datetime


class SaidContext(ResponseModel):
    """One message of the thread."""

    role: Literal["customer", "bot", "operator"]
    text: str


class SkillContext(ResponseModel):
    """All a skill needs to know, in one answer."""

    organization: OrganizationContext
    assistant: AssistantContext
    privacy: PrivacyContext
    conversation: ConversationContext
    contact: ContactContext
    newest_deal: DealContext | None
    history: list[SaidContext]


class LeadWrite(RequestModel):
    """An order taken by the bot: the details that the assistant's version asks for, as far as they were given."""

    product: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    name: Name | None = None
    phone: Annotated[str, StringConstraints(min_length=5, max_length=40)] | None = None
    email: Email | None = None
    quantity: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    city: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    comment: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None
    source_key: SourceKey

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.phone is None and self.email is None:
            raise PydanticCustomError("lead_unreachable", "Give a phone or an e-mail.")
        return self


class LeadRead(ResponseModel):
    """What became of it."""

    contact_id: Id
    deal_id: Id
    task_id: Id


class TaskWrite(RequestModel):
    """A task for the team."""

    kind: Literal["callback", "complaint", "privacy", "other"]
    title: Name
    description: Annotated[str, StringConstraints(max_length=4000)] = ""
    priority: Literal["normal", "urgent"] = "normal"
    due_at: Moment | None = None
    source_key: SourceKey


class TaskCreated(ResponseModel):
    """The task's id."""

    task_id: Id


class HandoffWrite(RequestModel):
    """A person is wanted."""

    reason: HandoffReason
    source_key: SourceKey


class HandoffRead(ResponseModel):
    """Whether people are there."""

    open_now: bool
    opens_at: datetime | None


class ContactWrite(RequestModel):
    """What the customer said of himself, and other facts worth showing to operators."""

    name: Name | None = None
    phone: Annotated[str, StringConstraints(min_length=5, max_length=40)] | None = None
    email: Email | None = None
    language: Language | None = None
    facts: dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")],
        Annotated[str, StringConstraints(max_length=500)],
    ] = Field(default_factory=dict, max_length=20)


class ContactWritten(ResponseModel):
    """The contact, another one than before when the phone belonged to a known person."""

    contact_id: Id


class ConsentWrite(RequestModel):
    """The customer allows or forbids messages of a kind."""

    kind: Literal["marketing"]
    granted: bool
    source_key: SourceKey


class FeedbackWrite(RequestModel):
    """The customer's opinion."""

    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Annotated[str, StringConstraints(max_length=4000)] = ""
    source_key: SourceKey
