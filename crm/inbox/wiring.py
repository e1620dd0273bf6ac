"""Puts the inbox together, the same way in the web and the worker process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bson import ObjectId

from connectors.base import Connector
from crm.contacts.facts import PlatformFacts
from crm.contacts.service import Contacts
from crm.core.database import Database
from crm.core.event_hub import EventHub
from crm.core.events import EventLog
from crm.core.settings import Settings
from crm.files.wiring import FileParts
from crm.inbox.answering import Answering, AnswerLimit
from crm.inbox.away import Away
from crm.inbox.background import Background
from crm.inbox.breaker import Breaker
from crm.inbox.channel_events import ChannelEvents
from crm.inbox.chat import ChatFeed
from crm.inbox.delivery import Delivery
from crm.inbox.desk import Desk
from crm.inbox.engine import EngineClient
from crm.inbox.event_handlers import EventHandlers
from crm.inbox.gateway import (
    ConnectionCache,
    FindAccounts,
    InboxGateway,
    LoadConnection,
    NoteFailure,
    RenewCredentials,
)
from crm.inbox.handover import Handover
from crm.inbox.intake import Intake
from crm.inbox.outbox import Outbox
from crm.inbox.pacing import Pacing
from crm.inbox.profiles import Profiles, tells_of_taken_phones
from crm.inbox.reach import Reaching
from crm.inbox.signals import Signals
from crm.inbox.statuses import Statuses
from crm.inbox.store import ConversationStore
from crm.inbox.turns import AT_DATABASE_AT_ONCE, TurnRunner
from crm.inbox.writing import Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxParts:
    """The inbox's services of one process."""

    store: ConversationStore
    connections: ConnectionCache
    outbox: Outbox
    away: Away
    signals: Signals
    channel_events: ChannelEvents
    handover: Handover
    turns: TurnRunner
    desk: Desk
    writing: Writing
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
        await self.away.close()
        await self.channel_events.close()
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
    find_accounts: FindAccounts,
    note_failure: NoteFailure,
    renew: RenewCredentials,
    files: FileParts,
    contacts: Contacts,
) -> InboxParts:
    """Wire the inbox. Nothing is started and nothing is connected to."""
    store = ConversationStore(database=database, events=events)
    connections = ConnectionCache(
        load=load_connection, find_accounts=find_accounts, note_failure=note_failure
    )
    statuses = Statuses(store=store)
    signals = Signals(store=store, connections=connections, connectors=connectors)
    delivery = Delivery(
        connections=connections,
        connectors=connectors,
        files=files.giving,
        pacing=Pacing(database=database),
        breaker=Breaker(database=database),
    )
    outbox = Outbox(store=store, delivery=delivery)
    background = Background()

    def deliver_soon(conversation_id: ObjectId) -> None:
        background.start(outbox.deliver(conversation_id))

    away = Away(
        store=store,
        connections=connections,
        connectors=connectors,
        deliver_soon=deliver_soon,
    )
    reaching = Reaching(connections=connections, connectors=connectors)
    handover = Handover(store=store, reaching=reaching, deliver_soon=deliver_soon)
    engine = EngineClient(url=settings.engine_url, token=settings.engine_token.get_secret_value())
    profiles = Profiles(
        store=store,
        connection=connections.connection,
        connectors=connectors,
        facts=PlatformFacts(
            database=database, contacts=contacts, phone_taken=tells_of_taken_phones(store)
        ),
        files=files,
        background=background,
    )
    database_gate = asyncio.Semaphore(AT_DATABASE_AT_ONCE)
    answering = Answering(
        store=store,
        engine=engine,
        handover=handover,
        deliver=outbox.deliver,
        send=outbox.send,
        show_typing=signals.show_typing,
        limit=AnswerLimit(settings.bot_answers_limit, settings.bot_answers_minutes),
        letters={name for name, one in connectors.items() if one.capabilities.letters},
        database_gate=database_gate,
    )
    turns = TurnRunner(
        store=store,
        answering=answering,
        handover=handover,
        notice=profiles.notice,
        database_gate=database_gate,
    )
    feed = ChatFeed(store=store, events=events, hub=hub, files=files.giving)
    handlers = EventHandlers(store=store, statuses=statuses, handover=handover)
    channel_events = ChannelEvents(store=store, handlers=handlers.by_kind())
    intake = Intake(store=store, turns=turns, events=channel_events, background=background)
    return InboxParts(
        store=store,
        connections=connections,
        outbox=outbox,
        away=away,
        signals=signals,
        channel_events=channel_events,
        handover=handover,
        turns=turns,
        desk=Desk(store=store, reaching=reaching),
        writing=Writing(
            store=store, reaching=reaching, files=files.store, deliver_soon=deliver_soon
        ),
        feed=feed,
        gateway=InboxGateway(
            store=store,
            hub=hub,
            connections=connections,
            intake=intake,
            feed=feed,
            statuses=statuses,
            files=files.keeping,
            renew=renew,
            can_follow=away.can_follow,
        ),
        background=background,
        engine=engine,
        deliver_soon=deliver_soon,
    )
