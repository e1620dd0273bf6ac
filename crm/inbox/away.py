"""Answers that visitors of a site have not seen, sent after them by mail.

A message of ours in a site's chat waits to be looked at (`follow_at`). When nobody has seen it by then,
all unseen answers of the conversation go in one mail, which is a message of a conversation by mail: it is
delivered, retried and answered as any other. That it is on its way is noted at the answers in the same
transaction that stores it, so whoever dies or comes second, it goes once.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError, PyMongoError

from connectors.base import Connector, LosesPeople, WritesFirst
from crm.contract import Connection
from crm.core.clock import utc_now
from crm.core.database import string
from crm.core.events import NewEvent
from crm.inbox.away_mail import continued, origin, written
from crm.inbox.gateway import ConnectionCache
from crm.inbox.models import SENT, UNSENT, Document, conversation_read
from crm.inbox.news import conversation_updated, last_message, message_created, message_updated
from crm.inbox.store import ConversationStore
from crm.inbox.sweep import Sweep

_log = logging.getLogger(__name__)

QUIET: Final = timedelta(minutes=2)
"""Whoever is answering still is not interrupted by a mail of one half."""
FAULT_PAUSE: Final = timedelta(minutes=10)
"""Before a chat at which our own code failed is looked at again."""
MAILS_A_DAY: Final = 5
"""To one address, from all chats of an organization: anybody may type anybody's address into a chat."""
MOST_EARLIER: Final = 5
SWEPT_AT_ONCE: Final = 500
SHARE: Final = 8
"""Conversations of one organization that are looked at at a time."""


class _SeenMeanwhileError(Exception):
    """What was to be mailed has changed since it was looked at."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a visitor can be reached. ``title`` is the chat's they have left."""

    title: str
    connection: Connection
    chat_id: str
    address: str


class Away:
    """Sends answers after visitors who have left."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        connections: ConnectionCache,
        connectors: Mapping[str, Connector],
        deliver_soon: Callable[[ObjectId], None],
    ) -> None:
        self._store = store
        self._connections = connections
        found = connectors.values()
        self._sites = {one.channel: one for one in found if isinstance(one, LosesPeople)}
        self._writers = {one.channel: one for one in found if isinstance(one, WritesFirst)}
        self._known = store.database.db["connections"]
        self._deliver_soon = deliver_soon
        self._sweep = Sweep(share=SHARE)

    async def can_follow(self, organization_id: ObjectId) -> bool:
        """Whether the organization has a channel by which answers can be sent after somebody."""
        return await self._known.find_one(self._open(organization_id), {"_id": 1}) is not None

    async def sweep(self) -> int:
        """Look at the conversations with answers that should have been seen; returns how many."""
        due = self._store.messages.find(
            {"follow_at": {"$lte": utc_now()}}, {"conversation_id": 1, "organization_id": 1}
        )
        found = {
            (message["organization_id"], message["conversation_id"])
            async for message in due.sort("follow_at", 1).limit(SWEPT_AT_ONCE)
        }
        works = {one: partial(self.look, *one) for one in found}
        await self._sweep.start(works, {one: one[0] for one in found})
        return len(found)

    async def close(self) -> None:
        """Stop what the last sweep started."""
        await self._sweep.close()

    async def look(self, organization_id: ObjectId, conversation_id: ObjectId) -> None:
        """Mail what the visitor has not seen, if there is a way. Never raises."""
        try:
            await self._look(organization_id, conversation_id)
        except (_SeenMeanwhileError, DuplicateKeyError):
            pass  # the next sweep sees how it is now
        except PyMongoError as error:
            _log.warning("following a visitor was interrupted: %s", type(error).__name__)
        except Exception:  # must outlive any single fault
            _log.exception("answers of conversation %s could not be mailed", conversation_id)
            await self._put_off(organization_id, conversation_id)

    async def _put_off(self, organization_id: ObjectId, conversation_id: ObjectId) -> None:
        """Behind all others: what fails each time must not be what each sweep finds first."""
        moment = utc_now()
        here = {"organization_id": organization_id, "conversation_id": conversation_id}
        due, later = {**here, "follow_at": {"$lte": moment}}, moment + FAULT_PAUSE
        with contextlib.suppress(PyMongoError):
            await self._store.messages.update_many(due, {"$set": {"follow_at": later}})

    async def _look(self, organization_id: ObjectId, conversation_id: ObjectId) -> None:
        messages, moment = self._store.messages, utc_now()
        here = {"organization_id": organization_id, "conversation_id": conversation_id}
        asked = messages.find({**here, "follow_at": {"$type": "date"}})
        waiting = await asked.sort([("created_at", 1), ("_id", 1)]).to_list()
        answers = [message for message in waiting if message["state"] == SENT]
        on_their_way = any(message["state"] in UNSENT for message in waiting)
        if on_their_way or (answers and answers[-1]["created_at"] > moment - QUIET):
            later = {"$set": {"follow_at": moment + QUIET}}
            await messages.update_many({**here, "follow_at": {"$lte": moment}}, later)
            return
        conversation = await self._store.conversations.find_one(
            {"_id": conversation_id, "organization_id": organization_id}
        )
        way = await self._way(conversation) if conversation and answers else None
        if conversation is not None and way is not None:
            await self._mail(conversation, answers, way)
        # What was seen, failed or cannot be mailed is looked at no more.
        ids = [message["_id"] for message in waiting]
        done = {**here, "_id": {"$in": ids}, "follow_at": {"$type": "date"}}
        await messages.update_many(done, {"$unset": {"follow_at": ""}})

    def _open(self, organization_id: ObjectId) -> Document:
        """Connections by which somebody can be written to first. One that fails now is mended, or waits."""
        return {
            "organization_id": organization_id,
            "channel": {"$in": list(self._writers)},
            "status": {"$in": ["active", "failing"]},
        }

    async def _way(self, conversation: Document) -> _Way | None:
        organization_id = conversation["organization_id"]
        chat = await self._connections.connection(str(conversation["connection_id"]))
        site = self._sites.get(conversation["channel"])
        if chat is None or site is None or not site.follows(chat):
            return None
        address = await self._address(conversation)
        row = await self._known.find_one(
            self._open(organization_id), {"channel": 1}, sort=[("created_at", 1), ("_id", 1)]
        )
        if address is None or row is None:
            return None
        address = address.lower()  # one mailbox, however it is typed
        connection = await self._connections.connection(str(row["_id"]))
        if connection is None:
            return None
        chat_id = self._writers[row["channel"]].chat_with(
            connection, address, about=str(conversation["_id"])
        )
        if chat_id is None or await self._is_enough(organization_id, address):
            return None
        return _Way(chat.name, connection, chat_id, address)

    async def _address(self, conversation: Document) -> str | None:
        """What this visitor has given last, or what is known of the contact."""
        here = {name: conversation[name] for name in ("organization_id", "connection_id")}
        given = await self._store.messages.find_one(
            {**here, "chat_id": conversation["chat_id"], "sender.email": {"$gt": ""}},
            {"sender.email": 1},
            sort=[("created_at", -1)],
        )
        if given is not None:
            return str(given["sender"]["email"])
        contact = await self._store.contacts.find_one(
            {
                "_id": conversation["contact_id"],
                "organization_id": conversation["organization_id"],
            },
            {"email": 1},
        )
        return (contact or {}).get("email")

    async def _is_enough(self, organization_id: ObjectId, address: str) -> bool:
        since = utc_now() - timedelta(days=1)
        sent = await self._store.messages.count_documents(
            {
                "organization_id": organization_id,
                "data.follows.address": string(address),
                "created_at": {"$gte": since},
            },
            limit=MAILS_A_DAY,
        )
        return bool(sent >= MAILS_A_DAY)

    async def _mail(self, conversation: Document, answers: Sequence[Document], way: _Way) -> None:
        """Store the mail and note it at the answers, or neither.

        Raises:
            _SeenMeanwhileError: an answer was seen or is mailed already.
        """
        store, organization_id = self._store, conversation["organization_id"]
        here = {
            "organization_id": organization_id,
            "connection_id": ObjectId(way.connection.id),
            "channel": way.connection.channel,
            "chat_id": way.chat_id,
        }
        page = await self._page(conversation)
        ids = [answer["_id"] for answer in answers]

        async def write(session: AsyncClientSession) -> ObjectId:
            place = {name: here[name] for name in ("organization_id", "connection_id", "chat_id")}
            found = await store.conversations.find_one(place, session=session)
            thread = found or continued(conversation, here, title=way.title)
            lines = [] if found else [origin(store, thread, conversation)]
            earlier = await self._earlier(thread, session)
            mail = written(
                store,
                conversation,
                thread,
                answers,
                address=way.address,
                page=page,
                earlier=earlier,
            )
            moment = utc_now()
            told = {"address": way.address, "at": moment, "conversation_id": str(thread["_id"])}
            unseen = {
                "organization_id": organization_id,
                "_id": {"$in": ids},
                "state": SENT,
                "follow_at": {"$type": "date"},
            }
            noted = await store.messages.update_many(
                unseen,
                {
                    "$set": {"data.by_email": told, "updated_at": moment},
                    "$unset": {"follow_at": ""},
                },
                session=session,
            )
            if noted.matched_count != len(ids):
                raise _SeenMeanwhileError
            lines.append(mail)
            events: list[NewEvent] = []
            if found is None:
                await store.conversations.insert_one(thread, session=session)
                events.append(
                    NewEvent(
                        type="conversation.created",
                        subject_id=thread["_id"],
                        data=conversation_read(thread),
                    )
                )
            await store.messages.insert_many(lines, session=session)
            news = {
                "last_message": last_message(mail),
                "last_activity_at": moment,
                "updated_at": moment,
            }
            await store.conversations.update_one(
                {"_id": thread["_id"], "organization_id": organization_id},
                {"$set": news, "$inc": {"unrecorded": 1}},
                session=session,
            )
            shown = store.messages.find(
                {"organization_id": organization_id, "_id": {"$in": ids}}, session=session
            )
            events += [message_updated(message) async for message in shown]
            events += map(message_created, lines)
            events.append(conversation_updated({**thread, **news}))
            await store.events.append(organization_id, events, session)
            found_id: ObjectId = thread["_id"]
            return found_id

        self._deliver_soon(await store.database.in_transaction(write))

    async def _earlier(self, thread: Document, session: AsyncClientSession) -> list[str]:
        """What went to this visitor before, by the mails' ids."""
        sent = self._store.messages.find(
            {
                "organization_id": thread["organization_id"],
                "conversation_id": thread["_id"],
                "data.follows.address": {"$gt": ""},
                "platform_ids": {"$exists": True},
            },
            {"platform_ids": 1},
            session=session,
        )
        newest = await sent.sort([("created_at", -1)]).limit(MOST_EARLIER).to_list()
        return [one for message in reversed(newest) for one in message["platform_ids"]]

    async def _page(self, conversation: Document) -> str | None:
        """Where the visitor was, when it is a page of the company's own."""
        here = {name: conversation[name] for name in ("organization_id", "connection_id")}
        asked = {**here, "chat_id": conversation["chat_id"], "data.page": {"$gt": ""}}
        newest = await self._store.messages.find_one(
            asked, {"data.page": 1}, sort=[("created_at", -1)]
        )
        chat = await self._connections.connection(str(conversation["connection_id"]))
        site = self._sites.get(conversation["channel"])
        if newest is None or chat is None or site is None:
            return None
        return site.page(chat, newest["data"]["page"])
