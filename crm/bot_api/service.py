"""The skills' side of the CRM: context to act in, and writes that happen once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crm.bot_api.given import contact_details, lead_details
from crm.bot_api.hours import opening
from crm.bot_api.leads import deal_title, task_text, task_title
from crm.bot_api.schemas import (
    ConsentWrite,
    ContactWrite,
    FeedbackWrite,
    HandoffWrite,
    LeadWrite,
    TaskWrite,
)
from crm.contacts.consents import new_consent
from crm.contacts.service import Contacts
from crm.core.clock import utc_now
from crm.core.database import RawDocument, Session, TransactionConflictError, string
from crm.core.errors import NotFound
from crm.core.events import Actor
from crm.deals.service import Deals
from crm.inbox.handover import Handover
from crm.inbox.news import conversation_updated, message_created
from crm.inbox.store import ConversationStore
from crm.tasks.service import Tasks

BOT: Final = Actor("bot")

type Work = Callable[[Session, RawDocument], Awaitable[RawDocument]]


class SkillActions:
    """What skills may do. The organization follows from the conversation, never from the caller."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        contacts: Contacts,
        deals: Deals,
        tasks: Tasks,
        handover: Handover,
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._deals = deals
        self._tasks = tasks
        self._handover = handover

    async def find(self, conversation_id: ObjectId, organization_id: str | None) -> RawDocument:
        """The conversation, if it belongs to the organization the caller acts for.

        Raises:
            NotFound: there is none such, or it is another organization's.
        """
        found = None
        if ObjectId.is_valid(organization_id or ""):
            found = await self._store.conversations.find_one(
                {"organization_id": ObjectId(organization_id), "_id": conversation_id}
            )
        if found is None:
            raise NotFound("There is no such conversation.")
        return found

    async def organization(self, conversation: RawDocument) -> RawDocument:
        """The conversation's organization."""
        found = await self._store.organizations.find_one({"_id": conversation["organization_id"]})
        if found is None:
            raise NotFound("The organization is gone.")
        return found

    async def add_lead(self, conversation: RawDocument, lead: LeadWrite) -> RawDocument:
        """Write an order down: the contact learns name, phone and e-mail, a deal in the first stage, a task with all of it."""
        language = (await self.organization(conversation))["language"]
        details = lead_details(lead)
        phone = details.get("phone")

        async def work(session: Session, conversation: RawDocument) -> RawDocument:
            organization_id = conversation["organization_id"]
            contact = await self._contacts.learn(
                organization_id,
                conversation["contact_id"],
                {"name": lead.name, "phone": phone, "email": lead.email},
                actor=BOT,
                session=session,
            )
            await self._note_claim(conversation, contact, session)
            links = {"contact_id": contact["_id"], "conversation_id": conversation["_id"]}
            deal = await self._deals.create(
                organization_id,
                {"title": deal_title(lead, language), "details": details, **links},
                actor=BOT,
                source_key=lead.source_key,
                session=session,
            )
            task = await self._tasks.create(
                organization_id,
                {
                    "title": task_title(lead, language),
                    "description": task_text(lead, phone, language),
                    "kind": "lead",
                    "deal_id": deal["id"],
                    **links,
                },
                actor=BOT,
                source_key=lead.source_key,
                session=session,
            )
            return {"contact_id": contact["_id"], "deal_id": deal["id"], "task_id": task["id"]}

        return await self._once(conversation, "deal_created", lead.source_key, work, facts=details)

    async def add_task(self, conversation: RawDocument, task: TaskWrite) -> RawDocument:
        """Make a task for the team."""
        values = task.model_dump(exclude={"source_key"})

        async def work(session: Session, conversation: RawDocument) -> RawDocument:
            made = await self._tasks.create(
                conversation["organization_id"],
                {
                    **values,
                    "contact_id": conversation["contact_id"],
                    "conversation_id": conversation["_id"],
                },
                actor=BOT,
                source_key=task.source_key,
                session=session,
            )
            return {"task_id": made["id"], "title": task.title, "due_at": task.due_at}

        made = await self._once(conversation, "task_created", task.source_key, work)
        return {"task_id": made["task_id"]}

    async def request_handoff(
        self, conversation: RawDocument, handoff: HandoffWrite
    ) -> RawDocument:
        """Ask for a person, and tell whether people are there."""
        await self._handover.request(conversation["_id"], reason=handoff.reason)
        open_now, opens_at = opening(await self.organization(conversation), utc_now())
        return {"open_now": open_now, "opens_at": opens_at}

    async def learn(self, conversation: RawDocument, asked: ContactWrite) -> RawDocument:
        """Remember what the customer said of himself. Safe to repeat."""
        values, facts = contact_details(asked)

        async def work(session: Session) -> RawDocument:
            contact = await self._contacts.learn(
                conversation["organization_id"],
                conversation["contact_id"],
                values,
                actor=BOT,
                session=session,
            )
            await self._note_claim(conversation, contact, session)
            await self._know(conversation, facts, session)
            return {"contact_id": contact["_id"]}

        return await self._store.database.in_transaction(
            work, serial=conversation["organization_id"]
        )

    async def record_consent(self, conversation: RawDocument, consent: ConsentWrite) -> None:
        """Record that the customer allows or forbids messages of a kind, when and where."""

        async def work(session: Session, conversation: RawDocument) -> RawDocument:
            words = await self._store.messages.find_one(
                {
                    "organization_id": conversation["organization_id"],
                    "conversation_id": conversation["_id"],
                    "direction": "in",
                },
                {"text": 1, "sent_at": 1},
                sort=[("created_at", -1), ("_id", -1)],
                session=session,
            )
            said = new_consent(
                kind=consent.kind,
                granted=consent.granted,
                source="message",
                channel=conversation["channel"],
                connection_id=conversation["connection_id"],
                conversation_id=conversation["_id"],
                text=words["text"] if words else None,
                # Said when it was written: a message that comes late changes no later word.
                at=words.get("sent_at") if words else None,
            )
            await self._contacts.record_consent(
                conversation["organization_id"],
                conversation["contact_id"],
                said,
                actor=BOT,
                session=session,
            )
            return {"kind": consent.kind, "granted": consent.granted}

        await self._once(conversation, "consent_recorded", consent.source_key, work)

    async def add_feedback(self, conversation: RawDocument, feedback: FeedbackWrite) -> None:
        """Store the customer's rating, and what was said with it."""

        async def work(session: Session, conversation: RawDocument) -> RawDocument:
            if feedback.rating is not None:
                await self._store.conversations.update_one(
                    _place(conversation),
                    {"$set": {"rating": feedback.rating}},
                    session=session,
                )
            return {"rating": feedback.rating, "comment": feedback.comment}

        await self._once(conversation, "feedback", feedback.source_key, work)

    async def _note_claim(
        self, conversation: RawDocument, contact: RawDocument, session: Session
    ) -> None:
        """Remember that the customer became a known contact by typing a phone nobody verified.

        The bot then tells nothing about that contact but what was said in this conversation.
        """
        if contact["_id"] != conversation["contact_id"]:
            await self._store.conversations.update_one(
                _place(conversation), {"$set": {"claimed": True}}, session=session
            )

    async def _once(
        self,
        conversation: RawDocument,
        event: str,
        source_key: str,
        work: Work,
        *,
        facts: RawDocument | None = None,
    ) -> RawDocument:
        """Do `work` and leave a line in the thread, in one transaction and only once for a source key.

        Returns:
            What `work` returned, the first time.
        """
        store = self._store
        organization_id = conversation["organization_id"]

        async def transaction(session: Session) -> RawDocument:
            done = await store.messages.find_one(
                {"organization_id": organization_id, "data.source_key": string(source_key)},
                session=session,
            )
            if done is not None:
                result: RawDocument = done["data"]["result"]
                return result
            current = await store.conversations.find_one(_place(conversation), session=session)
            if current is None:
                raise NotFound("There is no such conversation.")
            result = await work(session, current)
            line = store.inside(
                current,
                "",
                kind="event",
                author={"kind": "system"},
                data={"event": event, "source_key": source_key, "result": result},
            )
            try:
                await store.messages.insert_one(line, session=session)
            except DuplicateKeyError:  # the same source at the same time: look again
                raise TransactionConflictError from None
            await store.events.append(organization_id, [message_created(line)], session)
            await self._know(current, facts or {}, session)
            return result

        return await store.database.in_transaction(transaction, serial=organization_id)

    async def _know(self, conversation: RawDocument, facts: RawDocument, session: Session) -> None:
        """Show operators what the bot has learned."""
        values: dict[str, Any] = {f"facts.{name}": value for name, value in facts.items()}
        after = await self._store.conversations.find_one_and_update(
            _place(conversation),
            {"$set": {**values, "updated_at": utc_now()}},
            session=session,
            return_document=ReturnDocument.AFTER,
        )
        if after is not None:
            await self._store.events.append(
                conversation["organization_id"], [conversation_updated(after)], session
            )


def _place(conversation: RawDocument) -> RawDocument:
    """Return the condition that finds a conversation."""
    return {"organization_id": conversation["organization_id"], "_id": conversation["_id"]}
