"""Thumbnails, made in a process of its own for each picture: it is held to limits, and killed when it takes too long."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from crm.files.limits import MEGABYTE

_log = logging.getLogger(__name__)

SIDE: Final = 480
"""Pixels of the longer side: a bubble's width on a sharp screen."""
_ROOT: Final = Path(__file__).parents[2]
_PROGRAM: Final = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from crm.files.thumbnailer import main; main()"
_LARGEST: Final = MEGABYTE


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Makes thumbnails.

    Attributes:
        most_pixels: of a picture that is unpacked at all.
        memory_bytes: that its process may take.
        seconds: of its process's own time; twice that by the clock.
        at_once: pictures a process of ours has unpacked at the same time.
    """

    most_pixels: int = 64_000_000
    memory_bytes: int = 768 * MEGABYTE
    seconds: int = 10
    at_once: int = 2
    _gate: asyncio.Semaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_gate", asyncio.Semaphore(self.at_once))

    async def make(self, content: AsyncIterator[bytes]) -> bytes | None:
        """Return a JPEG, or None when none can be made of this picture."""
        order = {
            "side": SIDE,
            "most_pixels": self.most_pixels,
            "memory_bytes": self.memory_bytes,
            "seconds": self.seconds,
        }
        async with self._gate:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-c", _PROGRAM),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},  # what opens a stranger's picture knows none of our secrets
            )
            feeding = asyncio.create_task(_feed(process, json.dumps(order), content))
            try:
                async with asyncio.timeout(2.0 * self.seconds):
                    made = await _answer(process)
                    await feeding
                    code = await process.wait()
            except TimeoutError:
                _log.warning("a picture took too long: it has no thumbnail")
                return None
            finally:
                feeding.cancel()
                if process.returncode is None:
                    process.kill()
                await asyncio.gather(process.wait(), feeding, return_exceptions=True)
        return made if code == 0 and 0 < len(made) <= _LARGEST else None


async def _feed(
    process: asyncio.subprocess.Process, order: str, content: AsyncIterator[bytes]
) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it has seen enough, or died
        try:
            process.stdin.write(order.encode() + b"\n")
            async for chunk in content:
                process.stdin.write(chunk)
                await process.stdin.drain()
        finally:
            process.stdin.close()


async def _answer(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    made = bytearray()
    while piece := await process.stdout.read(64 * 1024):
        made += piece
        if len(made) > _LARGEST:
            process.kill()
            break
    return bytes(made)
