"""What a turn reads and writes: conversations found or made, messages attached, replies stored."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.events import EventLog, NewEvent
from crm.inbox.models import (
    CONVERSATIONS,
    HANDLED,
    MESSAGES,
    QUEUED,
    RECEIVED,
    RECORDED,
    SENDING,
    UNSENT,
    Document,
    clean,
    conversation_read,
    message_read,
    preview,
)

ATTACHED_AT_ONCE = 100
GRACE = timedelta(seconds=3)
"""How long the process that stored something has to see to it before a sweeper does."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a turn stored.

    Attributes:
        conversation: as it is now.
        released: whether the lease was given back with it.
        claimed: replies that the caller must send now.
    """

    conversation: Document
    released: bool
    claimed: list[Document]


class LeaseLostError(Exception):
    """Another process holds the conversation by now; nothing was stored."""


class ConversationStore:
    """Conversations and messages in MongoDB, with the events each change makes."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self.database = database
        self.events = events
        self.conversations = database.db[CONVERSATIONS]
        self.messages = database.db[MESSAGES]
        self.contacts = database.db["contacts"]
        self.organizations = database.db["organizations"]

    async def note_event(self, connection_id: ObjectId) -> None:
        """Note that a channel has just delivered something."""
        with contextlib.suppress(PyMongoError):  # the next delivery notes it
            await self.database.db["connections"].update_one(
                {"_id": connection_id}, {"$set": {"last_event_at": utc_now()}}
            )

    async def pending(self, connection_id: ObjectId, chat_id: str) -> list[Document]:
        """The chat's messages that no turn has handled, in order; of very many the oldest."""
        cursor = self.messages.find(
            {"connection_id": connection_id, "chat_id": chat_id, "state": RECEIVED}
        )
        return await cursor.sort([("created_at", 1), ("_id", 1)]).limit(ATTACHED_AT_ONCE).to_list()

    async def attach_new(
        self, conversation: Document, holder: str, pending: Sequence[Document]
    ) -> Document:
        """Give the chat's new messages their conversation, and show them to operators.

        ``pending`` is what was just read of the chat.

        Returns:
            The conversation as it is now.

        Raises:
            LeaseLostError: another process holds the conversation.
        """
        fresh = [message for message in pending if message["conversation_id"] is None]
        if not fresh and len(pending) == ATTACHED_AT_ONCE:  # the new ones may stand behind these
            cursor = self.messages.find(
                {
                    "connection_id": conversation["connection_id"],
                    "chat_id": conversation["chat_id"],
                    "state": RECEIVED,
                    "conversation_id": None,
                }
            ).sort([("created_at", 1), ("_id", 1)])
            fresh = await cursor.limit(ATTACHED_AT_ONCE).to_list()
        return await self._attach(conversation, holder, fresh) if fresh else conversation

    async def _attach(
        self, conversation: Document, holder: str, fresh: Sequence[Document]
    ) -> Document:
        moment = utc_now()
        for message in fresh:
            message["conversation_id"] = conversation["_id"]
        people_see_to_it = {
            "$or": [{"$eq": ["$owner", "operator"]}, {"$eq": ["$status", "waiting"]}]
        }
        update = {
            "last_message": {"$literal": _last(fresh[-1])},
            "last_activity_at": moment,
            "updated_at": moment,
            "status": {"$cond": [{"$eq": ["$status", "closed"]}, "open", "$status"]},
            # What the bot answers is nobody's unread mail.
            "unread": {"$add": ["$unread", {"$cond": [people_see_to_it, len(fresh), 0]}]},
        }

        async def write(session: AsyncClientSession) -> Document:
            await self.messages.update_many(
                {"_id": {"$in": [message["_id"] for message in fresh]}, "conversation_id": None},
                {"$set": {"conversation_id": conversation["_id"]}},
                session=session,
            )
            after = await self.conversations.find_one_and_update(
                {"_id": conversation["_id"], "lease.holder": holder},
                [{"$set": update}],
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                raise LeaseLostError
            await self.events.append(
                conversation["organization_id"],
                [*(message_created(message) for message in fresh), conversation_updated(after)],
                session=session,
            )
            return after

        return await self.database.in_transaction(write, serial=conversation["organization_id"])

    async def commit(
        self,
        conversation: Document,
        holder: str,
        *,
        handled: Sequence[Document],
        replies: Sequence[Document],
        changes: Document,
        unrecorded: bool = False,
        release: bool = False,
        claim: timedelta | None = None,
    ) -> Committed:
        """Store what a turn made, all or nothing.

        ``unrecorded`` marks the handled messages as not yet known to the engine. ``release``
        gives the lease back with it. ``claim`` is how long sending each reply may take: the
        replies are claimed for the caller, which sends them now, unless something older of the
        conversation is still unsent.

        Replies are left out when the conversation changed hands while the turn ran: what the
        bot was about to say is never sent after a person took over.

        Raises:
            LeaseLostError: the lease expired and another process goes on.
        """
        organization_id, conversation_id = conversation["organization_id"], conversation["_id"]

        async def write(session: AsyncClientSession) -> Committed:
            moment = utc_now()
            fields = {**changes, "last_activity_at": moment, "updated_at": moment}
            marks: Document = {"state": HANDLED, "updated_at": moment}
            update: Document = {"$set": fields}
            if unrecorded:
                marks["unrecorded"] = True
                update["$inc"] = {"unrecorded": len(handled)}
            if replies:
                fields["last_message"] = _last(replies[-1])
            if release:
                fields["lease"] = None
            current = await self.conversations.find_one_and_update(
                {"_id": conversation_id, "lease.holder": holder, "fence": conversation["fence"]},
                update,
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            kept = current is not None
            if current is None:
                current = await self.conversations.find_one(
                    {"_id": conversation_id, "lease.holder": holder}, session=session
                )
                if current is None:
                    raise LeaseLostError
            events, claimed = [], False
            if kept and replies:
                claimed = claim is not None and await self._claim(replies, claim, session)
                await self._insert(replies, session)
                events = [message_created(reply) for reply in replies]
            if handled:
                await self.messages.update_many(
                    {"_id": {"$in": [message["_id"] for message in handled]}},
                    {"$set": marks, "$unset": {"next_attempt_at": ""}},
                    session=session,
                )
            await self.events.append(
                organization_id, [*events, conversation_updated(current)], session=session
            )
            return Committed(
                conversation=current,
                released=release and kept,
                claimed=list(replies) if claimed else [],
            )

        return await self.database.in_transaction(write, serial=organization_id)

    async def _claim(
        self, replies: Sequence[Document], claim: timedelta, session: AsyncClientSession
    ) -> bool:
        """Mark replies that are about to be stored as being sent, when nothing older is unsent."""
        older = await self.messages.find_one(
            {"conversation_id": replies[0]["conversation_id"], "state": {"$in": UNSENT}},
            {"_id": 1},
            session=session,
        )
        for place, reply in enumerate(replies, 1):
            reply["state"] = QUEUED if older else SENDING
            reply["attempts"] = 0 if older else 1
            reply["next_attempt_at"] = utc_now() + (GRACE if older else claim * place)
        return older is None

    async def _insert(self, messages: Sequence[Document], session: AsyncClientSession) -> None:
        if len(messages) == 1:  # a bulk write costs the client several times as much
            await self.messages.insert_one(messages[0], session=session)
        else:
            await self.messages.insert_many(messages, session=session)

    def outbound(
        self,
        conversation: Document,
        text: str,
        *,
        author: Document,
        buttons: Sequence[Document] = (),
        trace: Document | None = None,
        client_id: str | None = None,
    ) -> Document:
        """A message of our side, ready to be stored and delivered."""
        moment = utc_now()
        document = _message(conversation, text, author=author, moment=moment) | {
            "buttons": list(buttons),
            "state": QUEUED,
            "fence": conversation["fence"],
            "trace": trace,
            "next_attempt_at": moment + GRACE,
        }
        if client_id:
            document["data"] = {"client_id": client_id}
        return document

    def inside(
        self,
        conversation: Document,
        text: str,
        *,
        kind: str,
        author: Document,
        data: Document | None = None,
    ) -> Document:
        """A note of an operator or an event line: stands in the thread, is sent to nobody."""
        return _message(conversation, text, author=author, moment=utc_now()) | {
            "kind": kind,
            "data": data or {},
            "state": RECORDED,
        }


def _message(
    conversation: Document, text: str, *, author: Document, moment: datetime
) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "organization_id": conversation["organization_id"],
        "connection_id": conversation["connection_id"],
        "conversation_id": conversation["_id"],
        "chat_id": conversation["chat_id"],
        "channel": conversation["channel"],
        "direction": "out",
        "author": {"user_id": None, "name": None, **author},
        "kind": "text",
        "text": clean(text),
        "data": {},
        "buttons": [],
        "language": conversation["language"],
        "attempts": 0,
        "error": None,
        "trace": None,
        "created_at": moment,
        "updated_at": moment,
    }


def _last(message: Document) -> Document:
    return {
        "text": preview(message["text"]),
        "at": message["created_at"],
        "author_kind": message["author"]["kind"],
    }


def message_created(message: Document) -> NewEvent:
    """The event of a message that has just been stored."""
    return NewEvent(type="message.created", subject_id=message["_id"], data=message_read(message))


def message_updated(message: Document) -> NewEvent:
    """The event of a message whose state has changed."""
    return NewEvent(type="message.updated", subject_id=message["_id"], data=message_read(message))


def conversation_updated(conversation: Document) -> NewEvent:
    """The event of a conversation that has changed."""
    return NewEvent(
        type="conversation.updated",
        subject_id=conversation["_id"],
        data=conversation_read(conversation),
    )
