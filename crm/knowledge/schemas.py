"""What the knowledge base's endpoints take and answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Language, LongText, Name
from crm.core.listing import ListQuery, Page

FileName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$"),
    Field(examples=["delivery.md"]),
]
# How much a document may hold is counted in bytes, by the parser.
Content = Annotated[str, StringConstraints(strip_whitespace=False, max_length=6_000_000)]
Kind = Literal["markdown", "text", "faq", "html", "pdf", "docx", "xlsx"]
Question = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]


class Progress(ResponseModel):
    """How far the ingestion of a document is: pages, rows or passages done of a total; 0 of 0 where nobody knows yet."""

    stage: Literal["reading", "parsing", "storing"]
    done: int
    total: int


class IngestionError(ResponseModel):
    """Why a document could not be used; `code` is the console's translation key."""

    code: str
    detail: str


class Warning(ResponseModel):  # noqa: A001 - the API's word
    """What of a document could not be used; `pages` where it is about pages."""

    code: str
    detail: str
    pages: list[int]


class FileInfo(ResponseModel):
    """The original of a document that was uploaded."""

    name: str
    content_type: str
    size: int


class FromMessage(ResponseModel):
    """The message an article was made of."""

    conversation_id: Id | None
    message_id: Id | None


class SourceSummary(ResponseModel):
    """A document, without its text.

    `passages` is how many pieces it was cut into; while a new text is ingested, or when that failed, those of the one
    before go on answering. `size` is in bytes.
    """

    id: Id
    name: str
    title: str
    kind: Kind
    language: Language | None
    origin: Literal["file", "typed", "answer"]
    file: FileInfo | None
    from_message: FromMessage | None
    size: int
    state: Literal["queued", "processing", "ready", "failed"]
    progress: Progress | None
    error: IngestionError | None
    warnings: list[Warning]
    passages: int
    valid_from: date | None
    valid_until: date | None
    created_at: datetime
    updated_at: datetime


class Source(SourceSummary):
    """A document. `content` is the typed text, or the text that was read in the file."""

    content: str


class SourcePage(Page[SourceSummary]):
    """A page of documents."""


class SourceQuery(ListQuery):
    """How to list documents. Sort by created_at, updated_at or name."""

    q: str | None = Field(default=None, max_length=200, description="Part of the name or title.")
    state: Literal["queued", "processing", "ready", "failed"] | None = Field(
        default=None, description="In this state."
    )


class SourceCreate(RequestModel):
    """A typed text. Its name's ending tells the kind: .md, .txt, .csv (questions and answers)."""

    name: FileName
    title: Name | None = Field(default=None, description="The document's own when absent.")
    content: Content
    language: Language | None = Field(default=None, description="Detected when absent.")


class FileFields(RequestModel):
    """What comes with a file; each field before the file."""

    name: FileName | None = Field(default=None, description="The file's own name when absent.")
    language: Language | None = Field(default=None, description="Detected when absent.")


class ArticleCreate(RequestModel):
    """A customer's question and an operator's answer, with the message it was."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    answer: LongText = Field(min_length=1)
    language: Language
    conversation_id: Id | None = None
    message_id: Id | None = None


def _as_stored(given: dict[str, Any]) -> dict[str, Any]:
    """Return the values as they are stored: days as ISO texts."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in given.items()
    }


class SourceUpdate(ChangeModel):
    """A partial change. The old passages answer until the new ones are ready. A file's text cannot be changed."""

    name: FileName = not_given()
    title: Name = not_given()
    content: Content = not_given()
    language: Language = not_given()
    valid_from: date | None = Field(default=None, description="The first day it may answer.")
    valid_until: date | None = Field(default=None, description="The last day it may answer.")

    def stored(self) -> dict[str, Any]:
        """Return the fields the client gave, as they are stored."""
        return _as_stored(self.given())


class PassageUpdate(ChangeModel):
    """A partial change. What is excluded never answers."""

    excluded: bool = not_given()
    valid_from: date | None = Field(default=None, description="The first day it may answer.")
    valid_until: date | None = Field(default=None, description="The last day it may answer.")

    def stored(self) -> dict[str, Any]:
        """Return the fields the client gave, as they are stored."""
        return _as_stored(self.given())


class _Piece(ResponseModel):
    id: Id
    source_id: Id
    document: str
    title: str
    heading: list[str]
    language: Language
    position: int
    text: str
    page: int | None
    valid_from: date | None
    valid_until: date | None


class PassageRead(_Piece):
    """A piece of a document."""

    excluded: bool


class PassagePage(Page[PassageRead]):
    """A page of passages."""


class PassageQuery(ListQuery):
    """How to list passages: by position."""


class Said(RequestModel):
    """A message before the question."""

    role: Literal["customer", "bot", "operator"]
    text: Question


class SearchRequest(RequestModel):
    """A customer's question, asked of what customers get (`live`) or of all that is ready (`head`)."""

    text: Question
    language: Language
    version: Literal["live", "head"] = "live"
    history: Annotated[list[Said], Field(max_length=20)] = Field(
        default_factory=list, description="What was said before, oldest first."
    )


class ScoredPassage(_Piece):
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
    page: int | None
    valid_from: date | None
    valid_until: date | None


class SnapshotVectors(ResponseModel):
    """What the passages mean, in their order: rows of `size` half-precision numbers, as Base64."""

    model: str
    size: int
    data: str


class KnowledgeSnapshot(ResponseModel):
    """All passages of one version."""

    version: int
    passages: list[SnapshotPassage]
    vectors: SnapshotVectors | None
