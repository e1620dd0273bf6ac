"""Waiting for what others bring about, as long as the slowest machine may need."""

import asyncio
from collections.abc import Callable

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
