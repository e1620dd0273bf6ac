"""Waiting for what others bring about, as long as the slowest machine may need."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

PATIENCE_SECONDS = 60.0
"""Only a test that fails waits so long."""


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: It is not so even after a minute.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


async def ended(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Wait until tasks, which leave the collection when they are done, and those they start have come to their end.

    Raises:
        TimeoutError: They have not, even after a minute.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while tasks:
            # Whoever awaits only what is done already goes on at once, and none could leave.
            await asyncio.sleep(0)
            await asyncio.gather(*tasks, return_exceptions=True)
