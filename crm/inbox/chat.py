"""A chat as its customer's own screen sees it: history and what happens from now on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from bson import ObjectId
from bson.errors import InvalidId

from crm.contract import Button, ChatMessage, ChatUpdate, Connection
from crm.core.events import EventHub, EventLog, Reset
from crm.inbox.models import CANCELLED, Document
from crm.inbox.store import ConversationStore

_log = logging.getLogger(__name__)

HIDDEN_KINDS = ("note", "event")
_QUEUE_LENGTH = 200

type _Address = tuple[str, str]


class ChatFeed:
    """Hands the events of chats to whoever has a customer's screen open.

    One reader of the event log serves all chats of an organization in this process.
    """

    def __init__(self, *, store: ConversationStore, events: EventLog, hub: EventHub) -> None:
        self._store = store
        self._events = events
        self._hub = hub
        self._screens: dict[_Address, set[asyncio.Queue[ChatUpdate]]] = defaultdict(set)
        self._readers: dict[ObjectId, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Stop all readers."""
        for task in self._readers.values():
            task.cancel()
        await asyncio.gather(*self._readers.values(), return_exceptions=True)
        self._readers.clear()

    async def history(
        self, connection: Connection, chat_id: str, *, after: str | None, limit: int
    ) -> Sequence[ChatMessage]:
        """The chat's newest visible messages, oldest first; with ``after``, those since then."""
        match: Document = {
            "connection_id": ObjectId(connection.id),
            "chat_id": chat_id,
            "kind": {"$nin": HIDDEN_KINDS},
            "state": {"$ne": CANCELLED},
        }
        if after is not None and (moment := await self._moment(match, after)) is not None:
            match["created_at"] = {"$gte": moment}
        cursor = self._store.messages.find(match).sort([("created_at", -1), ("_id", -1)])
        found = await cursor.limit(limit).to_list()
        return [chat_message(message) for message in reversed(found)]

    async def updates(self, connection: Connection, chat_id: str) -> AsyncIterator[ChatUpdate]:
        """What happens in the chat from now on."""
        address = (connection.id, chat_id)
        queue: asyncio.Queue[ChatUpdate] = asyncio.Queue(_QUEUE_LENGTH)
        self._screens[address].add(queue)
        self._read(ObjectId(connection.organization_id))
        try:
            while True:
                yield await queue.get()
        finally:
            self._screens[address].discard(queue)
            if not self._screens[address]:
                del self._screens[address]

    def show(self, connection_id: str, chat_id: str, update: ChatUpdate) -> None:
        """Put something on the chat's open screens of this process."""
        for queue in self._screens.get((connection_id, chat_id), ()):
            with contextlib.suppress(asyncio.QueueFull):  # it asks for history when it is back
                queue.put_nowait(update)

    def _read(self, organization_id: ObjectId) -> None:
        task = self._readers.get(organization_id)
        if task is None or task.done():
            self._readers[organization_id] = asyncio.create_task(self._follow(organization_id))

    async def _follow(self, organization_id: ObjectId) -> None:
        seq = await self._events.last_seq(organization_id)
        async for event in self._hub.subscribe(organization_id, seq):
            if isinstance(event, Reset) or not event.type.startswith("message."):
                continue
            data = event.data
            sent = event.type == "message.updated" and data["state"] == "sent"
            mine = event.type == "message.created" and data["direction"] == "in"
            if data["kind"] in HIDDEN_KINDS or not (sent or mine):
                continue
            message = chat_message({**data, "_id": data["id"]})
            self.show(
                data["connection_id"], data["chat_id"], ChatUpdate(kind="message", message=message)
            )

    async def _moment(self, match: Document, message_id: str) -> datetime | None:
        try:
            message = await self._store.messages.find_one(
                {**match, "_id": ObjectId(message_id)}, {"created_at": 1}
            )
        except InvalidId:
            return None
        moment: datetime | None = message["created_at"] if message else None
        return moment


def chat_message(message: Document) -> ChatMessage:
    """A stored message as a customer's screen shows it."""
    data = message.get("data") or {}
    return ChatMessage(
        id=str(message["_id"]),
        author_kind=message["author"]["kind"],
        author_name=message["author"].get("name") if message["direction"] == "out" else None,
        text=message["text"],
        buttons=[Button(title=b["title"], payload=b["payload"]) for b in message["buttons"]],
        at=message["created_at"],
        client_id=data.get("client_id"),
    )
