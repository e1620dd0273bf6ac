"""What a connector is.

A small required interface, and optional one-method interfaces for what only some messengers
can do. Capabilities are data; rich content is degraded to text once, here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from aiohttp import web
from pydantic import BaseModel

from crm.contract import Account, Connection, Inbox, OutboundMessage, SendResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a messenger can show.

    ``measure`` gives a text's length in the platform's own units (characters, UTF-16 units,
    bytes), compared with ``max_text``.
    """

    max_text: int
    max_buttons: int = 0
    max_button_title: int = 20
    typing: bool = False
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

    async def send(self, connection: Connection, message: OutboundMessage) -> SendResult:
        """Deliver one message.

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

    async def show_typing(self, connection: Connection, chat_id: str) -> None:
        """Show it for some seconds. Failing is of no consequence."""
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


def with_buttons_as_text(message: OutboundMessage, capabilities: Capabilities) -> str:
    """The text of a message whose buttons the channel cannot show: a numbered list under it."""
    if not message.buttons or len(message.buttons) <= capabilities.max_buttons:
        return message.text
    lines = [f"{number}. {button.title}" for number, button in enumerate(message.buttons, 1)]
    return "\n".join([message.text, "", *lines]).strip()


_SENTENCE_END = re.compile(r"(?<=[.!?…\n])\s+")


def split_text(text: str, capabilities: Capabilities) -> list[str]:
    """Cut a text into parts the platform accepts: between sentences, else words, else letters.

    The parts, in order, hold every letter of the text; only white space at a cut may go.
    """
    limit, measure = capabilities.max_text, capabilities.measure
    parts: list[str] = []
    rest = text.strip()
    while measure(rest) > limit:
        cut = _cut(rest, limit, measure)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest or not parts:
        parts.append(rest)
    return parts


def _cut(text: str, limit: int, measure: Callable[[str], int]) -> int:
    """The best place to cut so that the first part fits; always at least one character."""
    low, high = 1, len(text)
    while low < high:  # the longest prefix that fits
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, low)]
    if ends and ends[-1] >= low // 2:
        return ends[-1]
    space = text.rfind(" ", 0, low)
    return space + 1 if space >= low // 2 else low
