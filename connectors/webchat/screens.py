"""The open chats of this process, by visitor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

MOST_SOCKETS: Final = 10
"""Open sockets of one visitor: tabs of one browser."""


class TooManyTabsError(Exception):
    """A visitor opened more than ``MOST_SOCKETS``."""


class Screen(Protocol):
    """An open chat."""

    async def show_typing(self) -> None:
        """Somebody of ours is writing."""
        ...

    async def show_read(self, platform_id: str) -> None:
        """All up to this message of the visitor was read."""
        ...

    async def close(self) -> None:
        """Ask the widget to come back."""
        ...


class Screens:
    """Knows which chats are open here."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], set[Screen]] = {}

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def joined(self, connection_id: str, visitor: str, screen: Screen) -> Iterator[None]:
        """Count a screen among the visitor's while it is open.

        Raises:
            TooManyTabsError: as it says.
        """
        key = (connection_id, visitor)
        screens = self._open.setdefault(key, set())
        if len(screens) >= MOST_SOCKETS:
            raise TooManyTabsError
        screens.add(screen)
        try:
            yield
        finally:
            screens.discard(screen)
            if not screens and self._open.get(key) is screens:
                del self._open[key]

    def of(self, connection_id: str, visitor: str) -> tuple[Screen, ...]:
        """The visitor's open screens."""
        return tuple(self._open.get((connection_id, visitor), ()))

    async def close(self) -> None:
        """Ask all widgets to come back, so that the process can stop."""
        screens = [screen for group in self._open.values() for screen in group]
        await asyncio.gather(*(screen.close() for screen in screens), return_exceptions=True)
