"""Sending servers that take their time, break off, or stand where nobody may be sent to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.base.addresses import AddressesOf, any_address
from connectors.email import EmailConnector, sending
from connectors.email.config import EmailConfig
from connectors.email.outbound import CAPABILITIES
from crm.channels.connectors import connectors_of, public_addresses
from crm.contract import Connection, OutboundMessage, RejectedError, RetryableError
from crm.core.settings import Settings
from tests.support.patience import until
from tests.unit.connectors.email.conftest import CONNECTION, CUSTOMER, OURS

CHAT = f"{'a' * 16}:{CUSTOMER}"


class Server:
    """A sending server without encryption and login. ``held`` keeps its answer to a mail back."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.held = asyncio.Event()
        self.held.set()
        self.breaks = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.test\r\n")
        try:
            while line := (await reader.readline()).strip().upper():
                if line == b"DATA":
                    writer.write(b"354 go\r\n")
                    self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                    if self.breaks:
                        break
                    await self.held.wait()
                writer.write(b"250 ok\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        writer.close()

    @property
    def ids(self) -> list[bytes]:
        return [
            line for mail in self.mails for line in mail.split(b"\r\n") if b"Message-ID" in line
        ]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as listening:
        made.port = listening.sockets[0].getsockname()[1]
        yield made
        made.held.set()


def config_of(port: int, **changes: Any) -> dict[str, Any]:
    return {
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


@asynccontextmanager
async def post(port: int) -> AsyncIterator[Callable[..., Any]]:
    """Sends a message through a connector of its own."""
    made = EmailConnector(addresses_of=any_address)
    connection = Connection(
        id=CONNECTION.id,
        organization_id=CONNECTION.organization_id,
        channel="email",
        name="Tau",
        config=config_of(port),
        webhook_secret=CONNECTION.webhook_secret,
    )

    async def send(number: int = 1, *, resent: int = 0) -> Any:
        message = OutboundMessage(
            id=f"m{number}", chat_id=CHAT, text="Сәлем", author_kind="operator", resent=resent
        )
        (part,) = made.render(connection, message)
        return await made.send(connection, message, part)

    yield send
    await made.close()


def test_what_is_known_of_a_mail_is_known_before_the_crm_stops_waiting() -> None:
    assert CAPABILITIES.send_seconds > sending.SEND_SECONDS
    assert sending.SEND_SECONDS > sending.SMTP_DATA_SECONDS + sending.TURN_SECONDS


@pytest.mark.parametrize("breaks", [False, True])
async def test_a_server_that_had_the_mail_and_is_silent_is_not_asked_again_soon(
    server: Server, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    server.breaks = breaks
    server.held.clear()
    monkeypatch.setattr(sending, "SMTP_DATA_SECONDS", 0.5)
    monkeypatch.setattr(sending, "SEND_SECONDS", 2.0)
    async with post(server.port) as send:
        with pytest.raises(RetryableError) as raised:
            await send()
    assert raised.value.code == "perhaps_sent"
    assert (raised.value.retry_after or 0) >= 300
    assert len(server.mails) == 1


async def test_a_burst_waits_outside_of_what_sending_may_take(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TURN_SECONDS", 0.1)
    server.held.clear()
    async with post(server.port) as send:
        tasks = [asyncio.create_task(send(number)) for number in range(6)]
        await until(lambda: sum(task.done() for task in tasks) == 3)
        for task in tasks:
            if task.done():
                error = task.exception()
                assert isinstance(error, RetryableError)
                assert (error.code, error.account_wide) == ("sessions_busy", True)
        await until(lambda: len(server.mails) == sending.SESSIONS_AT_ONCE)
        server.held.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(not isinstance(one, BaseException) for one in results) == 3
        await send(7)  # the sessions were given back
    assert len(server.mails) == 4


async def test_what_a_person_sends_again_is_another_mail(server: Server) -> None:
    async with post(server.port) as send:
        for resent in (0, 0, 1, 1, 2):
            await send(resent=resent)
    assert len(set(server.ids)) == len(server.ids) == 3


async def test_a_second_try_has_the_same_id(server: Server) -> None:
    for _ in range(2):  # two processes
        async with post(server.port) as send:
            await send()
    assert len(server.ids) == 2
    assert len(set(server.ids)) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "::1", "::ffff:7f00:1"]
)
async def test_nobody_is_sent_into_the_installations_own_network(server: Server, host: str) -> None:
    made = EmailConnector(addresses_of=public_addresses)
    config = EmailConfig.model_validate(config_of(server.port, imap_host=host, smtp_host=host))
    for work in (made._check_mailbox(config), made._servers.check_smtp(config)):
        with pytest.raises(RejectedError) as raised:
            await work
        assert raised.value.code == "address_private"
    assert server.mails == []
    await made.close()


@pytest.mark.parametrize("allowed", [False, True])
async def test_the_installation_says_whether_its_own_network_is_open(
    server: Server, allowed: bool
) -> None:
    settings = Settings(
        mongodb_uri=SecretStr("mongodb://127.0.0.1:9"),
        secret_key=SecretStr("x" * 40),
        allow_private_addresses=allowed,
    )
    made = connectors_of(settings)
    mail = made["email"]
    assert isinstance(mail, EmailConnector)
    config = EmailConfig.model_validate(config_of(server.port))
    if allowed:
        await mail._servers.check_smtp(config)
    else:
        with pytest.raises(RejectedError):
            await mail._servers.check_smtp(config)
    for one in made.values():
        await one.close()


async def test_the_connection_is_made_to_the_address_that_was_checked(server: Server) -> None:
    """A name may mean another address a moment later."""
    asked: list[tuple[str, int]] = []

    async def addresses_of(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    checked: AddressesOf = addresses_of
    made = EmailConnector(addresses_of=checked)
    config = EmailConfig.model_validate(config_of(server.port, smtp_host="mx.nowhere.invalid"))
    await made._servers.check_smtp(config)
    assert asked == [("mx.nowhere.invalid", server.port)]
    await made.close()


async def test_an_address_is_nobodys_before_its_mailbox_was_opened() -> None:
    """The account is what the login opens: a server of one's own knows any address."""

    def mailbox(**changes: Any) -> str:
        return EmailConfig.model_validate(config_of(1, **changes)).mailbox

    theirs = mailbox(imap_host="imap.gmail.com")
    assert mailbox(imap_host="imap.thief.example") != theirs
    assert mailbox(imap_host="IMAP.gmail.com", username=OURS.upper(), folder="inbox") == theirs
    assert mailbox(imap_host="imap.gmail.com", folder="Sales") != theirs
