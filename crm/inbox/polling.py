"""Fetching messages from platforms that cannot call us: machines without a public address.

One process polls a connection at a time, held by a lease in the connection; a dead one is
followed by another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import uuid4

from bson import ObjectId
from pymongo.errors import PyMongoError

from connectors.base import Connector, Polls
from crm.contract import AuthenticationFailedError, Connection, ConnectorError, Inbox
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.errors import DomainError
from crm.inbox.models import Document

_log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=20)
LOOK_SECONDS: Final = 3.0
"""How often new, changed and removed connections are looked for, and leases renewed."""
PAUSE_AFTER_ERROR_SECONDS: Final = 5.0


class Poller:
    """Polls every connection whose connector wants it, paused ones too: what comes in is kept."""

    def __init__(
        self,
        *,
        database: Database,
        inbox: Inbox,
        connectors: Mapping[str, Connector],
        public_url: str,
    ) -> None:
        self._connections = database.db["connections"]
        self._inbox = inbox
        self._public_url = public_url
        self._polling: dict[str, Polls] = {
            channel: connector
            for channel, connector in connectors.items()
            if isinstance(connector, Polls)
        }
        self._holder = uuid4().hex
        self._running: dict[ObjectId, tuple[Document, asyncio.Task[None]]] = {}

    async def run_forever(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                try:
                    await self._look()
                except PyMongoError as error:
                    _log.warning("polling interrupted: %s", type(error).__name__)
                except Exception:  # the sweepers beside it must go on
                    _log.exception("polling interrupted")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for connection_id in list(self._running):
                await self._stop(connection_id)

    async def _look(self) -> None:
        cursor = self._connections.find(
            {"status": {"$in": ["active", "paused"]}, "channel": {"$in": list(self._polling)}},
            {"channel": 1, "updated_at": 1},
        )
        active = {found["_id"]: found async for found in cursor}
        for connection_id, (known, task) in list(self._running.items()):
            found = active.get(connection_id)
            gone = found is None or found["updated_at"] != known["updated_at"]
            if gone or task.done() or not await self._hold(connection_id):
                await self._stop(connection_id)
        for connection_id, found in active.items():
            if connection_id in self._running:
                continue
            try:
                await self._begin(found)
            except PyMongoError:
                raise
            except Exception:  # one connection's settings are no other's trouble
                _log.exception("connection %s cannot be polled", connection_id)

    async def _begin(self, found: Document) -> None:
        connection_id = found["_id"]
        connection = await self._inbox.connection(str(connection_id))
        connector = self._polling[found["channel"]]
        if (
            connection is None
            or connection.updated_at != found["updated_at"]  # remembered from before a change
            or not connector.wants_polling(connection, public_url=self._public_url)
        ):
            return
        if await self._hold(connection_id):
            task = asyncio.create_task(self._poll(connector, connection))
            self._running[connection_id] = (found, task)

    async def _poll(self, connector: Polls, connection: Connection) -> None:
        while True:
            try:
                await connector.poll(connection, self._inbox)
            except AuthenticationFailedError as error:
                with contextlib.suppress(PyMongoError, DomainError):
                    await self._inbox.failed(connection, error)
                return
            except ConnectorError as error:
                _log.warning("polling %s: %s", connection.channel, error.code)
            except Exception:
                _log.exception("polling %s failed", connection.channel)
            await asyncio.sleep(PAUSE_AFTER_ERROR_SECONDS)

    async def _hold(self, connection_id: ObjectId) -> bool:
        """Take or renew the lease. Whether it is ours now."""
        moment = utc_now()
        held = await self._connections.find_one_and_update(
            {
                "_id": connection_id,
                "$or": [
                    {"poll_lease": None},
                    {"poll_lease.holder": self._holder},
                    {"poll_lease.until": {"$lt": moment}},
                ],
            },
            {"$set": {"poll_lease": {"holder": self._holder, "until": moment + LEASE}}},
            projection={"_id": 1},
        )
        return held is not None

    async def _stop(self, connection_id: ObjectId) -> None:
        _, task = self._running.pop(connection_id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with contextlib.suppress(PyMongoError):
            await self._connections.update_one(
                {"_id": connection_id, "poll_lease.holder": self._holder},
                {"$set": {"poll_lease": None}},
            )
