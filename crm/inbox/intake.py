"""Intake: what a messenger delivers is stored durably before it is acknowledged.

No network call happens here, and one insert is all the database does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bson import ObjectId
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from crm.contract import MAX_TEXT_LENGTH, Connection, InboundMessage
from crm.core.clock import utc_now
from crm.core.errors import Unavailable
from crm.inbox.background import Background
from crm.inbox.models import RECEIVED, Document, clean
from crm.inbox.store import GRACE, ConversationStore
from crm.inbox.turns import TurnRunner

_DUPLICATE_KEY = 11000
NOTE_EVENT_SECONDS = 10.0


class Intake:
    """Stores inbound messages and starts their turns in this process."""

    def __init__(
        self, *, store: ConversationStore, turns: TurnRunner, background: Background
    ) -> None:
        self._store = store
        self._turns = turns
        self._background = background
        self._noted_until: dict[ObjectId, float] = {}

    async def receive(self, connection: Connection, messages: Sequence[InboundMessage]) -> int:
        """Store the messages that are new, and start the turns of their chats.

        A message that was delivered before is found by its (connection, external id) and
        changes nothing; its turn is nudged all the same, in case the first was lost.

        Returns:
            How many were new.

        Raises:
            Unavailable: the database did not confirm them; nothing may be acknowledged.
        """
        if not messages:
            return 0
        documents = [self._document(connection, message) for message in messages]
        stored = len(documents)
        try:
            if stored == 1:  # a bulk write costs the client several times as much
                await self._store.messages.insert_one(documents[0])
            else:
                await self._store.messages.insert_many(documents, ordered=False)
        except DuplicateKeyError as error:
            if not _is_redelivery(error.details or {}):
                raise Unavailable("The message could not be stored.") from error
            stored = 0
        except BulkWriteError as error:
            failed = error.details["writeErrors"]
            if error.details.get("writeConcernErrors") or any(
                not _is_redelivery(failure) for failure in failed
            ):
                raise Unavailable("The message could not be stored.") from error
            stored -= len(failed)
        except PyMongoError as error:
            raise Unavailable("The message could not be stored.") from error
        connection_id = ObjectId(connection.id)
        self._note_event(connection_id)
        for chat_id in dict.fromkeys(message.chat_id for message in messages):
            self._background.start(self._turns.run(connection_id, chat_id))
        return stored

    def _document(self, connection: Connection, message: InboundMessage) -> Document:
        document = _document(connection, message)
        document["conversation_id"] = self._store.known_conversation(
            document["connection_id"], message.chat_id
        )
        return document

    def _note_event(self, connection_id: ObjectId) -> None:
        """Show admins that the channel is alive; now and then is enough."""
        moment = time.monotonic()
        if moment >= self._noted_until.get(connection_id, 0.0):
            self._noted_until[connection_id] = moment + NOTE_EVENT_SECONDS
            self._background.start(self._store.note_event(connection_id))


def _document(connection: Connection, message: InboundMessage) -> Document:
    moment = utc_now()
    text = clean(message.text)
    data = dict(message.data)
    if len(text) > MAX_TEXT_LENGTH:
        text = text[:MAX_TEXT_LENGTH]
        data["text_cut"] = True
    sender = asdict(message.sender)
    return {
        "_id": ObjectId(),
        "organization_id": ObjectId(connection.organization_id),
        "connection_id": ObjectId(connection.id),
        "conversation_id": None,
        "fresh": True,
        "chat_id": message.chat_id,
        "channel": connection.channel,
        "external_id": message.external_id,
        "direction": "in",
        "author": {"kind": "contact", "user_id": None, "name": message.sender.name},
        "sender": sender,
        "kind": message.kind.value,
        "text": text,
        "payload": message.payload,
        "data": data,
        "buttons": [],
        "language": None,
        "state": RECEIVED,
        "attempts": 0,
        "error": None,
        "next_attempt_at": moment + GRACE,
        "created_at": moment,
        "updated_at": moment,
    }


def _is_redelivery(failure: Mapping[str, Any]) -> bool:
    return failure.get("code") == _DUPLICATE_KEY and "external_id" in failure.get("keyPattern", ())
