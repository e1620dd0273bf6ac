"""What our side wrote elsewhere: on the phone, in a page's own inbox, in a mail program.

A platform echoes what we sent through it as well. That is known by its id, unless the platform
was slow: then it took a message that we believe unsent, and its echo tells us the id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from crm.contract import Attachment, MessageKind
from crm.core.clock import utc_now
from crm.inbox.attached import attached
from crm.inbox.choices import offered
from crm.inbox.first_contact import ensure_conversation
from crm.inbox.handover import Handover
from crm.inbox.models import (
    CANCELLED,
    DELIVERED,
    FAILED,
    QUEUED,
    READ,
    SENDING,
    SENT,
    Document,
    clean,
)
from crm.inbox.news import last_message, message_created, message_updated
from crm.inbox.store import ConversationStore

LATELY: Final = timedelta(minutes=15)
"""The echo of a message of ours comes within so long of our last try; tries follow each other sooner."""
LOOKED_BACK: Final = timedelta(days=7)
"""A message may have waited for so long before it was tried: its channel was paused."""
CLOCKS_DIFFER: Final = timedelta(minutes=1)
LATE: Final = timedelta(hours=1)
"""What was written so long ago is shown, but takes the conversation from nobody."""
SHORTEST_PIECE: Final = 20
"""So many letters in a row that are ours are no coincidence."""
_LOOKED_AT: Final = 50


class Echoes:
    """Applies echoes."""

    def __init__(self, *, store: ConversationStore, handover: Handover) -> None:
        self._store = store
        self._handover = handover

    async def apply(self, event: Document) -> bool:
        """Take an echo for what it is; False while that cannot be known yet."""
        store, data = self._store, event["data"]
        connection = {
            "organization_id": event["organization_id"],
            "connection_id": event["connection_id"],
        }
        chat = {**connection, "chat_id": data["chat_id"]}
        # Asked before the id: what is noted between the two questions would be found by neither.
        unsure = await self._unsure(chat, event)
        if await store.messages.find_one(
            {**connection, "platform_ids": data["platform_id"]}, {"_id": 1}
        ):
            return True
        ours = [one for one in unsure if not _is_under_way(one) and _likeness(one, event)]
        if ours:  # what is still to be sent first, the oldest of it first
            return await self._recognise(min(ours, key=_place_in_line), event)
        if any(one["state"] == SENDING for one in unsure):
            return False  # it may be this one
        conversation = await store.conversations.find_one(chat)
        if conversation is None:
            conversation = await self._begun(chat, event)
        if conversation is None:
            return False
        message = self._message(conversation, event)
        try:
            if _written_at(event) < utc_now() - LATE:
                await self._show(conversation, message)
            else:
                await self._handover.written_elsewhere(conversation, message)
        except DuplicateKeyError:  # another process was faster
            return True
        return True

    async def _begun(self, chat: Document, event: Document) -> Document | None:
        """The conversation that our side begins, if it is told with whom."""
        addressee = event["data"].get("addressee")
        if addressee is None:
            return None
        first = {"channel": event["channel"], "sender": addressee, **chat}
        await ensure_conversation(self._store, {**first, "created_at": event["created_at"]})
        return await self._store.conversations.find_one(chat)

    def _message(self, conversation: Document, event: Document) -> Document:
        data = event["data"]
        message = self._store.outbound(
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
        return message

    async def _show(self, conversation: Document, message: Document) -> None:
        """Store what was written long ago; who has the conversation stays.

        Raises:
            DuplicateKeyError: it is stored already.
        """
        store = self._store
        key = {"organization_id": conversation["organization_id"], "_id": conversation["_id"]}

        async def write(session: AsyncClientSession) -> None:
            await store.messages.insert_one(message, session=session)
            shown = {"last_message": last_message(message), "updated_at": utc_now()}
            await store.conversations.update_one(
                key, {"$set": shown, "$inc": {"unrecorded": 1}}, session=session
            )
            told = [message_created(message)]
            await store.events.append(conversation["organization_id"], told, session)

        await store.database.in_transaction(write)

    async def _unsure(self, chat: Document, event: Document) -> list[Document]:
        """The chat's messages that are on their way, or may have arrived without our knowing."""
        tried: Document = {"$or": [{"attempts": {"$gte": 1}}, {"resent": {"$gte": 1}}]}
        again: Document = {"$or": [{"attempts": {"$gte": 2}}, {"resent": {"$gte": 1}}]}
        lately = {
            "created_at": {"$lte": _written_at(event) + CLOCKS_DIFFER},
            "updated_at": {"$gte": event["created_at"] - LATELY},
            # Where the platform said that a part did not arrive, it is not what arrived.
            "parts.state": {"$ne": FAILED},
        }
        found = self._store.messages.find(
            {
                **chat,
                "direction": "out",
                "created_at": {"$gte": event["created_at"] - LOOKED_BACK},
                "$or": [
                    {"state": SENDING},
                    {"state": {"$in": [QUEUED, FAILED, CANCELLED]}, **lately, **tried},
                    {"state": {"$in": [SENT, DELIVERED, READ]}, **lately, **again},
                ],
            }
        )
        return await found.sort([("created_at", -1), ("_id", -1)]).limit(_LOOKED_AT).to_list()

    async def _recognise(self, message: Document, event: Document) -> bool:
        """Note the id of a message that arrived after all, so that it is not sent again."""
        store, platform_id = self._store, event["data"]["platform_id"]
        pushed: Document = {"platform_ids": platform_id}
        changes: Document = {"updated_at": utc_now()}
        if message["state"] not in {SENT, DELIVERED, READ}:  # else a second copy went out
            pushed["parts"] = {"platform_id": platform_id, "state": SENT}
            if _likeness(message, event) == "whole":
                changes |= {"state": SENT, "error": None}
            elif message["state"] in {QUEUED, SENDING}:
                changes |= {"state": QUEUED, "next_attempt_at": utc_now()}  # the rest of it

        async def write(session: AsyncClientSession) -> bool:
            after = await store.messages.find_one_and_update(
                {
                    "organization_id": message["organization_id"],
                    "_id": message["_id"],
                    "state": message["state"],
                    "attempts": message["attempts"],
                    "parts": message.get("parts"),
                },
                {"$set": changes, "$push": pushed},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if after is not None:
                await store.events.append(
                    after["organization_id"], [message_updated(after)], session
                )
            return after is not None

        return await store.database.in_transaction(write)


def _written_at(event: Document) -> Any:
    came = event["created_at"]
    return min(event["data"].get("sent_at") or came, came)


def _is_under_way(message: Document) -> bool:
    """Whether a process is sending it now; one that died has left its claim to run out."""
    return message["state"] == SENDING and bool(message["next_attempt_at"] > utc_now())


def _place_in_line(message: Document) -> tuple[int, Any]:
    states = ((SENDING, QUEUED), (FAILED, CANCELLED), (SENT, DELIVERED, READ))
    rank = next(place for place, among in enumerate(states) if message["state"] in among)
    return rank, message["created_at"]


def _likeness(message: Document, event: Document) -> Literal["whole", "piece"] | None:
    """Whether an echo's text is that of a message of ours, or of one of its parts."""
    said, ours = _letters(event["data"]["text"]), _letters(message["text"])
    if not said:
        return None
    listed = ours + _listed(message["buttons"])
    if said in {ours, listed} and not message.get("attachments"):
        return "whole"
    is_last = bool(message.get("parts")) and listed.endswith(said)
    if said == ours or is_last or (len(said) >= SHORTEST_PIECE and said in listed):
        return "piece"
    return None


def _listed(buttons: Sequence[Document]) -> str:
    """Choices as they stand under a text where a channel cannot show them (``connectors.base.rendering``)."""
    choices = [f"{place}{_letters(one['title'])}" for place, one in enumerate(offered(buttons), 1)]
    links = [_letters(f"{one['title']}{one['url']}") for one in buttons if one.get("url")]
    return "".join([*choices, *links])


def _letters(text: str) -> str:
    """A text as it can be compared: channels show marks in their own ways and cut at spaces."""
    letters = "".join(letter for letter in text if letter.isalnum()).casefold()
    return letters or "".join(clean(text).split())


def _attachment(stored: Document) -> Attachment:
    return Attachment(**{**stored, "kind": MessageKind(stored["kind"])})
