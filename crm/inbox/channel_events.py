"""What messengers tell besides messages: statuses, reactions, edits, deletions, echoes.

Each is stored before it is acknowledged, then applied: at once by the process that got it, else
by the worker's sweep. Applying twice changes nothing. What speaks of a message that is not known
yet is tried again for a while: a platform may be faster than our own note of its answer.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import zip_longest
from typing import Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError, PyMongoError

from crm.contract import (
    ChatChange,
    ChatEvent,
    ChatMove,
    Connection,
    ConsentChange,
    Deletion,
    Echo,
    InboundMessage,
    Notice,
    Reaction,
    ReadMark,
    StatusUpdate,
)
from crm.core.clock import utc_now
from crm.inbox.models import CHANNEL_EVENTS, Document, storable
from crm.inbox.redelivery import redelivered
from crm.inbox.store import GRACE, ConversationStore
from crm.inbox.sweep import Sweep

_log = logging.getLogger(__name__)

CLAIM: Final = timedelta(seconds=30)
PAUSES_SECONDS: Final = (0.5, 2.0, 10.0, 40.0, 120.0, 300.0, 600.0)
"""Between tries of what speaks of a message that is not known; the last one repeats."""
FEWEST_TRIES: Final = 6
PATIENCE: Final = timedelta(hours=1)
SHORT_PATIENCE: Final = timedelta(minutes=2)
"""Of what soon follows what it speaks of: what stays unknown so long is another program's."""
SOON_KNOWN: Final = frozenset({"status", "read", "chat"})
SWEPT_AT_ONCE: Final = 500
ORGANIZATIONS_AT_ONCE: Final = 50
WAITING: Final = "waiting"
DONE: Final = "done"

_BEGINNING: Final = ObjectId(b"\0" * 12)

_KINDS: Final[Mapping[type, str]] = {
    StatusUpdate: "status",
    ReadMark: "read",
    Reaction: "reaction",
    Deletion: "deletion",
    Echo: "echo",
    ChatChange: "chat",
    ChatMove: "move",
    ConsentChange: "consent",
    Notice: "notice",
    InboundMessage: "edit",
}

type Handler = Callable[[Document], Awaitable[bool]]
"""Applies an event; False when what it speaks of is not known yet."""


class ChannelEvents:
    """Stores and applies events; ``handlers`` by kind."""

    def __init__(self, *, store: ConversationStore, handlers: Mapping[str, Handler]) -> None:
        self._events = store.database.db[CHANNEL_EVENTS]
        self._handlers = handlers
        self._sweep = Sweep()
        self._swept_up_to = _BEGINNING

    async def store(
        self, connection: Connection, events: Sequence[ChatEvent | InboundMessage]
    ) -> list[ObjectId]:
        """Store events durably; known ones are passed over. Returns the ids to apply.

        Raises:
            PyMongoError: they could not be stored.
        """
        if not events:
            return []
        documents = [_document(connection, event) for event in events]
        known: set[int] = set()
        try:
            await self._events.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            redelivered(error)
            known = {failure["index"] for failure in error.details["writeErrors"]}
        return [one["_id"] for place, one in enumerate(documents) if place not in known]

    async def apply(self, connection: Connection, ids: Sequence[ObjectId]) -> None:
        """Apply events that were just stored, in order. Never raises: what was not applied is swept."""
        organization_id = ObjectId(connection.organization_id)
        for event_id in ids:
            await self._apply({"organization_id": organization_id, "_id": event_id, "attempts": 0})

    async def sweep(self) -> int:
        """Apply what is due and nobody applies; returns how many.

        All organizations that have some due get the same share: one with very many keeps nobody
        else waiting.
        """
        due = {"state": WAITING, "next_attempt_at": {"$lte": utc_now()}}
        organizations = await self._organizations(due)
        shares = [
            await self._events.find(
                {"organization_id": organization_id, **due}, {"organization_id": 1, "attempts": 1}
            )
            .sort("next_attempt_at", 1)
            .limit(SWEPT_AT_ONCE // len(organizations))
            .to_list()
            for organization_id in organizations
        ]
        found = [event for turn in zip_longest(*shares) for event in turn if event is not None]
        await self._sweep.start({one["_id"]: partial(self._apply, one) for one in found})
        return len(found)

    async def _organizations(self, due: Document) -> list[ObjectId]:
        """Those with something due, going on behind where the last sweep ended."""
        found: list[ObjectId] = []
        after = first = self._swept_up_to
        while len(found) < ORGANIZATIONS_AT_ONCE:
            # By its index each question reads one key an organization, however much is due later.
            event = await self._events.find_one(
                {"organization_id": {"$gt": after}, **due},
                {"organization_id": 1},
                sort=[("organization_id", 1)],
            )
            if event is None and first != _BEGINNING:  # once more from the beginning
                after = first = _BEGINNING
                continue
            if event is None or event["organization_id"] in found:
                break
            after = event["organization_id"]
            found.append(after)
        self._swept_up_to = after if len(found) == ORGANIZATIONS_AT_ONCE else _BEGINNING
        return found

    async def close(self) -> None:
        """Stop what the last sweeps started."""
        await self._sweep.close()

    async def _apply(self, seen: Document) -> None:
        """Apply an event, unless somebody else has tried it since it was seen (its ids and attempts)."""
        try:
            event = await self._events.find_one_and_update(
                {**seen, "state": WAITING},
                {"$set": {"next_attempt_at": utc_now() + CLAIM}, "$inc": {"attempts": 1}},
                return_document=ReturnDocument.AFTER,
            )
            if event is not None:
                await self._note(event, applied=await self._handle(event))
        except PyMongoError as error:
            _log.warning("channel event interrupted by the database: %s", type(error).__name__)

    async def _handle(self, event: Document) -> bool:
        try:
            return await self._handlers[event["kind"]](event)
        except PyMongoError:
            raise
        except Exception:  # one event's fault is no other's; it is tried again for a while
            _log.exception("channel event %s failed", event["_id"])
            return False

    async def _note(self, event: Document, *, applied: bool) -> None:
        moment, attempts = utc_now(), event["attempts"]
        patience = SHORT_PATIENCE if event["kind"] in SOON_KNOWN else PATIENCE
        # The tries count as well: an event may have waited for a process to look at it.
        hopeless = attempts >= FEWEST_TRIES and moment - event["created_at"] > patience
        if applied or hopeless:
            changes: Document = {"state": DONE, "applied": applied}
        else:
            pause = PAUSES_SECONDS[min(attempts, len(PAUSES_SECONDS)) - 1]
            changes = {"next_attempt_at": moment + timedelta(seconds=pause)}
        await self._events.update_one(
            {
                "organization_id": event["organization_id"],
                "_id": event["_id"],
                "attempts": attempts,
            },
            {"$set": changes},
        )


def _document(connection: Connection, event: ChatEvent | InboundMessage) -> Document:
    moment = utc_now()
    kind = _KINDS[type(event)]
    if isinstance(event, InboundMessage):
        external_id = f"edit:{event.external_id}"
        data: Document = storable(
            {"platform_id": event.edit_of, "text": event.text, "at": event.sent_at}
        )
    else:
        external_id = f"{kind}:{event.external_id}"
        data = storable(event)
    return {
        "_id": ObjectId(),
        "organization_id": ObjectId(connection.organization_id),
        "connection_id": ObjectId(connection.id),
        "channel": connection.channel,
        "external_id": storable(external_id),
        "kind": kind,
        "data": data,
        "state": WAITING,
        "attempts": 0,
        "next_attempt_at": moment + GRACE,
        "created_at": moment,
    }
