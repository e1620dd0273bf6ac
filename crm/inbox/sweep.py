"""One sweep's work: started once for each thing, and not waited for by the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Any, Final

PATIENCE_SECONDS: Final = 2.0
AT_ONCE: Final = 32


class _Group:
    """Things that have to share: one connection's chats."""

    def __init__(self, share: int) -> None:
        self.gate = asyncio.Semaphore(share)
        self.members = 0


class Sweep:
    """Works on what a sweeper found, a bounded number at a time.

    A slow one (a platform that does not answer) keeps nobody else from being swept: the next
    round starts what is new and leaves what still runs alone.

    Args:
        at_once: how many are worked on at a time.
        share: how many of one group.
    """

    def __init__(self, *, at_once: int = AT_ONCE, share: int = AT_ONCE) -> None:
        self._gate = asyncio.Semaphore(at_once)
        self._share = share
        self._running: dict[Hashable, asyncio.Task[None]] = {}
        self._groups: dict[Hashable, _Group] = {}

    @property
    def running(self) -> Collection[Hashable]:
        """What was started and is not done."""
        return self._running.keys()

    def crowded(self, members: int) -> list[Hashable]:
        """The groups of which so many were started and are not done."""
        return [name for name, group in self._groups.items() if group.members >= members]

    async def start(
        self,
        found: Mapping[Any, Callable[[], Awaitable[None]]],
        groups: Mapping[Any, Hashable] | None = None,
    ) -> None:
        """Start what is not running yet, and wait a little for it. The work must not raise.

        ``groups`` names the group of each.
        """
        started = []
        for key, work in found.items():
            if key not in self._running:
                name = groups[key] if groups else None
                task = asyncio.create_task(self._run(key, name, work))
                self._running[key] = task
                self._groups.setdefault(name, _Group(self._share)).members += 1
                started.append(task)
        if started:
            await asyncio.wait(started, timeout=PATIENCE_SECONDS)

    async def close(self) -> None:
        """Stop what runs."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, key: Hashable, name: Hashable, work: Callable[[], Awaitable[None]]
    ) -> None:
        group = self._groups[name]
        try:
            async with group.gate, self._gate:
                await work()
        finally:
            del self._running[key]
            group.members -= 1
            if not group.members:
                del self._groups[name]
