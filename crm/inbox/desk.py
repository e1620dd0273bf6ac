"""What operators do with conversations: read, assign, close. They write in ``writing``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from crm.contacts.models import contact_read, fold
from crm.core.clock import utc_now
from crm.core.errors import NotFound
from crm.core.listing import Listing, ListQuery, Sortable, prefix_search
from crm.inbox.finding import find_conversation
from crm.inbox.models import FAILED, Document, conversation_read, message_read
from crm.inbox.news import conversation_updated, message_created
from crm.inbox.reach import Reaching
from crm.inbox.store import ConversationStore
from crm.inbox.writing import OPERATOR

MOST_COUNTED: Final = 1000
"""More is shown as "999+" and not worth counting."""
SYSTEM: Final = {"kind": "system"}

CONVERSATION_LIST: Final = Listing(
    sorts={
        "last_activity_at": Sortable("last_activity_at"),
        "waiting_since": Sortable("waiting_since", nullable=True),
        "created_at": Sortable("created_at"),
    },
    default_sort="-last_activity_at",
    projection={"lease": 0},
)
MESSAGE_LIST: Final = Listing(
    sorts={"created_at": Sortable("created_at")},
    default_sort="-created_at",
    projection={"sender": 0},
)

VIEWS: Final[Mapping[str, Document]] = {
    "waiting": {"status": "waiting"},
    "operator": {"owner": "operator", "status": "open"},
    "bot": {"owner": "bot", "status": "open"},
    "closed": {"status": "closed"},
    "all": {"status": {"$ne": "closed"}},
}
"""Filters by name; ``mine`` needs to know who asks."""


class Desk:
    """Operators' side of the inbox. Everything is scoped by the organization given first."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        reaching: Reaching,
    ) -> None:
        self._store = store
        self._reaching = reaching

    async def conversations(
        self,
        organization_id: ObjectId,
        user_id: ObjectId,
        asked: ListQuery,
        *,
        view: str,
        channel: str | None = None,
        contact_id: ObjectId | None = None,
        text: str | None = None,
    ) -> Document:
        """A page of conversations."""
        query: Document = {"organization_id": organization_id, **_view(view, user_id)}
        if channel:
            query["channel"] = channel
        if contact_id:
            query["contact_id"] = contact_id
        if text:
            contacts = self._store.contacts.find(
                {"organization_id": organization_id, **prefix_search("search", text, fold)},
                {"_id": 1},
            )
            query["contact_id"] = {"$in": [c["_id"] async for c in contacts.limit(500)]}
        page = await CONVERSATION_LIST.page(self._store.conversations, query, asked)
        page["items"] = [conversation_read({**row, "_id": row["id"]}) for row in page["items"]]
        return page

    async def counts(self, organization_id: ObjectId, user_id: ObjectId) -> Document:
        """How many conversations each view holds, at most ``MOST_COUNTED``."""
        names = [name for name in (*VIEWS, "mine") if name != "closed"]

        async def count(name: str) -> int:
            query = {"organization_id": organization_id, **_view(name, user_id)}
            return await self._store.conversations.count_documents(query, limit=MOST_COUNTED)

        counts = await asyncio.gather(*map(count, names))
        return dict(zip(names, counts, strict=True))

    async def conversation(self, organization_id: ObjectId, conversation_id: ObjectId) -> Document:
        """One conversation with its contact."""
        conversation = await find_conversation(self._store, organization_id, conversation_id)
        contact = await self._store.contacts.find_one(
            {"organization_id": organization_id, "_id": conversation["contact_id"]}
        )
        return {
            **conversation_read(conversation),
            "contact": contact_read(contact) if contact else None,
            "referrals": conversation.get("referrals") or [],
            "reach": asdict(await self._reaching.reach(conversation, author_kind=OPERATOR)),
        }

    async def messages(
        self, organization_id: ObjectId, conversation_id: ObjectId, asked: ListQuery
    ) -> Document:
        """A page of the thread, newest first."""
        await find_conversation(self._store, organization_id, conversation_id)
        query = {"organization_id": organization_id, "conversation_id": conversation_id}
        return await self._page_of_messages(query, asked)

    async def failed(self, organization_id: ObjectId, asked: ListQuery) -> Document:
        """A page of the messages that could not be delivered."""
        return await self._page_of_messages(
            {"organization_id": organization_id, "state": FAILED}, asked
        )

    async def assign(
        self,
        organization_id: ObjectId,
        conversation_id: ObjectId,
        *,
        assignee: Mapping[str, Any] | None,
    ) -> Document:
        """Say who of the team is to see to it. Does not take it from the bot."""
        data = {"user_id": str(assignee["_id"]), "name": assignee["name"]} if assignee else {}
        return await self._change(
            organization_id,
            conversation_id,
            {"assignee_id": assignee["_id"] if assignee else None},
            event={"event": "assigned", **data},
        )

    async def close(self, organization_id: ObjectId, conversation_id: ObjectId) -> Document:
        """Put it away; the customer's next message opens it again, with the bot."""
        return await self._change(
            organization_id,
            conversation_id,
            {
                "status": "closed",
                "owner": "bot",
                "assignee_id": None,
                "waiting_since": None,
                "unread": 0,
            },
            event={"event": "closed"},
            raises_fence=True,
        )

    async def reopen(self, organization_id: ObjectId, conversation_id: ObjectId) -> Document:
        """Take it out again, with the bot."""
        return await self._change(
            organization_id, conversation_id, {"status": "open"}, event={"event": "reopened"}
        )

    async def correct(
        self, organization_id: ObjectId, conversation_id: ObjectId, facts: Mapping[str, str]
    ) -> Document:
        """Put right what the bot has learned."""
        return await self._change(
            organization_id, conversation_id, {"facts": dict(facts)}, event=None
        )

    async def mark_read(self, organization_id: ObjectId, conversation_id: ObjectId) -> Document:
        """Somebody has seen the newest messages."""
        return await self._change(organization_id, conversation_id, {"unread": 0}, event=None)

    async def _change(
        self,
        organization_id: ObjectId,
        conversation_id: ObjectId,
        changes: Document,
        *,
        event: Document | None,
        raises_fence: bool = False,
    ) -> Document:
        store = self._store

        async def save(session: AsyncClientSession) -> Document:
            update: Document = {"$set": {**changes, "updated_at": utc_now()}}
            if raises_fence:
                update["$inc"] = {"fence": 1}
            after = await store.conversations.find_one_and_update(
                {"_id": conversation_id, "organization_id": organization_id},
                update,
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                raise NotFound("There is no such conversation.")
            events = [conversation_updated(after)]
            if event:
                line = store.inside(after, "", kind="event", author=SYSTEM, data=event)
                await store.messages.insert_one(line, session=session)
                events.insert(0, message_created(line))
            await store.events.append(organization_id, events, session)
            return after

        return conversation_read(await store.database.in_transaction(save))

    async def _page_of_messages(self, query: Document, asked: ListQuery) -> Document:
        page = await MESSAGE_LIST.page(self._store.messages, query, asked)
        page["items"] = [message_read({**row, "_id": row["id"]}) for row in page["items"]]
        return page


def _view(name: str, user_id: ObjectId) -> Document:
    if name == "mine":
        return {"assignee_id": user_id, "status": {"$ne": "closed"}}
    return dict(VIEWS[name])
