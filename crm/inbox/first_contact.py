"""A person's first message to a connection: their conversation, and they themselves if they are new."""

from __future__ import annotations

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from crm.contacts.models import contact_name, contact_read, new_contact
from crm.core.clock import utc_now
from crm.core.events import NewEvent
from crm.inbox.models import Document, conversation_read
from crm.inbox.speaker import speaker_of
from crm.inbox.store import ConversationStore


async def ensure_conversation(store: ConversationStore, message: Document) -> None:
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
    speaker = await speaker_of(store, message)

    async def create(session: AsyncClientSession) -> None:
        contact = await store.contacts.find_one(
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
            await store.contacts.insert_one(contact, session=session)
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
            "language": speaker.language(sender.get("language")),
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
        await store.conversations.insert_one(conversation, session=session)
        events.append(
            NewEvent(
                type="conversation.created",
                subject_id=conversation["_id"],
                data=conversation_read(conversation),
            )
        )
        await store.events.append(organization_id, events, session=session)

    try:
        await store.database.in_transaction(create)
    except DuplicateKeyError:
        return  # somebody else made it meanwhile
