"""What operators do with conversations: read, write, assign, close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from connectors.base import Connector
from crm.contacts.models import contact_read, fold
from crm.contract import MessageKind, Reach
from crm.core.clock import utc_now
from crm.core.errors import Conflict, Invalid, NotFound
from crm.core.listing import Listing, ListQuery, Sortable, prefix_search
from crm.files.attachments import file_row
from crm.inbox.delivery import Connections
from crm.inbox.models import FAILED, Document, conversation_read, message_read, preview
from crm.inbox.news import conversation_updated, last_message, message_created
from crm.inbox.outbox import BLOCKED
from crm.inbox.reach import WindowClosed, reach_of
from crm.inbox.store import ConversationStore

OPERATOR: Final = "operator"
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


class TakesFiles(Protocol):
    """Where operators' uploads are stored."""

    async def take(
        self, organization_id: ObjectId, ids: Sequence[ObjectId], session: AsyncClientSession
    ) -> Sequence[Document]:
        """Keep uploads for a message from now on; returns them in this order.

        Raises:
            NotFound: one is not there.
            FileNotChecked: one was not seen by the virus scanner yet.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an operator is about to send. ``client_id`` makes it safe to repeat."""

    text: str
    kind: str = "text"
    attachments: Sequence[ObjectId] = ()
    reply_to: ObjectId | None = None
    template: Document | None = None
    tag: str | None = None
    client_id: str | None = None


class Desk:
    """Operators' side of the inbox. Everything is scoped by the organization given first."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        connections: Connections,
        connectors: Mapping[str, Connector],
        files: TakesFiles,
        deliver_soon: Callable[[ObjectId], None],
    ) -> None:
        self._store = store
        self._connections = connections
        self._connectors = connectors
        self._files = files
        self._deliver_soon = deliver_soon

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
        conversation = await self.find(organization_id, conversation_id)
        contact = await self._store.contacts.find_one(
            {"organization_id": organization_id, "_id": conversation["contact_id"]}
        )
        return {
            **conversation_read(conversation),
            "contact": contact_read(contact) if contact else None,
            "referrals": conversation.get("referrals") or [],
            "reach": asdict(await self.reach(conversation)),
        }

    async def messages(
        self, organization_id: ObjectId, conversation_id: ObjectId, asked: ListQuery
    ) -> Document:
        """A page of the thread, newest first."""
        await self.find(organization_id, conversation_id)
        query = {"organization_id": organization_id, "conversation_id": conversation_id}
        return await self._page_of_messages(query, asked)

    async def failed(self, organization_id: ObjectId, asked: ListQuery) -> Document:
        """A page of the messages that could not be delivered."""
        return await self._page_of_messages(
            {"organization_id": organization_id, "state": FAILED}, asked
        )

    async def reach(self, conversation: Document) -> Reach:
        """Whether an operator's message may go into the conversation now."""
        connection = await self._connections.connection(str(conversation["connection_id"]))
        if connection is None:
            return Reach(open=False, code="connection_gone")
        if not conversation.get("reachable", True):
            return Reach(open=False, code=BLOCKED)
        connector = self._connectors.get(conversation["channel"])
        return reach_of(connector, connection, conversation, author_kind=OPERATOR)

    async def write(
        self,
        organization_id: ObjectId,
        conversation_id: ObjectId,
        draft: Draft,
        *,
        user: Mapping[str, Any],
    ) -> Document:
        """Send a message to the customer, or leave a note for colleagues.

        The second call with a ``client_id`` answers with the first's message.

        Raises:
            NotFound: there is no such conversation here, or no such file or quoted message.
            Conflict: the bot has the conversation; take it over first.
            WindowClosed: the channel does not take the message now.
        """
        store = self._store
        conversation = await self.find(organization_id, conversation_id)
        author = {"kind": OPERATOR, "user_id": user["_id"], "name": user["name"]}
        moment = utc_now()
        changes: Document = {"updated_at": moment}
        if draft.kind == "note":
            message = store.inside(
                conversation, draft.text, kind="note", author=author, data=_client(draft.client_id)
            )
        elif not (draft.text.strip() or draft.attachments or draft.template):
            raise Invalid("There is nothing to send.", code="empty_message")
        else:
            await self._check_reach(conversation, draft)
            message = await self._outbound(conversation, draft, author)
            changes |= {
                "operator_active_at": moment,
                "last_activity_at": moment,
                "unread": 0,
                "assignee_id": user["_id"],
                "choices": [],
                "last_message": last_message(message),
            }

        async def save(session: AsyncClientSession) -> None:
            match: Document = {"_id": conversation_id, "organization_id": organization_id}
            update: Document = {"$set": changes}
            if draft.kind != "note":
                match["owner"] = OPERATOR
                update["$inc"] = {"unrecorded": 1}
            if draft.attachments:
                taken = await self._files.take(organization_id, draft.attachments, session)
                message["attachments"] = [file_row(file) for file in taken]
            after = await store.conversations.find_one_and_update(
                match, update, session=session, return_document=ReturnDocument.AFTER
            )
            if after is None:
                raise Conflict(
                    "The bot has this conversation: take it over first.",
                    code="conversation_with_bot",
                )
            await store.messages.insert_one(message, session=session)
            await store.events.append(
                organization_id, [message_created(message), conversation_updated(after)], session
            )

        try:
            await store.database.in_transaction(save)
        except DuplicateKeyError:
            match = {"conversation_id": conversation_id, "data.client_id": draft.client_id}
            first = await store.messages.find_one(match)
            if first is None:
                raise
            return message_read(first)
        if draft.kind != "note":
            self._deliver_soon(conversation_id)
        return message_read(message)

    async def _check_reach(self, conversation: Document, draft: Draft) -> None:
        reach = await self.reach(conversation)
        by_template = reach.templates and draft.template is not None
        by_tag = reach.tag is not None and reach.tag == draft.tag
        if not (reach.open or by_template or by_tag):
            raise WindowClosed(code=reach.code or "window_closed")

    async def _outbound(self, conversation: Document, draft: Draft, author: Document) -> Document:
        text = draft.text
        if draft.template is not None:
            text = draft.template.get("text") or text
        message = self._store.outbound(conversation, text, author=author, client_id=draft.client_id)
        message |= {"template": draft.template, "tag": draft.tag, "unrecorded": True}
        if draft.template is not None:
            message["kind"] = MessageKind.TEMPLATE.value
        if draft.reply_to is not None:
            message["reply_to"] = await self._quoted(conversation, draft.reply_to)
        return message

    async def _quoted(self, conversation: Document, message_id: ObjectId) -> Document:
        quoted = await self._store.messages.find_one(
            {
                "organization_id": conversation["organization_id"],
                "conversation_id": conversation["_id"],
                "_id": message_id,
            }
        )
        if quoted is None:
            raise NotFound("There is no such message in this conversation.")
        return {
            "id": message_id,
            "platform_id": next(iter(quoted.get("platform_ids") or ()), None),
            "text": preview(quoted["text"]),
            "author_kind": quoted["author"]["kind"],
        }

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

    async def find(self, organization_id: ObjectId, conversation_id: ObjectId) -> Document:
        """The stored conversation.

        Raises:
            NotFound: there is no such conversation here.
        """
        conversation = await self._store.conversations.find_one(
            {"organization_id": organization_id, "_id": conversation_id}
        )
        if conversation is None:
            raise NotFound("There is no such conversation.")
        return conversation

    async def _page_of_messages(self, query: Document, asked: ListQuery) -> Document:
        page = await MESSAGE_LIST.page(self._store.messages, query, asked)
        page["items"] = [message_read({**row, "_id": row["id"]}) for row in page["items"]]
        return page


def _client(client_id: str | None) -> Document:
    return {"client_id": client_id} if client_id else {}


def _view(name: str, user_id: ObjectId) -> Document:
    if name == "mine":
        return {"assignee_id": user_id, "status": {"$ne": "closed"}}
    return dict(VIEWS[name])
