"""Files on their way to a platform's library, which wants to read them as files."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any, Final

from crm.contract import OutboundFile

_IN_MEMORY: Final = 1_000_000
"""Bytes of a file that are spooled in memory; more go to disk."""


@asynccontextmanager
async def spooled(file: OutboundFile) -> AsyncIterator[IO[Any]]:
    """The file's bytes from the beginning. They are never held whole in memory, and gone at the end."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        async for chunk in file.open():
            spool.write(chunk)
        spool.seek(0)
        yield spool
