"""What a turn reads and writes: conversations found or made, messages attached, replies stored."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from crm.contacts.duplicates import Duplicates
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.events import EventLog
from crm.inbox.choices import offered
from crm.inbox.claims import Claim, insert_claimed
from crm.inbox.known_chats import KnownChats
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
)
from crm.inbox.news import conversation_updated, last_message, message_created
from crm.inbox.showing import active_now, literal, shown, unannounced

BOT = {"kind": "bot"}
ATTACHED_AT_ONCE = 100
GRACE = timedelta(seconds=3)
"""How long the process that stored something has to see to it before a sweeper does."""

SITE_CHAT: Final = "webchat"
"""The channel whose people leave without a word."""
FOLLOW_AFTER: Final = timedelta(minutes=10)
"""An answer that its visitor has not seen for so long is sent after them (``crm.inbox.away``)."""


class _ChangedHandsError(Exception):
    """A person took the conversation over since it was read."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a turn stored.

    Attributes:
        conversation: as it is now.
        released: whether the lease was given back with it.
        claimed: replies that the caller must send now.
        claim: until when the first of them is the caller's.
    """

    conversation: Document
    released: bool
    claimed: list[Document]
    claim: Claim | None


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
        self.duplicates = Duplicates(database=database, events=events)
        self.organizations = database.db["organizations"]
        self.known = KnownChats(conversations=self.conversations)

    async def note_event(self, organization_id: ObjectId, connection_id: ObjectId) -> None:
        """Note that a channel has just delivered something."""
        with contextlib.suppress(PyMongoError):  # the next delivery notes it
            await self.database.db["connections"].update_one(
                {"organization_id": organization_id, "_id": connection_id},
                {"$set": {"last_event_at": utc_now()}},
            )

    async def conversation(self, conversation_id: ObjectId) -> Document | None:
        """The conversation of that id, for work on a message that was found within its organization."""
        return await self.conversations.find_one({"_id": conversation_id})

    async def note_unreachable(self, message: Document) -> None:
        """Note that the person blocked us; their next message undoes it."""
        key = {"organization_id": message["organization_id"], "_id": message["conversation_id"]}

        async def write(session: AsyncClientSession) -> None:
            after = await self.conversations.find_one_and_update(
                {**key, "reachable": {"$ne": False}},
                {"$set": {"reachable": False, "updated_at": utc_now()}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is not None:
                told = [conversation_updated(after)]
                await self.events.append(message["organization_id"], told, session)

        await self.database.in_transaction(write)

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
        fresh = unannounced(pending)
        if not fresh and len(pending) == ATTACHED_AT_ONCE:  # the new ones may stand behind these
            cursor = self.messages.find(
                {
                    "organization_id": conversation["organization_id"],
                    "connection_id": conversation["connection_id"],
                    "chat_id": conversation["chat_id"],
                    "state": RECEIVED,
                    "fresh": True,
                }
            ).sort([("created_at", 1), ("_id", 1)])
            fresh = await cursor.limit(ATTACHED_AT_ONCE).to_list()
        return await self._attach(conversation, holder, fresh) if fresh else conversation

    async def _attach(
        self, conversation: Document, holder: str, fresh: Sequence[Document]
    ) -> Document:
        ids = [message["_id"] for message in fresh]
        update = {**shown(fresh), **literal(active_now())}
        for message in fresh:
            message["conversation_id"] = conversation["_id"]

        async def write(session: AsyncClientSession) -> Document:
            await self.messages.update_many(
                {"organization_id": conversation["organization_id"], "_id": {"$in": ids}},
                {"$set": {"conversation_id": conversation["_id"]}, "$unset": {"fresh": ""}},
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

        after = await self.database.in_transaction(write)
        for message in fresh:
            message.pop("fresh", None)
        return after

    async def commit(
        self,
        conversation: Document,
        holder: str,
        *,
        handled: Sequence[Document],
        replies: Sequence[Document],
        changes: Document,
        announced: Sequence[Document] = (),
        unrecorded: bool = False,
        release: bool = False,
        claim_seconds: float | None = None,
    ) -> Committed:
        """Store what a turn made, all or nothing.

        ``announced`` are new messages that operators are shown together with the replies.
        ``unrecorded`` marks the handled messages as not yet known to the engine. ``release``
        gives the lease back with it. ``claim_seconds`` is how long sending each reply may take: the
        replies are claimed for the caller, which sends them now, unless something older of the
        conversation is still unsent.

        Replies are left out when the conversation changed hands while the turn ran: what the
        bot was about to say is never sent after a person took over.

        Raises:
            LeaseLostError: the lease expired and another process goes on.
        """
        organization_id, conversation_id = conversation["organization_id"], conversation["_id"]

        async def write(session: AsyncClientSession) -> Committed:
            fields = dict(changes)
            if replies:
                fields["last_message"] = last_message(replies[-1])
                fields["choices"] = offered(replies[-1]["buttons"])
            if release:
                fields["lease"] = None
            stage = {**shown(announced), **literal({**fields, **active_now()})}
            marks: Document = {"state": HANDLED, "updated_at": utc_now()}
            if unrecorded:
                marks["unrecorded"] = True
                stage["unrecorded"] = {"$add": ["$unrecorded", len(handled)]}
            current = await self.conversations.find_one_and_update(
                {"_id": conversation_id, "lease.holder": holder, "fence": conversation["fence"]},
                [{"$set": stage}],
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
                if announced:
                    raise _ChangedHandsError
            events = [message_created(message) for message in announced]
            claimed: Claim | None = None
            if kept and replies:
                claimed = await self._insert(replies, current, claim_seconds, session)
                events += [message_created(reply) for reply in replies]
            await self._mark(handled, announced, marks, session)
            await self.events.append(
                organization_id, [*events, conversation_updated(current)], session=session
            )
            return Committed(
                conversation=current,
                released=release and kept,
                claimed=list(replies) if claimed else [],
                claim=claimed,
            )

        try:
            return await self.database.in_transaction(write)
        except _ChangedHandsError:
            # A person has it: they are shown what is new, and nothing is said.
            await self._attach(conversation, holder, announced)
            announced = ()
            return await self.database.in_transaction(write)

    async def _mark(
        self,
        handled: Sequence[Document],
        announced: Sequence[Document],
        marks: Document,
        session: AsyncClientSession,
    ) -> None:
        ids = [message["_id"] for message in handled]
        others = [message["_id"] for message in announced if message["_id"] not in ids]
        if ids:
            gone = {"next_attempt_at": "", "fresh": ""}
            await self.messages.update_many(
                {"_id": {"$in": ids}}, {"$set": marks, "$unset": gone}, session=session
            )
        if others:
            await self.messages.update_many(
                {"_id": {"$in": others}}, {"$unset": {"fresh": ""}}, session=session
            )

    async def _insert(
        self,
        replies: Sequence[Document],
        conversation: Document,
        seconds: float | None,
        session: AsyncClientSession,
    ) -> Claim | None:
        """Store replies, claimed for the caller when nothing older is unsent; returns the claim."""
        claim = None if seconds is None else Claim(seconds)
        if claim is not None and await self.messages.find_one(
            {"conversation_id": conversation["_id"], "state": {"$in": UNSENT}},
            {"_id": 1},
            session=session,
        ):
            claim = None
        for reply in replies:  # a repeated transaction may find it otherwise
            reply["chat_id"] = conversation["chat_id"]  # it may have moved while the turn ran
            reply["state"] = QUEUED if claim is None else SENDING
            reply["attempts"] = int(claim is not None)
            reply["next_attempt_at"] = utc_now() + GRACE
        if claim is not None and seconds is not None:
            await insert_claimed(self.messages, replies, seconds, session)
        elif len(replies) == 1:  # a bulk write costs the client several times as much
            await self.messages.insert_one(replies[0], session=session)
        else:
            await self.messages.insert_many(replies, session=session)
        return claim

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
            "thread": conversation.get("thread"),
            "next_attempt_at": moment + GRACE,
        }
        if client_id:
            document["data"] = {"client_id": client_id}
        if conversation["channel"] == SITE_CHAT and author["kind"] in {"bot", "operator"}:
            document["follow_at"] = moment + FOLLOW_AFTER
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
