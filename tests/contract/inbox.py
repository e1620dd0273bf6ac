"""An inbox in memory that keeps the contract's promises, and can be told to fail."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from crm.contract import (
    Attendance,
    Button,
    ChatEvent,
    ChatFile,
    ChatMessage,
    ChatQuote,
    ChatTraffic,
    ChatUpdate,
    Connection,
    ConnectorError,
    FileRefusedError,
    InboundEvent,
    InboundMessage,
    KeptFile,
    Stranger,
)


class InboxUnavailableError(Exception):
    """The database is away."""


def account_ids_of(connection: Connection) -> set[str]:
    account = connection.account
    return {account.external_id, *account.aliases} if account is not None else set()


class InboxDouble:
    def __init__(self, *connections: Connection) -> None:
        self.connections = {one.id: one for one in connections}
        self.asked_for: list[set[str]] = []
        """The ids of accounts that ``connections_of`` was asked for."""
        self.received: list[InboundMessage] = []
        self.events: list[ChatEvent] = []
        """What was told besides messages."""
        self.files: dict[str, tuple[KeptFile, bytes]] = {}
        self.files_url = "/files"
        self.max_file_bytes = 25_000_000
        self.states: dict[str, Mapping[str, Any]] = {}
        self.traffics: dict[str, ChatTraffic] = {}
        """By chat; none otherwise."""
        self.ours: dict[str, str] = {}
        """The chats of messages of ours, by platform id."""
        self.deliveries = 0
        """How often ``receive`` was called, also with what was known or when it failed."""
        self.failures: list[ConnectorError] = []
        self.shown: list[str] = []
        self.read: list[str] = []
        self.typed: list[str] = []
        self.attendances: dict[str, Attendance] = {}
        """By chat; the bot otherwise."""
        self.unavailable = False
        self.chats: dict[tuple[str, str], list[ChatMessage]] = defaultdict(list)
        self._screens: dict[tuple[str, str], list[asyncio.Queue[ChatUpdate]]] = defaultdict(list)
        self._known: set[tuple[str, str]] = set()
        self._times: dict[str, datetime] = {}
        self._next_id = 0

    async def connection(self, connection_id: str) -> Connection | None:
        return self.connections.get(connection_id)

    async def connections_of(
        self, channel: str, account_ids: Collection[str], *, limit: int | None = None
    ) -> Sequence[Connection]:
        self.asked_for.append(set(account_ids))
        found = [
            one
            for one in self.connections.values()
            if one.channel == channel and account_ids_of(one) & set(account_ids)
        ]
        return found[:limit]

    async def receive(self, connection: Connection, events: Sequence[InboundEvent]) -> int:
        self.deliveries += 1
        if self.unavailable:
            raise InboxUnavailableError
        new = 0
        for event in events:
            kind = "message" if isinstance(event, InboundMessage) else type(event).__name__
            key = (connection.id, f"{kind}:{event.external_id}")
            if key in self._known:
                continue
            self._known.add(key)
            if not isinstance(event, InboundMessage):
                self.events.append(event)
                continue
            self.received.append(event)
            self._times[event.external_id] = datetime.now(UTC)
            new += 1
            self._put(
                connection,
                event.chat_id,
                self._message(
                    "contact",
                    event.text,
                    client_id=event.data.get("client_id"),
                    files=[self.shown_file(one.file_id) for one in event.attachments],
                ),
            )
        return new

    async def keep_file(
        self,
        connection: Connection,
        chunks: AsyncIterator[bytes],
        *,
        name: str | None,
        mime: str | None,
        promised: int | None = None,
        stranger: Stranger | None = None,
    ) -> KeptFile:
        assert stranger is None or (stranger.visitor and stranger.network)
        if self.unavailable:
            raise InboxUnavailableError
        content = b"".join([chunk async for chunk in chunks])
        if len(content) > self.max_file_bytes:
            raise FileRefusedError("file_too_large", "The file is too large.")
        kept = KeptFile(
            id=f"{0xF11E + len(self.files):024x}",
            name=name or "file",
            mime=mime or "application/octet-stream",
            size=len(content),
        )
        self.files[kept.id] = (kept, content)
        return kept

    async def known_chats(
        self, connection: Connection, chat_ids: Collection[str]
    ) -> Collection[str]:
        known = {chat_id for place, chat_id in self.chats if place == connection.id}
        return known & set(chat_ids)

    async def chats_of(
        self, connection: Connection, platform_ids: Sequence[str]
    ) -> Mapping[str, str]:
        theirs = {one.platform_id or one.external_id: one.chat_id for one in self.received}
        return {one: chat for one, chat in {**self.ours, **theirs}.items() if one in platform_ids}

    async def chat_on_topic(
        self, connection: Connection, sender_id: str, topic: str, *, since: datetime
    ) -> str | None:
        for one in reversed(self.received):
            about = (one.sender.external_id, one.data.get("topic"))
            if about == (sender_id, topic) and self._times[one.external_id] >= since:
                return one.chat_id
        return None

    async def traffic(
        self, connection: Connection, *, sender_id: str, chat_id: str, since: datetime
    ) -> ChatTraffic:
        return self.traffics.get(chat_id, ChatTraffic(received=0, answered=0))

    async def state(self, connection: Connection) -> Mapping[str, Any]:
        return self.states.get(connection.id, {})

    async def note_state(self, connection: Connection, state: Mapping[str, Any]) -> None:
        if self.unavailable:
            raise InboxUnavailableError
        self.states[connection.id] = dict(state)
        if connection.id in self.connections:
            known = self.connections[connection.id]
            self.connections[connection.id] = replace(known, state=dict(state))

    async def renew(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        if self.unavailable:
            raise InboxUnavailableError
        known = self.connections[connection.id]
        if known.updated_at != connection.updated_at:
            return False
        self.connections[connection.id] = replace(known, config={**known.config, **values})
        return True

    async def failed(self, connection: Connection, error: ConnectorError) -> None:
        self.failures.append(error)

    async def history(
        self,
        connection: Connection,
        chat_id: str,
        *,
        after: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[ChatMessage]:
        if self.unavailable:
            raise InboxUnavailableError
        found = self.chats[connection.id, chat_id]
        if before is not None:
            places = [place for place, message in enumerate(found) if message.id == before]
            return found[: places[0]][-limit:] if places else []
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

    async def seen(self, connection: Connection, message_id: str, *, read: bool = False) -> None:
        self.shown.append(message_id)
        if read:
            self.read.append(message_id)

    async def attendance(self, connection: Connection, chat_id: str) -> Attendance:
        return self.attendances.get(chat_id, Attendance(answers="bot"))

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
        files: Sequence[ChatFile] = (),
        reply_to: ChatQuote | None = None,
    ) -> ChatMessage:
        """Our side writes."""
        message = self._message(
            author_kind,
            text,
            author_name=author_name,
            buttons=buttons,
            files=files,
            reply_to=reply_to,
        )
        self._put(connection, chat_id, message)
        return message

    def shown_file(self, file_id: str | None) -> ChatFile:
        """A kept file as a chat widget gets it."""
        kept, _ = self.files[file_id or ""]
        kind = kept.mime.partition("/")[0]
        is_picture = kind == "image"
        return ChatFile(
            kind=kind if kind in {"image", "audio", "video"} else "document",
            name=kept.name,
            mime=kept.mime,
            size=kept.size,
            url=f"{self.files_url}/{kept.id}",
            thumbnail_url=f"{self.files_url}/{kept.id}" if is_picture else None,
        )

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
        files: Sequence[ChatFile] = (),
        reply_to: ChatQuote | None = None,
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
            files=files,
            reply_to=reply_to,
        )

    def _put(self, connection: Connection, chat_id: str, message: ChatMessage) -> None:
        self.chats[connection.id, chat_id].append(message)
        for queue in self._screens[connection.id, chat_id]:
            queue.put_nowait(ChatUpdate(kind="message", message=message))
