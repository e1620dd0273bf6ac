"""Demo people with what they wrote, want to buy and are waiting for; each is told in `stories.json`."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId

from crm.contacts.models import contact_name, contact_read, new_contact
from crm.core.api import Principal
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.events import NewEvent
from crm.core.feature import Core
from crm.demo.company import OPERATOR_EMAIL, owner, webchat
from crm.inbox.models import CONVERSATIONS, MESSAGES, conversation_read, message_read, preview
from crm.services import Services

STORIES = Path(__file__).with_name("stories.json")
LABEL = "Демо-данные: вымышленный человек."
MINUTES_BETWEEN_MESSAGES = 2


async def tell_stories(core: Core, services: Services, _password: str) -> None:
    """Store all people of the stories with their conversations, deals and tasks."""
    principal = await owner(core.database)
    teller = _Teller(core, services, principal, await _operator(core.database))
    connection = await webchat(core.database, principal.organization_id)
    assert connection is not None, "the chat is connected first"
    for story in reversed(json.loads(STORIES.read_text(encoding="utf-8"))):  # the newest last
        await teller.tell(story, connection["_id"])


async def _operator(database: Database) -> RawDocument:
    operator = await database.collection("users").find_one({"email": OPERATOR_EMAIL})
    assert operator is not None, "the operator is hired first"
    return operator


class _Teller:
    def __init__(
        self, core: Core, services: Services, principal: Principal, operator: RawDocument
    ) -> None:
        self._core = core
        self._services = services
        self._organization_id = principal.organization_id
        self._actor = principal.actor
        self._operator = operator

    async def tell(self, story: dict[str, Any], connection_id: ObjectId) -> None:
        """Store what is not stored yet of one person's story."""
        contact = await self._find("contacts", "phone", story["contact"]["phone"])
        if contact is None:
            await self._store_talk(story, connection_id)
            contact = await self._find("contacts", "phone", story["contact"]["phone"])
        assert contact is not None, "it was stored a moment ago"
        conversation = await self._find(CONVERSATIONS, "chat_id", f"demo-{story['key']}")
        conversation_id = conversation["_id"] if conversation else None
        deal_id = await self._make_deal(story, contact["_id"], conversation_id)
        await self._make_task(story, contact["_id"], conversation_id, deal_id)

    async def _find(self, collection: str, field: str, value: str) -> RawDocument | None:
        return await self._core.database.collection(collection).find_one(
            {"organization_id": self._organization_id, field: value}, {"_id": 1}
        )

    async def _store_talk(self, story: dict[str, Any], connection_id: ObjectId) -> None:
        began = utc_now() - timedelta(hours=story["hours_ago"])
        contact = new_contact(
            self._organization_id,
            **{"note": LABEL, "attributes": {"demo": True}, **story["contact"]},
        )
        contact["created_at"] = contact["updated_at"] = began
        events = [_event("contact.created", contact, contact_read(contact))]
        conversation: RawDocument | None = None
        messages: list[RawDocument] = []
        if "messages" in story:
            contact["identities"] = [_identity(story, connection_id)]
            conversation = self._conversation(story, contact, connection_id, began)
            messages = self._messages(story, conversation, began)
            conversation |= _last_of(messages)
            events.append(
                _event("conversation.created", conversation, conversation_read(conversation))
            )
            events += [_event("message.created", each, message_read(each)) for each in messages]

        async def work(session: Session) -> None:
            database = self._core.database
            await database.collection("contacts").insert_one(contact, session=session)
            if conversation is not None:
                await database.collection(CONVERSATIONS).insert_one(conversation, session=session)
                await database.collection(MESSAGES).insert_many(messages, session=session)
            await self._core.events.append(self._organization_id, events, session)

        await self._core.database.in_transaction(work, serial=self._organization_id)

    def _conversation(
        self,
        story: dict[str, Any],
        contact: RawDocument,
        connection_id: ObjectId,
        began: datetime,
    ) -> RawDocument:
        waiting = story["status"] == "waiting"
        with_operator = story["owner"] == "operator"
        said = [line["text"] for line in story["messages"] if line["from"] == "customer"]
        summary = {"reason": story.get("reason"), "text": "\n".join(f"— {t}" for t in said)}
        return {
            "_id": ObjectId(),
            "organization_id": self._organization_id,
            "connection_id": connection_id,
            "channel": "webchat",
            "chat_id": f"demo-{story['key']}",
            "contact_id": contact["_id"],
            "contact_name": contact_name(contact),
            "owner": story["owner"],
            "status": story["status"],
            "assignee_id": self._operator["_id"] if with_operator else None,
            "language": story["language"],
            "summary": {**summary, "at": began} if waiting else None,
            "facts": story["facts"],
            "waiting_since": began if waiting else None,
            "unread": 1 if waiting else 0,
            "disclosed_at": began,
            "lease": None,
            "fence": 1 if with_operator else 0,
            "operator_active_at": utc_now() if with_operator else None,
            "unrecorded": 0,
            "rating": story.get("rating"),
            "created_at": began,
            "updated_at": began,
        }

    def _messages(
        self, story: dict[str, Any], conversation: RawDocument, began: datetime
    ) -> list[RawDocument]:
        return [
            self._message(line, conversation, began + number * _PAUSE)
            for number, line in enumerate(story["messages"])
        ]

    def _message(
        self, line: dict[str, Any], conversation: RawDocument, at: datetime
    ) -> RawDocument:
        inbound = line["from"] == "customer"
        is_event = line["from"] == "event"
        data = {"event": line["event"]} if is_event else {}
        if "reason" in line:
            data["reason"] = line["reason"]
        if line.get("event") == "taken_over":
            data |= {"user_id": str(self._operator["_id"]), "name": self._operator["name"]}
        shared = ("organization_id", "connection_id", "chat_id", "channel", "language")
        message: RawDocument = {
            "_id": ObjectId(),
            **{name: conversation[name] for name in shared},
            "conversation_id": conversation["_id"],
            "direction": "in" if inbound else "out",
            "author": self._author(line["from"]),
            "kind": "event" if is_event else "text",
            "text": line.get("text", ""),
            "data": data,
            "buttons": [],
            "state": "handled" if inbound else "recorded" if is_event else "read",
            "fence": None if inbound else conversation["fence"],
            "attempts": 0 if inbound else 1,
            "error": None,
            "trace": _trace(line) if line["from"] == "bot" else None,
            "created_at": at,
            "updated_at": at,
        }
        if inbound:  # the index of what a platform has delivered counts only what has such an id
            message["external_id"] = f"demo-{message['_id']}"
        return message

    def _author(self, kind: str) -> RawDocument:
        if kind == "operator":
            return {
                "kind": "operator",
                "user_id": self._operator["_id"],
                "name": self._operator["name"],
            }
        kinds = {"customer": "contact", "bot": "bot", "event": "system"}
        return {"kind": kinds[kind], "user_id": None, "name": None}

    async def _make_deal(
        self, story: dict[str, Any], contact_id: ObjectId, conversation_id: ObjectId | None
    ) -> ObjectId | None:
        told = story.get("deal")
        if told is None:
            return None
        deal = await self._services.deals.create(
            self._organization_id,
            {
                "contact_id": contact_id,
                "conversation_id": conversation_id,
                "title": told["title"],
                "amount": told["amount"],
                "stage_id": told["stage"],
            },
            actor=self._actor,
            source_key=f"demo:{story['key']}:deal",
        )
        deal_id = ObjectId(str(deal["id"]))
        await self._date_back("deals", deal_id, story)
        return deal_id

    async def _make_task(
        self,
        story: dict[str, Any],
        contact_id: ObjectId,
        conversation_id: ObjectId | None,
        deal_id: ObjectId | None,
    ) -> None:
        told = story.get("task")
        if told is None:
            return
        now = utc_now()
        due_at = (now + timedelta(hours=told["due_in_hours"])).replace(
            minute=0, second=0, microsecond=0
        )
        task = await self._services.tasks.create(
            self._organization_id,
            {
                "title": told["title"],
                "description": LABEL,
                "kind": told["kind"],
                "priority": told.get("priority", "normal"),
                "due_at": due_at,
                "done_at": now if told.get("done") else None,
                "assignee_id": self._operator["_id"],
                "contact_id": contact_id,
                "conversation_id": conversation_id,
                "deal_id": deal_id,
            },
            actor=self._actor,
            source_key=f"demo:{story['key']}:task",
        )
        await self._date_back("tasks", ObjectId(str(task["id"])), story)

    async def _date_back(
        self, collection: str, document_id: ObjectId, story: dict[str, Any]
    ) -> None:
        began = utc_now() - timedelta(hours=story["hours_ago"])
        await self._core.database.collection(collection).update_one(
            {"_id": document_id, "organization_id": self._organization_id},
            {"$set": {"created_at": began, "updated_at": began}},
        )


_PAUSE = timedelta(minutes=MINUTES_BETWEEN_MESSAGES)


def _identity(story: dict[str, Any], connection_id: ObjectId) -> RawDocument:
    return {
        "connection_id": connection_id,
        "channel": "webchat",
        "external_id": f"demo-{story['key']}",
        "profile_name": story["contact"]["name"],
        "username": None,
    }


def _last_of(messages: list[RawDocument]) -> RawDocument:
    last = [message for message in messages if message["kind"] == "text"][-1]
    return {
        "last_message": {
            "text": preview(last["text"]),
            "at": last["created_at"],
            "author_kind": last["author"]["kind"],
        },
        "last_activity_at": last["created_at"],
        "updated_at": last["created_at"],
    }


def _trace(line: dict[str, Any]) -> RawDocument:
    pinned = {"skill": line["skill"], "assistant_version": 1, "knowledge_version": 1}
    if "intent" not in line:  # said without being asked, as the disclosure is
        return pinned
    source = line.get("source")
    return {
        **pinned,
        "intent": line["intent"],
        "confidence": line["confidence"],
        "sources": [{"passage_id": "", **source}] if source else [],
        "model": None,
        "masked_prompt": None,
        "elapsed_ms": 40,
    }


def _event(kind: str, subject: RawDocument, data: RawDocument) -> NewEvent:
    return NewEvent(type=kind, subject_id=subject["_id"], data=data)
