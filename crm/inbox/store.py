"""What a turn reads and writes: conversations found or made, messages attached, replies stored."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError

from crm.contacts.models import contact_name, contact_read, new_contact
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.events import EventLog, NewEvent
from crm.inbox import texts
from crm.inbox.models import (
    CONVERSATIONS,
    HANDLED,
    MESSAGES,
    QUEUED,
    RECEIVED,
    RECORDED,
    Document,
    clean,
    conversation_read,
    message_read,
    preview,
)

ATTACHED_AT_ONCE = 100
GRACE = timedelta(seconds=3)
"""How long the process that stored something has to see to it before a sweeper does."""


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

    async def oldest_pending(self, connection_id: ObjectId, chat_id: str) -> Document | None:
        """The chat's oldest message that no turn has handled."""
        return await self.messages.find_one(
            {"connection_id": connection_id, "chat_id": chat_id, "state": RECEIVED},
            sort=[("created_at", 1), ("_id", 1)],
        )

    async def ensure_conversation(self, message: Document) -> None:
        """Make the conversation, and the contact if the person is new. Safe to race."""
        sender = message["sender"]
        organization_id, connection_id = message["organization_id"], message["connection_id"]
        moment = utc_now()
        identity = {
            "connection_id": connection_id,
            "channel": message["channel"],
            "external_id": sender["external_id"],
            "profile_name": sender.get("name"),
            "username": sender.get("username"),
        }
        organization = await self.organizations.find_one(
            {"_id": organization_id}, {"language": 1}
        ) or {"language": texts.DEFAULT_LANGUAGE}

        async def create(session: AsyncClientSession) -> None:
            contact = await self.contacts.find_one(
                {
                    "organization_id": organization_id,
                    "identities": {
                        "$elemMatch": {
                            "connection_id": connection_id,
                            "external_id": sender["external_id"],
                        }
                    },
                },
                session=session,
            )
            events = []
            if contact is None:
                contact = new_contact(organization_id, identities=[identity])
                await self.contacts.insert_one(contact, session=session)
                events.append(
                    NewEvent(
                        type="contact.created",
                        subject_id=contact["_id"],
                        data=contact_read(contact),
                    )
                )
            conversation = {
                "_id": ObjectId(),
                "organization_id": organization_id,
                "connection_id": connection_id,
                "channel": message["channel"],
                "chat_id": message["chat_id"],
                "contact_id": contact["_id"],
                "contact_name": contact_name(contact),
                "owner": "bot",
                "status": "open",
                "assignee_id": None,
                "language": sender.get("language") or organization["language"],
                "summary": None,
                "facts": {},
                "waiting_since": None,
                "unread": 0,
                "last_message": None,
                "last_activity_at": moment,
                "disclosed_at": None,
                "lease": None,
                "fence": 0,
                "operator_active_at": None,
                "unrecorded": 0,
                "rating": None,
                "created_at": moment,
                "updated_at": moment,
            }
            await self.conversations.insert_one(conversation, session=session)
            events.append(
                NewEvent(
                    type="conversation.created",
                    subject_id=conversation["_id"],
                    data=conversation_read(conversation),
                )
            )
            await self.events.append(organization_id, events, session=session)

        try:
            await self.database.in_transaction(create, serial=organization_id)
        except DuplicateKeyError:
            return  # somebody else made it meanwhile

    async def attach_new(self, conversation: Document, holder: str) -> Document:
        """Give the chat's new messages their conversation, and show them to operators.

        Returns:
            The conversation as it is now.

        Raises:
            LeaseLostError: another process holds the conversation.
        """
        cursor = self.messages.find(
            {
                "connection_id": conversation["connection_id"],
                "chat_id": conversation["chat_id"],
                "state": RECEIVED,
                "conversation_id": None,
            }
        )
        fresh = await cursor.sort([("created_at", 1), ("_id", 1)]).limit(ATTACHED_AT_ONCE).to_list()
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
    ) -> bool:
        """Store what a turn made, all or nothing.

        ``unrecorded`` marks the handled messages as not yet known to the engine.

        Replies are left out when the conversation changed hands while the turn ran: what the
        bot was about to say is never sent after a person took over.

        Returns:
            Whether the replies were stored.

        Raises:
            LeaseLostError: the lease expired and another process goes on.
        """
        organization_id, conversation_id = conversation["organization_id"], conversation["_id"]

        async def write(session: AsyncClientSession) -> bool:
            moment = utc_now()
            fields = {**changes, "last_activity_at": moment, "updated_at": moment}
            marks: Document = {"state": HANDLED, "updated_at": moment}
            update: Document = {"$set": fields}
            if unrecorded:
                marks["unrecorded"] = True
                update["$inc"] = {"unrecorded": len(handled)}
            if replies:
                fields["last_message"] = _last(replies[-1])
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
            events = []
            if kept and replies:
                await self.messages.insert_many(replies, session=session)
                events = [message_created(reply) for reply in replies]
            ids = [message["_id"] for message in handled]
            await self.messages.update_many(
                {"_id": {"$in": ids}},
                {"$set": marks, "$unset": {"next_attempt_at": ""}},
                session=session,
            )
            await self.events.append(
                organization_id, [*events, conversation_updated(current)], session=session
            )
            return kept

        return await self.database.in_transaction(write, serial=organization_id)

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
