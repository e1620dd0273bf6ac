"""The MongoDB connection and transactions.

Every write waits for a majority and the journal: what was acknowledged survives the loss of a process or a machine.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from weakref import WeakKeyDictionary, WeakValueDictionary

from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from crm.core.settings import Settings, SettingsError

type RawDocument = dict[str, Any]
type Session = AsyncClientSession

DURABLE = WriteConcern(w="majority", j=True, wtimeout=30_000)
SERVER_SELECTION_TIMEOUT_MS = 10_000
TRANSACTION_PATIENCE_SECONDS = 20.0


class TransactionConflictError(Exception):
    """Raised inside a transaction whose snapshot is out of date: `in_transaction` runs it again from the start."""


@dataclass(slots=True)
class _Open:
    """What belongs to an open transaction: the queues it is first in, and what is to be done when it is committed."""

    held: dict[Hashable, asyncio.Lock] = field(default_factory=dict)
    after_commit: list[Callable[[], None]] = field(default_factory=list)


class Database:
    """One process's connection. `client` and `db` are PyMongo's own objects."""

    def __init__(self, client: AsyncMongoClient[RawDocument], name: str) -> None:
        self.client = client
        self.db: AsyncDatabase[RawDocument] = client.get_database(name, write_concern=DURABLE)
        self._serial_locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()
        self._open: WeakKeyDictionary[AsyncClientSession, _Open] = WeakKeyDictionary()

    @classmethod
    async def connect(cls, settings: Settings) -> Self:
        """Connect and make sure that the server answers and is (part of) a replica set.

        Raises:
            SettingsError: there is no address, it is malformed, or the server is a standalone one.
            PyMongoError: the server does not answer within ten seconds.
        """
        if settings.mongodb_uri is None:
            raise SettingsError(
                "AITYS_MONGODB_URI is absent: start with `aitys run`, or give the address of a MongoDB."
            )
        try:
            client: AsyncMongoClient[RawDocument] = AsyncMongoClient(
                settings.mongodb_uri.get_secret_value(),
                tz_aware=True,
                serverSelectionTimeoutMS=SERVER_SELECTION_TIMEOUT_MS,
                appname="aitys",
            )
        except (InvalidURI, ConfigurationError) as error:
            raise SettingsError(f"AITYS_MONGODB_URI is wrong: {error}.") from None
        hello = await client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            await client.close()
            raise SettingsError(
                "AITYS_MONGODB_URI is a standalone server: transactions need a replica set."
            )
        return cls(client, settings.mongodb_database)

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()

    def collection(self, name: str) -> AsyncCollection[RawDocument]:
        """Return a collection of this database."""
        return self.db[name]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncClientSession]:
        """Run the body in one transaction: commit at its end, abort on any exception.

        The body runs once. A write conflict with another transaction reaches the caller as a PyMongo error with the
        label `TransientTransactionError`; use `in_transaction` to have the work run again instead. A commit whose
        outcome is unknown (a lost connection) is tried again until it is known.
        """
        async with self.client.start_session() as session:
            self._open[session] = opened = _Open()
            await session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=DURABLE
            )
            try:
                try:
                    yield session
                except BaseException:
                    if session.in_transaction:
                        await session.abort_transaction()
                    raise
                await _commit(session)
                for call in opened.after_commit:
                    call()
            finally:
                for lock in opened.held.values():
                    lock.release()

    def after_commit(self, session: AsyncClientSession, call: Callable[[], None]) -> None:
        """Call something once the session's transaction is committed; never when it is undone."""
        self._open[session].after_commit.append(call)

    async def queue_up(self, session: AsyncClientSession, key: Hashable) -> None:
        """Wait until no other transaction of this process is in the queue of this key, and stay first until its end."""
        held = self._open[session].held
        if key not in held:
            lock = self._lock(key)
            await lock.acquire()
            held[key] = lock

    @asynccontextmanager
    async def alone(self, key: Hashable) -> AsyncIterator[None]:
        """Be first in the queue of this key without a transaction."""
        async with self._lock(key):
            yield

    def _lock(self, key: Hashable) -> asyncio.Lock:
        return self._serial_locks.setdefault(key, asyncio.Lock())

    async def in_transaction[Result](
        self,
        work: Callable[[AsyncClientSession], Awaitable[Result]],
        *,
        serial: Hashable | None = None,
    ) -> Result:
        """Run `work(session)` in a transaction, again from the start when it conflicts with another one.

        Args:
            work: must be safe to run more than once; its effects outside the database must wait for the return.
            serial: works with an equal key queue up within this process from their start instead of colliding.
                `EventLog.append` queues up by the organization's id by itself: give it here when the work reads
                what others of the organization change.

        Raises:
            Whatever `work` raises, after the transaction is undone; the last conflict after twenty seconds of them.
        """
        give_up_at = time.monotonic() + TRANSACTION_PATIENCE_SECONDS
        pause = 0.002
        while True:
            try:
                async with self.transaction() as session:
                    if serial is not None:
                        await self.queue_up(session, serial)
                    return await work(session)
            except (PyMongoError, TransactionConflictError) as error:
                if not _is_transient(error) or time.monotonic() > give_up_at:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter is no secret
            pause = min(pause * 2, 0.2)

    async def within[Result](
        self,
        session: AsyncClientSession | None,
        work: Callable[[AsyncClientSession], Awaitable[Result]],
        *,
        serial: Hashable | None = None,
    ) -> Result:
        """Run `work` as part of the transaction the caller is in, or in one of its own when there is none."""
        if session is not None:
            return await work(session)
        return await self.in_transaction(work, serial=serial)


def string(value: str) -> RawDocument:
    """Return the condition that a field is this string, put so that an index of strings only is used for it.

    MongoDB does not conclude by itself that what equals a string is one (a partial index by `$type`).
    """
    return {"$eq": value, "$type": "string"}


def _is_transient(error: Exception) -> bool:
    if isinstance(error, PyMongoError):
        return error.has_error_label("TransientTransactionError")
    return isinstance(error, TransactionConflictError)


async def _commit(session: AsyncClientSession) -> None:
    give_up_at = time.monotonic() + TRANSACTION_PATIENCE_SECONDS
    while True:
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            # Repeating a commit is safe: the server knows the transaction by its number.
            if (
                not error.has_error_label("UnknownTransactionCommitResult")
                or time.monotonic() > give_up_at
            ):
                raise
            await asyncio.sleep(0.05)
        else:
            return
