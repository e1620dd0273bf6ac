"""Conversations in MongoDB: asynchronous, bounded, and never silently overwritten.

One document a conversation holds the opening events (see `trackers`), the tail of real events, the recorded answers of the
last messages and a version. A save pushes only the new events, on condition that the version is the one that was read, so
its cost does not grow with the history and of two writers one fails with `TrackerConflict`.
"""

import datetime as dt
import logging
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.write_concern import WriteConcern
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.errors import TrackerConflict, TurnAborted
from bot.engine.trackers import (
    ConversationTracker,
    bounded,
    load_event,
    opening_events,
    stored_form,
)

logger = logging.getLogger(__name__)

COLLECTION = "engine_conversations"
KEPT_REPLIES = 10
KEPT_RECORDED_IDS = 100
KEPT_IN_MEMORY = 500
TIMEOUT_MS = 5_000


class MotorTrackerStore(TrackerStore):
    """Keeps trackers in MongoDB through motor.

    Args:
        domain: Domain whose slots the trackers have; Rasa sets it again when a model is loaded.
        event_broker: Accepted because Rasa passes one; events are published by the CRM, not here.
        host: A `mongodb://` address.
        db: Database name.
        kwargs: Further values of `endpoints.yml`, ignored.
    """

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        host: str = "mongodb://127.0.0.1:27017",
        db: str = "aitys",
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        self._client = AsyncIOMotorClient(
            host,
            serverSelectionTimeoutMS=TIMEOUT_MS,
            socketTimeoutMS=TIMEOUT_MS,
            tz_aware=True,
            uuidRepresentation="standard",
        )
        self._conversations = self._client[db].get_collection(
            COLLECTION, write_concern=WriteConcern(w="majority", wtimeout=TIMEOUT_MS)
        )
        self._kept: OrderedDict[str, ConversationTracker] = OrderedDict()

    @property
    def domain(self) -> Domain:
        """The domain of the loaded model."""
        return self._domain

    @domain.setter
    def domain(self, domain: Domain | None) -> None:
        self._domain = domain or Domain.empty()

    async def retrieve(self, sender_id: str) -> ConversationTracker | None:
        """Return the conversation with its state, or `None` when it is unknown.

        One that this process saved last comes from memory. Should somebody else have saved it since, saving it fails with
        `TrackerConflict`, and it is read from the database the next time.

        Raises:
            TurnAborted: The database cannot be read now.
        """
        kept = self._kept.pop(sender_id, None)
        if kept is not None:
            return kept
        try:
            document = await self._conversations.find_one({"_id": sender_id})
        except PyMongoError as error:
            raise TurnAborted("the conversation cannot be read") from error
        return None if document is None else self._tracker(document)

    async def create_tracker(
        self, sender_id: str, append_action_listen: bool = True
    ) -> ConversationTracker:
        """Return an empty conversation. Nothing is stored before its first turn is complete."""
        return ConversationTracker(sender_id, self.domain.slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the new events of a conversation, its new answer and the next version.

        Raises:
            TrackerConflict: Somebody else saved it since it was read; nothing was changed.
            TurnAborted: The database cannot be written now.
        """
        if not isinstance(tracker, ConversationTracker):
            tracker = adopt(tracker, self.domain)
        change = self._change(tracker)
        try:
            if tracker.version:
                result = await self._conversations.update_one(
                    {"_id": tracker.sender_id, "version": tracker.version}, change
                )
                if not result.matched_count:
                    raise TrackerConflict("the conversation was changed meanwhile")
            else:
                # The version is part of the filter so that a conversation which exists by now is a duplicate key.
                await self._conversations.update_one(
                    {"_id": tracker.sender_id, "version": 0}, change, upsert=True
                )
        except DuplicateKeyError as error:
            raise TrackerConflict("the conversation was created meanwhile") from error
        except PyMongoError as error:
            raise TurnAborted("the conversation cannot be saved") from error
        tracker.version += 1
        tracker.stored_events = len(tracker.events)
        if tracker.new_reply is not None:
            message_id, answer = tracker.new_reply
            tracker.replies = dict([*tracker.replies.items(), (message_id, answer)][-KEPT_REPLIES:])
        tracker.new_reply = None
        tracker.new_recorded_ids = []
        if "opening" not in change["$set"]:  # what was cut must be read anew
            self._keep(tracker)

    def _keep(self, tracker: ConversationTracker) -> None:
        self._kept[tracker.sender_id] = tracker
        if len(self._kept) > KEPT_IN_MEMORY:
            self._kept.popitem(last=False)

    async def delete(self, sender_id: str) -> None:
        """Forget a conversation; unknown ones are fine."""
        self._kept.pop(sender_id, None)
        try:
            await self._conversations.delete_one({"_id": sender_id})
        except PyMongoError as error:
            raise TurnAborted("the conversation cannot be deleted") from error

    async def keys(self) -> Iterable[str]:
        """Return the ids of all conversations."""
        return [document["_id"] async for document in self._conversations.find({}, {"_id": 1})]

    async def exists(self, conversation_id: str) -> bool:
        """Return whether the conversation was ever saved."""
        return await self._conversations.count_documents({"_id": conversation_id}, limit=1) > 0

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _tracker(self, document: dict[str, Any]) -> ConversationTracker:
        opening = document.get("opening") or []
        tracker = ConversationTracker(document["_id"], self.domain.slots)
        for fields in [*opening, *document.get("events", [])]:
            event = load_event(fields)
            if event is not None:
                tracker.update(event)
        tracker.version = document["version"]
        tracker.opening = len(opening)
        tracker.stored_events = len(tracker.events)
        tracker.replies = {reply["id"]: reply["answer"] for reply in document.get("replies", [])}
        tracker.recorded_ids = set(document.get("recorded_ids", []))
        return tracker

    def _change(self, tracker: ConversationTracker) -> dict[str, Any]:
        events = list(tracker.events)
        values: dict[str, Any] = {"updated_at": dt.datetime.now(dt.timezone.utc)}
        pushes: dict[str, Any] = {}
        cut = bounded(events, self.domain.slots, opening=tracker.opening)
        if cut is not None:
            opening, tail = cut
            values["opening"] = [stored_form(event) for event in opening]
            values["events"] = [stored_form(event) for event in tail]
        elif len(events) > tracker.stored_events:
            pushes["events"] = {
                "$each": [stored_form(event) for event in events[tracker.stored_events :]]
            }
        if tracker.new_reply is not None:
            message_id, answer = tracker.new_reply
            pushes["replies"] = {
                "$each": [{"id": message_id, "answer": answer}],
                "$slice": -KEPT_REPLIES,
            }
        if tracker.new_recorded_ids:
            pushes["recorded_ids"] = {
                "$each": tracker.new_recorded_ids,
                "$slice": -KEPT_RECORDED_IDS,
            }
        change: dict[str, Any] = {"$set": values, "$inc": {"version": 1}}
        if pushes:
            change["$push"] = pushes
        return change


def adopt(tracker: DialogueStateTracker, domain: Domain) -> ConversationTracker:
    """Return a tracker of another kind (from Rasa's own commands) as a conversation that was never saved."""
    adopted = ConversationTracker(tracker.sender_id, domain.slots)
    opening = (
        opening_events(DialogueStateTracker(tracker.sender_id, domain.slots), 0.0)
        if not tracker.events
        else []
    )
    for event in [*opening, *tracker.events]:
        adopted.update(event)
    return adopted
