"""What each kind of channel event changes. See ``crm.inbox.channel_events`` for when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from crm.contacts.consents import new_consent
from crm.contacts.models import contact_read
from crm.core.clock import utc_now
from crm.core.events import NewEvent
from crm.inbox.channel_events import Handler
from crm.inbox.echoes import Echoes
from crm.inbox.handover import SYSTEM, Handover
from crm.inbox.models import Document, clean
from crm.inbox.moves import Moves
from crm.inbox.news import conversation_updated, message_created, message_updated
from crm.inbox.order import moment_of, noted, unless_newer
from crm.inbox.statuses import Place, Statuses
from crm.inbox.store import ConversationStore

_NOTICES_KEPT: Final = 20


class EventHandlers:
    """Applies channel events. Each method returns False when what it speaks of is not known yet."""

    def __init__(self, *, store: ConversationStore, statuses: Statuses, handover: Handover) -> None:
        self._store = store
        self._statuses = statuses
        self._echoes = Echoes(store=store, handover=handover)
        self._moves = Moves(store=store)

    def by_kind(self) -> Mapping[str, Handler]:
        """The handlers by the kind of event."""
        return {
            "status": self._status,
            "read": self._read,
            "reaction": self._reaction,
            "deletion": self._deletion,
            "edit": self._edit,
            "echo": self._echoes.apply,
            "chat": self._chat,
            "move": self._moves.apply,
            "consent": self._consent,
            "notice": self._notice,
        }

    async def _status(self, event: Document) -> bool:
        return await self._statuses.update(_place(event), event["data"])

    async def _read(self, event: Document) -> bool:
        return await self._statuses.read_up_to(
            _place(event), event["data"], came=event["created_at"]
        )

    async def _reaction(self, event: Document) -> bool:
        emoji = event["data"]["emoji"]
        shown = [{"emoji": emoji, "by": "contact"}] if emoji else []
        moment = moment_of(event, event["data"].get("at"))
        return await self._change(_named(event), {"reactions": shown}, ("reaction", moment))

    async def _deletion(self, event: Document) -> bool:
        """The customer took a message back, and its later wordings with it."""
        store, taken_back = self._store, {"deleted_at": event["created_at"]}
        if not await self._change(_named(event), taken_back):
            return False
        place, data = _place(event).query, event["data"]
        wordings = {**place, "chat_id": data["chat_id"], "edit_of": data["platform_id"]}
        async for wording in store.messages.find({**wordings, "deleted_at": None}, {"_id": 1}):
            await self._change({**place, "_id": wording["_id"]}, taken_back)
        return True

    async def _edit(self, event: Document) -> bool:
        changes = {"edited_at": event["created_at"], "edited_text": clean(event["data"]["text"])}
        moment = moment_of(event, event["data"].get("at"))
        return await self._change(_named(event), changes, ("edit", moment))

    async def _chat(self, event: Document) -> bool:
        """The customer blocked us, or let us in again."""
        store, reachable = self._store, event["data"]["reachable"]
        chat = {**_place(event).query, "chat_id": event["data"]["chat_id"]}
        moment = moment_of(event, event["data"].get("at"))
        # Who has written since has let us in again.
        silent = {} if reachable else {"last_inbound_at": {"$not": {"$gt": moment["at"]}}}

        async def write(session: AsyncClientSession) -> bool:
            before = await store.conversations.find_one_and_update(
                {**chat, **unless_newer("reachable", moment), **silent},
                {
                    "$set": {
                        "reachable": reachable,
                        "updated_at": utc_now(),
                        **noted("reachable", moment),
                    }
                },
                session=session,
            )
            if before is None:
                known = await store.conversations.find_one(chat, {"_id": 1}, session=session)
                return known is not None
            if before.get("reachable", True) == reachable:
                return True
            after = {**before, "reachable": reachable}
            name = "unblocked" if reachable else "blocked"
            line = store.inside(after, "", kind="event", author=SYSTEM, data={"event": name})
            await store.messages.insert_one(line, session=session)
            await store.events.append(
                after["organization_id"],
                [message_created(line), conversation_updated(after)],
                session,
            )
            return True

        return await store.database.in_transaction(write)

    async def _consent(self, event: Document) -> bool:
        """The person said on the platform whether they want advertising."""
        store, data = self._store, event["data"]
        chat = {**_place(event).query, "chat_id": data["chat_id"]}
        said = {
            "kind": data["purpose"],
            "granted": data["granted"],
            "at": min(data["at"] or event["created_at"], event["created_at"]),
        }

        async def write(session: AsyncClientSession) -> bool:
            conversation = await store.conversations.find_one(
                chat, {"contact_id": 1}, session=session
            )
            if conversation is None:
                return False  # the message that says so is on its way into a new conversation
            consent = new_consent(
                **said,
                source="platform",
                channel=event["channel"],
                connection_id=event["connection_id"],
                conversation_id=conversation["_id"],
            )
            after = await store.contacts.find_one_and_update(
                {
                    "organization_id": event["organization_id"],
                    "_id": conversation["contact_id"],
                    "consents": {"$not": {"$elemMatch": said}},
                },
                {
                    "$push": {"consents": {"$each": [consent], "$sort": {"at": 1}}},
                    "$set": {"updated_at": utc_now()},
                },
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is not None:
                updated = NewEvent(
                    type="contact.updated", subject_id=after["_id"], data=contact_read(after)
                )
                await store.events.append(event["organization_id"], [updated], session)
            return True

        return await store.database.in_transaction(write)

    async def _notice(self, event: Document) -> bool:
        data = event["data"]
        notice = {"topic": data["topic"], "data": data["data"], "at": event["created_at"]}
        # What it changes is looked up by the worker: the templates, or how the connection does.
        due = (
            {"templates_due": True}
            if data["topic"] == "templates"
            else {"health_due_at": utc_now()}
        )
        await self._store.database.db["connections"].update_one(
            {
                "organization_id": event["organization_id"],
                "_id": event["connection_id"],
                "notices": {"$ne": notice},
            },
            {"$push": {"notices": {"$each": [notice], "$slice": -_NOTICES_KEPT}}, "$set": due},
        )
        return True

    async def _change(
        self, named: Document, changes: Document, told: tuple[str, Document] | None = None
    ) -> bool:
        """Change the message that an event names, and tell it. Whether it is known.

        ``told`` is what the event tells and when that was made: what is older changes nothing.
        """
        store = self._store
        condition = unless_newer(*told) if told else {}
        fields = {**changes, **(noted(*told) if told else {}), "updated_at": utc_now()}

        async def write(session: AsyncClientSession) -> bool:
            after = await store.messages.find_one_and_update(
                {**named, **condition},
                {"$set": fields},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is None:
                return await store.messages.find_one(named, {"_id": 1}, session=session) is not None
            if after.get("conversation_id") and not after.get("fresh"):
                event_told = message_updated(after)
                await store.events.append(after["organization_id"], [event_told], session)
            return True

        return await store.database.in_transaction(write)


def _place(event: Document) -> Place:
    return Place(event["organization_id"], event["connection_id"])


def _named(event: Document) -> Document:
    """The message that an event names."""
    return {**_place(event).query, "platform_ids": event["data"]["platform_id"]}
