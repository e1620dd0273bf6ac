"""A person has other ids on the platform: their conversation and their identity go on under them."""

from __future__ import annotations

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from crm.contacts.models import contact_read, identified, lookup_fields
from crm.core.clock import utc_now
from crm.core.events import NewEvent
from crm.inbox.models import Document
from crm.inbox.news import conversation_updated
from crm.inbox.store import ConversationStore


class Moves:
    """Applies moves of chats."""

    def __init__(self, *, store: ConversationStore) -> None:
        self._store = store

    async def apply(self, event: Document) -> bool:
        """Move a chat. Always known: where there is no such chat, nothing has to move.

        Where the person has written under the new ids already, both stay as they are: the
        contacts are proposed for merging.
        """
        store, data = self._store, event["data"]

        async def write(session: AsyncClientSession) -> None:
            told = await self._move(event, session)
            if told:
                await store.events.append(event["organization_id"], told, session)

        try:
            await store.database.in_transaction(write)
        except DuplicateKeyError:
            return True
        store.known.forget(event["connection_id"], data["chat_id"])
        return True

    async def _move(self, event: Document, session: AsyncClientSession) -> list[NewEvent]:
        store, data, moment = self._store, event["data"], utc_now()
        chat = {
            "organization_id": event["organization_id"],
            "connection_id": event["connection_id"],
            "chat_id": data["chat_id"],
        }
        after = await store.conversations.find_one_and_update(
            chat,
            {"$set": {"chat_id": data["new_chat_id"], "updated_at": moment}},
            session=session,
            return_document=ReturnDocument.AFTER,
        )
        if after is None:
            return []
        await store.messages.update_many(
            chat, {"$set": {"chat_id": data["new_chat_id"]}}, session=session
        )
        return [conversation_updated(after), *await self._rename(event, session)]

    async def _rename(self, event: Document, session: AsyncClientSession) -> list[NewEvent]:
        """Let the person's identity have the new id."""
        store, data = self._store, event["data"]
        organization_id = event["organization_id"]
        known = {"connection_id": event["connection_id"], "external_id": data["chat_id"]}
        contact = await store.contacts.find_one_and_update(
            {
                "organization_id": organization_id,
                **identified(event["connection_id"], data["chat_id"]),
            },
            {
                "$set": {
                    "identities.$[one].external_id": data["sender"]["external_id"],
                    "updated_at": utc_now(),
                }
            },
            array_filters=[{f"one.{name}": value for name, value in known.items()}],
            session=session,
            return_document=ReturnDocument.AFTER,
        )
        if contact is None:
            return []
        found_by = lookup_fields(contact)
        await store.contacts.update_one(
            {"organization_id": organization_id, "_id": contact["_id"]},
            {"$set": found_by},
            session=session,
        )
        updated = NewEvent(
            type="contact.updated", subject_id=contact["_id"], data=contact_read(contact)
        )
        return [updated, *await store.duplicates.refresh({**contact, **found_by}, session)]
