"""Stored documents of the knowledge base. Plain forms: passages are written and read by thousands, without models."""

from datetime import datetime
from typing import Any, Literal

from bson import ObjectId

from bot.knowledge.passages import Passage
from crm.core.database import RawDocument

SOURCES = "knowledge_sources"
PASSAGES = "knowledge_passages"
VERSIONS = "knowledge_versions"
"""One document an organization: `last`, the highest number given out, and `published`, the newest that were switched to."""

type State = Literal["ready", "failed", "processing"]


def new_source(
    *,
    organization_id: ObjectId,
    name: str,
    title: str,
    kind: str,
    language: str,
    content: str,
    now: datetime,
) -> RawDocument:
    """Return a source that waits to be cut into passages. `revision` grows with each change of what is ingested."""
    return {
        "_id": ObjectId(),
        "organization_id": organization_id,
        "name": name,
        "title": title,
        "kind": kind,
        "language": language,
        "content": content,
        "revision": 1,
        "state": "processing",
        "error": None,
        "passages": 0,
        "created_at": now,
        "updated_at": now,
    }


def stored_passage(
    passage: Passage, *, organization_id: ObjectId, source_id: ObjectId, version: int
) -> RawDocument:
    """Return the stored form of a passage; its id is a new one."""
    values: dict[str, Any] = passage.to_mapping()
    del values["id"]
    return {
        "organization_id": organization_id,
        "version": version,
        "source_id": source_id,
        **values,
    }
