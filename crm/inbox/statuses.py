"""How far messages of ours have come: sent, delivered, read, failed. States only move forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from crm.core.clock import utc_now
from crm.inbox.models import DELIVERED, FAILED, READ, SENDING, SENT, Document
from crm.inbox.news import message_updated
from crm.inbox.store import ConversationStore

_STEPS: Final = (SENT, DELIVERED, READ)
"""How far a message that went out may come, in this order."""
_MARKED_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """The connection whose messages are meant, and its organization."""

    organization_id: ObjectId
    connection_id: ObjectId

    @property
    def query(self) -> Document:
        """What every query of its messages begins with."""
        return {"organization_id": self.organization_id, "connection_id": self.connection_id}


class Statuses:
    """Notes what platforms and widgets tell of messages."""

    def __init__(self, *, store: ConversationStore) -> None:
        self._store = store

    async def seen(self, place: Place, message_id: ObjectId, state: str) -> None:
        """A widget shows our message (``delivered``), or its visitor looked at it (``read``)."""
        match = {**place.query, "_id": message_id, "direction": "out"}
        before = {
            "$in": [SENDING, *_STEPS[: _STEPS.index(state)]]
        }  # it may be faster than our note
        if await self._store.messages.find_one({**match, "state": before}, {"_id": 1}):
            await self._change({**match, "state": before}, {"state": state, **_moment(state)})

    async def update(self, place: Place, told: Mapping[str, Any]) -> bool:
        """A platform tells of one part of a message; returns whether the message is known.

        ``told`` holds the fields of ``crm.contract.StatusUpdate``.
        """
        match: Document = {
            **place.query,
            "platform_ids": told["platform_id"],
            "direction": "out",
        }
        while (message := await self._store.messages.find_one(match)) is not None:
            changes = changes_by(message, told)
            if not changes:
                return True
            unchanged = {
                **place.query,
                "_id": message["_id"],
                "parts": message["parts"],
                "state": message["state"],
            }
            if await self._change(unchanged, changes) is not None:
                return True
        return False

    async def read_up_to(self, place: Place, told: Mapping[str, Any], *, came: datetime) -> bool:
        """The customer has read all up to a message or a moment; returns whether it is known.

        ``came`` is when it was told: however late it is applied, nothing later was read.
        """
        until: datetime = min(told.get("until") or came, came)
        chat = {**place.query, "chat_id": told["chat_id"], "direction": "out"}
        if told.get("platform_id"):
            named = await self._store.messages.find_one(
                {**place.query, "platform_ids": told["platform_id"]},
                {"created_at": 1},
            )
            if named is None:
                return False
            until = named["created_at"]
        unread = self._store.messages.find(
            {**chat, "created_at": {"$lte": until}, "state": {"$in": [SENT, DELIVERED]}}
        )
        async for message in unread.sort("created_at", -1).limit(_MARKED_AT_ONCE):
            behind = {**place.query, "_id": message["_id"], "state": {"$in": [SENT, DELIVERED]}}
            await self._change(behind, {"state": READ, **_moment(READ)})
        return True

    async def _change(self, match: Document, changes: Document) -> Document | None:
        store = self._store

        async def write(session: AsyncClientSession) -> Document | None:
            after = await store.messages.find_one_and_update(
                match,
                {"$set": {**changes, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if after is not None:
                event = message_updated(after)
                await store.events.append(after["organization_id"], [event], session)
            return after

        return await store.database.in_transaction(write)


def changes_by(message: Document, told: Mapping[str, Any]) -> Document:
    """What a status changes in a message; nothing when it is late, or of a second copy of it."""
    parts = [dict(part) for part in message.get("parts") or ()]
    part = next((one for one in parts if one["platform_id"] == told["platform_id"]), None)
    changes: Document = {}
    if part is None:
        return changes
    cost = _cost(told)
    if cost and cost != message.get("cost"):
        changes["cost"] = cost
    if is_forward(part["state"], told["state"]):
        part["state"] = told["state"]
        changes["parts"] = parts
        state = state_of_parts(parts)
        if is_forward(message["state"], state):
            changes |= {"state": state, **_moment(state)}
            if state == FAILED:
                code, detail = told.get("code") or "not_delivered", told.get("detail") or ""
                changes["error"] = {"code": code, "detail": detail}
    return changes


def is_forward(state: str, later: str) -> bool:
    """Whether a state may follow another: what was shown to the customer cannot fail any more."""
    if state not in _STEPS:
        return False
    if later == FAILED:
        return state == SENT
    return _STEPS.index(later) > _STEPS.index(state)


def state_of_parts(parts: Sequence[Mapping[str, Any]]) -> str:
    """How far a message of several parts has come: as far as its last one."""
    if any(part["state"] == FAILED for part in parts):
        return FAILED
    return min((part["state"] for part in parts), key=_STEPS.index, default=SENT)


def _moment(state: str) -> Document:
    return {f"{state}_at": utc_now()} if state in {DELIVERED, READ} else {}


def _cost(told: Mapping[str, Any]) -> Document | None:
    data = told.get("data") or {}
    if "category" not in data:
        return None
    return {"category": data["category"], "billable": bool(data.get("billable"))}
