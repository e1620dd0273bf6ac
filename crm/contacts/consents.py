"""What a person allows or forbids, with where and how it was said: the proof that one may be asked for."""

from collections.abc import Iterable
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
        at: when; now unless given, and never later.
    """
    moment = utc_now()
    return {
        "kind": kind,
        "granted": granted,
        "at": min(at or moment, moment),
        "channel": channel,
        "connection_id": connection_id,
        "conversation_id": conversation_id,
        "source": source,
        "text": text[:LONGEST_TEXT] if text else None,
    }


def in_order(consents: Iterable[RawDocument]) -> list[RawDocument]:
    """Return consents in the order they were said, which need not be the one in which they came."""
    return sorted(consents, key=lambda consent: consent["at"])


def holds(consents: Iterable[RawDocument], kind: ConsentKind) -> bool | None:
    """Return what was said last of a kind: a yes or a no; None when nothing was."""
    said = in_order(consent for consent in consents if consent["kind"] == kind)
    return bool(said[-1]["granted"]) if said else None


def consent_read(stored: RawDocument) -> dict[str, Any]:
    """Return an entry as the API shows it; older ones know less."""
    unknown = dict.fromkeys(("channel", "connection_id", "conversation_id", "source", "text"))
    return {**unknown, **stored}
