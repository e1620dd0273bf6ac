"""Operators write: to the customer, where the channel takes it, or a note for colleagues."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from crm.contract import MessageKind
from crm.core.clock import utc_now
from crm.core.errors import Conflict, Invalid, NotFound
from crm.files.attachments import file_row
from crm.inbox.finding import find_conversation
from crm.inbox.models import Document, message_read, preview
from crm.inbox.news import conversation_updated, last_message, message_created
from crm.inbox.reach import Reaching, WindowClosed
from crm.inbox.store import ConversationStore

OPERATOR: Final = "operator"


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


class Writing:
    """What operators send. Everything is scoped by the organization given first."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        reaching: Reaching,
        files: TakesFiles,
        deliver_soon: Callable[[ObjectId], None],
    ) -> None:
        self._store = store
        self._reaching = reaching
        self._files = files
        self._deliver_soon = deliver_soon

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
        conversation = await find_conversation(store, organization_id, conversation_id)
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
            first = await store.messages.find_one(
                {
                    "organization_id": organization_id,
                    "conversation_id": conversation_id,
                    "data.client_id": draft.client_id,
                }
            )
            if first is None:
                raise
            return message_read(first)
        if draft.kind != "note":
            self._deliver_soon(conversation_id)
        return message_read(message)

    async def _check_reach(self, conversation: Document, draft: Draft) -> None:
        reach = await self._reaching.reach(conversation, author_kind=OPERATOR)
        by_template = reach.templates and draft.template is not None
        by_tag = reach.tag is not None and reach.tag == draft.tag
        if not (reach.open or by_template or by_tag):
            raise WindowClosed.by(reach)

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


def _client(client_id: str | None) -> Document:
    return {"client_id": client_id} if client_id else {}
