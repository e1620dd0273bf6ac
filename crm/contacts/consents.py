"""What a person allows or forbids, with where and how it was said: the proof that one may be asked for."""

from datetime import datetime
from typing import Any, Literal

from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import RawDocument

ConsentKind = Literal["marketing"]
ConsentSource = Literal["message", "form", "platform", "operator"]
LONGEST_TEXT = 1_000


def new_consent(
    *,
    kind: str,
    granted: bool,
    source: ConsentSource,
    channel: str | None = None,
    connection_id: ObjectId | None = None,
    conversation_id: ObjectId | None = None,
    text: str | None = None,
    at: datetime | None = None,
) -> RawDocument:
    """Return an entry of a contact's consents.

    Args:
        kind: what it is about.
        granted: a yes or a no.
        source: said in a message, on a form, in the platform's own settings, or to an operator.
        channel: on which channel.
        connection_id: through which connection.
        conversation_id: in which conversation.
        text: the words it was said with.
        at: when; now unless given.
    """
    return {
        "kind": kind,
        "granted": granted,
        "at": at or utc_now(),
        "channel": channel,
        "connection_id": connection_id,
        "conversation_id": conversation_id,
        "source": source,
        "text": text[:LONGEST_TEXT] if text else None,
    }


def consent_read(stored: RawDocument) -> dict[str, Any]:
    """Return an entry as the API shows it; older ones know less."""
    unknown = dict.fromkeys(("channel", "connection_id", "conversation_id", "source", "text"))
    return {**unknown, **stored}
