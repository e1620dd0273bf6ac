"""Intake: what a messenger delivers is stored durably before it is acknowledged.

No network call happens here, and for a plain message one insert is all the database does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from bson import ObjectId
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from crm.contract import (
    MAX_TEXT_LENGTH,
    ChatEvent,
    ChatMove,
    Connection,
    InboundEvent,
    InboundMessage,
)
from crm.core.clock import utc_now
from crm.core.errors import Unavailable
from crm.inbox.attached import attached
from crm.inbox.background import Background
from crm.inbox.channel_events import ChannelEvents
from crm.inbox.models import RECEIVED, Document, clean, preview, storable
from crm.inbox.redelivery import is_redelivery, redelivered
from crm.inbox.store import GRACE, ConversationStore
from crm.inbox.turns import TurnRunner

NOTE_EVENT_SECONDS = 10.0
MOVED_AT_ONCE = 20
"""Moves of chats in one delivery that are applied before it is acknowledged; more are swept."""


class Intake:
    """Stores what messengers tell, and starts the turns of messages in this process."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        turns: TurnRunner,
        events: ChannelEvents,
        background: Background,
    ) -> None:
        self._store = store
        self._turns = turns
        self._events = events
        self._background = background
        self._noted_until: dict[ObjectId, float] = {}

    async def receive(self, connection: Connection, events: Sequence[InboundEvent]) -> int:
        """Store what is new, start the turns of the messages' chats, and apply the rest.

        What was delivered before is found by its (connection, external id) and changes nothing;
        a message's turn is nudged all the same, in case the first was lost.

        Returns:
            How many messages were new.

        Raises:
            Unavailable: the database did not confirm them; nothing may be acknowledged.
        """
        if not events:
            return 0
        moves = [event for event in events if isinstance(event, ChatMove)]
        messages: list[InboundMessage] = []
        others: list[ChatEvent | InboundMessage] = []
        for event in events:
            if isinstance(event, InboundMessage):
                messages.append(event)
                if event.edit_of is not None:
                    others.append(event)
            elif not isinstance(event, ChatMove):
                others.append(event)
        try:
            # First, so that what is written under the new ids finds the conversation under them.
            moved = await self._events.store(connection, moves)
            await self._events.apply(connection, moved[:MOVED_AT_ONCE])
            documents = await self._documents(connection, messages)
            stored = await self._insert(documents)
            applicable = await self._events.store(connection, others)
        except PyMongoError as error:
            raise Unavailable("What the platform told could not be stored.") from error
        connection_id = ObjectId(connection.id)
        self._note_event(ObjectId(connection.organization_id), connection_id)
        for chat_id in dict.fromkeys(document["chat_id"] for document in documents):
            self._background.start(self._turns.run(connection_id, chat_id))
        if applicable:
            self._background.start(self._events.apply(connection, applicable))
        return stored

    async def _insert(self, documents: Sequence[Document]) -> int:
        """Insert messages; those that are known are passed over. Returns how many were new."""
        if not documents:
            return 0
        try:
            if len(documents) == 1:  # a bulk write costs the client several times as much
                await self._store.messages.insert_one(documents[0])
            else:
                await self._store.messages.insert_many(documents, ordered=False)
        except DuplicateKeyError as error:
            if not is_redelivery(error.details or {}):
                raise
            return 0
        except BulkWriteError as error:
            return len(documents) - redelivered(error)
        return len(documents)

    async def _documents(
        self, connection: Connection, messages: Sequence[InboundMessage]
    ) -> list[Document]:
        """Messages as they are stored, with what is known of those that they name."""
        documents: list[Document] = [storable(_document(connection, one)) for one in messages]
        named = await self._named(documents)
        for document in documents:
            document["conversation_id"] = await self._store.known.conversation_of(document)
            if (answered := document["reply_to"]) is not None:
                document["reply_to"] = _quoted(answered, named.get((document["chat_id"], answered)))
            # What was taken back stays so in its other wordings, whichever is told first.
            original = named.get((document["chat_id"], document["edit_of"])) or {}
            if original.get("deleted_at") is not None:
                document["deleted_at"] = original["deleted_at"]
        return documents

    async def _named(self, documents: Sequence[Document]) -> dict[tuple[str, str], Document]:
        """The messages that new ones answer to or word anew, by chat and platform id.

        Of other chats none: what is said there is nobody's business here.
        """
        asked = {one[field] for one in documents for field in ("reply_to", "edit_of")} - {None}
        if not asked:
            return {}
        found = self._store.messages.find(
            {
                "organization_id": documents[0]["organization_id"],
                "connection_id": documents[0]["connection_id"],
                "platform_ids": {"$in": list(asked)},
            },
            {"chat_id": 1, "platform_ids": 1, "text": 1, "author": 1, "deleted_at": 1},
        )
        return {
            (message["chat_id"], platform_id): message
            async for message in found
            for platform_id in message["platform_ids"]
        }

    def _note_event(self, organization_id: ObjectId, connection_id: ObjectId) -> None:
        """Show admins that the channel is alive; now and then is enough."""
        moment = time.monotonic()
        if moment >= self._noted_until.get(connection_id, 0.0):
            self._noted_until[connection_id] = moment + NOTE_EVENT_SECONDS
            self._background.start(self._store.note_event(organization_id, connection_id))


def _quoted(platform_id: str, quoted: Document | None) -> Document:
    """What people see of a message that is answered to."""
    if quoted is None:
        return {"id": None, "platform_id": platform_id}
    return {
        "id": quoted["_id"],
        "platform_id": platform_id,
        "text": preview(quoted["text"]),
        "author_kind": quoted["author"]["kind"],
    }


def _document(connection: Connection, message: InboundMessage) -> Document:
    moment = utc_now()
    text = clean(message.text)
    data = dict(message.data)
    if len(text) > MAX_TEXT_LENGTH:
        text = text[:MAX_TEXT_LENGTH]
        data["text_cut"] = True
    return {
        "_id": ObjectId(),
        "organization_id": ObjectId(connection.organization_id),
        "connection_id": ObjectId(connection.id),
        "conversation_id": None,
        "fresh": True,
        "chat_id": message.chat_id,
        "channel": connection.channel,
        "external_id": message.external_id,
        "platform_ids": [message.platform_id or message.external_id],
        "direction": "in",
        "author": {"kind": "contact", "user_id": None, "name": message.sender.name},
        "sender": message.sender,
        "kind": message.kind.value,
        "text": text,
        "payload": message.payload,
        "data": data,
        **attached(message.attachments, moment),
        "reply_to": message.reply_to,
        "edit_of": message.edit_of,
        "referral": message.referral,
        "sent_at": message.sent_at,
        # A paused channel goes on listening: people see what was written, the bot is silent.
        "answerable": message.answerable and connection.status != "paused",
        **({"while_paused": True} if connection.status == "paused" else {}),
        "buttons": [],
        "language": None,
        "state": RECEIVED,
        "attempts": 0,
        "error": None,
        "next_attempt_at": moment + GRACE,
        "created_at": moment,
        "updated_at": moment,
    }
