"""What the endpoints of suites, runs and the gate take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from crm.assistant.suites.expectations import Expectations, FailureCode
from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Name
from crm.core.listing import ListQuery, Page

MAX_TURNS = 20
MAX_REPLAYED = 200
MAX_CSV = 1_000_000

type Said = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
type Target = Literal["draft", "published"] | Annotated[int, Field(ge=1)]
type RunState = Literal["queued", "running", "done", "failed", "cancelled"]
type Verdict = Literal[
    "same",
    "reworded",
    "different_sources",
    "now_answered",
    "different",
    "different_doing",
    "now_declined",
    "error",
]
"""How a replay's answer differs; see `crm.assistant.suites.comparing`."""


class RunSummary(ResponseModel):
    """A run in brief."""

    id: Id
    state: RunState
    passed: int
    failed: int
    created_at: datetime


class SuiteRead(ResponseModel):
    """A test suite. `last_run` is the newest of any content."""

    id: Id
    name: str
    required: bool
    cases: int
    last_run: RunSummary | None
    created_at: datetime
    updated_at: datetime


class SuitePage(Page[SuiteRead]):
    """A page of suites."""


class SuiteQuery(ListQuery):
    """How to list suites. Sort by name or created_at."""


class SuiteCreate(RequestModel):
    """A new suite. `required`: publishing may ask for it to have passed."""

    name: Name
    required: bool = False


class SuiteUpdate(ChangeModel):
    """A partial change."""

    name: Name = not_given()
    required: bool = not_given()


class CaseWrite(RequestModel):
    """Messages of a customer, in order, and what is expected of the answer to the last one."""

    name: Name | None = None
    turns: Annotated[list[Said], Field(min_length=1, max_length=MAX_TURNS)]
    expect: Expectations


class CaseUpdate(ChangeModel):
    """A partial change. `turns` and `expect` replace what was there."""

    name: Name | None = not_given()
    turns: Annotated[list[Said], Field(min_length=1, max_length=MAX_TURNS)] = not_given()
    expect: Expectations = not_given()


class CaseRead(ResponseModel):
    """A case. `conversation_id` is where it was taken from."""

    id: Id
    suite_id: Id
    name: str | None
    turns: list[str]
    expect: Expectations
    conversation_id: Id | None
    created_at: datetime
    updated_at: datetime


class CasePage(Page[CaseRead]):
    """A page of a suite's cases, in their order."""


class CaseQuery(ListQuery):
    """How to list cases."""


class CasesImport(RequestModel):
    """A CSV text. The first line names the columns: question, name, contains, not_contains, cites, declines, hands_over, language, intent."""

    content: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CSV)]


class CsvLineError(ResponseModel):
    """What is wrong with one line."""

    line: int
    column: str | None
    code: str
    detail: str


class CasesImported(ResponseModel):
    """How many cases were added: all, or none where a line is wrong."""

    imported: int
    errors: list[CsvLineError]


class CaseFromConversation(RequestModel):
    """The conversation and the message (the customer's, or an answer to it) that the case ends with."""

    conversation_id: Id
    message_id: Id


class Estimate(ResponseModel):
    """What a run needs of a provider at most. `cost` is null where prices are unknown."""

    messages: int = Field(description="Messages that will be said to the assistant.")
    calls: int = Field(
        description="Calls of a language model, at most, but for what must be tried again; 0 without one."
    )
    cost: float | None
    currency: str | None


class RunCreate(RequestModel):
    """What to run: a suite, or the last `count` conversations anew."""

    kind: Literal["suite", "replay"]
    suite_id: Id | None = None
    count: Annotated[int, Field(ge=1, le=MAX_REPLAYED)] | None = None
    target: Target = "draft"
    allow_calls: bool = Field(
        default=False,
        description="The run may call a provider as often as its estimate says. Without a language model it is not needed.",
    )

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.kind == "suite" and self.suite_id is None:
            raise PydanticCustomError("suite_missing", "Name the suite to run.")
        if self.kind == "replay" and self.count is None:
            raise PydanticCustomError("count_missing", "Say how many conversations to replay.")
        return self


class RunAuthor(ResponseModel):
    """Who started it; null ids are the command line's."""

    id: Id | None
    name: str


class RunRead(ResponseModel):
    """A run. A replay counts conversations that stayed the same, or only changed their wording, as passed; `changed` tells the
    verdicts apart, a conversation's being the one of its messages that most wants a look.
    """

    id: Id
    kind: Literal["suite", "replay"]
    state: RunState
    suite_id: Id | None
    suite_name: str | None
    target: Target
    version: int | None = Field(description="The version's number; null of a draft.")
    content_hash: str
    knowledge_version: int
    done: int
    total: int
    passed: int
    failed: int
    changed: dict[Verdict, int]
    estimate: Estimate
    cost: float | None = Field(description="What it has cost so far, as far as prices are known.")
    error: str | None = Field(description="Why it failed: a code.")
    created_by: RunAuthor
    created_at: datetime
    finished_at: datetime | None


class RunPage(Page[RunRead]):
    """A page of runs, the newest first."""


class RunQuery(ListQuery):
    """How to list runs."""

    kind: Literal["suite", "replay"] | None = None
    suite_id: Id | None = None
    content_hash: Annotated[str, StringConstraints(max_length=40)] | None = None


class EffectRead(ResponseModel):
    """Something done, or to be done."""

    kind: str
    data: dict[str, Any]


class FailureRead(ResponseModel):
    """An expectation that was not met, for words in any language: `code` says which and how, the rest with what."""

    check: str
    code: FailureCode
    expected: str = Field(description="The text, document, language or intent.")
    got: str = Field(description="What was there instead.")
    detail: str = Field(description="All of it in English, for a shell.")
    wanted: EffectRead | None = Field(description="What was to be done.")
    done: list[EffectRead] | None = Field(
        description="What was done, where that is what was looked at."
    )


class Side(ResponseModel):
    """What a message was or is answered with."""

    texts: list[str]
    documents: list[str]
    skill: str | None
    declined: bool
    refused: bool = Field(description="What was wanted is switched off.")
    handed_over: bool
    effects: list[str] = Field(description="What was done: lead, task, handoff, consent, feedback.")


class TurnResult(ResponseModel):
    """A message with what came of it. `before` and `verdict` are a replay's; `turn` is as a trial shows it."""

    text: str
    before: Side | None
    after: Side | None
    verdict: Verdict | None
    turn: dict[str, Any] | None


class ResultRead(ResponseModel):
    """A case, or a conversation, of a run."""

    id: Id
    position: int
    title: str
    state: Literal["passed", "failed", "error"]
    case_id: Id | None
    conversation_id: Id | None
    verdict: Verdict | None
    failures: list[FailureRead]
    error: str | None = Field(
        description="Why it could not be tried, a code: model_unanswered, trial_failed, trial_full."
    )
    error_reasons: list[str] = Field(description="Codes of what the provider of the model did.")
    error_detail: str | None = Field(description="The same in English, for a shell.")
    turns: list[TurnResult]


class ResultPage(Page[ResultRead]):
    """A page of a run's results, in order."""


class ResultQuery(ListQuery):
    """How to list results. Sort by position, or by weight: what most wants a look first, as replays are by default."""

    state: Literal["passed", "failed", "error"] | None = None
    verdict: Verdict | None = None


class GateUpdate(RequestModel):
    """Whether publishing asks for the required suites to have passed."""

    required: bool


class GateSuite(ResponseModel):
    """A required suite and its last run on the draft as it is; `green` is null without one."""

    id: Id
    name: str
    cases: int
    run: RunSummary | None
    green: bool | None


class GateRead(ResponseModel):
    """How the draft stands before the gate."""

    required: bool
    green: bool | None
    suites: list[GateSuite]


class GateChanged(GateRead):
    """The gate after a change."""

    knowledge_goes_live: Literal["at_once", "with_publishing"] = Field(
        description="When changed documents answer customers. A required gate makes them wait for publishing, too."
    )
