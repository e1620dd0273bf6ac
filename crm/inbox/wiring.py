"""Puts the inbox together, the same way in the web and the worker process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bson import ObjectId

from connectors.base import Connector
from crm.core.database import Database
from crm.core.event_hub import EventHub
from crm.core.events import EventLog
from crm.core.settings import Settings
from crm.inbox.background import Background
from crm.inbox.chat import ChatFeed
from crm.inbox.desk import Desk
from crm.inbox.engine import EngineClient
from crm.inbox.gateway import ConnectionCache, InboxGateway, LoadConnection, NoteFailure
from crm.inbox.handover import Handover
from crm.inbox.intake import Intake
from crm.inbox.outbox import Outbox
from crm.inbox.store import ConversationStore
from crm.inbox.turns import TurnRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxParts:
    """The inbox's services of one process."""

    store: ConversationStore
    connections: ConnectionCache
    outbox: Outbox
    handover: Handover
    turns: TurnRunner
    desk: Desk
    feed: ChatFeed
    gateway: InboxGateway
    background: Background
    engine: EngineClient
    deliver_soon: Callable[[ObjectId], None]

    async def close(self) -> None:
        """Let running turns end, and close what was opened."""
        await self.background.close()
        await self.turns.close()
        await self.outbox.close()
        await self.feed.close()
        await self.engine.close()


def build_inbox(
    *,
    settings: Settings,
    database: Database,
    events: EventLog,
    hub: EventHub,
    connectors: Mapping[str, Connector],
    load_connection: LoadConnection,
    note_failure: NoteFailure,
) -> InboxParts:
    """Wire the inbox. Nothing is started and nothing is connected to."""
    store = ConversationStore(database=database, events=events)
    connections = ConnectionCache(load=load_connection, note_failure=note_failure)
    outbox = Outbox(store=store, connections=connections, connectors=connectors)
    background = Background()

    def deliver_soon(conversation_id: ObjectId) -> None:
        background.start(outbox.deliver(conversation_id))

    handover = Handover(store=store, deliver_soon=deliver_soon)
    engine = EngineClient(url=settings.engine_url, token=settings.engine_token.get_secret_value())
    turns = TurnRunner(
        store=store,
        engine=engine,
        handover=handover,
        deliver=outbox.deliver,
        send=outbox.send,
        show_typing=outbox.show_typing,
    )
    feed = ChatFeed(store=store, events=events, hub=hub)
    intake = Intake(store=store, turns=turns, background=background)
    return InboxParts(
        store=store,
        connections=connections,
        outbox=outbox,
        handover=handover,
        turns=turns,
        desk=Desk(store=store, deliver_soon=deliver_soon),
        feed=feed,
        gateway=InboxGateway(
            store=store,
            hub=hub,
            connections=connections,
            intake=intake,
            feed=feed,
            outbox=outbox,
        ),
        background=background,
        engine=engine,
        deliver_soon=deliver_soon,
    )
