"""Whether a message may go into a conversation now: what the channel's windows say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from connectors.base import Connector, LimitsReach
from crm.contract import ChatState, Connection, Reach
from crm.core.clock import utc_now
from crm.core.errors import Conflict
from crm.inbox.models import Document
from crm.inbox.ports import Connections

BLOCKED: Final = "blocked_by_customer"
"""What connectors say when the person does not want to hear from us."""
GONE: Final = "connection_gone"


class WindowClosed(Conflict):
    """The channel does not take this message now. ``members`` tell how one may go all the same."""

    default_code = "window_closed"
    codes = frozenset({BLOCKED, GONE})
    title = "The channel does not take messages into this chat now"
    member_schemas = {  # noqa: RUF012 - a ClassVar of the base
        "until": {"type": ["string", "null"], "format": "date-time"},
        "templates": {"type": "boolean"},
        "tag": {"type": ["string", "null"]},
    }

    @classmethod
    def by(cls, reach: Reach) -> WindowClosed:
        """The refusal with what is known of the window."""
        members = {"until": reach.until, "templates": reach.templates, "tag": reach.tag}
        return cls(code=reach.code, members=members)


class Reaching:
    """Asks channels whether our side may write into a conversation now."""

    def __init__(self, *, connections: Connections, connectors: Mapping[str, Connector]) -> None:
        self._connections = connections
        self._connectors = connectors

    async def reach(self, conversation: Document, *, author_kind: str) -> Reach:
        """Whether a message of this author may go."""
        connection = await self._connections.connection(str(conversation["connection_id"]))
        if connection is None:
            return Reach(open=False, code=GONE)
        if not conversation.get("reachable", True):
            return Reach(open=False, code=BLOCKED)
        connector = self._connectors.get(conversation["channel"])
        return reach_of(connector, connection, conversation, author_kind=author_kind)


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
