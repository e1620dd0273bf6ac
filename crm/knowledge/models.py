"""Stored documents of the knowledge base. Plain forms: passages are written and read by thousands, without models."""

from datetime import datetime
from typing import Any, Literal

from bson import ObjectId

from bot.knowledge.passages import Passage
from crm.core.database import RawDocument

SOURCES = "knowledge_sources"
PASSAGES = "knowledge_passages"
"""Rows live from one version to another: `from` <= version < `to`, where `to` is null while the row is there.
`passage_id` is the passage over all its rows; `rank` orders the passages of a document."""
VERSIONS = "knowledge_versions"
"""One document an organization: `head`, the newest version; `pinned`, those that were published on purpose and are kept;
`complete_from`, the version from which on every one can still be read."""

HIDDEN = frozenset({"revision", "attempts", "lease", "queued_at", "title_given"})
"""Fields of a source that no reader outside the process gets."""

BRIEF = HIDDEN | {"content"}
"""Fields that lists and events leave out, too."""

UNFINISHED_STATES = ["queued", "processing"]

SET_BY_PEOPLE: tuple[tuple[str, Any], ...] = (
    ("excluded", False),
    ("valid_from", None),
    ("valid_until", None),
)
"""What an admin sets on a passage, with its beginning; days are ISO texts. It stays while the passage's text does."""

type State = Literal["queued", "processing", "ready", "failed"]
type Origin = Literal["file", "typed", "answer"]


def new_source(
    *,
    organization_id: ObjectId,
    name: str,
    title: str,
    title_given: bool = False,
    kind: str,
    language: str | None,
    origin: Origin,
    now: datetime,
    content: str = "",
    file: RawDocument | None = None,
    from_message: RawDocument | None = None,
) -> RawDocument:
    """Return a source that waits to be cut into passages.

    `revision` grows with each change. A title that is not given is the document's own, found when it is read. `content` is the typed text, or what was read in `file`.
    `lease` is that of the worker that ingests it, `attempts` how often one began with this revision.
    """
    return {
        "_id": ObjectId(),
        "organization_id": organization_id,
        "name": name,
        "title": title,
        "title_given": title_given,
        "kind": kind,
        "language": language,
        "origin": origin,
        "content": content,
        "file": file,
        "size": file["size"] if file else len(content.encode()),
        "from_message": from_message,
        "valid_from": None,
        "valid_until": None,
        "revision": 1,
        "state": "queued",
        "progress": None,
        "error": None,
        "warnings": [],
        "passages": 0,
        "attempts": 0,
        "lease": None,
        "queued_at": now,
        "created_at": now,
        "updated_at": now,
    }


def stored_content(passage: Passage, source: RawDocument) -> RawDocument:
    """Return what makes a passage's row: its content, and the days its document is valid."""
    return {
        "document": source["name"],
        "title": source["title"],
        "heading": list(passage.heading),
        "language": passage.language,
        "text": passage.text,
        "page": passage.page,
        "source_valid_from": source.get("valid_from"),
        "source_valid_until": source.get("valid_until"),
    }
