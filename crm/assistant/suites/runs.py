"""Runs: what is to be tried, how far it is, what came of it. The work itself is `crm.assistant.suites.runner`'s."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument

from bot.prompts.content import AssistantContent, digest
from crm.assistant.history import AssistantHistory, Target
from crm.assistant.suites.conversations import PastConversations
from crm.assistant.suites.estimates import Estimates
from crm.assistant.suites.replay import MAX_SAID
from crm.assistant.suites.store import ITEMS, RESULTS, RUNS, SuiteStore
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Conflict, NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.core.listing import Listing, ListQuery, Sortable

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
OPEN: Final = (QUEUED, RUNNING)
MAX_OPEN: Final = 3
KEPT_RUNS: Final = 200
"""Of an organization; older ones go with their results."""
LEASE: Final = timedelta(seconds=15)
_HIDDEN: Final = ("organization_id", "content", "lease", "attempts", "suite_revision", "told_at")
_RUNS_LISTING: Final = Listing(
    sorts={"created_at": Sortable("created_at")},
    default_sort="-created_at",
    projection=dict.fromkeys(_HIDDEN, 0),
)
_RESULTS_LISTING: Final = Listing(
    sorts={"position": Sortable("position"), "weight": Sortable("weight", nullable=True)},
    default_sort="position",
    projection={"organization_id": 0, "run_id": 0, "cost": 0},
)


class CallsNotAllowed(Conflict):
    """The run may cost money, and nobody has said that it may."""

    default_code = "calls_not_allowed"
    title = "The run may call a provider of language models"


class NothingToRun(Conflict):
    """The suite has no cases, or there are no conversations."""

    default_code = "nothing_to_run"
    title = "There is nothing to run"


class TooManyRuns(Conflict):
    """Enough of the organization's runs are under way."""

    default_code = "too_many_runs"
    title = "Other runs are under way; wait for them or cancel them"


class RunOver(Conflict):
    """The run has ended."""

    default_code = "run_over"
    title = "The run has ended already"


class Runs:
    """Starts, reads and cancels runs."""

    def __init__(
        self,
        *,
        database: Database,
        events: EventLog,
        suites: SuiteStore,
        history: AssistantHistory,
        past: PastConversations,
        estimates: Estimates,
    ) -> None:
        self._database = database
        self._events = events
        self._suites = suites
        self._history = history
        self._past = past
        self._estimates = estimates
        self._runs = database.collection(RUNS)
        self._results = database.collection(RESULTS)
        self._items = database.collection(ITEMS)

    async def estimate(
        self,
        organization_id: ObjectId,
        *,
        suite_id: ObjectId | None,
        count: int | None,
        target: Target,
    ) -> dict[str, Any]:
        """Return what a run would need of a provider.

        Raises:
            NotFound: there is no such suite or version.
        """
        content, _, _ = await self._history.target(organization_id, target)
        if suite_id is not None:
            items = await self._suites.cases(organization_id, suite_id)
            messages = sum(len(item["turns"]) for item in items)
        else:
            last = await self._past.last(organization_id, count or 0)
            messages = await self._past.count_said(organization_id, last, most=MAX_SAID)
        return await self._estimates.of(organization_id, content, messages)

    async def start(
        self,
        organization_id: ObjectId,
        *,
        suite_id: ObjectId | None,
        count: int | None,
        target: Target,
        allow_calls: bool,
        actor: Actor,
        author: str,
    ) -> RawDocument:
        """Queue a run of a suite, or of the last `count` conversations, and return it.

        Raises:
            NotFound: there is no such suite or version.
            NothingToRun, TooManyRuns: as they say.
            CallsNotAllowed: it may call a provider, and `allow_calls` is not set.
        """
        content, knowledge_version, version = await self._history.target(organization_id, target)
        suite = None
        items: list[RawDocument]
        if suite_id is not None:
            suite = await self._suites.suite(organization_id, suite_id)
            # A run keeps its cases as they were: what is changed meanwhile is another run's.
            names = ("_id", "name", "turns", "expect")
            items = [
                {name: case[name] for name in names}
                for case in await self._suites.cases(organization_id, suite_id)
            ]
            messages = sum(len(item["turns"]) for item in items)
        else:
            last = await self._past.last(organization_id, count or 0)
            items = [{"_id": found} for found in last]
            messages = await self._past.count_said(organization_id, last, most=MAX_SAID)
        if not items:
            raise NothingToRun
        estimate = await self._estimates.of(organization_id, content, messages)
        if estimate["calls"] and not allow_calls:
            raise CallsNotAllowed(f"The run may call a provider up to {estimate['calls']} times.")
        run = _new_run(
            organization_id,
            suite,
            len(items),
            content,
            knowledge_version,
            version,
            target,
            estimate,
        )
        run["created_by"] = {"id": actor.id, "name": author}
        place = {"organization_id": organization_id, "run_id": run["_id"]}

        async def work(session: Session) -> RawDocument:
            rows = [
                {"_id": ObjectId(), **place, "position": position, "item": item}
                for position, item in enumerate(items)
            ]
            open_runs = {"organization_id": organization_id, "state": {"$in": list(OPEN)}}
            if await self._runs.count_documents(open_runs, session=session) >= MAX_OPEN:
                raise TooManyRuns
            await self._runs.insert_one(dict(run), session=session)
            await self._items.insert_many(rows, session=session)
            await self._events.append(organization_id, [updated(run, actor)], session)
            return run_read(run)

        made = await self._database.in_transaction(work, serial=organization_id)
        await self._forget_old(organization_id)
        return made

    async def page(
        self, organization_id: ObjectId, query: ListQuery, where: RawDocument
    ) -> RawDocument:
        """Return a page of runs."""
        return await _RUNS_LISTING.page(
            self._runs, {**where, "organization_id": organization_id}, query
        )

    async def read(self, organization_id: ObjectId, run_id: ObjectId) -> RawDocument:
        """Return a run.

        Raises:
            NotFound: as it says.
        """
        return run_read(await self._find(organization_id, run_id))

    async def results(
        self, organization_id: ObjectId, run_id: ObjectId, query: ListQuery, where: RawDocument
    ) -> RawDocument:
        """Return a page of what a run found; of a replay, unless another order is asked for, what most wants a look first.

        Raises:
            NotFound: there is no such run.
        """
        run = await self._find(organization_id, run_id)
        if query.sort is None and run["kind"] == "replay":
            query = query.model_copy(update={"sort": "weight"})
        scoped = {**where, "organization_id": organization_id, "run_id": run_id}
        page = await _RESULTS_LISTING.page(self._results, scoped, query)
        for result in page["items"]:
            result.pop("weight", None)
        return page

    async def cancel(
        self, organization_id: ObjectId, run_id: ObjectId, *, actor: Actor
    ) -> RawDocument:
        """Stop a run; what it has found stays.

        Raises:
            NotFound, RunOver: as they say.
        """

        async def work(session: Session) -> RawDocument:
            after = await self._runs.find_one_and_update(
                {
                    "_id": run_id,
                    "organization_id": organization_id,
                    "state": {"$in": list(OPEN)},
                },
                {"$set": {"state": CANCELLED, "lease": None, "finished_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if after is None:
                await self._find(organization_id, run_id, session)
                raise RunOver
            await self._events.append(organization_id, [updated(after, actor)], session)
            return run_read(after)

        return await self._database.in_transaction(work, serial=organization_id)

    async def _find(
        self, organization_id: ObjectId, run_id: ObjectId, session: Session | None = None
    ) -> RawDocument:
        where = {"_id": run_id, "organization_id": organization_id}
        found = await self._runs.find_one(where, session=session)
        if found is None:
            raise NotFound("There is no such run.")
        return found

    async def _forget_old(self, organization_id: ObjectId) -> None:
        old = self._runs.find({"organization_id": organization_id}, {"_id": 1}).sort(
            [("created_at", -1), ("_id", -1)]
        )
        ids = [row["_id"] async for row in old.skip(KEPT_RUNS)]
        if ids:
            here = {"organization_id": organization_id}
            await self._results.delete_many({**here, "run_id": {"$in": ids}})
            await self._items.delete_many({**here, "run_id": {"$in": ids}})
            await self._runs.delete_many({**here, "_id": {"$in": ids}})


def run_read(run: RawDocument) -> RawDocument:
    """Return a stored run as the API shows it."""
    read = {name: value for name, value in run.items() if name not in {*_HIDDEN, "_id"}}
    return {"id": run["_id"], **read}


def updated(run: RawDocument, actor: Actor | None = None) -> NewEvent:
    """Return the event that tells how far a run is."""
    told: RawDocument = run_read(run)
    data = {
        name: str(value) if isinstance(value, ObjectId) else value for name, value in told.items()
    }
    author = told["created_by"]
    data["created_by"] = {**author, "id": str(author["id"]) if author["id"] else None}
    event_actor = {"actor": actor} if actor else {}
    return NewEvent(type="assistant.run_updated", subject_id=run["_id"], data=data, **event_actor)


def _new_run(
    organization_id: ObjectId,
    suite: RawDocument | None,
    total: int,
    content: AssistantContent,
    knowledge_version: int,
    version: int | None,
    target: Target,
    estimate: dict[str, Any],
) -> RawDocument:
    return {
        "_id": ObjectId(),
        "organization_id": organization_id,
        "kind": "suite" if suite else "replay",
        "state": QUEUED,
        "suite_id": suite["_id"] if suite else None,
        "suite_name": suite["name"] if suite else None,
        "suite_revision": suite["revision"] if suite else None,
        "target": target,
        "version": version,
        "content": content.document(),
        "content_hash": digest(content, knowledge_version),
        "knowledge_version": knowledge_version,
        "done": 0,
        "total": total,
        "passed": 0,
        "failed": 0,
        "changed": {},
        "estimate": estimate,
        "cost": None,
        "error": None,
        "lease": None,
        "attempts": 0,
        "told_at": None,
        "created_at": utc_now(),
        "finished_at": None,
    }
