"""What a connector is: a small required interface, and small optional ones.

An optional interface is a protocol of one or two methods for what only some messengers can do;
the CRM asks with ``isinstance``. What a messenger can show is data: ``Capabilities``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from aiohttp import web
from pydantic import BaseModel

from crm.contract import (
    Account,
    ChatState,
    Connection,
    Health,
    Inbox,
    MediaStream,
    MessageKind,
    OutboundMessage,
    Pace,
    Profile,
    Reach,
    SendResult,
    Template,
    Webhook,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimit:
    """What files of a kind may be sent: bytes, and MIME types (empty: any)."""

    max_bytes: int
    mimes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a messenger can show.

    ``measure`` gives a text's length in the platform's own units (characters, UTF-16 units,
    bytes), compared with ``max_text`` and ``max_caption``. ``media`` are the kinds of files that
    may be sent; a kind that is missing goes as a document, or as a link where there is none either.
    ``send_seconds`` is how long sending a part without files may take. ``letters``: each message
    is read by itself, so what belongs together goes in one.
    """

    max_text: int
    max_buttons: int = 0
    max_button_title: int = 20
    max_list: int = 0
    max_caption: int = 0
    typing: bool = False
    replies: bool = False
    send_seconds: float = 15.0
    letters: bool = False
    media: Mapping[MessageKind, MediaLimit] = field(default_factory=dict)
    measure: Callable[[str], int] = len


class Connector(Protocol):
    """A messenger.

    ``config_model`` is a pydantic model: its JSON Schema draws the settings form, and its
    ``SecretStr`` fields are stored encrypted and never leave the API.
    """

    channel: str
    title: str
    config_model: type[BaseModel]
    capabilities: Capabilities

    async def verify(self, config: BaseModel) -> Account:
        """Ask the platform whose credentials these are, before they are saved.

        Raises:
            AuthenticationFailedError: the platform does not know them.
            RejectedError: they are known and do not suffice (a permission is missing).
            RetryableError: the platform cannot be reached now.
        """
        ...

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        """Make the platform deliver to us (register the webhook). Safe to repeat."""
        ...

    async def disconnect(self, connection: Connection) -> None:
        """Undo ``connect``. Safe to repeat."""
        ...

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        """The public addresses of this messenger: webhooks, sockets, scripts."""
        ...

    def render(self, connection: Connection, message: OutboundMessage) -> Sequence[Any]:
        """Cut a message into parts that the platform accepts, in order. Pure, and always the same.

        A part is whatever ``send`` takes; it holds no bytes of files.

        Raises:
            RejectedError: there is nothing that could be sent.
        """
        ...

    async def send(self, connection: Connection, message: OutboundMessage, part: Any) -> SendResult:
        """Deliver one part. The CRM has seen to its pace, and notes it before the next one.

        Raises:
            RetryableError, RejectedError, AuthenticationFailedError: as they say.
        """
        ...

    async def close(self) -> None:
        """Give back network connections."""
        ...


@runtime_checkable
class ShowsTyping(Protocol):
    """A messenger that can show that our side is writing."""

    async def show_typing(
        self, connection: Connection, chat_id: str, *, answering: str | None
    ) -> None:
        """Show it for some seconds; ``answering`` is the customer's message. Failing is of no consequence."""
        ...


@runtime_checkable
class MarksRead(Protocol):
    """A messenger that shows the customer that their message was read."""

    async def mark_read(self, connection: Connection, chat_id: str, *, platform_id: str) -> None:
        """All up to this message was read by a person or answered. Failing is of no consequence."""
        ...


@runtime_checkable
class FetchesMedia(Protocol):
    """A messenger whose files are fetched after the message was stored."""

    def open_media(
        self, connection: Connection, ref: Mapping[str, Any]
    ) -> AbstractAsyncContextManager[MediaStream]:
        """The file that an ``Attachment`` or a ``Profile`` refers to.

        Raises:
            RejectedError: it is gone (``media_gone``) or too large to be had (``media_too_large``).
            RetryableError, AuthenticationFailedError: as they say.
        """
        ...


@runtime_checkable
class KnowsPeople(Protocol):
    """A messenger that tells who somebody is, when asked."""

    async def profile(self, connection: Connection, external_id: str) -> Profile:
        """The person's profile. Raises ConnectorError."""
        ...


@runtime_checkable
class SetsPace(Protocol):
    """A messenger with limits of speed, kept across processes by the CRM."""

    def paces(self, connection: Connection, chat_id: str) -> Sequence[Pace]:
        """What one part into this chat has to keep to."""
        ...


@runtime_checkable
class LimitsReach(Protocol):
    """A messenger that does not let us write at any time (windows)."""

    def reach(
        self, connection: Connection, chat: ChatState, *, author_kind: str, now: datetime
    ) -> Reach:
        """Whether a message of this author may go now. Pure."""
        ...


@runtime_checkable
class HasTemplates(Protocol):
    """A messenger with approved templates."""

    async def templates(self, connection: Connection) -> Sequence[Template]:
        """All templates of the account. Raises ConnectorError."""
        ...


@runtime_checkable
class ReportsHealth(Protocol):
    """A messenger that tells how a connection does."""

    async def health(self, connection: Connection, *, public_url: str) -> Health:
        """Ask the platform. Raises ConnectorError, which is then the connection's last error."""
        ...


@runtime_checkable
class RenewsCredentials(Protocol):
    """A messenger whose credentials end unless we renew them."""

    async def renew(self, connection: Connection, inbox: Inbox) -> None:
        """Renew what ends soon, and store it by ``Inbox.renew``. Asked hourly, before ``health``.

        Raises:
            ConnectorError: it could not be renewed; the next hour it is tried again.
        """
        ...


@runtime_checkable
class NeedsWebhook(Protocol):
    """A messenger whose webhook an admin types into the platform's settings."""

    def webhook(self, connection: Connection, *, public_url: str) -> Webhook:
        """What to copy there."""
        ...


@runtime_checkable
class LinksChats(Protocol):
    """A messenger with links that open a chat with us and tell where they were found."""

    def link(self, connection: Connection, *, ref: str | None) -> str | None:
        """The address; None while the account's name is not known."""
        ...


@runtime_checkable
class WritesFirst(Protocol):
    """A messenger in which we may write to whoever has given us their address."""

    def chat_with(self, connection: Connection, address: str, *, about: str) -> str | None:
        """The chat in which to write about something (our own word for it, the same each time).

        None when it is no address, or our own.
        """
        ...


@runtime_checkable
class LosesPeople(Protocol):
    """A channel whose people go without a word, and may not come back: the chat of a site."""

    def follows(self, connection: Connection) -> bool:
        """Whether answers that they have not seen are to be sent after them."""
        ...

    def page(self, connection: Connection, address: str) -> str | None:
        """The address of the page where they were, when it is one of the company's own."""
        ...


@runtime_checkable
class Polls(Protocol):
    """A connector that fetches messages itself, for machines without a public address."""

    def wants_polling(self, connection: Connection, *, public_url: str) -> bool:
        """Whether this connection is to be polled rather than called."""
        ...

    async def poll(self, connection: Connection, inbox: Inbox) -> None:
        """Fetch and hand over messages until cancelled. Raises ConnectorError to be restarted."""
        ...


def public_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema that draws a connector's settings form."""
    return model.model_json_schema(mode="validation")
