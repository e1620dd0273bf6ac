"""A person's first message to a connection: their conversation, and they themselves if they are new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from crm.contacts.facts import free_facts
from crm.contacts.models import contact_name, contact_read, identified, lookup_fields, new_contact
from crm.contacts.platforms import new_identity, new_source, told
from crm.core.clock import utc_now
from crm.core.events import NewEvent
from crm.inbox.models import Document, conversation_read
from crm.inbox.profiles import conversation_referral, sender_mark
from crm.inbox.speaker import speaker_of
from crm.inbox.store import ConversationStore


async def ensure_conversation(store: ConversationStore, message: Document) -> None:
    """Make the conversation, and the contact if the person is new. Safe to race.

    What the platform tells of the person is believed; a phone or an e-mail that another contact has stays that one's,
    and the two are proposed for merging.
    """
    sender = message["sender"]
    organization_id, connection_id = message["organization_id"], message["connection_id"]
    moment = utc_now()
    facts = told(sender)
    speaker = await speaker_of(store, message)

    async def create(session: AsyncClientSession) -> None:
        contact = await store.contacts.find_one(
            {
                "organization_id": organization_id,
                **identified(connection_id, sender["external_id"]),
            },
            session=session,
        )
        events = []
        if contact is None:
            contact = await _new_contact(store, message, facts, session)
            await store.contacts.insert_one(contact, session=session)
            events.append(
                NewEvent(
                    type="contact.created",
                    subject_id=contact["_id"],
                    data=contact_read(contact),
                )
            )
            events += await store.duplicates.refresh(contact, session, new=True)
        referral = message.get("referral")
        conversation = new_conversation(
            message,
            contact,
            language=speaker.language(sender.get("language")),
            # A phone that somebody else has is looked at with the first turn (`PlatformFacts`).
            sender_mark=None if _lacks_phone(contact, facts) else sender_mark(sender),
            referrals=[conversation_referral(message, moment)] if referral else [],
        )
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


def new_conversation(
    chat: Mapping[str, Any], contact: Document, *, language: str, **more: Any
) -> Document:
    """A conversation of this contact in a chat: whatever names its organization, connection, channel and id."""
    moment = utc_now()
    names = ("organization_id", "connection_id", "channel", "chat_id")
    return {
        "_id": ObjectId(),
        **{name: chat[name] for name in names},
        "contact_id": contact["_id"],
        "contact_name": contact_name(contact),
        "owner": "bot",
        "status": "open",
        "assignee_id": None,
        "language": language,
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
        "sender_mark": None,
        "referrals": [],
        "created_at": moment,
        "updated_at": moment,
        **more,
    }


def _lacks_phone(contact: Document, facts: Mapping[str, Any]) -> bool:
    return facts.get("phone") is not None and contact.get("phone") is None


async def _new_contact(
    store: ConversationStore,
    message: Document,
    facts: Mapping[str, Any],
    session: AsyncClientSession,
) -> Document:
    connection_id, channel = message["connection_id"], message["channel"]
    contact = new_contact(
        message["organization_id"],
        identities=[new_identity(connection_id, channel, message["sender"]["external_id"], facts)],
        source=new_source(channel, connection_id, message.get("referral"), message["created_at"]),
    )
    free = await free_facts(store.database, contact, dict(facts), session)
    return {**contact, **free, **lookup_fields({**contact, **free})}
