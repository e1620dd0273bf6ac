"""A messenger as the contract suite uses it. A new connector adds a subclass and a fixture.

What a messenger has not got is declared in ``lacks``, by the name of the promise, with the reason.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, ClassVar

import pytest

from connectors.base import Connector, FetchesMedia, KnowsPeople, ReportsHealth
from crm.contract import Connection, MessageKind, OutboundMessage, SendResult
from tests.contract.inbox import InboxDouble

RETRY_AFTER = 7
"""Seconds for which a limited platform asks."""


class Trouble(StrEnum):
    """How a platform fails.

    LIMIT asks for patience, CUT ends the connection without an answer, SILENT never answers.
    """

    CUT = "cut"
    FAILING = "failing"
    NONSENSE = "nonsense"
    LIMIT = "limit"
    REVOKED = "revoked"
    SILENT = "silent"


class Platform(ABC):
    """One customer of a connected account. The same ``key`` is the same message, delivered again."""

    connector: Connector
    connection: Connection
    inbox: InboxDouble
    chat_id: str
    lacks: ClassVar[Mapping[str, str]] = {}
    retry_after: ClassVar[float] = RETRY_AFTER
    """What becomes of the platform's wish for patience."""
    carrier: ClassVar[MessageKind | None] = None
    """The kind of every message with a file, where it is not the file's own."""
    secrets: tuple[str, ...] = ()
    """Words that must stand in no log and no error."""

    # What comes in

    @abstractmethod
    async def deliver(self, text: str, *, key: int = 1) -> bool:
        """A customer writes. Returns whether it was acknowledged."""

    async def deliver_twice(self, text: str) -> list[bool]:
        """The same message, more than once at the same instant."""
        return list(await asyncio.gather(*(self.deliver(text) for _ in range(5))))

    async def deliver_file(self, kind: MessageKind, content: bytes, mime: str) -> None:
        """A customer sends a file."""
        raise NotImplementedError

    async def deliver_unknown(self) -> None:
        """A customer sends what did not exist when the connector was written."""
        raise NotImplementedError

    async def edit(self, text: str, *, key: int = 1) -> None:
        """A customer changes the words of a message."""
        raise NotImplementedError

    async def react(self, platform_id: str, emoji: str) -> None:
        """A customer reacts to a message of ours."""
        raise NotImplementedError

    async def quote(self, platform_id: str, text: str) -> None:
        """A customer answers a certain message of ours."""
        raise NotImplementedError

    async def tap(self, payload: str, title: str) -> None:
        """A customer taps a button."""
        raise NotImplementedError

    async def take_back(self, *, key: int = 1) -> None:
        """A customer deletes a message."""
        raise NotImplementedError

    async def locate(self, latitude: float, longitude: float) -> None:
        """A customer shows where they are."""
        raise NotImplementedError

    async def write_from_phone(self, text: str) -> None:
        """The owner answers by the messenger's own app."""
        raise NotImplementedError

    async def tell_status(self, platform_id: str, state: str) -> None:
        """The platform tells how far a message of ours has come."""
        raise NotImplementedError

    async def forge(self, forgery: str, text: str) -> int:
        """Deliver with a proof that is ``missing``, ``wrong`` or ``another's``; the answer's status."""
        raise NotImplementedError

    def as_arrived(self, text: str) -> str:
        """How this messenger brings a text."""
        return text

    # What goes out

    async def sent(self, count: int) -> list[str]:
        """The texts that the platform took, in order, once there are so many."""
        raise NotImplementedError

    async def fail(self, trouble: Trouble) -> None:
        """Let every call fail from now on."""
        raise NotImplementedError

    async def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the connector wait for answers for a moment only."""
        raise NotImplementedError

    def message(
        self, text: str, *, message_id: str = "6a1b2c3d4e5f60718293a4c1"
    ) -> OutboundMessage:
        """A message of ours into this chat."""
        return OutboundMessage(id=message_id, chat_id=self.chat_id, text=text, author_kind="bot")

    async def send(self, message: OutboundMessage) -> list[SendResult]:
        """All parts of it, in order."""
        parts = self.connector.render(self.connection, message)
        return [await self.connector.send(self.connection, message, part) for part in parts]

    def calls(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        """Every call that this connector makes and that may fail."""
        connector, connection = self.connector, self.connection
        config = connector.config_model.model_validate(dict(connection.config))
        found: dict[str, Callable[[], Awaitable[Any]]] = {
            "verify": lambda: connector.verify(config),
            "send": lambda: self.send(self.message("Сәлем")),
        }
        if isinstance(connector, KnowsPeople):
            found["profile"] = lambda: connector.profile(connection, self.person)
        if isinstance(connector, ReportsHealth):
            url = "https://chat.example.kz"
            found["health"] = lambda: connector.health(connection, public_url=url)
        if isinstance(connector, FetchesMedia):
            found["media"] = lambda: self.fetch(self.some_file())
        return found

    @property
    def person(self) -> str:
        """The customer's id."""
        return self.chat_id

    def some_file(self) -> Mapping[str, Any]:
        """A ref of a file that is there."""
        raise NotImplementedError

    async def fetch(self, ref: Mapping[str, Any]) -> bytes:
        """A file's bytes, from the platform."""
        assert isinstance(self.connector, FetchesMedia)
        async with self.connector.open_media(self.connection, ref) as stream:
            return b"".join([chunk async for chunk in stream.chunks])
