"""An inbox in memory that keeps the contract's promises, and can be told to fail."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from crm.contract import (
    Button,
    ChatMessage,
    ChatUpdate,
    Connection,
    ConnectorError,
    InboundMessage,
)


class InboxUnavailableError(Exception):
    """The database is away."""


class InboxDouble:
    def __init__(self, *connections: Connection) -> None:
        self.connections = {connection.id: connection for connection in connections}
        self.received: list[InboundMessage] = []
        self.deliveries = 0
        """How often ``receive`` was called, also with what was known or when it failed."""
        self.failures: list[ConnectorError] = []
        self.seen: list[str] = []
        self.typed: list[str] = []
        self.unavailable = False
        self.chats: dict[tuple[str, str], list[ChatMessage]] = defaultdict(list)
        self._screens: dict[tuple[str, str], list[asyncio.Queue[ChatUpdate]]] = defaultdict(list)
        self._known: set[tuple[str, str]] = set()
        self._next_id = 0

    async def connection(self, connection_id: str) -> Connection | None:
        return self.connections.get(connection_id)

    async def receive(self, connection: Connection, messages: Sequence[InboundMessage]) -> int:
        self.deliveries += 1
        if self.unavailable:
            raise InboxUnavailableError
        new = 0
        for message in messages:
            key = (connection.id, message.external_id)
            if key in self._known:
                continue
            self._known.add(key)
            self.received.append(message)
            new += 1
            self._put(
                connection,
                message.chat_id,
                self._message("contact", message.text, client_id=message.data.get("client_id")),
            )
        return new

    async def failed(self, connection: Connection, error: ConnectorError) -> None:
        self.failures.append(error)

    async def history(
        self, connection: Connection, chat_id: str, *, after: str | None = None, limit: int = 50
    ) -> Sequence[ChatMessage]:
        if self.unavailable:
            raise InboxUnavailableError
        found = self.chats[connection.id, chat_id]
        places = [place for place, message in enumerate(found) if message.id == after]
        return found[places[0] + 1 if places else 0 :][-limit:]

    async def updates(self, connection: Connection, chat_id: str) -> AsyncIterator[ChatUpdate]:
        queue: asyncio.Queue[ChatUpdate] = asyncio.Queue()
        screens = self._screens[connection.id, chat_id]
        screens.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            screens.remove(queue)

    async def delivered(self, connection: Connection, message_id: str) -> None:
        self.seen.append(message_id)

    async def typing(self, connection: Connection, chat_id: str) -> None:
        self.typed.append(chat_id)

    # What the CRM does with a chat

    def reply(
        self,
        connection: Connection,
        chat_id: str,
        text: str,
        *,
        author_kind: str = "bot",
        author_name: str | None = None,
        buttons: Sequence[Button] = (),
    ) -> ChatMessage:
        """Our side writes."""
        message = self._message(author_kind, text, author_name=author_name, buttons=buttons)
        self._put(connection, chat_id, message)
        return message

    def show_typing(self, connection: Connection, chat_id: str) -> None:
        for queue in self._screens[connection.id, chat_id]:
            queue.put_nowait(ChatUpdate(kind="typing"))

    def _message(
        self,
        author_kind: str,
        text: str,
        *,
        author_name: str | None = None,
        buttons: Sequence[Button] = (),
        client_id: str | None = None,
    ) -> ChatMessage:
        self._next_id += 1
        return ChatMessage(
            id=f"{self._next_id:024x}",
            author_kind=author_kind,
            author_name=author_name,
            text=text,
            buttons=buttons,
            at=datetime.now(UTC),
            client_id=client_id,
        )

    def _put(self, connection: Connection, chat_id: str, message: ChatMessage) -> None:
        self.chats[connection.id, chat_id].append(message)
        for queue in self._screens[connection.id, chat_id]:
            queue.put_nowait(ChatUpdate(kind="message", message=message))
