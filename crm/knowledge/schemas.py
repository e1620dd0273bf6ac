"""What the knowledge base's endpoints take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Language, Name
from crm.core.listing import ListQuery, Page

FileName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$"),
    Field(examples=["delivery.md"]),
]
# How much a document may hold is counted in bytes, by the parser.
Content = Annotated[str, StringConstraints(strip_whitespace=False, max_length=6_000_000)]
Question = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]


class SourceSummary(ResponseModel):
    """A document, without its text. `passages` is how many pieces it was cut into."""

    id: Id
    name: str
    title: str
    kind: Literal["markdown", "text", "faq"]
    language: Language
    state: Literal["ready", "failed", "processing"]
    error: str | None
    passages: int
    created_at: datetime
    updated_at: datetime


class Source(SourceSummary):
    """A document."""

    content: str


class SourcePage(Page[SourceSummary]):
    """A page of documents."""


class SourceQuery(ListQuery):
    """How to list documents. Sort by created_at, updated_at or name."""

    q: str | None = Field(default=None, max_length=200, description="Part of the name or title.")
    state: Literal["ready", "failed", "processing"] | None = Field(
        default=None, description="In this state."
    )


class SourceCreate(RequestModel):
    """A new document. Its name's ending tells the type: .md, .txt, .csv."""

    name: FileName
    content: Content
    language: Language | None = Field(default=None, description="Detected when absent.")


class SourceUpdate(ChangeModel):
    """A partial change. The old passages answer until the new ones are ready."""

    name: FileName = not_given()
    title: Name = not_given()
    content: Content = not_given()
    language: Language = not_given()


class PassageRead(ResponseModel):
    """A piece of a document."""

    id: Id
    source_id: Id
    document: str
    title: str
    heading: list[str]
    language: Language
    position: int
    text: str


class PassagePage(Page[PassageRead]):
    """A page of passages."""


class PassageQuery(ListQuery):
    """How to list passages: by position."""


class SearchRequest(RequestModel):
    """A customer's question."""

    text: Question
    language: Language


class ScoredPassage(PassageRead):
    """A passage found. Scores are comparable within one answer; `coverage` is the share of the question it holds."""

    score: float
    coverage: float


class SearchAnswer(ResponseModel):
    """The passages that may answer, best first, and how sure it is (0-1) that the first does."""

    items: list[ScoredPassage]
    confidence: float
    answerable: bool


class SnapshotPassage(ResponseModel):
    """A passage as the bot reads it."""

    id: Id
    document: str
    title: str
    heading: list[str]
    language: Language
    position: int
    text: str


class KnowledgeSnapshot(ResponseModel):
    """All passages of one version."""

    version: int
    passages: list[SnapshotPassage]
