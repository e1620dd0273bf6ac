"""What each kind of channel event changes. See ``crm.inbox.channel_events`` for when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from crm.contacts.consents import new_consent
from crm.contacts.models import contact_read, lookup_fields
from crm.contract import Attachment, MessageKind
from crm.core.clock import utc_now
from crm.core.events import NewEvent
from crm.inbox.attached import attached
from crm.inbox.channel_events import Handler
from crm.inbox.handover import SYSTEM, Handover
from crm.inbox.models import SENDING, SENT, Document, clean
from crm.inbox.news import conversation_updated, message_created, message_updated
from crm.inbox.statuses import Place, Statuses
from crm.inbox.store import ConversationStore

_NOTICES_KEPT: Final = 20


class EventHandlers:
    """Applies channel events. Each method returns False when what it speaks of is not known yet."""

    def __init__(self, *, store: ConversationStore, statuses: Statuses, handover: Handover) -> None:
        self._store = store
        self._statuses = statuses
        self._handover = handover

    def by_kind(self) -> Mapping[str, Handler]:
        """The handlers by the kind of event."""
        return {
            "status": self._status,
            "read": self._read,
            "reaction": self._reaction,
            "deletion": self._deletion,
            "edit": self._edit,
            "echo": self._echo,
            "chat": self._chat,
            "move": self._move,
            "consent": self._consent,
            "notice": self._notice,
        }

    async def _status(self, event: Document) -> bool:
        return await self._statuses.update(_place(event), event["data"])

    async def _read(self, event: Document) -> bool:
        return await self._statuses.read_up_to(_place(event), event["data"])

    async def _reaction(self, event: Document) -> bool:
        emoji = event["data"]["emoji"]
        shown = [{"emoji": emoji, "by": "contact"}] if emoji else []
        return await self._change(event, {"reactions": shown})

    async def _deletion(self, event: Document) -> bool:
        return await self._change(event, {"deleted_at": event["created_at"]})

    async def _edit(self, event: Document) -> bool:
        text = clean(event["data"]["text"])
        return await self._change(event, {"edited_at": event["created_at"], "edited_text": text})

    async def _echo(self, event: Document) -> bool:
        """Our side wrote elsewhere. Not known whether it was us while a delivery is under way."""
        store, data = self._store, event["data"]
        chat = {**_place(event).query, "chat_id": data["chat_id"]}
        ours = {**_place(event).query, "platform_ids": data["platform_id"]}
        if await store.messages.find_one(ours, {"_id": 1}):
            return True
        if await store.messages.find_one({**chat, "state": SENDING}, {"_id": 1}):
            return False
        conversation = await store.conversations.find_one(chat)
        if conversation is None:
            return False  # they wrote first: there is no conversation before the customer answers
        message = store.outbound(
            conversation, data["text"], author={"kind": "operator", "name": data["author_name"]}
        )
        message |= {
            "kind": data["kind"],
            "state": SENT,
            "external_id": f"echo:{data['platform_id']}",
            "platform_ids": [data["platform_id"]],
            "parts": [{"platform_id": data["platform_id"], "state": SENT}],
            **attached([_attachment(one) for one in data["attachments"]], event["created_at"]),
            "data": {"echo": True},
            "unrecorded": True,
        }
        del message["next_attempt_at"]
        try:
            await self._handover.written_elsewhere(conversation, message)
        except DuplicateKeyError:  # another process was faster
            return True
        return True

    async def _chat(self, event: Document) -> bool:
        """The customer blocked us, or let us in again."""
        store, reachable = self._store, event["data"]["reachable"]

        async def write(session: AsyncClientSession) -> None:
            after = await store.conversations.find_one_and_update(
                {
                    **_place(event).query,
                    "chat_id": event["data"]["chat_id"],
                    "reachable": {"$ne": reachable},
                },
                {"$set": {"reachable": reachable, "updated_at": utc_now()}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                return
            name = "unblocked" if reachable else "blocked"
            line = store.inside(after, "", kind="event", author=SYSTEM, data={"event": name})
            await store.messages.insert_one(line, session=session)
            await store.events.append(
                after["organization_id"],
                [message_created(line), conversation_updated(after)],
                session,
            )

        await store.database.in_transaction(write)
        return True

    async def _move(self, event: Document) -> bool:
        """The person has other ids now: their conversation and their identity go on under them.

        Where they have written under the new ones already, both stay as they are: the contacts
        are proposed for merging.
        """
        store, data, moment = self._store, event["data"], utc_now()
        connection = {"connection_id": event["connection_id"]}

        async def write(session: AsyncClientSession) -> None:
            after = await store.conversations.find_one_and_update(
                {**connection, "chat_id": data["chat_id"]},
                {"$set": {"chat_id": data["new_chat_id"], "updated_at": moment}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                return
            await store.messages.update_many(
                {**connection, "chat_id": data["chat_id"]},
                {"$set": {"chat_id": data["new_chat_id"]}},
                session=session,
            )
            known = {**connection, "external_id": data["chat_id"]}
            contact = await store.contacts.find_one_and_update(
                {
                    "organization_id": event["organization_id"],
                    "identities": {"$elemMatch": known},
                },
                {
                    "$set": {
                        "identities.$.external_id": data["sender"]["external_id"],
                        "updated_at": moment,
                    }
                },
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            told = [conversation_updated(after)]
            if contact is not None:
                key = {"organization_id": event["organization_id"], "_id": contact["_id"]}
                found_by = lookup_fields(contact)
                await store.contacts.update_one(key, {"$set": found_by}, session=session)
                told.append(_contact_updated(contact))
                told += await store.duplicates.refresh({**contact, **found_by}, session)
            await store.events.append(event["organization_id"], told, session)

        try:
            await store.database.in_transaction(write)
        except DuplicateKeyError:
            return True
        return True

    async def _consent(self, event: Document) -> bool:
        """The person said on the platform whether they want advertising."""
        store, data = self._store, event["data"]
        chat = {"connection_id": event["connection_id"], "chat_id": data["chat_id"]}
        conversation = await store.conversations.find_one(chat, {"contact_id": 1})
        if conversation is None:
            return False  # the message that says so is on its way into a new conversation
        said = {
            "kind": data["purpose"],
            "granted": data["granted"],
            "at": data["at"] or event["created_at"],
        }
        consent = new_consent(
            **said,
            source="platform",
            channel=event["channel"],
            connection_id=event["connection_id"],
            conversation_id=conversation["_id"],
        )

        async def write(session: AsyncClientSession) -> None:
            after = await store.contacts.find_one_and_update(
                {
                    "_id": conversation["contact_id"],
                    "organization_id": event["organization_id"],
                    "consents": {"$not": {"$elemMatch": said}},
                },
                {
                    "$push": {"consents": consent},
                    "$set": {"updated_at": utc_now()},
                },
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is not None:
                await store.events.append(
                    event["organization_id"], [_contact_updated(after)], session
                )

        await store.database.in_transaction(write)
        return True

    async def _notice(self, event: Document) -> bool:
        data = event["data"]
        notice = {"topic": data["topic"], "data": data["data"], "at": event["created_at"]}
        changes: Document = {
            "$push": {"notices": {"$each": [notice], "$slice": -_NOTICES_KEPT}},
        }
        # What it changes is looked up by the worker: the templates, or how the connection does.
        due = (
            {"templates_due": True}
            if data["topic"] == "templates"
            else {"health_due_at": utc_now()}
        )
        changes["$set"] = due
        await self._store.database.db["connections"].update_one(
            {"_id": event["connection_id"], "organization_id": event["organization_id"]}, changes
        )
        return True

    async def _change(self, event: Document, changes: Document) -> bool:
        """Change the message that the event names, and tell it. Whether it is known."""
        store = self._store
        match = {**_place(event).query, "platform_ids": event["data"]["platform_id"]}

        async def write(session: AsyncClientSession) -> ObjectId | None:
            after = await store.messages.find_one_and_update(
                match,
                {"$set": {**changes, "updated_at": utc_now()}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                return None
            if after.get("conversation_id") and not after.get("fresh"):
                event_told = message_updated(after)
                await store.events.append(after["organization_id"], [event_told], session)
            found: ObjectId = after["_id"]
            return found

        return await store.database.in_transaction(write) is not None


def _place(event: Document) -> Place:
    return Place(event["organization_id"], event["connection_id"])


def _contact_updated(contact: Document) -> NewEvent:
    return NewEvent(type="contact.updated", subject_id=contact["_id"], data=contact_read(contact))


def _attachment(stored: Document) -> Attachment:
    return Attachment(**{**stored, "kind": MessageKind(stored["kind"])})
