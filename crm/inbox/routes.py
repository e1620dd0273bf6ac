"""The inbox over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bson import ObjectId

from crm.contacts.schemas import ContactRead
from crm.core.api import Access, Id, Principal, endpoint
from crm.core.errors import Conflict, Invalid
from crm.core.listing import ListQuery, Page
from crm.inbox.background import Background
from crm.inbox.desk import Desk
from crm.inbox.finding import find_conversation
from crm.inbox.handover import Handover
from crm.inbox.models import Document, conversation_read, message_read
from crm.inbox.outbox import Outbox
from crm.inbox.people import People
from crm.inbox.reach import WindowClosed
from crm.inbox.schemas import (
    Assignment,
    ConversationCounts,
    ConversationQuery,
    ConversationRead,
    ConversationReferral,
    ConversationUpdate,
    MessageRead,
    MessageWrite,
    ReachRead,
)
from crm.inbox.signals import Signals
from crm.inbox.store import ConversationStore
from crm.inbox.writing import Draft, Writing


class ConversationDetail(ConversationRead):
    """A conversation with its contact, what brought them, and whether it may be written to."""

    contact: ContactRead | None
    referrals: list[ConversationReferral]
    reach: ReachRead


class InboxRoutes:
    """Conversations and messages."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        desk: Desk,
        writing: Writing,
        handover: Handover,
        outbox: Outbox,
        signals: Signals,
        background: Background,
        people: People,
        deliver_soon: Callable[[ObjectId], None],
    ) -> None:
        self._deliver_soon = deliver_soon
        self._signals = signals
        self._background = background
        self._store = store
        self._desk = desk
        self._writing = writing
        self._handover = handover
        self._outbox = outbox
        self._people = people

    @endpoint("GET", "/api/conversations", access=Access.VIEWER, response=Page[ConversationRead])
    async def list_conversations(
        self, principal: Principal, query: ConversationQuery
    ) -> dict[str, Any]:
        """List conversations, the latest activity first."""
        return await self._desk.conversations(
            principal.organization_id,
            principal.user_id,
            query,
            view=query.view,
            channel=query.channel,
            contact_id=query.contact_id,
            text=query.q,
        )

    @endpoint("GET", "/api/conversations/counts", access=Access.VIEWER, response=ConversationCounts)
    async def count_conversations(self, principal: Principal) -> Document:
        """Count the conversations of each view."""
        return await self._desk.counts(principal.organization_id, principal.user_id)

    @endpoint(
        "GET",
        "/api/conversations/{conversation_id}",
        access=Access.VIEWER,
        response=ConversationDetail,
    )
    async def read_conversation(self, principal: Principal, conversation_id: Id) -> Document:
        """Read a conversation with its contact."""
        return await self._desk.conversation(principal.organization_id, conversation_id)

    @endpoint(
        "PATCH",
        "/api/conversations/{conversation_id}",
        access=Access.OPERATOR,
        response=ConversationRead,
    )
    async def change_conversation(
        self, principal: Principal, conversation_id: Id, body: ConversationUpdate
    ) -> Document:
        """Put right what the bot has learned."""
        if "facts" not in body.model_fields_set:
            return conversation_read(await self._find(principal, conversation_id))
        return await self._desk.correct(principal.organization_id, conversation_id, body.facts)

    @endpoint(
        "GET",
        "/api/conversations/{conversation_id}/messages",
        access=Access.VIEWER,
        response=Page[MessageRead],
    )
    async def list_messages(
        self, principal: Principal, conversation_id: Id, query: ListQuery
    ) -> Document:
        """List a conversation's messages, the newest first."""
        return await self._desk.messages(principal.organization_id, conversation_id, query)

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/messages",
        access=Access.OPERATOR,
        response=MessageRead,
        status=201,
        errors=[Conflict, WindowClosed, Invalid],
    )
    async def write_message(
        self, principal: Principal, conversation_id: Id, body: MessageWrite
    ) -> Document:
        """Write to the customer, or leave a note for colleagues."""
        draft = Draft(
            text=body.text,
            kind=body.kind,
            attachments=body.attachments,
            reply_to=body.reply_to,
            template=body.template.model_dump(mode="json") if body.template else None,
            tag=body.tag,
            client_id=body.client_id,
        )
        return await self._writing.write(
            principal.organization_id, conversation_id, draft, user=_me(principal)
        )

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/take-over",
        access=Access.OPERATOR,
        response=ConversationRead,
        errors=[Conflict],
    )
    async def take_over(self, principal: Principal, conversation_id: Id) -> Document:
        """Take a conversation from the bot or a colleague; the bot is silent from now on."""
        return conversation_read(
            await self._handover.take_over(
                principal.organization_id, conversation_id, user=_me(principal)
            )
        )

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/hand-back",
        access=Access.OPERATOR,
        response=ConversationRead,
        errors=[Conflict],
    )
    async def hand_back(self, principal: Principal, conversation_id: Id) -> Document:
        """Give a conversation back to the bot."""
        return conversation_read(
            await self._handover.hand_back(
                principal.organization_id, conversation_id, user=_me(principal)
            )
        )

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/assign",
        access=Access.OPERATOR,
        response=ConversationRead,
    )
    async def assign(self, principal: Principal, conversation_id: Id, body: Assignment) -> Document:
        """Say who of the team is to see to a conversation."""
        assignee = None
        if body.assignee_id is not None:
            assignee = await self._people.member(principal.organization_id, body.assignee_id)
        return await self._desk.assign(
            principal.organization_id, conversation_id, assignee=assignee
        )

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/close",
        access=Access.OPERATOR,
        response=ConversationRead,
    )
    async def close(self, principal: Principal, conversation_id: Id) -> Document:
        """Close a conversation; the customer's next message opens it again."""
        return await self._desk.close(principal.organization_id, conversation_id)

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/reopen",
        access=Access.OPERATOR,
        response=ConversationRead,
    )
    async def reopen(self, principal: Principal, conversation_id: Id) -> Document:
        """Open a closed conversation again."""
        return await self._desk.reopen(principal.organization_id, conversation_id)

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/read",
        access=Access.OPERATOR,
        response=ConversationRead,
    )
    async def mark_read(self, principal: Principal, conversation_id: Id) -> Document:
        """Note that the newest messages were seen."""
        read = await self._desk.mark_read(principal.organization_id, conversation_id)
        conversation = await self._find(principal, conversation_id)
        self._background.start(self._signals.mark_read(conversation))
        return read

    @endpoint("POST", "/api/conversations/{conversation_id}/typing", access=Access.OPERATOR)
    async def typing(self, principal: Principal, conversation_id: Id) -> None:
        """Show the customer that a person is writing, where the channel can."""
        conversation = await self._find(principal, conversation_id)
        await self._signals.show_typing(conversation)

    @endpoint("GET", "/api/deliveries/failed", access=Access.VIEWER, response=Page[MessageRead])
    async def list_failed(self, principal: Principal, query: ListQuery) -> Document:
        """List the messages that could not be delivered."""
        return await self._desk.failed(principal.organization_id, query)

    @endpoint(
        "POST",
        "/api/messages/{message_id}/resend",
        access=Access.OPERATOR,
        response=MessageRead,
        errors=[Conflict],
    )
    async def resend(self, principal: Principal, message_id: Id) -> Document:
        """Try to deliver a failed message again."""
        message = await self._outbox.resend(principal.organization_id, message_id)
        self._deliver_soon(message["conversation_id"])
        return message_read(message)

    async def _find(self, principal: Principal, conversation_id: Id) -> Document:
        return await find_conversation(self._store, principal.organization_id, conversation_id)


def _me(principal: Principal) -> Document:
    return {"_id": principal.user_id, "name": principal.user_name}
