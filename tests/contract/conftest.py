"""What the contract suite runs on: connectors, an inbox in memory, a server on loopback."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser

from connectors.telegram import TelegramConnector
from connectors.webchat import WebchatConnector
from connectors.webchat.limits import Allowances
from connectors.whatsapp import WhatsAppConnector
from crm.contract import Account, Connection
from tests.contract.inbox import InboxDouble
from tests.contract.instagram_platform import Instagram, connected_instagram
from tests.contract.sites import Site, open_site
from tests.fakes.telegram_api import TOKEN
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.whatsapp_api import CONFIG, DISPLAY_NUMBER
from tests.fakes.whatsapp_server import WhatsAppServer
from tests.support.browser import running_browser

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
        "account": Account(external_id="123456789", name="@aitys_demo_bot")
        if channel == "telegram"
        else None,
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
        connector = TelegramConnector(api_url=server.url, poll_seconds=1)
        app = web.Application()
        app.add_routes(connector.routes(inbox))
        async with TestServer(app) as ours:
            yield Telegram(server, connector, connection, inbox, str(ours.make_url("")).rstrip("/"))
        await connector.close()


@pytest.fixture
async def instagram() -> AsyncIterator[Instagram]:
    async with connected_instagram() as platform:
        yield platform


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
    headers: dict[str, str]
    """What is served with it."""

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

    headers: dict[str, str] = {}

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=pages["/page"], content_type="text/html", headers=headers)

    async def file(request: web.Request) -> web.Response:
        kept, content = inbox.files[request.match_info["file_id"]]
        allowed = {"Access-Control-Allow-Origin": "*"}
        return web.Response(body=content, content_type=kept.mime, headers=allowed)

    app = web.Application()
    app.add_routes([*connector.routes(inbox), web.get("/page{more:.*}", page)])
    app.add_routes([web.get("/files/{file_id}", file)])
    async with TestServer(app) as ours:
        url = str(ours.make_url("")).rstrip("/")
        inbox.files_url = f"{url}/files"
        yield Webchat(connector, connection, inbox, url, clock, pages, headers)
        await connector.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@dataclass
class WhatsApp:
    """A connected number: the platform, the connector, the inbox, and the address of our server."""

    server: WhatsAppServer
    connector: WhatsAppConnector
    connection: Connection
    inbox: InboxDouble
    url: str

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/webhooks/whatsapp/{self.connection.id}"

    def add_number(self, number_id: str, *, account_id: str, **changes: Any) -> Connection:
        """Another number, connected too."""
        self.server.graph.add_number(number_id, account_id=account_id)
        config = {**CONFIG, "phone_number_id": number_id, "waba_id": account_id}
        connection = make_whatsapp(
            id=f"{int(number_id):024x}", config={**config, **changes.pop("config", {})}, **changes
        )
        self.inbox.connections[connection.id] = connection
        return connection


def make_whatsapp(**changes: Any) -> Connection:
    data = {"display_phone_number": DISPLAY_NUMBER, "throughput": 80}
    config = {**CONFIG, **changes.pop("config", {})}
    account = Account(
        external_id=config["phone_number_id"],
        name=f"Tau Demo ({DISPLAY_NUMBER})",
        aliases=[config["waba_id"]],
        data=data,
    )
    return make_connection("whatsapp", **{"config": config, "account": account, **changes})


@pytest.fixture
async def whatsapp() -> AsyncIterator[WhatsApp]:
    connection = make_whatsapp()
    inbox = InboxDouble(connection)
    async with WhatsAppServer() as server:
        connector = WhatsAppConnector(api_url=server.url)
        app = web.Application()
        app.add_routes(connector.routes(inbox))
        async with TestServer(app) as ours:
            url = str(ours.make_url("")).rstrip("/")
            await connector.connect(connection, public_url=url)
            yield WhatsApp(server, connector, connection, inbox, url)
        await connector.close()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest.fixture
async def site(browser: Browser, webchat: Webchat) -> AsyncIterator[Site]:
    site = await open_site(browser, webchat, viewport={"width": 1200, "height": 800})
    yield site
    await site.context.close()
    assert site.errors == []


@pytest.fixture
async def phone(browser: Browser, webchat: Webchat) -> AsyncIterator[Site]:
    site = await open_site(
        browser, webchat, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    yield site
    await site.context.close()
    assert site.errors == []
