"""Servers that say nothing, nonsense, or too much: every wait ends, and in words."""

import asyncio
import ssl
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.base.addresses import any_address
from connectors.email import EmailConnector, client, imap
from connectors.email.config import EmailConfig
from connectors.email.errors import ImapError
from connectors.email.imap import ImapSession
from connectors.email.imap_line import ANSWER_BYTES, ImapProtocolError
from crm.contract import AuthenticationFailedError, ConnectorError, RejectedError, RetryableError
from tests.unit.connectors.email.conftest import OURS

type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def scripted(*answers: bytes, then: Talk | None = None) -> Talk:
    """A server that answers line by line; ``TAG`` stands for the last command's tag."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[0])
        tag = b""
        for answer in answers[1:]:
            line = await reader.readline()
            tag = line.split(b" ")[0] if b" " in line else tag
            writer.write(answer.replace(b"TAG", tag))
        if then is None:
            await reader.read()
        else:
            await then(reader, writer)

    return talk


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "COMMAND_SECONDS", 0.5)
    monkeypatch.setattr(imap, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(client, "SMTP_CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(client, "SMTP_COMMAND_SECONDS", 0.5)


async def failure(port: int, **changes: object) -> ConnectorError:
    config = EmailConfig.model_validate(
        {
            "address": OURS,
            "password": "x",
            "imap_host": "127.0.0.1",
            "imap_port": port,
            "imap_security": "none",
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_security": "none",
            **changes,
        }
    )
    connector = EmailConnector(addresses_of=any_address)
    with pytest.raises(ConnectorError) as raised:
        await connector._check_mailbox(config)
    await connector.close()
    return raised.value


HELLO = b"* OK ready\r\n"
PLAIN = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK done\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"


@pytest.mark.parametrize(
    ("talk", "kind", "code"),
    [
        (silent, RetryableError, "platform_timeout"),
        (scripted(b""), RetryableError, "platform_timeout"),
        (scripted(b"* BYE full\r\n"), RetryableError, "mailbox_refused"),
        (scripted(b"HTTP/1.1 400 Bad Request\r\n", b"", b""), RetryableError, "platform_unavailable"),
        (scripted(HELLO, b"* CAPABILITY POP3\r\nTAG OK done\r\n"), RetryableError, "platform_unavailable"),
        (scripted(HELLO, b"* LIST ((((\r\n"), RetryableError, "platform_timeout"),
        (scripted(HELLO, b"* X {9999999999}\r\n"), RetryableError, "platform_unavailable"),
        (scripted(HELLO, b"* X {10}\r\nabc"), RetryableError, "platform_timeout"),
        (scripted(HELLO, CAPABLE, b"TAG NO [AUTHENTICATIONFAILED] no\r\n"), AuthenticationFailedError, "imap_login_rejected"),
        (scripted(HELLO, CAPABLE, b"TAG NO no such login\r\n"), AuthenticationFailedError, "imap_login_rejected"),
        (scripted(HELLO, CAPABLE, b"TAG BAD what\r\n"), RetryableError, "mailbox_unavailable"),
        (scripted(HELLO, PLAIN, b"+ \r\n", b"TAG NO wrong\r\n"), AuthenticationFailedError, "imap_login_rejected"),
        (scripted(HELLO, PLAIN, b"+ abc\r\n"), RetryableError, "platform_unavailable"),
        (scripted(HELLO, CAPABLE, b"TAG NO [UNAVAILABLE] later\r\n"), RetryableError, "mailbox_unavailable"),
        (scripted(HELLO, CAPABLE, b"TAG NO Too many simultaneous connections\r\n"), RetryableError, "mailbox_unavailable"),
        (scripted(HELLO, b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"), RejectedError, "tls_required"),
        (scripted(HELLO, CAPABLE, b"* X y\r\n" * 50_000 + b"TAG OK done\r\n"), RetryableError, "platform_unavailable"),
        (scripted(HELLO, CAPABLE, b"* BYE shutting down\r\n"), RetryableError, "mailbox_unavailable"),
    ],
)  # fmt: skip
async def test_servers_that_misbehave(
    talk: Talk, kind: type[Exception], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (
        code != "platform_timeout"
    ):  # only these are waited out; a busy machine is slow in the others
        monkeypatch.setattr(imap, "COMMAND_SECONDS", 15)
        monkeypatch.setattr(imap, "CONNECT_SECONDS", 15)
    async with asyncio.timeout(20), serving(talk) as port:
        error = await failure(port)
    assert (type(error), error.code) == (kind, code), error.detail


async def test_nobody_is_there() -> None:
    error = await failure(1)
    assert (type(error), error.code) == (RetryableError, "platform_unavailable")
    assert "IMAP" in error.detail


async def test_no_password_goes_without_the_tls_that_was_asked_for() -> None:
    async with asyncio.timeout(20), serving(scripted(HELLO, CAPABLE, b"TAG OK done\r\n")) as port:
        error = await failure(port, imap_security="starttls")
    assert (type(error), error.code) == (RejectedError, "tls_failed")


def endless(piece: bytes, taken: list[int]) -> Talk:
    """A server that never ends its answer; ``taken`` tells how much of it was taken."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(piece)
            await writer.drain()
            taken.append(len(piece))

    return scripted(HELLO, CAPABLE, b"", then=talk)


@pytest.mark.parametrize(
    "piece",
    [b"x" * 50_000, b"* X y\r\n" * 5_000, b"* X {900000}\r\n" + b"x" * 900_000 + b"\r\n"],
    ids=["line", "lines", "literals"],
)
async def test_an_answer_without_end_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    monkeypatch.setattr(imap, "COMMAND_SECONDS", 60)
    taken: list[int] = []
    async with asyncio.timeout(50), serving(endless(piece, taken)) as port:
        error = await failure(port)
    assert (type(error), error.code) == (RetryableError, "platform_unavailable")
    assert sum(taken) < ANSWER_BYTES + 20_000_000  # what lies in the sockets' buffers is not ours


async def test_room_for_a_literal_is_not_made_before_it_is_weighed() -> None:
    tracemalloc.start()
    try:
        talk = scripted(HELLO, b"* X {3000000000}\r\n")
        async with asyncio.timeout(20), serving(talk) as port:
            await failure(port)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


async def test_a_server_that_drips_is_left_in_time() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with asyncio.timeout(20), serving(scripted(HELLO, CAPABLE, b"", then=drip)) as port:
        error = await failure(port)
    assert error.code == "platform_timeout"


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH " + b"(" * 100_000 + b"\r\nTAG OK done\r\n",
        b"* 1 FETCH (UID 1 RFC822.SIZE\r\nTAG OK done\r\n",
        b"* 1 FETCH\r\nTAG OK done\r\n",
        b"* x FETCH (UID 1)\r\nTAG OK done\r\n",
        b'* 1 FETCH (UID 1 "\r\nTAG OK done\r\n',
    ],
)
async def test_nonsense_ends_the_session(answer: bytes) -> None:
    async with opened(scripted(HELLO, CAPABLE, LOGGED_IN, CAPABLE, EXAMINED, answer)) as session:
        await session.examine("INBOX")
        with pytest.raises((ImapProtocolError, EOFError)):
            await session.envelope(1)
        with pytest.raises(EOFError):
            await session.noop()


LOGGED_IN = b"TAG OK welcome\r\n"
EXAMINED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\nTAG OK done\r\n"
IDLER = b"* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK done\r\n"


@asynccontextmanager
async def opened(talk: Talk, *, threads: int = 1) -> AsyncIterator[ImapSession]:
    """A session in which one has logged in."""
    pool = ThreadPoolExecutor(threads)
    tls = ssl.create_default_context()
    async with asyncio.timeout(20), serving(talk) as port:
        async with ImapSession.open(
            "127.0.0.1", port, addresses_of=any_address, security="none", tls=tls, threads=pool
        ) as session:
            await session.log_in("a b", "x")
            yield session
        assert not any(thread.is_alive() for thread in await asyncio.to_thread(ended, pool))


def ended(pool: ThreadPoolExecutor) -> set[threading.Thread]:
    pool.shutdown(wait=True)
    return set(pool._threads)


async def test_a_name_with_a_space_is_one_name() -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        for answer in (CAPABLE, LOGGED_IN, CAPABLE):
            heard.append(await reader.readline())
            writer.write(answer.replace(b"TAG", heard[-1].split(b" ")[0]))
        await reader.read()

    async with opened(listen):
        pass
    assert heard[1].endswith(b'LOGIN "a b" "x"\r\n')


@pytest.mark.parametrize(
    "answers",
    [
        (b"* 2 EXISTS\r\nTAG OK done\r\n",),
        (b"TAG OK done\r\n", b"+ idling\r\n* 2 EXISTS\r\n", b"TAG OK done\r\n"),
        (b"TAG OK done\r\n", b"* 2 EXISTS\r\n+ idling\r\n", b"TAG OK done\r\n"),
        (b"TAG OK done\r\n", b"+ idling\r\n* OK here\r\n", b"TAG OK done\r\n", b"+\r\n", b"* 2 EXISTS\r\nTAG OK done\r\n"),
        (b"* 1 EXPUNGE\r\nTAG OK done\r\n", b"+ idling\r\n* 1 EXISTS\r\n", b"TAG OK done\r\n"),
        (b"* 1 EXPUNGE\r\n* 1 EXISTS\r\nTAG OK done\r\n",),
    ],
    ids=["before", "with the leave to wait", "before the leave", "after chatter", "after one went", "as one went"],
)  # fmt: skip
async def test_news_end_the_wait_whenever_they_come(
    answers: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "_CHATTER_SECONDS", 0.01)
    async with opened(scripted(HELLO, IDLER, LOGGED_IN, IDLER, EXAMINED, *answers)) as session:
        folder = await session.examine("INBOX")
        assert (folder.uid_validity, folder.uid_next) == (7, 2)
        await session.noop()
        async with asyncio.timeout(10):
            # The fourth server says more only when it is asked to end the second wait.
            await session.wait(1 if len(answers) == 5 else 600)
        assert session.news


async def test_a_wait_that_is_refused_is_a_refusal() -> None:
    talk = scripted(HELLO, IDLER, LOGGED_IN, IDLER, EXAMINED, b"TAG BAD no\r\n", b"TAG OK done\r\n")
    async with opened(talk) as session:
        await session.examine("INBOX")
        with pytest.raises(ImapError, match="no"):
            await session.wait(60)
        await session.noop()


async def test_waiting_takes_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "COMMAND_SECONDS", 60)
    monkeypatch.setattr(imap, "CONNECT_SECONDS", 60)
    waiting: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        tag = b""
        while line := await reader.readline():
            tag, _, command = (
                line.strip().partition(b" ") if line != b"DONE\r\n" else (tag, b"", b"")
            )
            answer = {b"CAPABILITY": IDLER, b"IDLE": b"+ idling\r\n", b'EXAMINE "INBOX"': EXAMINED}
            writer.write(answer.get(command, b"TAG OK done\r\n").replace(b"TAG", tag))
            if command == b"IDLE":
                waiting.append(writer)
                if len(waiting) == 40:
                    for one in waiting:
                        one.write(b"* 2 EXISTS\r\n")

    async def wait(port: int) -> bool:
        tls = ssl.create_default_context()
        async with ImapSession.open(
            "127.0.0.1", port, addresses_of=any_address, security="none", tls=tls, threads=pool
        ) as session:
            await session.log_in("a", "x")
            await session.examine("INBOX")
            await session.wait(600)
            return session.news

    with ThreadPoolExecutor(2) as pool:
        async with asyncio.timeout(60), serving(talk) as port:
            assert all(await asyncio.gather(*(wait(port) for _ in range(40))))


class Watched(ThreadPoolExecutor):
    """Keeps what was given to it to do."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.jobs: list[Future[Any]] = []

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        self.jobs.append(super().submit(work, *given, **named))
        return self.jobs[-1]


@pytest.mark.parametrize(
    "answers",
    [(), (HELLO,), (HELLO, CAPABLE), (HELLO, IDLER, LOGGED_IN, IDLER, EXAMINED, b"+ idling\r\n")],
    ids=["greeting", "capabilities", "login", "waiting"],
)
async def test_whoever_is_cancelled_leaves_no_thread(
    answers: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And at once: the limits of waiting are out of reach here."""
    for limit in ("COMMAND_SECONDS", "CONNECT_SECONDS", "FAREWELL_SECONDS"):
        monkeypatch.setattr(imap, limit, 3_600)
    arrived, left = asyncio.Event(), asyncio.Event()

    async def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()
        left.set()

    async def visit(port: int) -> None:
        tls = ssl.create_default_context()
        async with ImapSession.open(
            "127.0.0.1", port, addresses_of=any_address, security="none", tls=tls, threads=pool
        ) as session:
            await session.log_in("a", "x")
            await session.examine("INBOX")
            await session.wait(3_600)

    pool = Watched(4)
    talk = scripted(*(answers or (b"",)), then=arrive)
    async with asyncio.timeout(30), serving(talk) as port:
        visiting = asyncio.create_task(visit(port))
        await arrived.wait()
        await asyncio.sleep(0.1)
        visiting.cancel()
        await asyncio.wait([visiting], timeout=20)
        assert visiting.cancelled()
        assert pool.jobs
        assert all(job.done() for job in pool.jobs)
        await left.wait()
        await asyncio.to_thread(ended, pool)


def test_a_process_ends_though_a_server_is_silent() -> None:
    script = """
import asyncio, socket, threading
from connectors.email import EmailConnector, imap
from connectors.base.addresses import any_address
from connectors.email.config import EmailConfig
imap.COMMAND_SECONDS = imap.CONNECT_SECONDS = 3600

async def main():
    server = socket.create_server(("127.0.0.1", 0))
    server.setblocking(False)
    port = server.getsockname()[1]
    config = EmailConfig(address="info@shop.test", password="x", imap_host="127.0.0.1", imap_port=port,
                         imap_security="none", smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
    task = asyncio.create_task(EmailConnector(addresses_of=any_address)._check_mailbox(config))
    kept.extend(await asyncio.get_running_loop().sock_accept(server))
    await asyncio.sleep(0.2)
    assert not task.done() and any(one.name.startswith("imap") for one in threading.enumerate())

kept = []
asyncio.run(main())
print("ended")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "ended\n"
