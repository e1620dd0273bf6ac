"""A chat as its customer's own screen sees it: history and what happens from now on."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bson import ObjectId
from bson.errors import InvalidId

from crm.contract import ChatFile, ChatMessage, ChatQuote, ChatUpdate, Connection
from crm.core.event_hub import EventHub
from crm.core.events import EventLog, Reset
from crm.inbox.delivery import button_of
from crm.inbox.models import CANCELLED, Document
from crm.inbox.store import ConversationStore

_log = logging.getLogger(__name__)

HIDDEN_KINDS = ("note", "event")
_QUEUE_LENGTH = 200

type _Address = tuple[str, str]
type _Queue = asyncio.Queue[ChatUpdate | None]


class GivesFiles(Protocol):
    """Who makes the signed links by which a customer's screen shows files."""

    def chat_files(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[ChatFile]:
        """The files of a message that can be shown."""
        ...


class ChatFeed:
    """Hands the events of chats to whoever has a customer's screen open.

    One reader of the event log serves all chats of an organization in this process.
    """

    def __init__(
        self, *, store: ConversationStore, events: EventLog, hub: EventHub, files: GivesFiles
    ) -> None:
        self._store = store
        self._files = files
        self._events = events
        self._hub = hub
        self._screens: defaultdict[ObjectId, defaultdict[_Address, set[_Queue]]]
        self._screens = defaultdict(lambda: defaultdict(set))
        self._readers: dict[ObjectId, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Stop all readers."""
        readers = list(self._readers.values())
        for task in readers:
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    async def history(
        self,
        connection: Connection,
        chat_id: str,
        *,
        after: str | None,
        before: str | None = None,
        limit: int,
    ) -> Sequence[ChatMessage]:
        """The chat's newest visible messages, oldest first: see ``crm.contract.Inbox``."""
        match: Document = {
            "organization_id": ObjectId(connection.organization_id),
            "connection_id": ObjectId(connection.id),
            "chat_id": chat_id,
            "kind": {"$nin": HIDDEN_KINDS},
            "state": {"$ne": CANCELLED},
        }
        if after is not None and (moment := await self._moment(match, after)) is not None:
            match["created_at"] = {"$gte": moment}
        if before is not None:
            if (moment := await self._moment(match, before)) is None:
                return []
            match["$or"] = [
                {"created_at": {"$lt": moment}},
                {"created_at": moment, "_id": {"$lt": ObjectId(before)}},
            ]
        cursor = self._store.messages.find(match).sort([("created_at", -1), ("_id", -1)])
        found = await cursor.limit(limit).to_list()
        return [self._shown(message) for message in reversed(found)]

    async def updates(self, connection: Connection, chat_id: str) -> AsyncIterator[ChatUpdate]:
        """What happens in the chat from now on.

        Raises:
            ConnectionError: the log could not be followed; something may have been missed.
        """
        organization_id, address = ObjectId(connection.organization_id), (connection.id, chat_id)
        queue: _Queue = asyncio.Queue(_QUEUE_LENGTH)
        screens = self._screens[organization_id]
        screens[address].add(queue)
        if organization_id not in self._readers:
            self._readers[organization_id] = asyncio.create_task(self._read(organization_id))
        try:
            while (update := await queue.get()) is not None:
                yield update
            raise ConnectionError("the event log could not be followed")
        finally:
            screens[address].discard(queue)
            if not screens[address]:
                del screens[address]
            if not screens and (reader := self._readers.pop(organization_id, None)):
                reader.cancel()

    async def _read(self, organization_id: ObjectId) -> None:
        """Show the organization's events on its open screens; when that ends, send all away."""
        try:
            await self._follow(organization_id)
        except Exception:
            _log.exception("chats of organization %s lost their news", organization_id)
        finally:
            if self._readers.get(organization_id) is asyncio.current_task():
                del self._readers[organization_id]
            for queues in self._screens.pop(organization_id, {}).values():
                for queue in queues:
                    _put(queue, None)

    async def _follow(self, organization_id: ObjectId) -> None:
        """Returns when events were missed."""
        seq = await self._events.last_seq(organization_id)
        async for event in self._hub.subscribe(organization_id, seq):
            if isinstance(event, Reset):
                return
            if not event.type.startswith("message."):
                continue
            data = event.data
            sent = event.type == "message.updated" and data["state"] == "sent"
            # Their own message is told again when its files are there, with the links to them.
            theirs = data["direction"] == "in" and (
                event.type == "message.created" or bool(data.get("attachments"))
            )
            if data["kind"] in HIDDEN_KINDS or not (sent or theirs):
                continue
            update = ChatUpdate(kind="message", message=self._shown({**data, "_id": data["id"]}))
            address = (data["connection_id"], data["chat_id"])
            for queue in self._screens[organization_id].get(address, ()):
                _put(queue, update)

    def _shown(self, message: Document) -> ChatMessage:
        """A stored message as a customer's screen shows it."""
        data = message.get("data") or {}
        ours = message["direction"] == "out"
        return ChatMessage(
            id=str(message["_id"]),
            author_kind=message["author"]["kind"],
            author_name=message["author"].get("name") if ours else None,
            text=message["text"],
            buttons=[button_of(button) for button in message["buttons"]],
            at=message["created_at"],
            files=self._files.chat_files(message.get("attachments") or ()),
            reply_to=_quote(message.get("reply_to")),
            state=message["state"] if ours else None,
            client_id=None if ours else data.get("client_id"),
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


def _quote(reply_to: Mapping[str, Any] | None) -> ChatQuote | None:
    if reply_to is None:
        return None
    known = reply_to.get("id")
    return ChatQuote(
        id=None if known is None else str(known),
        author_kind=reply_to.get("author_kind"),
        text=reply_to.get("text") or "",
    )


def _put(queue: _Queue, update: ChatUpdate | None) -> None:
    """Give a screen an update; one that does not keep up is sent away, and asks for history."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        update = None
    queue.put_nowait(update)
