"""Trials as they are stored: conversations that are none. A day after they began they are gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.errors import Conflict, NotFound

TRIALS: Final = "assistant_trials"
LONGEST_TURN: Final = timedelta(seconds=60)
"""After so long a turn is taken for dead, and the trial may go on."""
MAX_TURNS: Final = 200
MAX_BYTES: Final = 8_000_000
"""Of a trial, when a turn begins: each keeps the prompts that providers saw, and MongoDB takes 16 MB."""


class TrialBusy(Conflict):
    """The last message is still being answered."""

    default_code = "trial_busy"
    title = "The last message is still being answered"


class TrialFull(Conflict):
    """The trial has as many turns, or holds as much, as one may."""

    default_code = "trial_full"
    title = "This trial has become too long; begin a new one"


class TrialStore:
    """Reads and writes trials. One turn of a trial runs at a time."""

    def __init__(self, *, database: Database) -> None:
        self._trials = database.collection(TRIALS)

    async def add(self, trial: RawDocument) -> None:
        """Store a new one."""
        await self._trials.insert_one(trial)

    async def find(self, organization_id: ObjectId, trial_id: ObjectId) -> RawDocument:
        """Return an organization's trial.

        Raises:
            NotFound: there is none such.
        """
        found = await self._trials.find_one({"_id": trial_id, "organization_id": organization_id})
        if found is None:
            raise NotFound("There is no such trial.")
        return found

    async def begin(self, organization_id: ObjectId, trial_id: ObjectId, text: str) -> RawDocument:
        """Note what is said next, and return the trial as it was before.

        Raises:
            NotFound: there is no such trial.
            TrialBusy, TrialFull: as they say.
        """
        now = utc_now()
        here = {"organization_id": organization_id, "_id": trial_id}
        room = {
            "turn": {"$lt": MAX_TURNS},
            "$expr": {"$lt": [{"$bsonSize": "$$ROOT"}, MAX_BYTES]},
        }
        before = await self._trials.find_one_and_update(
            {**here, **room, "$or": [{"busy_until": None}, {"busy_until": {"$lt": now}}]},
            {
                "$set": {"busy_until": now + LONGEST_TURN},
                "$inc": {"turn": 1},
                "$push": {"messages": {"role": "customer", "text": text}},
            },
            projection={"turns": 0},
            return_document=ReturnDocument.BEFORE,
        )
        if before is None:
            await self.find(organization_id, trial_id)
            with_room = await self._trials.find_one({**here, **room}, {"_id": 1})
            raise TrialBusy if with_room else TrialFull
        return before

    async def note(
        self,
        trial: RawDocument,
        kind: str,
        data: RawDocument,
        *,
        source_key: str,
        changes: RawDocument | None = None,
    ) -> None:
        """Write down what a skill would have done, once for a source key; `changes` are what it makes true in the trial."""
        effect = {"turn": trial["turn"], "kind": kind, "data": data, "source_key": source_key}
        update: RawDocument = {"$push": {"effects": effect}}
        if changes:
            update["$set"] = changes
        await self._trials.update_one(
            {**_place(trial), "effects.source_key": {"$ne": source_key}}, update
        )

    async def finish(
        self, trial: RawDocument, turn: RawDocument, *, language: str, said: list[str]
    ) -> None:
        """Store a turn and let the next one begin."""
        await self._trials.update_one(
            _place(trial),
            {
                "$set": {"busy_until": None, "language": language},
                "$push": {
                    "turns": turn,
                    "messages": {"$each": [{"role": "bot", "text": text} for text in said]},
                },
            },
        )

    async def take_back(self, before: RawDocument) -> None:
        """Make a turn that failed not to have been."""
        names = ("turn", "messages", "effects", "facts", "status")
        await self._trials.update_one(
            _place(before),
            {"$set": {"busy_until": None, **{name: before[name] for name in names}}},
        )

    async def effects(self, trial: RawDocument, turn: int) -> list[dict[str, Any]]:
        """Return what the skills would have done in a turn."""
        found = await self._trials.find_one(_place(trial), {"effects": 1})
        return [
            {"kind": effect["kind"], "data": effect["data"]}
            for effect in (found or {}).get("effects", ())
            if effect["turn"] == turn
        ]


def _place(trial: RawDocument) -> RawDocument:
    """Return the condition that finds a trial."""
    return {"organization_id": trial["organization_id"], "_id": trial["_id"]}
