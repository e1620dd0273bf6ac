"""What the providers' endpoints take and answer."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Moment
from crm.core.api.urls import http_url
from crm.core.listing import ListQuery, Page

type Purpose = Literal["answer", "judge", "translate", "suggest", "summarise", "check", "embed"]
type CallState = Literal["sending", "done", "failed"]


def _plain_url(value: str) -> str:
    """Return an address in which no secret can stand: addresses are shown and logged.

    Raises:
        PydanticCustomError: it has a user's name, a query or a fragment.
    """
    parts = urlsplit(value)
    if "@" in parts.netloc or "?" in value or "#" in value:
        raise PydanticCustomError(
            "url_plain", "Give the address without a user's name, a query or a fragment."
        )
    return value


ModelName = Annotated[
    str,
    StringConstraints(max_length=200, pattern=re.compile(r"^[a-z_]+:\S+$")),
    Field(examples=["openai:gpt-4.1-mini"]),
]
Address = Annotated[
    str, StringConstraints(max_length=500), AfterValidator(http_url), AfterValidator(_plain_url)
]
Key = Annotated[SecretStr, Field(max_length=2_000)]
Price = Annotated[float, Field(ge=0, le=1_000_000)]


class Prices(RequestModel):
    """What a million tokens cost."""

    input: Price
    output: Price
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["USD"])]


class FallbackUpdate(ChangeModel):
    """The model that is asked when the first one does not answer; it replaces the whole setting, the key apart."""

    model: ModelName
    base_url: Address | None = None
    api_key: Key | None = None
    prices: Prices | None = None


class FallbackRead(ResponseModel):
    """The fallback; its key is never shown."""

    model: str
    base_url: str | None
    has_api_key: bool
    prices: Prices | None


class EmbeddingsUpdate(FallbackUpdate):
    """The model whose embeddings of passages and questions help to find; it replaces the whole setting, the key apart."""


class EmbeddingsRead(FallbackRead):
    """The embedding model; its key is never shown."""


class LlmRead(ResponseModel):
    """The organization's language model; keys are never shown. `installation_model` serves where it has none of its own."""

    model: str | None
    base_url: str | None
    has_api_key: bool
    fallback: FallbackRead | None
    embeddings: EmbeddingsRead | None
    prices: Prices | None
    monthly_limit: float | None
    installation_model: str | None


class LlmUpdate(ChangeModel):
    """A partial change of the language model; `model: null` goes back to the installation's own."""

    model: ModelName | None = None
    base_url: Address | None = None
    api_key: Key | None = None
    fallback: FallbackUpdate | None = None
    embeddings: EmbeddingsUpdate | None = None
    prices: Prices | None = None
    monthly_limit: Annotated[float, Field(ge=0, le=1_000_000_000)] | None = None


class PurposeUsage(ResponseModel):
    """What one model cost for one purpose this month."""

    purpose: Purpose
    model: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost: float


class MonthUsage(ResponseModel):
    """What a month cost."""

    month: str
    spent: float
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    currency: str | None


class InstallationUsage(ResponseModel):
    """What this month cost on the installation's key, by the installation's prices, and what it allows."""

    currency: str
    limit: float | None
    spent: float
    reserved: float
    left: float | None


class UsageRead(ResponseModel):
    """This month's spending, and the months before, newest first. `reserved`: the most that calls now under way may cost."""

    month: str
    currency: str | None
    limit: float | None
    spent: float
    reserved: float
    left: float | None
    installation: InstallationUsage | None = Field(
        description="Where the installation's own model answers, and its price is known."
    )
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    purposes: list[PurposeUsage]
    months: list[MonthUsage]


class LlmCheck(RequestModel):
    """Settings to try; what is left out is taken as it is stored."""

    model: ModelName | None = None
    base_url: Address | None = None
    api_key: Key | None = None
    fallback: bool = False


class LlmChecked(ResponseModel):
    """Whether the model answers; else a code, and a sentence for an administrator."""

    ok: bool
    model: str
    host: str
    elapsed_ms: float
    error: str | None
    detail: str


class MaskedKinds(ResponseModel):
    """What is masked."""

    PERSON: bool
    PHONE: bool
    EMAIL: bool
    IIN: bool
    BIN: bool
    CARD: bool
    IBAN: bool
    ADDRESS: bool
    PASSPORT: bool


class MaskedKindsUpdate(ChangeModel):
    """A partial change of what is masked."""

    PERSON: bool = not_given()
    PHONE: bool = not_given()
    EMAIL: bool = not_given()
    IIN: bool = not_given()
    BIN: bool = not_given()
    CARD: bool = not_given()
    IBAN: bool = not_given()
    ADDRESS: bool = not_given()
    PASSPORT: bool = not_given()


class PrivacyRead(ResponseModel):
    """The switches of the privacy page."""

    kinds: MaskedKinds
    mask_passages: bool
    providers_allowed: bool


class PrivacyUpdate(ChangeModel):
    """A partial change. `providers_allowed: false`: nothing leaves the house any more."""

    kinds: MaskedKindsUpdate = not_given()
    mask_passages: bool = not_given()
    providers_allowed: bool = not_given()

    def given(self) -> dict[str, Any]:
        """Return the switches the client gave."""
        values = super().given()
        if "kinds" in values:
            values["kinds"] = self.kinds.given()
        return values


class CallQuery(ListQuery):
    """Filters of what left the house."""

    q: str | None = Field(default=None, max_length=200, description="Words, as they were masked.")
    purpose: Purpose | None = None
    conversation_id: Id | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")


class CallRead(ResponseModel):
    """What left the house. `said` is what people said in it, masked."""

    id: Id
    at: datetime
    purpose: Purpose
    model: str
    host: str
    state: CallState
    conversation_id: Id | None
    trial_id: Id | None
    said: str
    input_tokens: int
    output_tokens: int
    cost: float
    currency: str | None
    error: str | None
    attempts: int
    elapsed_ms: float | None


class CallPage(Page[CallRead]):
    """A page of what left the house."""


class PromptPart(ResponseModel):
    """A message of a prompt, as it was sent."""

    role: Literal["system", "human", "ai"]
    text: str


class CallDetail(CallRead):
    """An entry with the whole masked prompt, and what the provider wrote."""

    masked_prompt: list[PromptPart]
    raw_answer: str | None


class LedgerModel(RequestModel):
    """The base of the ledger's bodies: texts stay as they were sent, to the last space."""

    model_config = ConfigDict(str_strip_whitespace=False)


class MarkerRow(LedgerModel):
    """A marker and what it stands for."""

    kind: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,12}$")]
    number: Annotated[int, Field(ge=1, le=99_999)]
    value: Annotated[str, StringConstraints(max_length=25_000)]


class CallOpen(LedgerModel):
    """What is about to leave; see `bot.answering.calls.OpenCall`."""

    key: Annotated[str, StringConstraints(min_length=16, max_length=64)]
    conversation_id: Id | None = None
    purpose: Purpose
    model: Annotated[str, StringConstraints(max_length=300)]
    host: Annotated[str, StringConstraints(max_length=500)]
    messages: Annotated[list[tuple[Literal["system", "human", "ai"], str]], Field(max_length=200)]
    said: Annotated[str, StringConstraints(max_length=200_000)] = ""
    input_tokens: Annotated[int, Field(ge=0)]
    output_tokens: Annotated[int, Field(ge=0)]
    cost: Annotated[float, Field(ge=0)]
    currency: Annotated[str, StringConstraints(max_length=3)] | None = None
    on_installation: bool = False
    markers: Annotated[list[MarkerRow], Field(max_length=1_000)] = Field(default_factory=list)


class MarkerRead(ResponseModel):
    """A marker of the conversation and what it stands for."""

    kind: str
    number: int
    value: str


class CallOpened(ResponseModel):
    """The entry's id. Null where nothing may leave as it is masked: the markers are the conversation's by now."""

    call_id: Id | None
    markers: list[MarkerRead] = Field(default_factory=list)


class CallClose(LedgerModel):
    """What came back; see `bot.answering.calls.ClosedCall`."""

    raw_answer: str | None = None
    input_tokens: Annotated[int, Field(ge=0)]
    output_tokens: Annotated[int, Field(ge=0)]
    cost: Annotated[float, Field(ge=0)]
    elapsed_ms: Annotated[float, Field(ge=0)]
    attempts: Annotated[int, Field(ge=0)]
    error: Annotated[str, StringConstraints(max_length=60)] | None = None


class ProviderUse(ResponseModel):
    """Whether any organization has a language model in place."""

    in_use: bool


class SuggestionSource(ResponseModel):
    """What a suggestion rests on."""

    document: str
    title: str
    heading: list[str]
    passage_id: str
    quote: str
    score: float


class SuggestionRead(ResponseModel):
    """A reply to send or to change; empty where the documents do not tell. `error`: why no model wrote it."""

    text: str
    answered: bool
    sources: list[SuggestionSource]
    method: str
    error: str | None


class SummaryRead(ResponseModel):
    """What a conversation is about. `error`: why no model wrote it."""

    text: str
    method: Literal["llm", "built_in"]
    error: str | None
