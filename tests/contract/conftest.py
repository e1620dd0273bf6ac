"""What the contract suite runs on: connectors, an inbox in memory, a server on loopback."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.telegram import TelegramConnector
from connectors.telegram.limits import SendLimiter
from connectors.webchat import WebchatConnector
from connectors.webchat.limits import Allowances
from crm.contract import Connection
from tests.contract.inbox import InboxDouble
from tests.fakes.telegram_api import TOKEN
from tests.fakes.telegram_server import TelegramServer

SECRET = "webhook_secret-0123456789"


def make_connection(channel: str, **changes: Any) -> Connection:
    config = {"token": TOKEN} if channel == "telegram" else {"title": "Tau Demo"}
    values: dict[str, Any] = {
        "id": "6a1b2c3d4e5f60718293a4b5",
        "organization_id": "6a1b2c3d4e5f60718293a4b0",
        "channel": channel,
        "name": "Tau Demo",
        "config": config,
        "webhook_secret": SECRET,
    }
    return Connection(**{**values, **changes})


@dataclass
class Telegram:
    """A connected bot: the platform, the connector, the inbox, and the address of our server."""

    server: TelegramServer
    connector: TelegramConnector
    connection: Connection
    inbox: InboxDouble
    url: str

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/webhooks/telegram/{self.connection.id}"

    def set_webhook(self) -> None:
        """As Telegram would know it after ``connect``, but on loopback."""
        self.server.bot.webhook = {"url": self.webhook_url, "secret_token": SECRET}


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    connection = make_connection("telegram")
    inbox = InboxDouble(connection)
    async with TelegramServer() as server:
        connector = TelegramConnector(
            api_url=server.url, limiter=SendLimiter(longest_wait=0.0), poll_seconds=1
        )
        app = web.Application()
        app.add_routes(connector.routes(inbox))
        async with TestServer(app) as ours:
            yield Telegram(server, connector, connection, inbox, str(ours.make_url("")).rstrip("/"))
        await connector.close()


class Clock:
    """Time that a test can move."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@dataclass
class Webchat:
    """A web chat: the connector, the inbox, and the address of our server."""

    connector: WebchatConnector
    connection: Connection
    inbox: InboxDouble
    url: str
    clock: Clock
    pages: dict[str, str]
    """What is served at ``/page``: somebody's site."""

    @property
    def socket_url(self) -> str:
        return f"{self.url}/webchat/{self.connection.id}/socket"

    def configure(self, **config: Any) -> None:
        """Change the connection's settings, as an admin would."""
        changed = {**self.connection.config, **config}
        self.connection = make_connection("webchat", config=changed)
        self.inbox.connections[self.connection.id] = self.connection


@pytest.fixture
async def webchat() -> AsyncIterator[Webchat]:
    connection = make_connection("webchat")
    inbox = InboxDouble(connection)
    clock = Clock()
    connector = WebchatConnector(allowances=Allowances(clock))
    pages: dict[str, str] = {}

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=pages["/page"], content_type="text/html")

    app = web.Application()
    app.add_routes([*connector.routes(inbox), web.get("/page", page)])
    async with TestServer(app) as ours:
        url = str(ours.make_url("")).rstrip("/")
        yield Webchat(connector, connection, inbox, url, clock, pages)
        await connector.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
