"""What the CRM offers to connectors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from crm.contract.connection import Connection
from crm.contract.errors import ConnectorError
from crm.contract.events import InboundEvent
from crm.contract.outbound import Button


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFile:
    """A file as a chat widget shows it. ``url`` is signed and good for a day."""

    kind: str
    name: str
    mime: str
    size: int
    url: str
    thumbnail_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatQuote:
    """A message that another one answers to. ``id`` None: it is not known here any more."""

    id: str | None
    author_kind: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A message as a chat widget shows it."""

    id: str
    author_kind: str
    author_name: str | None
    text: str
    buttons: Sequence[Button]
    at: datetime
    files: Sequence[ChatFile] = ()
    reply_to: ChatQuote | None = None
    state: str | None = None
    client_id: str | None = None
    """The sender's own id of an inbound message, so that a widget recognises what it sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUpdate:
    """Something new in one chat: a message, or more of a customer's own one; or somebody typing."""

    kind: str
    message: ChatMessage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Who answers in a chat now: ``bot``, ``people``, or ``nobody`` until people are back.

    ``follows`` tells that an answer goes by mail to who has left; told while people answer.
    """

    answers: Literal["bot", "people", "nobody"]
    opens_at: datetime | None = None
    follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that is stored: its id for an ``Attachment``, its true size and safe name."""

    id: str
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Who sends a file and is vouched for by no platform: the ``visitor`` whom the connector knows.

    ``network`` is the address they come from, or its /64 where it is of IPv6.
    """

    visitor: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTraffic:
    """How much was said lately: ``received`` from a person in all their chats, ``answered`` by the bot in one."""

    received: int
    answered: int


class FileRefusedError(Exception):
    """A file was not stored, and will not be.

    ``code`` is file_too_large, file_type_not_allowed, file_empty, file_infected, file_interrupted
    (it came too slowly), files_full (the organization has no room) or files_daily_limit (a
    stranger sent enough today).
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Inbox(Protocol):
    """What the CRM offers to connectors."""

    async def connection(self, connection_id: str) -> Connection | None:
        """The connection, or None when there is none such or it is disconnected.

        Answers from memory for a few seconds; a webhook needs no query of its own.
        """
        ...

    async def connections_of(
        self, channel: str, account_ids: Collection[str], *, limit: int | None = None
    ) -> Sequence[Connection]:
        """The connections of these accounts, paused ones too: for webhooks that many share.

        An account is found by its id and its aliases. Answers, also that there is none such, are
        some seconds old; whoever names what is not here costs one look into an index. No more than
        ``limit`` are loaded.
        """
        ...

    async def receive(self, connection: Connection, events: Sequence[InboundEvent]) -> int:
        """Store events durably (majority, journalled) and start their turns.

        Returns how many messages were new. Once it returns, nothing is lost, whatever dies.

        Raises:
            Unavailable: the database cannot be reached; the platform should deliver again.
        """
        ...

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
        """Store a file that came with, or before, a message. Streamed; never whole in memory.

        ``promised`` is how many bytes it says it has. What a ``stranger`` sends fills only a part of
        the organization's room, and so much a day.

        Raises:
            FileRefusedError: it is too large, of a forbidden type, infected, or there is no room.
            Unavailable: the database cannot be reached, or takes no more.
        """
        ...

    async def known_chats(
        self, connection: Connection, chat_ids: Collection[str]
    ) -> Collection[str]:
        """Which of these chats have a conversation."""
        ...

    async def chats_of(
        self, connection: Connection, platform_ids: Sequence[str]
    ) -> Mapping[str, str]:
        """The chats in which messages of these platform ids stand, theirs or ours, by platform id."""
        ...

    async def chat_on_topic(
        self, connection: Connection, sender_id: str, topic: str, *, since: datetime
    ) -> str | None:
        """The chat in which this person wrote last on this topic (``data["topic"]``) since then."""
        ...

    async def traffic(
        self, connection: Connection, *, sender_id: str, chat_id: str, since: datetime
    ) -> ChatTraffic:
        """How much was said since then: what a connector tells a loop of machines by."""
        ...

    async def state(self, connection: Connection) -> Mapping[str, Any]:
        """What the connector noted last (where it stopped reading). Empty at first."""
        ...

    async def note_state(self, connection: Connection, state: Mapping[str, Any]) -> None:
        """Note the connector's own state durably; replaces what was noted."""
        ...

    async def renew(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """Keep settings that the platform gave anew (a token), encrypted where they are secrets.

        Nobody has changed the connection: ``updated_at`` stays. Returns whether they were kept: what
        an admin has typed since the connection was loaded stands.
        """
        ...

    async def failed(self, connection: Connection, error: ConnectorError) -> None:
        """Record on the connection that the platform refused us."""
        ...

    async def history(
        self,
        connection: Connection,
        chat_id: str,
        *,
        after: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[ChatMessage]:
        """The chat's newest messages that a customer may see, oldest first.

        With ``after``, those that came after the message of that id; with ``before``, the newest
        that came before it, none when it is not of this chat.
        """
        ...

    def updates(self, connection: Connection, chat_id: str) -> AsyncIterator[ChatUpdate]:
        """What happens in this chat from now on, until the iterator is closed.

        Raises:
            ConnectionError: it cannot be known any more; ask for the history again.
        """
        ...

    async def seen(self, connection: Connection, message_id: str, *, read: bool = False) -> None:
        """The customer's device showed our message, or they read it. States only move forward."""
        ...

    async def attendance(self, connection: Connection, chat_id: str) -> Attendance:
        """Who answers in this chat now. A chat that is not there yet is answered by the bot."""
        ...

    async def typing(self, connection: Connection, chat_id: str) -> None:
        """The customer is typing: shown to operators, stored nowhere."""
        ...
