"""What the assistant's endpoints take and answer."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crm.core.api import ChangeModel, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Language, LongText, Name

Said = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Tone = Annotated[str, StringConstraints(max_length=500)]


class SaidTexts(RequestModel):
    """What the assistant says, in the three languages."""

    ru: Said
    kk: Said
    en: Said


class AssistantRead(ResponseModel):
    """The assistant's persona. `disclosure` is said at first contact: people are told that an AI answers."""

    name: str
    tone: str
    instructions: str
    greeting: SaidTexts
    disclosure: SaidTexts
    version: int


class AssistantUpdate(ChangeModel):
    """A partial change."""

    name: Name = not_given()
    tone: Tone = not_given()
    instructions: LongText = not_given()
    greeting: SaidTexts = not_given()
    disclosure: SaidTexts = not_given()


class Turn(RequestModel):
    """One message before the question."""

    role: Literal["customer", "bot", "operator"]
    text: LongText


class TestRequest(RequestModel):
    """A question to try."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
    language: Language
    history: list[Turn] = Field(default_factory=list, max_length=20)


class AnswerSource(ResponseModel):
    """What an answer rests on."""

    document: str
    title: str
    heading: list[str]
    passage_id: str
    quote: str
    score: float


class PassageScore(ResponseModel):
    """A passage the question found."""

    passage_id: str
    document: str
    score: float


class AnswerTrace(ResponseModel):
    """How an answer came about; `masked_prompt` and `raw_answer` are what the provider saw and wrote."""

    method: Literal["extractive", "llm", "declined"]
    answered: bool
    confidence: float
    assistant_version: int
    knowledge_version: int
    passages: list[PassageScore]
    model: str | None
    masked_prompt: str | None
    raw_answer: str | None
    provider_error: str | None
    elapsed_ms: float


class TestAnswer(ResponseModel):
    """What the bot would answer."""

    answer: str
    sources: list[AnswerSource]
    trace: AnswerTrace
