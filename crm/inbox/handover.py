"""Who has a conversation: the bot or people. Every change of hands raises the fence.

The fence makes the bot silent at once: what it had queued or was writing carries an older
fence and is never sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from crm.core.clock import utc_now
from crm.core.errors import Conflict, NotFound
from crm.inbox import texts
from crm.inbox.finding import find_conversation
from crm.inbox.models import (
    CANCELLED,
    QUEUED,
    Document,
)
from crm.inbox.news import conversation_updated, last_message, message_created, message_updated
from crm.inbox.reach import Reaching
from crm.inbox.store import ConversationStore
from crm.inbox.summary import summarize

SYSTEM: Final = {"kind": "system"}
TOO_MANY_ANSWERS: Final = "too_many_answers"
SHORTEST_RETURN: Final = timedelta(minutes=1)
"""No organization takes conversations back sooner than this."""


class Handover:
    """Moves conversations between the bot and people."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        reaching: Reaching,
        deliver_soon: Callable[[ObjectId], None],
    ) -> None:
        self._store = store
        self._reaching = reaching
        self._deliver_soon = deliver_soon

    async def request(self, conversation_id: ObjectId, *, reason: str) -> Document:
        """Put a conversation into the queue for people, with a summary. Safe to repeat.

        The bot keeps answering until somebody takes over: a customer who waits at night still
        gets what the bot knows.

        Raises:
            NotFound: there is no such conversation.
        """
        store = self._store
        conversation = await store.conversations.find_one({"_id": conversation_id})
        if conversation is None:
            raise NotFound("There is no such conversation.")
        if conversation["owner"] == "operator" or conversation["status"] == "waiting":
            return conversation
        text = await summarize(store, conversation)
        moment = utc_now()
        changes = {
            "status": "waiting",
            "waiting_since": moment,
            "unread": max(conversation["unread"], 1),
            "summary": {"reason": reason, "text": text, "at": moment},
        }
        return await self._change(
            conversation, changes, event="handoff_requested", data={"reason": reason}
        )

    async def take_over(
        self, organization_id: ObjectId, conversation_id: ObjectId, *, user: Mapping[str, Any]
    ) -> Document:
        """Give a conversation to an operator. The bot falls silent in that moment.

        ``user`` holds ``_id`` and ``name``. Taking over from a colleague is allowed.

        Raises:
            NotFound: there is no such conversation here.
        """
        conversation = await find_conversation(self._store, organization_id, conversation_id)
        if conversation["owner"] == "operator" and conversation["assignee_id"] == user["_id"]:
            return conversation
        moment = utc_now()
        changes = {
            "owner": "operator",
            "status": "open",
            "assignee_id": user["_id"],
            "waiting_since": None,
            "operator_active_at": moment,
            "unread": 0,
        }
        return await self._change(
            conversation,
            changes,
            event="taken_over",
            data={"user_id": str(user["_id"]), "name": user["name"]},
            notice=texts.say(texts.JOINED, conversation["language"], name=user["name"]),
            changes_hands=True,
        )

    async def stop_bot(self, conversation: Document, *, answers: int, minutes: int) -> Document:
        """Give a conversation to people in which the bot talks and talks, probably to a machine.

        It does not return by itself: first somebody has to look.

        Raises:
            Conflict: somebody else changed hands at the same time.
        """
        moment = utc_now()
        text = await summarize(self._store, conversation)
        changes = {
            "owner": "operator",
            "status": "waiting",
            "assignee_id": None,
            "waiting_since": moment,
            "operator_active_at": None,
            "unread": max(conversation["unread"], 1),
            "answers": None,
            "summary": {"reason": TOO_MANY_ANSWERS, "text": text, "at": moment},
        }
        return await self._change(
            conversation,
            changes,
            event=TOO_MANY_ANSWERS,
            data={"answers": answers, "minutes": minutes},
            notice=texts.say(texts.TOO_MANY_ANSWERS, conversation["language"]),
            changes_hands=True,
        )

    async def written_elsewhere(self, conversation: Document, message: Document) -> None:
        """Store what our side wrote from a phone or a page's own inbox; the bot falls silent.

        Raises:
            DuplicateKeyError: it is stored already.
        """
        store = self._store
        held = conversation["owner"] == "operator"
        changes: Document = {
            "owner": "operator",
            "status": "open",
            "waiting_since": None,
            "operator_active_at": utc_now(),
            "unread": 0,
            "choices": [],
            "last_message": last_message(message),
            "last_activity_at": utc_now(),
            "updated_at": utc_now(),
        }
        lines = [message]
        if not held:
            event = {"event": "written_elsewhere"}
            lines.insert(0, store.inside(conversation, "", kind="event", author=SYSTEM, data=event))

        async def write(session: AsyncClientSession) -> None:
            after = await store.conversations.find_one_and_update(
                {"_id": conversation["_id"], "organization_id": conversation["organization_id"]},
                {"$set": changes, "$inc": {"fence": 0 if held else 1, "unrecorded": 1}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                return
            cancelled = [] if held else await self._cancel_queued(after, session)
            await store.messages.insert_many(lines, session=session)
            events = [
                *map(message_updated, cancelled),
                *map(message_created, lines),
                conversation_updated(after),
            ]
            await store.events.append(after["organization_id"], events, session=session)

        await store.database.in_transaction(write)

    async def hand_back(
        self,
        organization_id: ObjectId,
        conversation_id: ObjectId,
        *,
        user: Mapping[str, Any] | None,
    ) -> Document:
        """Give a conversation back to the bot; without ``user`` because it was left alone.

        Raises:
            NotFound: there is no such conversation here.
            Conflict: the bot has it already.
        """
        conversation = await find_conversation(self._store, organization_id, conversation_id)
        if conversation["owner"] == "bot":
            raise Conflict("The bot already has this conversation.", code="conversation_with_bot")
        return await self._return(conversation, user)

    async def return_abandoned(self) -> int:
        """Give back every conversation that people left alone; returns how many.

        What somebody sees to at the same moment is left with them.
        """
        store, moment, count = self._store, utc_now(), 0
        limits: dict[ObjectId, datetime | None] = {}
        held = store.conversations.find(
            {"owner": "operator", "operator_active_at": {"$lt": moment - SHORTEST_RETURN}}
        )
        async for conversation in held:
            organization_id = conversation["organization_id"]
            if organization_id not in limits:
                limits[organization_id] = await self._active_limit(organization_id, moment)
            limit = limits[organization_id]
            if limit is None or conversation["operator_active_at"] >= limit:
                continue
            with contextlib.suppress(Conflict):
                await self._return(conversation, None, {"operator_active_at": {"$lt": limit}})
                count += 1
        return count

    async def _active_limit(self, organization_id: ObjectId, moment: datetime) -> datetime | None:
        """Since when an operator must have been active to keep a conversation; None for no limit."""
        organization = await self._store.organizations.find_one(
            {"_id": organization_id}, {"handoff": 1}
        )
        minutes = ((organization or {}).get("handoff") or {}).get("return_after_minutes")
        return moment - timedelta(minutes=minutes) if minutes else None

    async def _return(
        self,
        conversation: Document,
        user: Mapping[str, Any] | None,
        unless_changed: Document | None = None,
    ) -> Document:
        changes = {"owner": "bot", "status": "open", "assignee_id": None, "waiting_since": None}
        return await self._change(
            conversation,
            changes,
            event="handed_back" if user else "returned",
            data={"user_id": str(user["_id"]), "name": user["name"]} if user else {},
            notice=texts.say(texts.HANDED_BACK, conversation["language"]),
            changes_hands=True,
            match=unless_changed,
        )

    async def _change(
        self,
        conversation: Document,
        changes: Document,
        *,
        event: str,
        data: Document,
        notice: str | None = None,
        changes_hands: bool = False,
        match: Document | None = None,
    ) -> Document:
        """Change a conversation, leave a line in the thread, tell the customer.

        ``match`` is what must still hold of the conversation.

        Raises:
            Conflict: somebody else changed hands at the same time.
        """
        store = self._store
        line = store.inside(
            conversation, "", kind="event", author=SYSTEM, data={"event": event, **data}
        )
        lines = [line]
        # What may not go to the customer now is not said later either: it would be no news then.
        told = notice is not None and await self._may_tell(conversation)
        if told and notice is not None:
            lines.append(store.outbound(conversation, notice, author=SYSTEM))

        async def write(session: AsyncClientSession) -> Document:
            update: Document = {"$set": {**changes, "updated_at": utc_now()}}
            if changes_hands:
                update["$inc"] = {"fence": 1}
            after = await store.conversations.find_one_and_update(
                {"_id": conversation["_id"], "fence": conversation["fence"], **(match or {})},
                update,
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                raise Conflict(
                    "Somebody else changed this conversation just now.",
                    code="conversation_changed",
                )
            cancelled = await self._cancel_queued(after, session) if changes_hands else []
            await store.messages.insert_many(lines, session=session)
            events = [
                *map(message_updated, cancelled),
                *map(message_created, lines),
                conversation_updated(after),
            ]
            await store.events.append(after["organization_id"], events, session=session)
            return after

        after = await store.database.in_transaction(write)
        if told:
            self._deliver_soon(conversation["_id"])
        return after

    async def _may_tell(self, conversation: Document) -> bool:
        reach = await self._reaching.reach(conversation, author_kind=SYSTEM["kind"])
        return reach.open

    async def _cancel_queued(
        self, conversation: Document, session: AsyncClientSession
    ) -> list[Document]:
        """Take back what the bot has not sent yet, and return it as it is then."""
        messages = self._store.messages
        queued = {
            "conversation_id": conversation["_id"],
            "state": QUEUED,
            "author.kind": "bot",
            "fence": {"$lt": conversation["fence"]},
        }
        found = await messages.find(queued, session=session).to_list()
        changes = {"state": CANCELLED, "updated_at": utc_now()}
        await messages.update_many(
            {"_id": {"$in": [message["_id"] for message in found]}},
            {"$set": changes},
            session=session,
        )
        return [{**message, **changes} for message in found]
