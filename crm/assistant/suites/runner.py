"""Does the runs, in the worker: durable, and gone on with by another process when this one dies.

A run is held by a lease. Each case or conversation is stored under its place in the run the moment it is done, with the
run's counts, in one transaction; whoever goes on looks for the places that are still missing. What a killed process had
half done is said to the assistant again, in a new trial, which changes nothing. A run over which worker after worker dies
is given up: it may be what they die of.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from bot.prompts.content import AssistantContent
from crm.assistant.suites.comparing import ALIKE, VERDICTS, verdict, worst
from crm.assistant.suites.conversations import PastConversations, exchanges
from crm.assistant.suites.expectations import Expectations, judge
from crm.assistant.suites.places import Places, free
from crm.assistant.suites.replay import after_side, before_side, stretches
from crm.assistant.suites.results import blank, cost, error_result, turn_result
from crm.assistant.suites.runs import DONE, FAILED, LEASE, OPEN, RUNNING, updated
from crm.assistant.suites.store import ITEMS, RESULTS, RUNS
from crm.assistant.trial_store import TrialFull
from crm.assistant.trials import TrialFailed, Trials
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.events import EventLog
from crm.inbox.models import preview

_log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Cases of a run at the same time: the engine has customers, too."""
MAX_ATTEMPTS: Final = 3
"""How many workers may die over a run before it is given up."""
TOLD_EVERY: Final = timedelta(seconds=1)
TRIES: Final = 3
RETRY_SECONDS: Final = 2.0
SPENT: Final = frozenset({"spend_limit_reached"})
"""Refusals after which going on would only test how the assistant does without its model."""


class _LostError(Exception):
    """The run is another process's, or was cancelled."""


class _SpentError(Exception):
    """The month's spending limit is reached."""


class _WithoutModelError(Exception):
    """The version's language model did not answer: what the bot said instead proves nothing of the version."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(f"The language model did not answer: {', '.join(reasons)}.")
        self.reasons = reasons


class RunWorker:
    """Takes up runs.

    Args:
        database: where they are.
        events: where progress is told.
        trials: what talks to the assistant.
        past: real conversations, for replays.
    """

    def __init__(
        self, *, database: Database, events: EventLog, trials: Trials, past: PastConversations
    ) -> None:
        self._database = database
        self._events = events
        self._trials = trials
        self._past = past
        self._runs = database.collection(RUNS)
        self._results = database.collection(RESULTS)
        self._items = database.collection(ITEMS)
        self._process = uuid4().hex
        self._places = Places(runs=self._runs, run=self.run)

    async def sweep(self) -> int:
        """Take up what waits, or what a dead process left, as much as there is room for; return how many runs."""
        return await self._places.fill()

    async def close(self) -> None:
        """Leave what runs; another process goes on with it."""
        await self._places.close()

    async def run(self, organization_id: ObjectId, run_id: ObjectId) -> None:
        """Do a run to its end, unless somebody else does or its place is wanted. Never raises."""
        place = {"organization_id": organization_id, "_id": run_id}
        held = {**place, "state": RUNNING, "lease.holder": uuid4().hex}
        try:
            run = await self._take(held)
            if run is None:
                return
            if run["attempts"] >= MAX_ATTEMPTS:
                await self._end(held, FAILED, "run_gave_up")
                return
            async with self._holding(held):
                await self._do(run, held)
        except _LostError:
            _log.info("run %s was cancelled or taken by another process", run_id)
        except PyMongoError as error:
            _log.warning("run %s interrupted by the database: %s", run_id, type(error).__name__)
        except Exception:
            _log.exception("run %s failed", run_id)
            with contextlib.suppress(_LostError, PyMongoError):
                await self._end(held, FAILED, "internal_error")

    async def _take(self, held: RawDocument) -> RawDocument | None:
        """Take a run's lease; whose ran out under another process left it dead, which is counted."""
        now = utc_now()
        lease = {"holder": held["lease.holder"], "process": self._process, "until": now + LEASE}
        died = {"$not": [{"$in": [{"$ifNull": ["$lease.process", None]}, [None, self._process]]}]}
        return await self._runs.find_one_and_update(
            {
                "organization_id": held["organization_id"],
                "_id": held["_id"],
                "state": {"$in": list(OPEN)},
                **free(now),
            },
            [
                {
                    "$set": {
                        "state": RUNNING,
                        "lease": lease,
                        "attempts": {
                            "$add": [{"$ifNull": ["$attempts", 0]}, {"$cond": [died, 1, 0]}]
                        },
                    }
                }
            ],
            return_document=ReturnDocument.AFTER,
        )

    @contextlib.asynccontextmanager
    async def _holding(self, held: RawDocument) -> AsyncIterator[None]:
        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE.total_seconds() / 3)
                with contextlib.suppress(PyMongoError):
                    await self._runs.update_one(held, {"$set": {"lease.until": utc_now() + LEASE}})

        task = asyncio.create_task(renew())
        try:
            yield
        except asyncio.CancelledError:
            # The process stops: the next one need not wait for the lease's end.
            await self._release(held)
            raise
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _release(self, held: RawDocument) -> None:
        await self._runs.update_one(held, {"$set": {"lease": None}})

    async def _do(self, run: RawDocument, held: RawDocument) -> None:
        here = {"organization_id": run["organization_id"], "run_id": run["_id"]}
        done = {row["position"] async for row in self._results.find(here, {"position": 1})}
        missing = [place for place in range(run["total"]) if place not in done]
        gate = asyncio.Semaphore(AT_ONCE)
        found, left = 0, False

        async def one(place: int) -> None:
            nonlocal found, left
            async with gate:
                # Who comes to a place does something there: giving way at once, two would only change places.
                if found and self._places.is_wanted(run["_id"]):
                    left = True
                    return
                result = await self._item(run, held, place)
                await self._store(run, held, place, result)
                found += 1

        error = None
        try:
            async with asyncio.TaskGroup() as group:
                for place in missing:
                    group.create_task(one(place))
        except ExceptionGroup as faults:
            # Several may fail for the same reason; a spent limit is the one that the run itself is to tell.
            if faults.subgroup(_SpentError) is None or faults.subgroup(_LostError):
                raise faults.exceptions[0] from None
            error = "spend_limit_reached"
        if left and error is None:
            await self._release(held)
            return
        await self._end(held, FAILED if error else DONE, error)

    async def _item(self, run: RawDocument, held: RawDocument, place: int) -> RawDocument:
        """Return the result of one case or conversation."""
        here = {"organization_id": run["organization_id"], "run_id": run["_id"]}
        row = await self._items.find_one({**here, "position": place})
        if row is None:  # the run was forgotten meanwhile
            raise _LostError
        item: RawDocument = row["item"]
        attempt = 0
        while True:
            attempt += 1
            try:
                if run["kind"] == "suite":
                    return await self._case(run, held, item)
                return await self._conversation(run, held, item["_id"])
            except _WithoutModelError as error:
                # It was tried again already, and another model, too: more would cost more than was allowed.
                return error_result(
                    item, run["kind"], "model_unanswered", str(error), error.reasons
                )
            except TrialFull as error:
                return error_result(item, run["kind"], error.code, error.title)
            except TrialFailed as error:
                # The engine may be starting anew.
                if attempt == TRIES:
                    return error_result(item, run["kind"], error.code, error.detail)
                await asyncio.sleep(RETRY_SECONDS * attempt)

    async def _case(self, run: RawDocument, held: RawDocument, case: RawDocument) -> RawDocument:
        trial_id = await self._start(run)
        turns = [await self._say(run, held, trial_id, text) for text in case["turns"]]
        failures = judge(Expectations.model_validate(case["expect"]), turns)
        return {
            **blank(case, "suite"),
            "state": "failed" if failures else "passed",
            "failures": [failure.document() for failure in failures],
            "turns": [turn_result(turn) for turn in turns],
            "cost": cost(turns),
        }

    async def _conversation(
        self, run: RawDocument, held: RawDocument, conversation_id: ObjectId
    ) -> RawDocument:
        organization_id = run["organization_id"]
        conversation = await self._past.conversation(organization_id, conversation_id)
        messages = await self._past.messages(organization_id, conversation_id)
        talk = exchanges(messages)
        results: list[RawDocument] = []
        turns: list[dict[str, Any]] = []
        for stretch in stretches(messages, talk):
            trial_id = await self._start(run, conversation, history=stretch.history)
            for exchange in stretch.exchanges:
                payload = exchange.message.get("payload")
                turn = await self._say(run, held, trial_id, exchange.text, payload=payload)
                turns.append(turn)
                before, after = before_side(exchange), after_side(turn)
                result = turn_result(turn)
                result |= {"before": before, "after": after, "verdict": verdict(before, after)}
                results.append(result)
        judged = worst([result["verdict"] for result in results] or ["same"])
        title = (conversation or {}).get("contact_name") or ""
        said = next((exchange.text for exchange in talk if exchange.text.strip()), "")
        return {
            **blank({"_id": conversation_id}, "replay"),
            "title": " · ".join(filter(None, (title, preview(said, 80)))),
            "state": "passed" if judged in ALIKE else "failed",
            "verdict": judged,
            "turns": results,
            "cost": cost(turns),
        }

    async def _start(
        self,
        run: RawDocument,
        conversation: RawDocument | None = None,
        *,
        history: list[dict[str, str]] | None = None,
    ) -> ObjectId:
        return await self._trials.start(
            run["organization_id"],
            content=AssistantContent.model_validate(run["content"]),
            knowledge_version=run["knowledge_version"],
            version=run["version"],
            language=(conversation or {}).get("language"),
            channel=(conversation or {}).get("channel") or "webchat",
            history=history or (),
        )

    async def _say(
        self,
        run: RawDocument,
        held: RawDocument,
        trial_id: ObjectId,
        text: str,
        *,
        payload: str | None = None,
    ) -> dict[str, Any]:
        if await self._runs.find_one(held, {"_id": 1}) is None:
            raise _LostError  # cancelled: nothing more is to be spent
        turn = await self._trials.say(run["organization_id"], trial_id, text, payload=payload)
        document = turn.document()
        errors = {reply["trace"].get("provider_error") for reply in document["replies"]} - {None}
        if errors & SPENT:
            raise _SpentError
        if errors:
            raise _WithoutModelError(sorted(errors))
        return document

    async def _store(
        self, run: RawDocument, held: RawDocument, place: int, result: RawDocument
    ) -> None:
        """Store a result with the run's counts, unless it is there; tell it, though not each of many in a second.

        Raises:
            _LostError: the run is no longer ours.
        """
        row = {
            "_id": ObjectId(),
            "organization_id": run["organization_id"],
            "run_id": run["_id"],
            "position": place,
            "weight": VERDICTS.index(result["verdict"]) if result["verdict"] else 0,
            **result,
        }
        counts: dict[str, float] = {"done": 1}
        counts["passed" if result["state"] == "passed" else "failed"] = 1
        if result["verdict"]:
            counts[f"changed.{result['verdict']}"] = 1
        if result["cost"]:
            counts["cost"] = result["cost"]

        async def work(session: Session) -> None:
            now = utc_now()
            # `$inc` does not add to null.
            if "cost" in counts:
                await self._runs.update_one(
                    {**held, "cost": None}, {"$set": {"cost": 0.0}}, session=session
                )
            before = await self._runs.find_one_and_update(held, {"$inc": counts}, session=session)
            if before is None:
                raise _LostError
            await self._results.insert_one(dict(row), session=session)
            if before["told_at"] is None or before["told_at"] <= now - TOLD_EVERY:
                after = await self._runs.find_one_and_update(
                    held,
                    {"$set": {"told_at": now}},
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
                assert after is not None, "it was there a moment ago"
                await self._events.append(run["organization_id"], [updated(after)], session)

        await self._database.in_transaction(work, serial=run["organization_id"])

    async def _end(self, held: RawDocument, state: str, error: str | None) -> None:
        async def work(session: Session) -> None:
            after = await self._runs.find_one_and_update(
                held,
                {
                    "$set": {
                        "state": state,
                        "error": error,
                        "lease": None,
                        "finished_at": utc_now(),
                    }
                },
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if after is None:
                raise _LostError
            await self._events.append(after["organization_id"], [updated(after)], session)

        await self._database.in_transaction(work, serial=held["organization_id"])
