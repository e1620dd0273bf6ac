"""What the endpoints of an assistant's content and versions take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from bot.prompts.content import (
    MAX_INSTRUCTIONS,
    MAX_SAID,
    AssistantContent,
    Language,
    LeadFieldName,
)
from crm.assistant.suites.schemas import GateRead
from crm.assistant.why import Reason as WhyReason
from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Name
from crm.core.listing import ListQuery, Page

type PublishingReason = Annotated[str, StringConstraints(max_length=1_000)]
type Revision = Annotated[int, Field(ge=0)]
type Said = Annotated[str, StringConstraints(min_length=1, max_length=MAX_SAID)]


class TextsChange(ChangeModel):
    """Texts that change; the other languages stay."""

    ru: Said = not_given()
    kk: Said = not_given()
    en: Said = not_given()


class SkillsChange(ChangeModel):
    """Switches that change."""

    answer: bool = not_given()
    order: bool = not_given()
    callback: bool = not_given()
    status: bool = not_given()
    complaint: bool = not_given()
    feedback: bool = not_given()
    human: bool = not_given()


class LeadFieldWrite(RequestModel):
    """A detail that is asked for when an order is taken."""

    field: LeadFieldName
    required: bool = True


class HandoffChange(ChangeModel):
    """Rules that change."""

    after_failures: Annotated[int, Field(ge=1, le=5)] = not_given()
    words: list[str] = not_given()
    on_dissatisfaction: bool = not_given()
    outside_hours: Literal["queue", "callback"] = not_given()


class ModelChange(ChangeModel):
    """Settings of the language model that change; `name: null` takes the organization's."""

    enabled: bool = not_given()
    name: Name | None = not_given()
    temperature: Annotated[float, Field(ge=0, le=2)] = not_given()
    max_tokens: Annotated[int, Field(ge=50, le=4_000)] = not_given()
    judge: bool = not_given()
    ground: bool = not_given()


class ContentChange(ChangeModel):
    """A partial change: parts change by their fields, lists as a whole."""

    name: Name = not_given()
    tone: Annotated[str, StringConstraints(max_length=500)] = not_given()
    instructions: Annotated[str, StringConstraints(max_length=MAX_INSTRUCTIONS)] = not_given()
    greeting: TextsChange = not_given()
    disclosure: TextsChange = not_given()
    languages: list[Language] = not_given()
    default_language: Language = not_given()
    skills: SkillsChange = not_given()
    lead_form: list[LeadFieldWrite] = not_given()
    handoff: HandoffChange = not_given()
    model: ModelChange = not_given()


class DraftChange(ContentChange):
    """A change of the draft as it was at `revision`."""

    revision: Revision


class AuthorRead(ResponseModel):
    """Who did it, as they were called then. `id` is null where no person did."""

    id: Id | None
    name: str


class DraftRead(ResponseModel):
    """The draft. Nobody has touched one of revision 0."""

    content: AssistantContent
    revision: int
    updated_at: datetime | None
    updated_by: AuthorRead | None


class VersionBrief(ResponseModel):
    """A version without its content. `author` is null for what no person published."""

    number: int
    knowledge_version: int
    author: AuthorRead | None
    reason: str
    rollback_of: int | None
    published_at: datetime
    current: bool = Field(description="Whether it answers customers now.")


class VersionRead(VersionBrief):
    """A version."""

    content: AssistantContent


class ChangeRead(ResponseModel):
    """A field that differs. `path` is dotted, such as `skills.order`; lists are one field."""

    path: str
    before: Any
    after: Any


class KnowledgeChange(ResponseModel):
    """A document that differs, with the number of passages concerned."""

    source_id: Id
    name: str
    change: Literal["added", "changed", "removed"]
    passages: int


class KnowledgeState(ResponseModel):
    """The documents: the snapshot that answers customers, the newest one, and what lies between."""

    published: int
    head: int
    goes_live: Literal["at_once", "with_publishing"]
    changes: list[KnowledgeChange]


class AssistantRead(ResponseModel):
    """The assistant: its draft, what answers customers, and what differs."""

    draft: DraftRead
    published: VersionRead
    changes: list[ChangeRead]
    knowledge: KnowledgeState
    gate: GateRead


class Publication(RequestModel):
    """Publish the draft as it was at `revision`."""

    reason: PublishingReason = ""
    revision: Revision


class Rollback(RequestModel):
    """Go back to a version. `keep_knowledge` leaves the documents as they answer now."""

    reason: PublishingReason = ""
    keep_knowledge: bool = False


class VersionQuery(ListQuery):
    """How to list versions: by number, the newest first."""


class VersionPage(Page[VersionBrief]):
    """A page of versions."""


class CompareQuery(RequestModel):
    """With what to compare: a number, or the draft."""

    against: str = Field(
        default="draft", pattern=r"^(draft|\d{1,9})$", description="A version's number, or `draft`."
    )


class Comparison(ResponseModel):
    """What turns the one into the other."""

    changes: list[ChangeRead]
    knowledge: list[KnowledgeChange]


class VariableTexts(ResponseModel):
    """A text in the three languages."""

    ru: str
    kk: str
    en: str


class VariableRead(ResponseModel):
    """A variable to be completed in the editor."""

    name: str
    title: VariableTexts
    example: VariableTexts


class EstimateRequest(RequestModel):
    """What is being edited; the draft without it. Unknown variables do not matter here."""

    content: ContentChange | None = None


class EstimateRead(ResponseModel):
    """What a first question would cost. Without a language model or prices, `cost` is null."""

    model: str | None
    input_tokens: int
    output_tokens: int
    cost: float | None
    currency: str | None
    rendered: str = Field(description="The prompt, before masking.")


class ExplainedQuestion(ResponseModel):
    """The message that was answered."""

    id: Id
    text: str


class ExplainedPassage(ResponseModel):
    """A passage that was looked at, as it was then. `text` is null when it is no longer kept; `quote` is what was used of it."""

    passage_id: str
    document: str
    title: str | None
    heading: list[str]
    page: int | None
    text: str | None
    score: float
    cited: bool
    quote: str | None


class Explanation(ResponseModel):
    """Why the bot said something. `masked_prompt` and `raw_answer` are what the provider saw and wrote."""

    message_id: Id
    text: str
    said_at: datetime
    reason: WhyReason
    question: ExplainedQuestion | None
    version: VersionBrief | None = Field(description="The assistant's version that spoke.")
    knowledge_version: int | None
    skill: str | None
    intent: str | None
    confidence: float | None
    method: str | None
    model: str | None
    masked_prompt: str | None
    raw_answer: str | None
    provider_error: str | None
    judge: dict[str, Any] | None = Field(description="What a model said of the passages.")
    translated: str | None = Field(description="The question as it was looked for, masked.")
    checks: list[dict[str, Any]]
    passages: list[ExplainedPassage]
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    currency: str | None
    elapsed_ms: float | None
