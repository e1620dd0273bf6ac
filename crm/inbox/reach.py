"""Whether a message may go into a conversation now: what the channel's windows say."""

from __future__ import annotations

from datetime import datetime

from connectors.base import LimitsReach
from crm.contract import ChatState, Connection, Reach
from crm.core.clock import utc_now
from crm.core.errors import Conflict
from crm.inbox.models import Document


class WindowClosed(Conflict):
    """The channel does not take this message now."""

    default_code = "window_closed"
    title = "The channel does not take messages into this chat now"


def reach_of(
    connector: object,
    connection: Connection,
    conversation: Document,
    *,
    author_kind: str,
    now: datetime | None = None,
) -> Reach:
    """What the channel says of a conversation. A channel without windows is always open."""
    if not isinstance(connector, LimitsReach):
        return Reach(open=True)
    chat = ChatState(
        chat_id=conversation.get("chat_id", ""),
        last_inbound_at=conversation.get("last_inbound_at"),
        reachable=conversation.get("reachable", True),
    )
    return connector.reach(connection, chat, author_kind=author_kind, now=now or utc_now())
