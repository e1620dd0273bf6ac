"""What is stored of assistants: one draft and a growing history for each organization.

The published content stands in the organization itself (`assistant`, with its `version`), so that whoever answers
customers needs no second read; the knowledge that answers is the organization's `knowledge_version`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from bot.prompts.content import AssistantContent
from crm.core.clock import utc_now
from crm.core.database import RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import Actor, NewEvent

DRAFTS: Final = "assistant_drafts"
"""One document an organization, by its id: content, revision, updated_at, updated_by."""
VERSIONS: Final = "assistant_versions"
"""Numbered without gaps an organization. `knowledge_version` is the snapshot a version began with, and once another version
has taken its place the last one it answered from: what rolling back to it brings back."""

AT_ONCE: Final = "at_once"
WITH_PUBLISHING: Final = "with_publishing"
"""When changed documents answer customers: the organization's `knowledge_goes_live`."""

_FIELDS: Final = (
    "name",
    "assistant",
    "knowledge_version",
    "knowledge_goes_live",
    "llm.model",
    "privacy.providers_allowed",
)


@dataclass(frozen=True, slots=True)
class Author:
    """Who changed or published something, as they were called then."""

    id: ObjectId | None
    name: str

    def document(self) -> RawDocument:
        """Return the stored form, which is also the read form."""
        return {"id": self.id, "name": self.name}


def new_version(
    organization_id: ObjectId,
    *,
    number: int,
    content: AssistantContent,
    knowledge_version: int,
    author: Author | None,
    reason: str,
    rollback_of: int | None = None,
    published_at: datetime | None = None,
) -> RawDocument:
    """Return a row of the history, ready to be stored."""
    return {
        "_id": ObjectId(),
        "organization_id": organization_id,
        "number": number,
        "content": content.document(),
        "knowledge_version": knowledge_version,
        "author": author.document() if author else None,
        "reason": reason,
        "rollback_of": rollback_of,
        "published_at": published_at or utc_now(),
    }


def content_of(stored: Any) -> AssistantContent:
    """Return the content of a stored document; one that was never written down has the defaults."""
    return AssistantContent.model_validate(stored or {})


def published_number(organization: RawDocument) -> int:
    """Return the number of the version that answers customers."""
    return int((organization.get("assistant") or {}).get("version") or 1)


def live_knowledge(organization: RawDocument) -> int:
    """Return the snapshot that answers customers."""
    return int(organization.get("knowledge_version") or 0)


async def read_organization(
    organizations: AsyncCollection[RawDocument],
    organization_id: ObjectId,
    session: Session | None = None,
) -> RawDocument:
    """Return what an organization says of its assistant.

    Raises:
        NotFound: there is no such organization.
    """
    found = await organizations.find_one(
        {"_id": organization_id}, dict.fromkeys(_FIELDS, 1), session=session
    )
    if found is None:
        raise NotFound
    return found


def version_read(row: RawDocument, organization: RawDocument) -> RawDocument:
    """Return a version as the API shows it, with its content."""
    names = ("number", "knowledge_version", "author", "reason", "rollback_of", "published_at")
    read = {"content": content_of(row["content"]).document(), **{name: row[name] for name in names}}
    return mark_current(read, organization)


def news(kind: str, organization_id: ObjectId, read: RawDocument, actor: Actor) -> NewEvent:
    """Return the event that tells a draft or a version, all but its content."""
    told = {name: value for name, value in read.items() if name != "content"}
    return NewEvent(type=f"assistant.{kind}", subject_id=organization_id, data=told, actor=actor)


def mark_current(read: RawDocument, organization: RawDocument) -> RawDocument:
    """Tell the version that answers now: its knowledge is what answers, not what it began with."""
    read["current"] = read["number"] == published_number(organization)
    if read["current"]:
        read["knowledge_version"] = live_knowledge(organization)
    return read
