"""The inbox as connectors see it: ``crm.contract.Inbox``."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bson import ObjectId
from bson.errors import InvalidId

from crm.bot_api.hours import opening
from crm.contract import (
    Attendance,
    ChatMessage,
    ChatTraffic,
    ChatUpdate,
    Connection,
    ConnectorError,
    InboundEvent,
    KeptFile,
    Stranger,
)
from crm.core.clock import utc_now
from crm.core.event_hub import EventHub
from crm.inbox.chat import ChatFeed
from crm.inbox.intake import Intake
from crm.inbox.models import DELIVERED, READ
from crm.inbox.statuses import Place, Statuses
from crm.inbox.store import ConversationStore

CONNECTION_CACHE_SECONDS = 3.0
"""How long a paused or removed connection may still be used by another process."""
KNOWN_ACCOUNTS = 10_000
"""Accounts, there or not, that a process remembers for so long."""

type LoadConnection = Callable[[ObjectId], Awaitable[Connection | None]]
type FindAccounts = Callable[[str, Collection[str]], Awaitable[Mapping[str, Sequence[ObjectId]]]]
"""Tells which connections of a channel have these accounts."""
type RenewCredentials = Callable[[Connection, Mapping[str, Any]], Awaitable[bool]]
type CanFollow = Callable[[ObjectId], Awaitable[bool]]
type NoteFailure = Callable[[Connection, ConnectorError], Awaitable[None]]


class KeepsFiles(Protocol):
    """Where connectors' files are stored."""

    async def keep_file(
        self,
        connection: Connection,
        chunks: AsyncIterator[bytes],
        *,
        name: str | None,
        mime: str | None,
        promised: int | None = None,
        stranger: Stranger | None = None,
    ) -> KeptFile:
        """See ``crm.contract.Inbox.keep_file``."""
        ...


class ConnectionCache:
    """Connections by id and by account, remembered for a few seconds, so that a webhook needs no query."""

    def __init__(
        self, *, load: LoadConnection, find_accounts: FindAccounts, note_failure: NoteFailure
    ) -> None:
        self._load = load
        self._find_accounts = find_accounts
        self._note_failure = note_failure
        self._known: dict[str, tuple[float, Connection | None]] = {}
        self._accounts: OrderedDict[tuple[str, str], tuple[float, Sequence[ObjectId]]] = (
            OrderedDict()
        )

    async def connection(self, connection_id: str) -> Connection | None:
        """The connection with its credentials, or None when there is none such."""
        known = self._known.get(connection_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        try:
            found = await self._load(ObjectId(connection_id))
        except InvalidId:
            return None
        if found is not None:  # strangers' guesses are not worth remembering
            self._known[connection_id] = (time.monotonic() + CONNECTION_CACHE_SECONDS, found)
        else:
            self._known.pop(connection_id, None)
        return found

    async def of_accounts(
        self, channel: str, account_ids: Collection[str], *, limit: int | None = None
    ) -> list[Connection]:
        """The connections of these accounts, each once. Only those that there are cost a decryption."""
        now = time.monotonic()
        found: dict[str, Sequence[ObjectId]] = {}
        for one in account_ids:
            known = self._accounts.get((channel, one))
            if known is not None and known[0] > now:
                found[one] = known[1]
        if asked := [one for one in account_ids if one not in found]:
            told = await self._find_accounts(channel, asked)
            until = time.monotonic() + CONNECTION_CACHE_SECONDS
            for one in asked:
                found[one] = told.get(one, ())
                self._accounts[channel, one] = (until, found[one])
                self._accounts.move_to_end((channel, one))
            while len(self._accounts) > KNOWN_ACCOUNTS:
                self._accounts.popitem(last=False)
        ids = dict.fromkeys(str(one) for ids in found.values() for one in ids)
        connections = [await self.connection(one) for one in list(ids)[:limit]]
        return [connection for connection in connections if connection is not None]

    def forget(self, connection_id: str) -> None:
        """The connection was changed in this process."""
        self._known.pop(connection_id, None)

    async def failed(self, connection: Connection, error: ConnectorError) -> None:
        """Note on the connection that the platform refused us."""
        await self._note_failure(connection, error)
        self.forget(connection.id)


class InboxGateway:
    """What the CRM offers to connectors. See ``crm.contract.Inbox`` for what each promises."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        hub: EventHub,
        connections: ConnectionCache,
        intake: Intake,
        feed: ChatFeed,
        statuses: Statuses,
        files: KeepsFiles,
        renew: RenewCredentials,
        can_follow: CanFollow,
    ) -> None:
        self._store = store
        self._hub = hub
        self._connections = connections
        self._intake = intake
        self._feed = feed
        self._statuses = statuses
        self._files = files
        self._renew = renew
        self._can_follow = can_follow
        self._states = store.database.db["connections"]

    async def connection(self, connection_id: str) -> Connection | None:
        """See the protocol."""
        return await self._connections.connection(connection_id)

    async def connections_of(
        self, channel: str, account_ids: Collection[str], *, limit: int | None = None
    ) -> Sequence[Connection]:
        """See the protocol."""
        return await self._connections.of_accounts(channel, account_ids, limit=limit)

    async def receive(self, connection: Connection, events: Sequence[InboundEvent]) -> int:
        """See the protocol."""
        return await self._intake.receive(connection, events)

    async def keep_file(
        self,
        connection: Connection,
        chunks: AsyncIterator[bytes],
        *,
        name: str | None,
        mime: str | None,
        promised: int | None = None,
        stranger: Stranger | None = None,
    ) -> KeptFile:
        """See the protocol."""
        return await self._files.keep_file(
            connection, chunks, name=name, mime=mime, promised=promised, stranger=stranger
        )

    async def known_chats(
        self, connection: Connection, chat_ids: Collection[str]
    ) -> Collection[str]:
        """See the protocol."""
        found = self._store.conversations.find(
            {**_within(connection), "chat_id": {"$in": list(chat_ids)}}, {"chat_id": 1}
        )
        return {conversation["chat_id"] async for conversation in found}

    async def chats_of(
        self, connection: Connection, platform_ids: Sequence[str]
    ) -> Mapping[str, str]:
        """See the protocol."""
        asked = set(platform_ids)
        found = self._store.messages.find(
            {**_within(connection), "platform_ids": {"$in": list(asked)}},
            {"chat_id": 1, "platform_ids": 1},
        )
        return {
            platform_id: message["chat_id"]
            async for message in found
            for platform_id in asked.intersection(message["platform_ids"])
        }

    async def chat_on_topic(
        self, connection: Connection, sender_id: str, topic: str, *, since: datetime
    ) -> str | None:
        """See the protocol."""
        found = await self._store.messages.find_one(
            {
                **_within(connection),
                "sender.external_id": sender_id,
                "data.topic": topic,
                "created_at": {"$gte": since},
            },
            {"chat_id": 1},
            sort=[("created_at", -1)],
        )
        chat_id: str | None = found["chat_id"] if found else None
        return chat_id

    async def traffic(
        self, connection: Connection, *, sender_id: str, chat_id: str, since: datetime
    ) -> ChatTraffic:
        """See the protocol."""
        here = {**_within(connection), "created_at": {"$gte": since}}
        messages = self._store.messages
        return ChatTraffic(
            received=await messages.count_documents(
                # Named, so that the index over those with a topic serves.
                {**here, "sender.external_id": sender_id, "data.topic": {"$exists": True}}
            ),
            answered=await messages.count_documents(
                {**here, "chat_id": chat_id, "direction": "out", "author.kind": "bot"}
            ),
        )

    async def state(self, connection: Connection) -> Mapping[str, Any]:
        """See the protocol."""
        found = await self._states.find_one(_key(connection), {"connector_state": 1})
        state: Mapping[str, Any] = (found or {}).get("connector_state") or {}
        return state

    async def note_state(self, connection: Connection, state: Mapping[str, Any]) -> None:
        """See the protocol."""
        await self._states.update_one(_key(connection), {"$set": {"connector_state": dict(state)}})

    async def renew(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """See the protocol."""
        kept = await self._renew(connection, values)
        self._connections.forget(connection.id)
        return kept

    async def failed(self, connection: Connection, error: ConnectorError) -> None:
        """See the protocol."""
        await self._connections.failed(connection, error)

    async def history(
        self,
        connection: Connection,
        chat_id: str,
        *,
        after: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[ChatMessage]:
        """See the protocol."""
        return await self._feed.history(
            connection, chat_id, after=after, before=before, limit=limit
        )

    def updates(self, connection: Connection, chat_id: str) -> AsyncIterator[ChatUpdate]:
        """See the protocol."""
        return self._feed.updates(connection, chat_id)

    async def seen(self, connection: Connection, message_id: str, *, read: bool = False) -> None:
        """See the protocol."""
        try:
            known = ObjectId(message_id)
        except InvalidId:
            return
        place = Place(ObjectId(connection.organization_id), ObjectId(connection.id))
        await self._statuses.seen(place, known, READ if read else DELIVERED)

    async def attendance(self, connection: Connection, chat_id: str) -> Attendance:
        """See the protocol."""
        conversation = await self._store.conversations.find_one(
            {**_within(connection), "chat_id": chat_id}, {"owner": 1, "status": 1}
        )
        if conversation is None or (
            conversation["owner"] == "bot" and conversation["status"] != "waiting"
        ):
            return Attendance(answers="bot")
        organization = await self._store.organizations.find_one(
            {"_id": ObjectId(connection.organization_id)},
            {"timezone": 1, "business_hours": 1, "holidays": 1},
        )
        is_open, opens_at = opening(organization or {}, utc_now())
        return Attendance(
            answers="people" if is_open else "nobody",
            opens_at=opens_at,
            follows=await self._can_follow(ObjectId(connection.organization_id)),
        )

    async def typing(self, connection: Connection, chat_id: str) -> None:
        """See the protocol. Reaches the consoles that this process serves."""
        conversation = await self._store.conversations.find_one(
            {**_within(connection), "chat_id": chat_id}, {"organization_id": 1}
        )
        if conversation is not None:
            self._hub.tell(
                conversation["organization_id"], "conversation.typing", conversation["_id"]
            )


def _within(connection: Connection) -> dict[str, Any]:
    """What every query of a connection's chats begins with."""
    return {
        "organization_id": ObjectId(connection.organization_id),
        "connection_id": ObjectId(connection.id),
    }


def _key(connection: Connection) -> dict[str, ObjectId]:
    return {
        "_id": ObjectId(connection.id),
        "organization_id": ObjectId(connection.organization_id),
    }
