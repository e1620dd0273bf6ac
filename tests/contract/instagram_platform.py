"""An Instagram account that is connected: the platform, the connector, the inbox, our server."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestServer

from connectors.instagram import InstagramConnector
from connectors.instagram.client import Graph
from crm.contract import Account, Connection, InboundEvent
from tests.contract.inbox import InboxDouble
from tests.fakes.instagram_api import FakeAccount
from tests.fakes.instagram_server import InstagramServer

VERIFY_TOKEN = "webhook_secret-0123456789"
ORGANIZATION = "6a1b2c3d4e5f60718293a4b0"


class Clock:
    """The time that the connector is told; a test can move it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class RoutedInbox(InboxDouble):
    """Also knows for which connection each event came."""

    def __init__(self, *connections: Connection) -> None:
        super().__init__(*connections)
        self.routed: list[tuple[str, InboundEvent]] = []

    async def receive(self, connection: Connection, events: Sequence[InboundEvent]) -> int:
        self.routed += [(connection.id, event) for event in events]
        return await super().receive(connection, events)


def connection_of(account: FakeAccount, number: int = 1, **config: Any) -> Connection:
    """The connection of a fake account."""
    pages = [account.page_id] if account.login == "facebook" else []
    return Connection(
        id=f"6a1b2c3d4e5f60718293a4{0xC0 + number:02x}",
        organization_id=ORGANIZATION,
        channel="instagram",
        name=account.username,
        config={
            "login": account.login,
            "access_token": account.token,
            "app_secret": account.app_secret,
            **config,
        },
        webhook_secret=VERIFY_TOKEN,
        account=Account(
            external_id=account.ig_id,
            name=f"@{account.username}",
            aliases=pages,
            data={"page_id": pages[0]} if pages else {},
        ),
    )


@dataclass
class Instagram:
    """The two accounts of the fake: one with a token of its own, one with its Page's."""

    server: InstagramServer
    connector: InstagramConnector
    connection: Connection
    page_connection: Connection
    inbox: RoutedInbox
    clock: Clock
    url: str

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/webhooks/instagram/{self.connection.id}"

    async def set_webhook(self) -> None:
        """Connect both accounts, and type our address into the app's dashboard."""
        for connection in (self.connection, self.page_connection):
            await self.connector.connect(connection, public_url=self.url)
        assert await self.server.set_webhook(self.webhook_url, VERIFY_TOKEN) == 200

    def change(self, **config: Any) -> None:
        """Change the settings of the first account's connection, as an admin would."""
        changed = {**self.connection.config, **config}
        self.connection = replace(self.connection, config=changed)
        self.inbox.connections[self.connection.id] = self.connection


@asynccontextmanager
async def connected_instagram() -> AsyncIterator[Instagram]:
    """All of it, on loopback."""
    async with InstagramServer() as server:
        connection = connection_of(server.account)
        page_connection = connection_of(server.page_account, 2)
        inbox, clock = RoutedInbox(connection, page_connection), Clock()
        graph = Graph(
            instagram_url=server.url,
            facebook_url=server.graph_url,
            timeout=ClientTimeout(total=2),
        )
        connector = InstagramConnector(
            api_url=server.url, graph_api_url=server.graph_url, graph=graph, now=clock
        )
        app = web.Application()
        app.add_routes(connector.routes(inbox))
        async with TestServer(app) as ours:
            url = str(ours.make_url("")).rstrip("/")
            yield Instagram(server, connector, connection, page_connection, inbox, clock, url)
        await connector.close()
