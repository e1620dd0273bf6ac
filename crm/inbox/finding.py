"""Conversations by their ids, within their organization."""

from __future__ import annotations

from bson import ObjectId

from crm.core.errors import NotFound
from crm.inbox.models import Document
from crm.inbox.store import ConversationStore


async def find_conversation(
    store: ConversationStore, organization_id: ObjectId, conversation_id: ObjectId
) -> Document:
    """The stored conversation.

    Raises:
        NotFound: there is no such conversation here.
    """
    conversation = await store.conversations.find_one(
        {"organization_id": organization_id, "_id": conversation_id}
    )
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation
