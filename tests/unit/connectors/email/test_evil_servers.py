"""Servers that say nothing, nonsense, or too much: every wait ends, and in words."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from connectors.email import EmailConnector, client, imap, imap_wire
from connectors.email.config import EmailConfig
from connectors.email.imap_syntax import parsed
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


def scripted(*answers: bytes) -> Talk:
    """A server that answers line by line; ``TAG`` stands for the command's tag."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[0])
        for answer in answers[1:]:
            line = await reader.readline()
            writer.write(answer.replace(b"TAG", line.split(b" ")[0]))
        await reader.read()

    return talk


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (imap, imap_wire):
        monkeypatch.setattr(module, "COMMAND_SECONDS", 0.5)
    monkeypatch.setattr(imap_wire, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(client, "SMTP_CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(client, "SMTP_COMMAND_SECONDS", 0.5)


async def failure(port: int) -> ConnectorError:
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
        }
    )
    connector = EmailConnector()
    with pytest.raises(ConnectorError) as raised:
        await connector._check_mailbox(config)
    await connector.close()
    return raised.value


HELLO = b"* OK ready\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"


@pytest.mark.parametrize(
    ("talk", "kind", "code"),
    [
        (silent, RetryableError, "platform_timeout"),
        (scripted(b""), RetryableError, "platform_timeout"),
        (scripted(b"* BYE full\r\n"), RetryableError, "mailbox_refused"),
        (scripted(b"HTTP/1.1 400 Bad Request\r\n", b"", b""), RetryableError, "platform_timeout"),
        (scripted(HELLO, b"* LIST ((((\r\n"), RetryableError, "platform_unavailable"),
        (scripted(HELLO, b"* X {9999999999}\r\n"), RetryableError, "platform_unavailable"),
        (scripted(HELLO, b"* X {10}\r\nabc"), RetryableError, "platform_timeout"),
        (scripted(HELLO, CAPABLE, b"TAG NO [AUTHENTICATIONFAILED] no\r\n"), AuthenticationFailedError, "imap_login_rejected"),
        (scripted(HELLO, CAPABLE, b"TAG NO no such login\r\n"), AuthenticationFailedError, "imap_login_rejected"),
        (scripted(HELLO, CAPABLE, b"TAG NO [UNAVAILABLE] later\r\n"), RetryableError, "mailbox_unavailable"),
        (scripted(HELLO, CAPABLE, b"TAG NO Too many simultaneous connections\r\n"), RetryableError, "mailbox_unavailable"),
        (scripted(HELLO, b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK\r\n"), RejectedError, "tls_required"),
        (scripted(HELLO, CAPABLE, b"* BYE shutting down\r\n"), RetryableError, "mailbox_unavailable"),
    ],
)  # fmt: skip
async def test_servers_that_misbehave(talk: Talk, kind: type[Exception], code: str) -> None:
    async with asyncio.timeout(20), serving(talk) as port:
        error = await failure(port)
    assert (type(error), error.code) == (kind, code), error.detail


async def test_nobody_is_there() -> None:
    error = await failure(1)
    assert (type(error), error.code) == (RetryableError, "platform_unavailable")
    assert "IMAP" in error.detail


@pytest.mark.parametrize(
    ("fragments", "tokens"),
    [
        ([b"* 12 EXISTS\r\n"], [b"*", 12, b"EXISTS"]),
        ([b'* LIST (\\Sent) "/" "a \\"b\\""\r\n'], [b"*", b"LIST", [b"\\Sent"], b"/", b'a "b"']),
        ([b"* 1 FETCH (UID 7 BODY[]<0> {3}\r\n", b"a\r\n", b" X NIL)\r\n"],
         [b"*", 1, b"FETCH", [b"UID", 7, b"BODY[]<0>", b"a\r\n", b"X", None]]),
        ([b'* 1 FETCH (BODY[HEADER.FIELDS (DATE TO)] "")\r\n'],
         [b"*", 1, b"FETCH", [b"BODY[HEADER.FIELDS (DATE TO)]", b""]]),
    ],
)  # fmt: skip
def test_answers_are_read(fragments: list[bytes], tokens: list[object]) -> None:
    assert parsed(fragments) == tokens


async def test_news_that_came_before_the_wait_end_it_at_once() -> None:
    talk = scripted(
        HELLO,
        CAPABLE,
        b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\nTAG OK\r\n",
        b"* 2 EXISTS\r\nTAG OK\r\n",
    )
    context = ssl.create_default_context()
    async with (
        asyncio.timeout(5),
        serving(talk) as port,
        imap.ImapSession.open("127.0.0.1", port, security="none", tls=context) as session,
    ):
        folder = await session.examine("INBOX")
        assert (folder.uid_validity, folder.uid_next) == (7, 2)
        await session.noop()
        await session.wait(60)
