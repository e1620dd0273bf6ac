"""Fetching: the files that a platform announced with a message are brought over and kept.

What is to be done stands in the message itself (`media_due_at`, a row's `state`, `attempts` and `next_at`), stored in the same
step as the message, so that no file is forgotten. A worker takes a message's files with a lease and prolongs that while it
works; when it dies, the lease runs out and another goes on with the rows that still wait. A row is written only under the
lease's fence, so that of two workers only one counts; a file that nobody names is cleaned away (`crm.files.store`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from connectors.base import Connector
from crm.contract import Connection, ConnectorError
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import DomainError, NotFound
from crm.files.attachments import FAILED, REFUSED, WAITING, Row, attachment_read
from crm.files.bringing import Bringing, Outcome
from crm.files.errors import AttachmentNotFailed
from crm.files.keeping import refusal_of
from crm.files.store import File

_log = logging.getLogger(__name__)

MESSAGES: Final = "messages"
AFTER_FAULT: Final = timedelta(minutes=5)
"""How long a message waits that a fault of ours kept from its files."""

type Announce = Callable[[RawDocument, Session], Awaitable[None]]
"""Tells the consoles, in the transaction that changed it, how a message looks now."""
type LoadConnection = Callable[[ObjectId], Awaitable[Connection | None]]
type NoteFailure = Callable[[Connection, ConnectorError], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPace:
    """The rhythm of fetching.

    Attributes:
        lease_seconds: for how long a worker owns a message's files without saying so again.
        at_once: messages a worker fetches the files of at the same time.
        of_connection: how many of these may be one connection's.
    """

    lease_seconds: float = 30.0
    at_once: int = 8
    of_connection: int = 3


class _LeaseLostError(Exception):
    """Another worker goes on with this message."""


class Fetching:
    """Fetches the files of stored messages."""

    def __init__(
        self,
        *,
        database: Database,
        bringing: Bringing,
        connectors: Mapping[str, Connector],
        connection: LoadConnection,
        note_failure: NoteFailure,
        announce: Announce,
        pace: FetchPace,
    ) -> None:
        self._database = database
        self._messages = database.collection(MESSAGES)
        self._bringing = bringing
        self._connectors = connectors
        self._connection = connection
        self._note_failure = note_failure
        self._announce = announce
        self._pace = pace
        self._running: dict[ObjectId, tuple[ObjectId, asyncio.Task[None]]] = {}

    async def sweep(self) -> int:
        """Begin with the messages whose files are due, as many as there is room for, and return how many that were."""
        started = 0
        while len(self._running) < self._pace.at_once:
            message = await self._claim()
            if message is None:
                break
            task = asyncio.create_task(self._work(message), name=f"files of {message['_id']}")
            self._running[message["_id"]] = (message["connection_id"], task)
            task.add_done_callback(partial(self._forget, message["_id"]))
            started += 1
        return started

    def _forget(self, message_id: ObjectId, _: asyncio.Task[None]) -> None:
        self._running.pop(message_id, None)

    async def close(self) -> None:
        """Stop what runs; others go on with it at once."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim(self) -> RawDocument | None:
        held = Counter(connection_id for connection_id, _ in self._running.values())
        busy = [key for key, count in held.items() if count >= self._pace.of_connection]
        due: RawDocument = {
            "media_due_at": {"$type": "date", "$lte": utc_now()},
            # A message that no operator has been shown yet is about to be, as it was read: it waits for that.
            "fresh": {"$ne": True},
            "_id": {"$nin": list(self._running)},
        }
        if busy:
            due["connection_id"] = {"$nin": busy}
        return await self._messages.find_one_and_update(
            due,
            {"$set": {"media_due_at": self._until(), "media_fence": ObjectId()}},
            sort=[("media_due_at", 1)],
            return_document=ReturnDocument.AFTER,
        )

    async def _work(self, message: RawDocument) -> None:
        keeping = asyncio.create_task(self._keep_lease(message))
        try:
            await self._bring_all(message)
            await self._finish(message)
        except _LeaseLostError:
            return
        except asyncio.CancelledError:
            with suppress(PyMongoError):
                await self._finish(message)
            raise
        except PyMongoError as error:
            _log.warning("fetching broke off: %s", type(error).__name__)
        except (
            Exception
        ):  # one message must not stop the others, nor be tried twice a minute for ever
            _log.exception("fetching the files of %s failed", message["_id"])
            keeping.cancel()
            with suppress(PyMongoError):
                await self._put_off(message)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _bring_all(self, message: RawDocument) -> None:
        connection = await self._connection(message["connection_id"])
        connector = self._connectors.get(message["channel"])
        for place, row in enumerate(message.get("attachments", ())):
            if row["state"] != WAITING or row.get("next_at", utc_now()) > utc_now():
                continue
            outcome = await self._bringing.bring(message, row, connection, connector)
            if outcome.blames is not None and connection is not None:
                with suppress(PyMongoError, DomainError):
                    await self._note_failure(connection, outcome.blames)
            await self._write(message, place, outcome)

    async def _write(self, message: RawDocument, place: int, outcome: Outcome) -> None:
        """Write down what became of a file, if it is still ours to say."""

        async def work(session: Session) -> None:
            changed = await self._messages.find_one_and_update(
                {
                    **_held(message),
                    f"attachments.{place}.state": WAITING,
                },
                {"$set": {f"attachments.{place}": outcome.row, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if changed is None:
                raise _LeaseLostError
            if outcome.told:
                await self._announce(changed, session)

        await self._database.in_transaction(work, serial=message["organization_id"])

    async def _finish(self, message: RawDocument) -> None:
        """Give the message back: due when the first of its files is, or never again."""

        async def work(session: Session) -> None:
            here = _held(message)
            current = await self._messages.find_one(here, {"attachments": 1}, session=session)
            if current is None:
                return
            waiting = [row for row in current["attachments"] if row["state"] == WAITING]
            gone: RawDocument = {"media_fence": ""}
            change: RawDocument = {"$unset": gone}
            if waiting:
                due = min(row.get("next_at", utc_now()) for row in waiting)
                change["$set"] = {"media_due_at": due}
            else:
                gone["media_due_at"] = ""
            await self._messages.update_one(here, change, session=session)

        await self._database.in_transaction(work)

    async def _put_off(self, message: RawDocument) -> None:
        here = _held(message)
        later = utc_now() + AFTER_FAULT
        await self._messages.update_one(
            here, {"$set": {"media_due_at": later}, "$unset": {"media_fence": ""}}
        )

    async def _keep_lease(self, message: RawDocument) -> None:
        """Prolong the lease until cancelled. When it is lost, what is brought can no longer be written."""
        here = _held(message)
        while True:
            await asyncio.sleep(self._pace.lease_seconds / 4)
            try:
                await self._messages.update_one(here, {"$set": {"media_due_at": self._until()}})
            except PyMongoError as error:
                _log.warning("a lease was not prolonged: %s", type(error).__name__)

    def _until(self) -> Any:
        return utc_now() + timedelta(seconds=self._pace.lease_seconds)

    async def retry(self, organization_id: ObjectId, message_id: ObjectId, place: int) -> Row:
        """Have a file that could not be had tried again, and return it as the API shows it.

        Raises:
            NotFound: there is no such message, or no such file of it.
            AttachmentNotFailed: it is there, on its way, or was looked at and refused.
        """

        async def work(session: Session) -> Row:
            here = {"_id": message_id, "organization_id": organization_id}
            message = await self._messages.find_one(here, session=session)
            rows = (message or {}).get("attachments", ())
            if message is None or not 0 <= place < len(rows):
                raise NotFound
            row = rows[place]
            if row["state"] != FAILED:
                raise AttachmentNotFailed
            row |= {"state": WAITING, "error": None, "attempts": 0, "next_at": utc_now()}
            values = {f"attachments.{place}": row, "updated_at": utc_now()}
            if (
                "media_fence" not in message
            ):  # else whoever has it sees, at its end, that this waits
                values["media_due_at"] = utc_now()
            await self._messages.update_one(here, {"$set": values}, session=session)
            await self._announce({**message, **values, "attachments": rows}, session)
            return attachment_read(row)

        return await self._database.in_transaction(work, serial=organization_id)

    async def refused(self, file: File, refusal: DomainError) -> None:
        """A file that messages name already is about to be removed: the scanner will not have it. Safe to repeat."""
        organization_id = file["metadata"]["organization_id"]
        named = {
            "organization_id": organization_id,
            "attachments.file_id": {"$eq": file["_id"], "$type": "objectId"},
        }

        async def work(session: Session) -> None:
            found = await self._messages.find(named, session=session).to_list()
            for message in found:
                for row in message["attachments"]:
                    if row["file_id"] == file["_id"]:
                        row |= {
                            "state": REFUSED,
                            "error": refusal_of(refusal),
                            "file_id": None,
                            "thumbnail": False,
                        }
                values = {"attachments": message["attachments"], "updated_at": utc_now()}
                await self._messages.update_one(
                    {"_id": message["_id"], "organization_id": organization_id},
                    {"$set": values},
                    session=session,
                )
            for message in found:
                await self._announce(message, session)

        await self._database.in_transaction(work, serial=organization_id)


def _held(message: RawDocument) -> RawDocument:
    """The message, as long as it is ours: under the fence of this lease."""
    return {name: message[name] for name in ("organization_id", "_id", "media_fence")}
