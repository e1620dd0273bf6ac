"""What the CRM and the connectors say to each other: plain data and protocols.

Connectors import this module and ``connectors.base`` and nothing else of ours,
so a messenger can be added, tested and read without knowing the CRM.
Nothing here talks to a network or a database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

MAX_TEXT_LENGTH = 10_000
"""Characters of one inbound message that are stored; the rest is cut, and the cut is marked."""


class MessageKind(StrEnum):
    """What an inbound or outbound message is, in terms every channel shares."""

    TEXT = "text"
    CONTACT = "contact"
    LOCATION = "location"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The person on the platform's side.

    ``external_id`` is the platform's own user id; identity is (connection, external_id),
    never a phone number. The other fields are what the platform tells, if anything.
    """

    external_id: str
    name: str | None = None
    username: str | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One message of a customer, normalised.

    ``external_id`` is unique within the connection and stable over redeliveries: the unique
    index on (connection, external_id) makes a second delivery change nothing.
    ``chat_id`` is the address replies go to. ``payload`` is the payload of a tapped button.
    ``data`` holds what a kind needs beyond text (a shared phone, coordinates, a file's id).
    """

    external_id: str
    chat_id: str
    sender: Sender
    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    payload: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice offered under a message. ``payload`` comes back when it is tapped."""

    title: str
    payload: str


@dataclass(slots=True)
class Progress:
    """How many parts of a message have gone out. A connector counts; a later try goes on there."""

    parts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message of our side, before a channel renders it.

    ``id`` is ours, unique for ever: a channel that can deduplicate uses it.
    ``author_name`` is the operator's name when a person wrote it, else None.
    """

    id: str
    chat_id: str
    text: str
    author_kind: str
    author_name: str | None = None
    buttons: Sequence[Button] = ()
    language: str | None = None
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What the platform answered. ``state`` is ``sent`` or ``delivered``."""

    external_id: str | None
    state: str = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connected channel, with its credentials decrypted. Never logged, never serialised."""

    id: str
    organization_id: str
    channel: str
    name: str
    config: Mapping[str, Any] = field(repr=False)
    webhook_secret: str = field(repr=False)
    status: str = "active"
    language: str = "ru"
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account the credentials open, as the platform tells it."""

    external_id: str
    name: str


class ConnectorError(Exception):
    """A platform did not do what was asked. ``code`` is stable and translated by the console."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class RetryableError(ConnectorError):
    """It may work later. ``retry_after`` in seconds is the platform's own wish, obeyed exactly."""

    def __init__(self, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class RejectedError(ConnectorError):
    """It will never work for this message: blocked by the customer, too old, not allowed."""


class AuthenticationFailedError(ConnectorError):
    """The credentials are wrong or were revoked: the connection needs its admin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A message as a chat widget shows it."""

    id: str
    author_kind: str
    author_name: str | None
    text: str
    buttons: Sequence[Button]
    at: datetime
    client_id: str | None = None
    """The sender's own id of an inbound message, so that a widget recognises what it sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUpdate:
    """Something new in one chat: a message, or somebody typing."""

    kind: str
    message: ChatMessage | None = None


class Inbox(Protocol):
    """What the CRM offers to connectors."""

    async def connection(self, connection_id: str) -> Connection | None:
        """The connection, or None when there is none such or it is disconnected.

        Answers from memory for a few seconds; a webhook needs no query of its own.
        """
        ...

    async def receive(self, connection: Connection, messages: Sequence[InboundMessage]) -> int:
        """Store messages durably (majority, journalled) and start their turns.

        Returns how many were new. Once it returns, nothing is lost, whatever dies.

        Raises:
            Unavailable: the database cannot be reached; the platform should deliver again.
        """
        ...

    async def failed(self, connection: Connection, error: ConnectorError) -> None:
        """Record on the connection that the platform refused us."""
        ...

    async def history(
        self, connection: Connection, chat_id: str, *, after: str | None = None, limit: int = 50
    ) -> Sequence[ChatMessage]:
        """The chat's newest messages that a customer may see, oldest first.

        With ``after``, those that came after the message of that id.
        """
        ...

    def updates(self, connection: Connection, chat_id: str) -> AsyncIterator[ChatUpdate]:
        """What happens in this chat from now on, until the iterator is closed.

        Raises:
            ConnectionError: it cannot be known any more; ask for the history again.
        """
        ...

    async def delivered(self, connection: Connection, message_id: str) -> None:
        """The customer's device showed our message. States only move forward."""
        ...

    async def typing(self, connection: Connection, chat_id: str) -> None:
        """The customer is typing: shown to operators, stored nowhere."""
        ...
