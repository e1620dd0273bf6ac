"""What consoles are told of messages and conversations."""

from __future__ import annotations

from crm.core.events import NewEvent
from crm.inbox.models import Document, conversation_read, message_read, preview


def last_message(message: Document) -> Document:
    """A message as its conversation shows it in lists."""
    return {
        "text": preview(message["text"]),
        "at": message["created_at"],
        "author_kind": message["author"]["kind"],
    }


def message_created(message: Document) -> NewEvent:
    """The event of a message that has just been stored."""
    return NewEvent(type="message.created", subject_id=message["_id"], data=message_read(message))


def message_updated(message: Document) -> NewEvent:
    """The event of a message whose state has changed."""
    return NewEvent(type="message.updated", subject_id=message["_id"], data=message_read(message))


def conversation_updated(conversation: Document) -> NewEvent:
    """The event of a conversation that has changed."""
    return NewEvent(
        type="conversation.updated",
        subject_id=conversation["_id"],
        data=conversation_read(conversation),
    )
