"""What showing a customer's new messages to operators changes in their conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crm.core.clock import utc_now
from crm.inbox.models import Document
from crm.inbox.news import last_message


def unannounced(messages: Sequence[Document]) -> list[Document]:
    """Those of a customer's messages that operators have not been shown."""
    return [message for message in messages if message.get("fresh")]


def shown(fresh: Sequence[Document]) -> Document:
    """What showing new messages changes in their conversation, as a stage of an update."""
    if not fresh:
        return {}
    thread = fresh[-1]["data"].get("thread")
    written_at = max(map(_written_at, fresh))
    people_see_to_it = {"$or": [{"$eq": ["$owner", "operator"]}, {"$eq": ["$status", "waiting"]}]}
    return {
        "last_message": {"$literal": last_message(fresh[-1])},
        "status": {"$cond": [{"$eq": ["$status", "closed"]}, "open", "$status"]},
        # What the bot answers is nobody's unread mail.
        "unread": {"$add": ["$unread", {"$cond": [people_see_to_it, len(fresh), 0]}]},
        "last_inbound_at": {"$max": ["$last_inbound_at", written_at]},
        # Who writes can be written to, unless they blocked us after they had written this.
        "reachable": {"$cond": [{"$lt": [written_at, "$told.reachable.at"]}, "$reachable", True]},
        **({"thread": {"$literal": thread}} if thread else {}),
    }


def _written_at(message: Document) -> datetime:
    """When the customer wrote it, as the platform tells, but never later than it came."""
    came: datetime = message["created_at"]
    return min(message.get("sent_at") or came, came)


def active_now() -> Document:
    """The fields of a conversation in which something has just happened."""
    moment = utc_now()
    return {"last_activity_at": moment, "updated_at": moment}


def literal(fields: Document) -> Document:
    """Fields as a stage of an update takes them: no value is read as an expression."""
    return {name: {"$literal": value} for name, value in fields.items()}
