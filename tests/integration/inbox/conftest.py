"""The inbox over a real MongoDB, with an engine on loopback and a messenger that records."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from bson import ObjectId
from pydantic import BaseModel, SecretStr

from connectors.base import Capabilities
from crm.contacts.service import Contacts
from crm.contract import (
    Account,
    ChatState,
    Connection,
    ConnectorError,
    InboundMessage,
    OutboundMessage,
    Pace,
    Reach,
    Sender,
    SendResult,
)
from crm.core.clock import utc_now
from crm.core.database import Database, Session
from crm.core.event_hub import EventHub
from crm.core.events import EventLog
from crm.core.settings import Settings
from crm.files.wiring import build_files
from crm.inbox.news import message_updated
from crm.inbox.wiring import InboxParts, build_inbox
from tests.support.patience import ended

type Answer = Callable[[dict[str, Any]], Awaitable[web.Response]]


class EngineDouble:
    """Speaks the engine channel's protocol. Answers ``echo: <text>`` unless told otherwise."""

    def __init__(self) -> None:
        self.turns: list[dict[str, Any]] = []
        self.records: list[dict[str, Any]] = []
        self.answer: Answer = self.echo

    @staticmethod
    async def echo(body: dict[str, Any]) -> web.Response:
        return web.json_response(
            {
                "replies": [{"text": f"echo: {body['message']['text']}"}],
                "intent": {"name": "ask_question", "confidence": 0.9},
                "language": "en",
                "skill": "ask_question",
            }
        )

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/webhooks/aitys/turn", self._turn)
        application.router.add_post("/webhooks/aitys/record", self._record)
        return application

    async def _turn(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.turns.append(body)
        return await self.answer(body)

    async def _record(self, request: web.Request) -> web.Response:
        self.records.append(await request.json())
        return web.json_response({})


class Config(BaseModel):
    token: SecretStr


@dataclass
class RecordingConnector:
    """A messenger that remembers what it was given, and fails when told to."""

    channel: str = "recording"
    title: str = "Recording"
    config_model: type[BaseModel] = Config
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(max_text=4096))
    sent: list[OutboundMessage] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    window: Callable[[ChatState, str], Reach] = lambda chat, author: Reach(open=True)
    pace: Callable[[str], Sequence[Pace]] = lambda chat_id: ()
    failures: list[ConnectorError] = field(default_factory=list)

    async def verify(self, config: BaseModel) -> Account:
        return Account(external_id="1", name="Recording")

    async def connect(self, connection: Connection, *, public_url: str) -> None: ...

    async def disconnect(self, connection: Connection) -> None: ...

    def routes(self, inbox: Any) -> list[web.AbstractRouteDef]:
        return []

    def render(self, connection: Connection, message: OutboundMessage) -> list[str]:
        """A text of several lines goes in as many parts."""
        return message.text.split("\n")

    async def send(self, connection: Connection, message: OutboundMessage, part: str) -> SendResult:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
        self.parts.append(part)
        return SendResult(platform_id=f"out-{len(self.parts)}")

    def reach(
        self, connection: Connection, chat: ChatState, *, author_kind: str, now: datetime
    ) -> Reach:
        return self.window(chat, author_kind)

    def paces(self, connection: Connection, chat_id: str) -> Sequence[Pace]:
        return self.pace(chat_id)

    async def close(self) -> None: ...


@dataclass
class Bench:
    """The inbox under test and what stands around it."""

    inbox: InboxParts
    engine: EngineDouble
    connector: RecordingConnector
    connection: Connection
    database: Database
    failures: list[ConnectorError]
    hub: EventHub

    def message(self, external_id: str, text: str, chat_id: str = "chat") -> InboundMessage:
        return InboundMessage(
            external_id=external_id,
            chat_id=chat_id,
            sender=Sender(external_id=chat_id, name="Demo"),
            text=text,
        )

    async def say(self, external_id: str, text: str, chat_id: str = "chat") -> int:
        """Deliver a message and wait until its turn is over."""
        new = await self.inbox.gateway.receive(
            self.connection, [self.message(external_id, text, chat_id)]
        )
        await self.settle()
        return new

    async def settle(self) -> None:
        await ended(self.inbox.background._tasks)

    async def conversation(self, chat_id: str = "chat") -> dict[str, Any]:
        found = await self.inbox.store.conversations.find_one({"chat_id": chat_id})
        assert found is not None
        return found

    async def sweep(self) -> None:
        """Let all that waits be due, and run both sweepers once."""
        await self.make_due()
        await self.inbox.turns.sweep()
        await self.inbox.outbox.sweep()
        await self.settle()

    async def take_over(self, user: dict[str, Any], chat_id: str = "chat") -> None:
        conversation = await self.conversation(chat_id)
        await self.inbox.handover.take_over(self.organization_id, conversation["_id"], user=user)
        await self.settle()

    async def make_due(self) -> None:
        """Let all that waits be due now."""
        await self.inbox.store.messages.update_many(
            {"next_attempt_at": {"$exists": True}}, {"$set": {"next_attempt_at": utc_now()}}
        )

    @property
    def organization_id(self) -> ObjectId:
        return ObjectId(self.connection.organization_id)


@pytest.fixture
async def bench(settings: Settings, database: Database) -> AsyncIterator[Bench]:
    organization_id = ObjectId()
    await database.db["organizations"].insert_one(
        {
            "_id": organization_id,
            "name": "Demo",
            "slug": "demo",
            "language": "ru",
            "handoff": {"return_after_minutes": 30},
        }
    )
    connection = Connection(
        id=str(ObjectId()),
        organization_id=str(organization_id),
        channel="recording",
        name="Demo",
        config={},
        webhook_secret="secret",
    )
    engine, connector, failures = EngineDouble(), RecordingConnector(), []
    server = TestServer(engine.application())
    await server.start_server()
    events = EventLog(database)
    hub = EventHub(database, events)

    async def load(connection_id: ObjectId) -> Connection | None:
        return connection if str(connection_id) == connection.id else None

    async def renew(connection: Connection, values: object) -> bool:
        return False

    async def of_accounts(channel: str, ids: Collection[str]) -> dict[str, list[ObjectId]]:
        return {}

    async def note(connection: Connection, error: ConnectorError) -> None:
        failures.append(error)

    async def announce(message: dict[str, Any], session: Session) -> None:
        await events.append(message["organization_id"], [message_updated(message)], session)

    files = build_files(
        settings=settings,
        database=database,
        connectors={"recording": connector},
        connection=load,
        note_failure=note,
        announce=announce,
    )
    inbox = build_inbox(
        settings=settings.model_copy(update={"engine_url": str(server.make_url("/"))}),
        database=database,
        events=events,
        hub=hub,
        connectors={"recording": connector},
        load_connection=load,
        find_accounts=of_accounts,
        files=files,
        note_failure=note,
        renew=renew,
        contacts=Contacts(database=database, events=events),
    )
    yield Bench(inbox, engine, connector, connection, database, failures, hub)
    await inbox.close()
    await server.close()
