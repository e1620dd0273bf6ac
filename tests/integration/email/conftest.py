"""A connector between real mail servers and an inbox in memory."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.base.addresses import any_address
from connectors.email import EmailConnector
from connectors.email.threads import chat_id_of, new_token
from crm.contract import (
    Connection,
    InboundMessage,
    OutboundMessage,
    SendResult,
    StatusUpdate,
)
from tests.contract.inbox import InboxDouble
from tests.support.mail_servers import ADDRESSES, CUSTOMER, OURS, PASSWORD, MailServers
from tests.support.patience import until


class TokenServer:
    """Gives access tokens for a refresh token, and says whose they are, as Google and Microsoft do."""

    def __init__(self) -> None:
        self.good = {"access-1": OURS}
        self.refresh = "refresh-1"
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.next_refresh: str | None = None
        self.failure: tuple[int, dict[str, Any]] | None = None

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        self.paths.append(request.path)
        if self.failure:
            return web.json_response(self.failure[1], status=self.failure[0])
        if form["refresh_token"] != self.refresh:
            return web.json_response({"error": "invalid_grant"}, status=400)
        answer: dict[str, Any] = {
            "access_token": next(iter(self.good), "access-0"),
            "expires_in": 3599,
            "token_type": "Bearer",
        }
        if self.next_refresh:
            self.refresh = answer["refresh_token"] = self.next_refresh
        return web.json_response(answer)

    async def info(self, request: web.Request) -> web.Response:
        """https://doc.dovecot.org/2.3/configuration_manual/authentication/oauth2/: tokeninfo_url."""
        address = self.good.get(request.query.get("access_token", ""))
        if address is None:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response({"email": address, "active": True})


@pytest.fixture(scope="session")
async def tokens() -> AsyncIterator[tuple[TokenServer, str]]:
    known = TokenServer()
    app = web.Application()
    app.router.add_post("/token", known.token)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", known.token)
    app.router.add_get("/tokeninfo", known.info)
    async with TestServer(app) as server:
        yield known, str(server.make_url("")).rstrip("/")


@pytest.fixture(scope="session")
async def started(tokens: tuple[TokenServer, str]) -> AsyncIterator[MailServers]:
    servers = MailServers(token_url=f"{tokens[1]}/tokeninfo?access_token=")
    try:
        await asyncio.to_thread(servers.start)
        yield servers
    finally:
        await asyncio.to_thread(servers.stop)


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Another provider's server, which knows none of its users."""
    writer.write(b"220 mx.elsewhere.test ESMTP\r\n")
    while line := (await reader.readline()).lower():
        answer = b"250 2.0.0 Ok"
        if line.startswith(b"rcpt"):
            full = b"full.test" in line
            answer = b"552 5.2.2 Mailbox is full" if full else b"550 5.1.1 No such user here"
        writer.write(answer + b"\r\n")
        if line.startswith(b"quit"):
            break
    writer.close()


@pytest.fixture
async def elsewhere(started: MailServers) -> AsyncIterator[None]:
    async with await asyncio.start_server(refuse, "127.0.0.1", started.ports.elsewhere):
        yield


@pytest.fixture
def servers(started: MailServers) -> MailServers:
    started.empty(*ADDRESSES)
    return started


@dataclass
class Post:
    """A connected mailbox, and a customer's beside it."""

    servers: MailServers
    connector: EmailConnector
    connection: Connection
    inbox: InboxDouble

    def configure(self, **config: Any) -> None:
        self.connection = replace(self.connection, config={**self.connection.config, **config})
        self.inbox.connections[self.connection.id] = self.connection

    def drop(self, mail: EmailMessage | bytes) -> None:
        self.servers.drop(OURS, mail if isinstance(mail, bytes) else mail.as_bytes())

    @asynccontextmanager
    async def polling(self) -> AsyncIterator["asyncio.Task[None]"]:
        """The mailbox is read meanwhile, from what is in it now on."""
        task = asyncio.create_task(self.connector.poll(self.connection, self.inbox))
        await until(lambda: self.begun or task.done() or self.inbox.failures)
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def begun(self) -> bool:
        """Whether the mailbox is being read: what comes from here on is new."""
        places = self.inbox.states.get(self.connection.id, {}).get("folders", ())
        return any(place["name"].startswith("in:") for place in places)

    async def received(self, count: int = 1) -> list[InboundMessage]:
        await until(lambda: len(self.inbox.received) >= count)
        await asyncio.sleep(0.1)
        assert len(self.inbox.received) == count
        return self.inbox.received

    async def send(
        self, text: str, *, chat_id: str, message_id: str = "6a1b2c3d4e5f60718293a4c1", **more: Any
    ) -> list[SendResult]:
        message = OutboundMessage(
            id=message_id, chat_id=chat_id, text=text, **{"author_kind": "bot", **more}
        )
        parts = self.connector.render(self.connection, message)
        return [await self.connector.send(self.connection, message, part) for part in parts]

    async def arrived(self, address: str = CUSTOMER, count: int = 1) -> list[EmailMessage]:
        """What lies in somebody's mailbox."""
        await until(lambda: len(self.servers.mails(address)) >= count)
        found = [BytesParser(policy=default).parsebytes(one) for one in self.servers.mails(address)]
        assert len(found) == count
        return found

    def statuses(self) -> list[StatusUpdate]:
        return [one for one in self.inbox.events if isinstance(one, StatusUpdate)]

    def chat(self, address: str = CUSTOMER) -> str:
        return chat_id_of(new_token(self.connection, "first"), address)


def settings(servers: MailServers, **changes: Any) -> dict[str, Any]:
    return {
        "address": OURS,
        "password": PASSWORD,
        "imap_host": "localhost",
        "imap_port": servers.ports.imaps,
        "imap_security": "tls",
        "smtp_host": "localhost",
        "smtp_port": servers.ports.smtps,
        "smtp_security": "tls",
        **changes,
    }


@pytest.fixture
async def post(servers: MailServers, tokens: tuple[TokenServer, str]) -> AsyncIterator[Post]:
    connection = Connection(
        id="6a1b2c3d4e5f60718293a4b5",
        organization_id="6a1b2c3d4e5f60718293a4b0",
        channel="email",
        name="Tau Demo",
        config=settings(servers),
        webhook_secret="webhook_secret-0123456789",
    )
    connector = EmailConnector(
        addresses_of=any_address,
        google_url=tokens[1],
        microsoft_url=tokens[1],
        tls=ssl.create_default_context(cafile=str(servers.certificate)),
        idle_seconds=2,
        poll_seconds=0.2,
        sleep=_short,
    )
    yield Post(servers, connector, connection, InboxDouble(connection))
    await connector.close()


async def _short(seconds: float) -> None:
    """Pauses of a test: in the same order of length, and never long."""
    await asyncio.sleep(min(seconds, 0.3))


def letter(text: str = "Сәлем!", **headers: str) -> EmailMessage:
    """A mail of a customer."""
    mail = EmailMessage()
    fields = {
        "From": f"Айгүл Серікова <{CUSTOMER}>",
        "To": OURS,
        "Subject": "Велосипед",
        "Message-ID": "<m1@customer.test>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in fields.items():
        if value:
            mail[name] = value
    mail.set_content(text)
    return mail
