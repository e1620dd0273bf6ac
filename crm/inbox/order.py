"""Which of two things that a platform tells came later: they need not be told in the order they were made."""

from __future__ import annotations

from datetime import datetime

from crm.inbox.models import Document


def moment_of(event: Document, at: datetime | None) -> Document:
    """When what a channel event tells was made; comparable, also within the database.

    ``at`` is the platform's time, often in whole seconds: what is equal goes by how it came.
    """
    came = event["created_at"]
    return {"at": min(at or came, came), "came": came, "id": event["_id"]}


def unless_newer(what: str, moment: Document) -> Document:
    """The condition that nothing made at the same moment or later was told of ``what`` already."""
    return {"$or": [{f"told.{what}": None}, {f"told.{what}": {"$lt": moment}}]}


def noted(what: str, moment: Document) -> Document:
    """The field that keeps the moment, to be set together with what was told."""
    return {f"told.{what}": moment}
