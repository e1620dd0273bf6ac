"""Looks again and again for turns and deliveries that no process sees to.

These are not jobs in a queue: what is to be done is already stored with the messages
themselves, so that nothing can be stored without being done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from pymongo.errors import PyMongoError

_log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


async def sweep_forever(
    sweeps: Mapping[str, Callable[[], Awaitable[int]]], *, pause_seconds: float = PAUSE_SECONDS
) -> None:
    """Run all sweeps, each with its own rhythm, until cancelled. A failing one is tried again."""

    async def repeat(name: str, sweep: Callable[[], Awaitable[int]]) -> None:
        while True:
            try:
                await sweep()
            except PyMongoError as error:
                _log.warning("sweep of %s interrupted: %s", name, type(error).__name__)
            except Exception:  # a sweeper must outlive any single fault
                _log.exception("sweep of %s failed", name)
            await asyncio.sleep(pause_seconds)

    await asyncio.gather(*(repeat(name, sweep) for name, sweep in sweeps.items()))
