"""A mailbox over IMAP, as far as reading mails needs it.

The library (IMAPClient) blocks, so each of its calls runs in a thread of a pool; waiting for news
takes none. Every wait has a limit. When it ends, or the caller is cancelled, the connection is
shut down beneath the thread, which ends with that. After any failure but ImapError the session is
of no use: open another.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, Any, Final, Self

from connectors.base.addresses import AddressesOf, connected
from connectors.email.errors import ImapError, imap_login_error
from connectors.email.imap_line import Client, ImapProtocolError, failure_of

CONNECT_SECONDS: Final = 15.0
COMMAND_SECONDS: Final = 40.0
FAREWELL_SECONDS: Final = 2.0
CHUNK_BYTES: Final = 1_000_000
"""How much of a mail is asked for at a time: a slow line is no reason to begin anew."""
_CHATTER_SECONDS: Final = 1.0
"""How long to rest when a wait ended with nothing new: servers say that they are there still."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An opened folder. ``uid_next`` is None where the server does not tell."""

    name: str
    uid_validity: int
    uid_next: int | None
    exists: int


@dataclass(frozen=True, slots=True)
class FolderEntry:
    r"""A folder of a mailbox, with its flags in small letters (``\\sent``)."""

    name: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail that lies in a folder, before it is fetched."""

    uid: int
    size: int
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Storage:
    """How full a mailbox is, in bytes."""

    used: int
    limit: int


class ImapSession:
    """One connection. Make it with ``open``, which also closes it.

    Methods raise ImapError (the server answered NO, BAD or BYE), OSError, TimeoutError, EOFError
    or ImapProtocolError.
    """

    def __init__(self, sock: socket.socket, threads: Executor) -> None:
        self._sock = sock
        self._beneath = sock.dup()
        """The same connection: shutting it down is safe whatever the library does with its own."""
        self._threads = threads
        self._opened: Client | None = None
        self._over = False
        self.capabilities: frozenset[str] = frozenset()
        self.exists = 0
        self.news = False
        """Whether a mail has come since the folder was opened."""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        host: str,
        port: int,
        *,
        addresses_of: AddressesOf,
        security: str,
        tls: ssl.SSLContext,
        threads: Executor,
    ) -> AsyncIterator[Self]:
        """A session that is greeted and, unless ``security`` is none, encrypted; not logged in."""
        async with asyncio.timeout(CONNECT_SECONDS):
            # Here and not in a thread, so that servers that are down hold none.
            sock = await connected(addresses_of, host, port)
        try:
            session = cls(sock, threads)
        except OSError:
            sock.close()
            raise
        try:
            await session._run(session._greet, host, security, tls, seconds=CONNECT_SECONDS)
            yield session
        finally:
            await session._close()

    async def log_in(self, username: str, password: str) -> None:
        """Raises AuthenticationFailedError, RetryableError, RejectedError."""
        await self._log_in(lambda: self._client.sign_in(username, password))

    async def log_in_with_token(self, username: str, token: str) -> None:
        """With an OAuth access token. Raises AuthenticationFailedError, RetryableError."""
        await self._log_in(lambda: self._client.sign_in_with_token(username, token))

    async def examine(self, name: str) -> Folder:
        """Open a folder for reading only: no mail is marked as read."""
        told: dict[bytes, Any] = await self._run(self._examine, name)
        validity, uid_next = told.get(b"UIDVALIDITY"), told.get(b"UIDNEXT")
        if not isinstance(validity, int):
            raise ImapError("NO", "", "the folder has no UIDVALIDITY")
        return Folder(
            name, validity, uid_next if isinstance(uid_next, int) else None, told[b"EXISTS"]
        )

    async def folders(self) -> list[FolderEntry]:
        """All folders."""
        listed = await self._run(self._client.list_folders)
        return [
            FolderEntry(
                str(name),
                frozenset(
                    one.decode("ascii", "replace").lower()
                    for one in flags
                    if isinstance(one, bytes)
                ),
            )
            for flags, _, name in listed
        ]

    async def uids_after(self, uid: int) -> list[int]:
        """The UIDs in the open folder that are larger, in order."""
        # ``n:*`` always names at least the last mail, even where its UID is smaller.
        return [one for one in await self._search("UID", f"{uid + 1}:*") if one > uid]

    async def last_uid(self) -> int:
        """The largest UID in the open folder; 0 when it is empty."""
        return max(await self._search("UID", "*"), default=0)

    async def uids_since(self, day: date) -> list[int]:
        """The UIDs of mails that arrived on this day or later, in order."""
        return await self._search("SINCE", day)

    async def envelope(self, uid: int) -> Envelope | None:
        """A mail's size and when it arrived; None when it is gone."""
        items = await self._fetch(uid, "RFC822.SIZE", "INTERNALDATE")
        if items is None:
            return None
        size, moment = items.get(b"RFC822.SIZE"), items.get(b"INTERNALDATE")
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            moment = None
        return Envelope(
            uid, size if isinstance(size, int) else 0, moment.astimezone(UTC) if moment else None
        )

    async def copy(self, uid: int, file: IO[bytes], *, limit: int) -> bool:
        """Write a mail's bytes, at most ``limit`` of them; False when it is gone. Not marked as read."""
        copied = 0
        while copied < limit:
            size = min(CHUNK_BYTES, limit - copied)
            items = await self._fetch(uid, f"BODY.PEEK[]<{copied}.{size}>")
            if items is None:
                return False
            chunk = next((one for name, one in items.items() if name.startswith(b"BODY[")), None)
            if not isinstance(chunk, bytes):
                break
            copied += file.write(chunk)
            if len(chunk) < size:
                break
        return True

    async def wait(self, seconds: float) -> None:
        """Wait until something is new in the open folder, or so long (IDLE, RFC 2177)."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while not self.news and clock() < end:
            told = await self._run(self._begin_waiting)
            if not (told or self.news):
                await self._readable(end - clock())
            await self._run(self._client.idle_done)
            if not self.news:
                await asyncio.sleep(min(_CHATTER_SECONDS, max(0, end - clock())))

    async def noop(self) -> None:
        """Learn what is new without waiting."""
        await self._run(self._client.noop)

    async def storage(self) -> Storage | None:
        """How full the mailbox is (RFC 2087); None where it is not told."""
        if "QUOTA" not in self.capabilities:
            return None
        with contextlib.suppress(ImapError, ImapProtocolError):
            for one in await self._run(lambda: self._client.get_quota("INBOX")):
                if one.resource == "STORAGE":
                    return Storage(int(one.usage) * 1024, int(one.limit) * 1024)
        return None

    @property
    def _client(self) -> Client:
        assert self._opened is not None
        return self._opened

    async def _log_in(self, sign_in: Callable[[], None]) -> None:
        def work() -> frozenset[str]:
            sign_in()
            return self._client.names()

        try:
            self.capabilities = await self._run(work)
        except ImapError as error:
            raise imap_login_error(error) from None

    async def _search(self, *criteria: object) -> list[int]:
        return sorted(set(await self._run(lambda: self._client.search([*criteria]))))

    async def _fetch(self, uid: int, *items: str) -> dict[bytes, Any] | None:
        found: dict[int, dict[bytes, Any]] = await self._run(lambda: self._client.fetch(uid, items))
        return found.get(uid)

    async def _readable(self, seconds: float) -> None:
        """Wait until the server says something, or so long. Takes no thread.

        A session that is left meanwhile is over: the server waits for the end of the wait.
        """
        loop = asyncio.get_running_loop()
        said = asyncio.Event()
        line = self._client.socket()
        loop.add_reader(line, said.set)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0, seconds)):
                    await said.wait()
        except BaseException:
            self._cut()
            raise
        finally:
            loop.remove_reader(line)

    # In a thread

    def _greet(self, host: str, security: str, tls: ssl.SSLContext) -> None:
        client = Client(
            self._sock, host, tls=tls if security == "tls" else None, seconds=COMMAND_SECONDS
        )
        self._opened = client
        if security == "starttls":
            client.starttls(tls)
        self.capabilities = client.names()

    def _examine(self, name: str) -> dict[bytes, Any]:
        self.exists, self.news = 0, False
        told: dict[bytes, Any] = self._client.select_folder(name, readonly=True)
        self.exists = told[b"EXISTS"]
        return told

    def _begin_waiting(self) -> bool:
        """Whether the server has told something already."""
        self._client.idle()
        return self._client.line.has_more()

    def _leave(self) -> None:
        if self._opened is None:
            return
        with contextlib.suppress(Exception):
            self._opened.logout()
        with contextlib.suppress(Exception):
            self._opened.line.shutdown()  # the client's own logs each end

    def _work[T](self, work: Callable[..., T], *given: object) -> T:
        try:
            if self._opened is not None:
                self._opened.line.begin()
            done = work(*given)
            if self._opened is not None:
                self._learn(self._opened)
        except Exception as error:  # whatever a library makes of what a stranger sends
            raise failure_of(error) from error
        return done

    def _learn(self, client: Client) -> None:
        """See whether mails have come: servers tell so in the middle of any answer."""
        counts = [int(one) for one in client.line.response("EXISTS")[1] if one]
        gone = [one for one in client.line.response("EXPUNGE")[1] if one is not None]
        if counts:
            self.news |= bool(gone) or any(one != self.exists for one in counts)
            self.exists = counts[-1]
        else:
            self.exists = max(0, self.exists - len(gone))

    # Threads

    async def _run[T](
        self, work: Callable[..., T], *given: object, seconds: float | None = None
    ) -> T:
        """Do it in a thread; when this returns or raises, no thread is busy with this session."""
        if self._over:
            raise EOFError("the session is over")
        job = self._threads.submit(self._work, work, *given)
        future = asyncio.wrap_future(job)
        try:
            async with asyncio.timeout(COMMAND_SECONDS if seconds is None else seconds):
                return await asyncio.shield(future)
        except ImapError as error:
            self._over |= error.status == "BYE"
            raise
        except BaseException:
            if not job.cancel():
                self._cut()
            while not future.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([future])
            raise

    def _cut(self) -> None:
        """End whatever waits for the server, now."""
        self._over = True
        with contextlib.suppress(OSError):
            self._beneath.shutdown(socket.SHUT_RDWR)

    async def _close(self) -> None:
        try:
            if self._over:
                self._cut()
            self._over = False
            with contextlib.suppress(Exception):
                await self._run(self._leave, seconds=FAREWELL_SECONDS)
        finally:
            self._cut()
            self._beneath.close()
            self._sock.close()
