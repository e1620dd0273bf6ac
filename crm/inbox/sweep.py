"""One sweep's work: started once for each thing, and not waited for by the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Final

PATIENCE_SECONDS: Final = 2.0
AT_ONCE: Final = 32


class Sweep:
    """Works on what a sweeper found, a bounded number at a time.

    A slow one (a platform that does not answer) keeps nobody else from being swept: the next
    round starts what is new and leaves what still runs alone.
    """

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._running: dict[Hashable, asyncio.Task[None]] = {}

    async def start(self, found: Mapping[Hashable, Callable[[], Awaitable[None]]]) -> None:
        """Start what is not running yet, and wait a little for it. The work must not raise."""
        started = []
        for key, work in found.items():
            if key not in self._running:
                task = asyncio.create_task(self._run(key, work))
                self._running[key] = task
                started.append(task)
        if started:
            await asyncio.wait(started, timeout=PATIENCE_SECONDS)

    async def close(self) -> None:
        """Stop what runs."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._gate:
                await work()
        finally:
            del self._running[key]
