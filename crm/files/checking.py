"""Checking: a stored file is shown to the virus scanner, gets its thumbnail, and may then be given out.

How far a file is stands in its own row, so that a dead process leaves nothing undone: whoever stores a file checks it at once,
and the worker's sweep goes on with what was left. While the scanner cannot be reached, files wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from pymongo.errors import PyMongoError

from crm.core.clock import utc_now
from crm.core.gridfs import FileDamagedError
from crm.files.errors import FileInfected, FileTooLarge
from crm.files.scanning import Scanner, ScannerUnavailableError
from crm.files.store import CHECKING, READY, File, FileStore
from crm.files.thumbnails import Thumbnails
from crm.files.types import THUMBNAILED

_log = logging.getLogger(__name__)

CLAIM: Final = timedelta(minutes=5)
"""How long a process has to check a file before another begins anew; longer than a scan and a thumbnail take."""
FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 60.0
_AT_ONCE: Final = 4

type OnRefused = Callable[[File, FileInfected | FileTooLarge], Awaitable[None]]
"""Told of a file before it is removed, perhaps more than once."""


class Checking:
    """Checks files."""

    def __init__(
        self,
        *,
        store: FileStore,
        scanner: Scanner | None,
        thumbnails: Thumbnails,
        on_refused: OnRefused,
    ) -> None:
        self._store = store
        self._scanner = scanner
        self._thumbnails = thumbnails
        self._on_refused = on_refused

    async def check(self, file: File) -> bool:
        """Check a file now; whether it may be given out. Changes the row as the store does.

        Raises:
            FileInfected, FileTooLarge: the scanner will not have it; it is removed.
        """
        if file["metadata"]["state"] == READY:
            return True
        if not await self._store.settle(file, {"check_at": utc_now() + CLAIM}):
            return False  # another process is at it
        try:
            await self._scan(file)
        except ScannerUnavailableError as error:
            _log.warning("a file waits for the virus scanner: %s", error)
            attempts = file["metadata"]["check_attempts"] + 1
            pause = min(FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 10), LONGEST_PAUSE_SECONDS)
            later = utc_now() + timedelta(seconds=pause)
            await self._store.settle(file, {"check_at": later, "check_attempts": attempts})
            return False
        except (FileInfected, FileTooLarge) as refusal:
            await self._on_refused(file, refusal)
            await self._store.remove(file)
            raise
        thumbnail = await self._thumbnail(file)
        done = {"state": READY, "check_at": None, "thumbnail": thumbnail is not None}
        return await self._store.settle(file, done, thumbnail)

    async def _scan(self, file: File) -> None:
        if self._scanner is None:
            return
        found = await self._scanner.scan(self._store.read(file))
        if found is not None:
            raise FileInfected(f"The virus scanner found {found[:100]}.")

    async def _thumbnail(self, file: File) -> bytes | None:
        if file["metadata"]["mime"] not in THUMBNAILED:
            return None
        try:
            return await self._thumbnails.make(self._store.read(file))
        except OSError as error:  # no process could be started: a picture without a thumbnail is one all the same
            _log.warning("no thumbnail: %s", type(error).__name__)
            return None

    async def sweep(self) -> int:
        """Check the files that wait for it, and return how many that were."""
        query = {"metadata.state": CHECKING, "metadata.check_at": {"$lte": utc_now()}}
        due = await self._store.files.find(query).sort("metadata.check_at", 1).to_list(_AT_ONCE)
        await asyncio.gather(*(self._check_left(file) for file in due))
        return len(due)

    async def _check_left(self, file: File) -> None:
        try:
            await self.check(file)
        except (FileInfected, FileTooLarge) as refusal:
            _log.warning("a file was removed: %s", refusal.code)
        except (FileDamagedError, PyMongoError) as error:
            _log.warning("checking %s broke off: %s", file["_id"], type(error).__name__)
        except Exception:  # one file must not keep the others waiting
            _log.exception("checking %s failed", file["_id"])
