"""What a customer sees of us besides messages: that we are typing, that we have read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Final

from connectors.base import Connector, MarksRead, ShowsTyping
from crm.contract import Connection, ConnectorError
from crm.inbox.models import Document
from crm.inbox.ports import Connections
from crm.inbox.store import ConversationStore

_log = logging.getLogger(__name__)

SECONDS: Final = 5.0


class Signals:
    """Shows signals where the channel can. Failing is of no consequence, and never raises."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        connections: Connections,
        connectors: Mapping[str, Connector],
    ) -> None:
        self._store = store
        self._connections = connections
        self._connectors = connectors

    async def show_typing(self, conversation: Document) -> None:
        """An answer is being written."""
        connector: object = self._connectors.get(conversation["channel"])
        connection = await self._active(conversation)
        if connection is None or not isinstance(connector, ShowsTyping):
            return
        answering = await self._newest(conversation)
        await _shown(
            connector.show_typing(connection, conversation["chat_id"], answering=answering)
        )

    async def mark_read(self, conversation: Document) -> None:
        """A person has read, or the bot has answered, all that the customer wrote."""
        connector: object = self._connectors.get(conversation["channel"])
        if not isinstance(connector, MarksRead):
            return
        connection, newest = await self._active(conversation), await self._newest(conversation)
        if connection is None or newest is None:
            return
        await _shown(connector.mark_read(connection, conversation["chat_id"], platform_id=newest))

    async def _active(self, conversation: Document) -> Connection | None:
        connection = await self._connections.connection(str(conversation["connection_id"]))
        return connection if connection is not None and connection.status == "active" else None

    async def _newest(self, conversation: Document) -> str | None:
        """The platform's id of the customer's newest message."""
        message = await self._store.messages.find_one(
            {
                "organization_id": conversation["organization_id"],
                "conversation_id": conversation["_id"],
                "direction": "in",
            },
            {"platform_ids": 1},
            sort=[("created_at", -1), ("_id", -1)],
        )
        ids: list[str] = (message or {}).get("platform_ids") or []
        return ids[0] if ids else None


async def _shown(signal: Awaitable[None]) -> None:
    """Wait for a signal, not for long: nobody misses one."""
    try:
        async with asyncio.timeout(SECONDS):
            await signal
    except (ConnectorError, TimeoutError) as error:
        _log.info("signal not shown: %s", error)
    except Exception:
        _log.exception("signal not shown")
