"""Bringing one file over: what a connector opens is kept, and what goes wrong is told in a code."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from pymongo.errors import PyMongoError

from connectors.base import Connector, FetchesMedia
from crm.contract import (
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    RejectedError,
    RetryableError,
)
from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.core.errors import DomainError
from crm.files.attachments import FAILED, REFUSED, STORED, WAITING, Row, shown_kind
from crm.files.errors import REFUSALS, FileNotChecked, FilesFull
from crm.files.keeping import Keeping
from crm.files.store import READY, File, FileStore

_log = logging.getLogger(__name__)

PAUSES: Final = (5.0, 15.0, 45.0, 135.0, 405.0, 1_215.0, 3_600.0)
"""Seconds before the second try, the third, and so on; then it has failed."""
FULL_PAUSE: Final = timedelta(hours=1)
"""How soon a file is tried again for which there is no room in the organization's."""
FULL_FOR: Final = timedelta(days=1)
"""How long room is waited for."""
OPEN_SECONDS: Final = 30.0
LOOK_AGAIN: Final = timedelta(seconds=5)
"""How soon it is looked again whether the virus scanner has passed a file."""
_TOO_LARGE: Final = "media_too_large"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file.

    Attributes:
        row: as it is to stand in the message now.
        told: whether consoles are to be told.
        blames: the connection's own failure, if it was one.
    """

    row: Row
    told: bool = True
    blames: ConnectorError | None = None


class Bringing:
    """Brings files over, one at a time."""

    def __init__(
        self, *, store: FileStore, keeping: Keeping, pauses: Sequence[float] = PAUSES
    ) -> None:
        self._store = store
        self._keeping = keeping
        self._pauses = pauses

    async def bring(
        self,
        message: RawDocument,
        row: Row,
        connection: Connection | None,
        connector: Connector | None,
    ) -> Outcome:
        """Bring a message's file over, or see what has become of one that is kept already.

        Raises:
            PyMongoError: the database is away; nothing is known yet.
        """
        if row["file_id"] is not None:
            return await self._look_at(message, row)
        if connection is None:
            return _ended(row, FAILED, "connection_gone", "The channel is not connected any more.")
        if connector is None or not isinstance(connector, FetchesMedia) or not row.get("ref"):
            return _ended(row, FAILED, "media_gone", "The channel does not give the file out.")
        try:
            return _with(row, await self._fetch(message, row, connection, connector))
        except PyMongoError:
            raise
        except Exception as error:
            return self._failed(row, error)

    def _failed(self, row: Row, error: Exception) -> Outcome:
        """What comes of a failure: for good, or to be tried again."""
        if isinstance(error, ConnectorError | DomainError):
            code, detail = error.code, error.detail
        else:
            # A platform may fail in any way; the error's words may hold addresses with secrets in them.
            _log.warning("a file broke off: %s", type(error).__name__)
            code, detail = "media_interrupted", "The file broke off on its way."
        if isinstance(error, FilesFull):
            return _waiting_for_room(row, code, detail)
        state = _state_after(error)
        if state is not None:
            return _ended(row, state, code, detail)
        after = error.retry_after if isinstance(error, RetryableError) else None
        outcome = self._again(row, code, detail, after)
        if isinstance(error, AuthenticationFailedError):
            return replace(outcome, blames=error)
        return outcome

    async def _fetch(
        self, message: RawDocument, row: Row, connection: Connection, connector: FetchesMedia
    ) -> File:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(OPEN_SECONDS):
                stream = await stack.enter_async_context(
                    connector.open_media(connection, row.get("ref", {}))
                )
            file = await self._keeping.keep(
                message["organization_id"],
                stream.chunks,
                name=row["name"] or stream.name,
                claimed=stream.mime or row["mime"],
                origin={"connection_id": message["connection_id"], "message_id": message["_id"]},
                promised=stream.size,
            )
        sha256 = file["metadata"]["sha256"]
        if file["length"] < (stream.size or 0) and row.get("short") != sha256:
            # Less than was promised: it broke off without a word, or the promise was wrong. The same again is the latter.
            row["short"] = sha256
            await self._store.remove(file)
            raise RetryableError("media_interrupted", "Less came than was promised.")
        return file

    async def _look_at(self, message: RawDocument, row: Row) -> Outcome:
        file = await self._store.files.find_one(
            {
                "_id": row["file_id"],
                "metadata.organization_id": message["organization_id"],
                # What a visitor names must be what came over this very connection.
                "metadata.origin.connection_id": message["connection_id"],
            }
        )
        if file is not None:
            return _with(row, file)
        if row.get("ref"):
            return self._again(
                {**row, "file_id": None}, "media_gone", "It is to be fetched again.", 0.0
            )
        return _ended(row, FAILED, "media_gone", "The file is gone.")

    def _again(self, row: Row, code: str, detail: str, after: float | None = None) -> Outcome:
        """Put a file off for as long as the platform wishes, or longer each time; or give it up."""
        attempts = row["attempts"] + 1
        if attempts > len(self._pauses):
            return _ended({**row, "attempts": attempts}, FAILED, code, detail)
        pause = self._pauses[attempts - 1] if after is None else after
        values = {
            "attempts": attempts,
            "error": {"code": code, "detail": detail},
            "next_at": utc_now() + timedelta(seconds=pause),
        }
        told = row["error"] is None or row["error"]["code"] != code
        return Outcome({**row, **values}, told=told)


def _state_after(error: Exception) -> str | None:
    """The state a file is in for good after this; None when it may work another time."""
    if isinstance(error, RejectedError):
        return REFUSED if error.code == _TOO_LARGE else FAILED
    if isinstance(error, REFUSALS):
        return REFUSED
    return None


def _waiting_for_room(row: Row, code: str, detail: str) -> Outcome:
    """It is not the platform's fault: the tries for that are left as they are."""
    now = utc_now()
    since = row.get("full_since") or now
    if now - since >= FULL_FOR:
        return _ended(row, FAILED, code, detail)
    values = {
        "full_since": since,
        "error": {"code": code, "detail": detail},
        "next_at": now + FULL_PAUSE,
    }
    return Outcome({**row, **values}, told=row["error"] is None or row["error"]["code"] != code)


def _with(row: Row, file: File) -> Outcome:
    """A file that is kept: it is stored once it is checked."""
    known = {
        **_lasting(row),
        "file_id": file["_id"],
        "kind": shown_kind(row["kind"], file["metadata"]["mime"]),
        "name": file["filename"],
        "mime": file["metadata"]["mime"],
        "size": file["length"],
    }
    if file["metadata"]["state"] == READY:
        known.pop("ref", None)
        thumbnail = file["metadata"]["thumbnail"]
        return Outcome({**known, "state": STORED, "error": None, "thumbnail": thumbnail})
    error = {"code": FileNotChecked.default_code, "detail": FileNotChecked.title}
    later = {"error": error, "next_at": utc_now() + LOOK_AGAIN}
    return Outcome({**known, **later, "state": WAITING}, told=row["error"] != error)


def _ended(row: Row, state: str, code: str, detail: str) -> Outcome:
    ended = {"state": state, "error": {"code": code, "detail": detail}, "file_id": None}
    return Outcome({**_lasting(row), **ended})


def _lasting(row: Row) -> Row:
    """A row without what is only of use while its file is fetched."""
    return {
        key: value for key, value in row.items() if key not in {"short", "next_at", "full_since"}
    }
