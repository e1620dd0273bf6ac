"""Getting to know the people who write: what their messages and their platform's profiles tell of them.

All of it happens beside the turns. Nothing depends on it: what fails is tried again with a later message.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from bson import ObjectId

from connectors.base import Connector, FetchesMedia, KnowsPeople
from crm.contacts.facts import PhoneTakenFrom, PlatformFacts
from crm.contacts.platforms import new_source, told
from crm.contract import Connection, ConnectorError, MessageKind, Profile
from crm.core.clock import utc_now
from crm.core.database import Session
from crm.core.errors import DomainError, NotFound
from crm.files.wiring import FileParts
from crm.inbox.background import Background
from crm.inbox.handover import SYSTEM
from crm.inbox.models import Document
from crm.inbox.news import message_created
from crm.inbox.store import ConversationStore

_log = logging.getLogger(__name__)

FRESH: Final = timedelta(days=7)
"""A profile is asked for once in so long, and only of who writes."""
AGAIN_AFTER: Final = timedelta(hours=1)
PATIENCE_SECONDS: Final = 20.0
REFERRALS_KEPT: Final = 20


type FindConnection = Callable[[str], Awaitable[Connection | None]]


class Profiles:
    """Notices who writes."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        connection: FindConnection,
        connectors: Mapping[str, Connector],
        facts: PlatformFacts,
        files: FileParts,
        background: Background,
    ) -> None:
        self._store = store
        self._connection = connection
        self._connectors = connectors
        self._facts = facts
        self._files = files
        self._background = background

    def notice(self, conversation: Document, message: Document) -> None:
        """Look at a message that is about to be handled. Makes no query unless there is something to learn."""
        sender = message.get("sender")
        if not sender:
            return
        said = conversation.get("sender_mark") != sender_mark(sender)
        came = message.get("referral") is not None and not _has(conversation, message)
        asks = isinstance(self._connectors.get(conversation["channel"]), KnowsPeople)
        looked_at: datetime | None = conversation.get("profile_at")
        due = asks and (looked_at is None or utc_now() - looked_at > FRESH)
        if said or came or due:
            self._background.start(
                self._learn(conversation, message, said=said, came=came, due=due)
            )

    async def _learn(
        self, conversation: Document, message: Document, *, said: bool, came: bool, due: bool
    ) -> None:
        try:
            if said or came:
                await self._take(conversation, message)
            if due:
                await self._ask(conversation, message)
        except Exception:  # the next message is another chance
            _log.exception("who writes in conversation %s was not noted", conversation["_id"])

    async def _take(self, conversation: Document, message: Document) -> None:
        """What a message tells of its sender, and of what brought them."""
        sender, referral = message["sender"], message.get("referral")
        organization_id, connection_id = message["organization_id"], message["connection_id"]
        source = None
        if referral:
            source = new_source(message["channel"], connection_id, referral, message["created_at"])
            await self._store.conversations.update_one(
                {
                    "organization_id": organization_id,
                    "_id": conversation["_id"],
                    "referrals.message_id": {"$ne": message["_id"]},
                },
                {
                    "$push": {
                        "referrals": {
                            "$each": [conversation_referral(message, message["created_at"])],
                            "$slice": -REFERRALS_KEPT,
                        }
                    }
                },
            )
        await self._facts.take(
            organization_id, connection_id, sender["external_id"], told(sender), source=source
        )
        await self._store.conversations.update_one(
            {"organization_id": organization_id, "_id": conversation["_id"]},
            {"$set": {"sender_mark": sender_mark(sender)}},
        )

    async def _ask(self, conversation: Document, message: Document) -> None:
        """Ask the platform who it is. One process asks at a time; one that fails, or dies, leaves it to another hour."""
        moment, looked_at = utc_now(), conversation.get("profile_at")
        key = {"organization_id": conversation["organization_id"], "_id": conversation["_id"]}
        claimed = await self._store.conversations.update_one(
            {**key, "profile_at": looked_at},
            {"$set": {"profile_at": moment - FRESH + AGAIN_AFTER}},
        )
        connection = await self._connection(str(conversation["connection_id"]))
        connector: object = self._connectors.get(conversation["channel"])
        if not claimed.matched_count or connection is None:
            return
        if not isinstance(connector, KnowsPeople):
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                profile = await connector.profile(connection, message["sender"]["external_id"])
        except Exception as error:  # a connector's fault, too, is of no consequence here
            _log.info("no profile in %s: %s", connection.channel, type(error).__name__)
            return
        contact = await self._facts.take(
            conversation["organization_id"],
            conversation["connection_id"],
            message["sender"]["external_id"],
            told(asdict(profile)),
        )
        if contact is not None:
            await self._keep_picture(connector, connection, contact, profile)
        await self._store.conversations.update_one(key, {"$set": {"profile_at": moment}})

    async def _keep_picture(
        self, connector: object, connection: Connection, contact: Document, profile: Profile
    ) -> None:
        """Store the person's picture, unless it is the one that is known, or another platform's stands there."""
        if profile.picture is None or not isinstance(connector, FetchesMedia):
            return
        organization_id, known = contact["organization_id"], contact.get("avatar_file_id")
        before = await self._picture(organization_id, known) if known else None
        if before and before["metadata"]["origin"].get("connection_id") != ObjectId(connection.id):
            return
        try:
            async with (
                asyncio.timeout(PATIENCE_SECONDS),
                connector.open_media(connection, profile.picture) as stream,
            ):
                file = await self._files.keeping.keep(
                    organization_id,
                    stream.chunks,
                    name=stream.name or "picture",
                    claimed=stream.mime,
                    origin={"connection_id": ObjectId(connection.id)},
                    promised=stream.size,
                )
        except (ConnectorError, DomainError, TimeoutError) as error:
            _log.info("no picture in %s: %s", connection.channel, type(error).__name__)
            return
        same = before and before["metadata"]["sha256"] == file["metadata"]["sha256"]
        if same or file["metadata"]["kind"] != MessageKind.IMAGE:
            await self._files.store.release(organization_id, [file["_id"]])
            return
        await self._facts.set_picture(organization_id, contact["_id"], file["_id"])
        if before:
            await self._files.store.release(organization_id, [before["_id"]])

    async def _picture(self, organization_id: ObjectId, file_id: ObjectId) -> Document | None:
        try:
            return await self._files.store.find(organization_id, file_id)
        except NotFound:
            return None


def tells_of_taken_phones(store: ConversationStore) -> PhoneTakenFrom:
    """Write a line into the newest conversation of a contact whose phone turned out to be another's."""

    async def tell(contact: Document, phone: str, session: Session) -> None:
        organization_id = contact["organization_id"]
        conversation = await store.conversations.find_one(
            {"organization_id": organization_id, "contact_id": contact["_id"]},
            sort=[("last_activity_at", -1)],
            session=session,
        )
        if conversation is None:
            return
        data = {"event": "phone_taken", "phone": phone}
        line = store.inside(conversation, "", kind="event", author=SYSTEM, data=data)
        await store.messages.insert_one(line, session=session)
        await store.events.append(organization_id, [message_created(line)], session)

    return tell


def sender_mark(sender: Mapping[str, Any]) -> str:
    """What tells whether the same person tells the same of themselves as the last time."""
    told_now = orjson.dumps(dict(sender), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told_now).hexdigest()[:16]


def conversation_referral(message: Document, at: datetime) -> Document:
    """What brought the person, as their conversation keeps it."""
    return {**message["referral"], "at": at, "message_id": message["_id"]}


def _has(conversation: Document, message: Document) -> bool:
    known = conversation.get("referrals") or ()
    return any(referral["message_id"] == message["_id"] for referral in known)
