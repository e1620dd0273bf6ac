"""Suites and their cases as they are stored."""

from __future__ import annotations

from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Conflict, NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.core.listing import Listing, ListQuery, Sortable
from crm.core.organization_settings import ORGANIZATIONS

SUITES: Final = "assistant_suites"
CASES: Final = "assistant_cases"
RUNS: Final = "assistant_runs"
RESULTS: Final = "assistant_results"
ITEMS: Final = "assistant_run_items"
"""What a run goes through, a document each: a whole suite could be too large for one."""

MAX_SUITES: Final = 100
MAX_CASES: Final = 500
_SUITES_LISTING: Final = Listing(
    sorts={"name": Sortable("name"), "created_at": Sortable("created_at")},
    default_sort="created_at",
    projection={"organization_id": 0},
)
_CASES_LISTING: Final = Listing(
    sorts={"position": Sortable("position")},
    default_sort="position",
    projection={"organization_id": 0, "position": 0},
)


class SuiteNameTaken(Conflict):
    """Another suite has this name."""

    default_code = "suite_name_taken"
    title = "Another suite has this name"


class TooManyCases(Conflict):
    """A suite holds no more."""

    default_code = "too_many_cases"
    title = f"A suite holds at most {MAX_CASES} cases"


class TooManySuites(Conflict):
    """An organization has no more."""

    default_code = "too_many_suites"
    title = f"There are at most {MAX_SUITES} suites"


class SuiteStore:
    """Reads and changes suites and cases.

    A suite's `revision` grows with every change of what it asks: a run proves something only of the revision it ran. What
    makes a required suite ask more is also counted in the organization, for publishing at the same time to notice.
    """

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._suites = database.collection(SUITES)
        self._cases = database.collection(CASES)
        self._organizations = database.collection(ORGANIZATIONS)

    async def page(self, organization_id: ObjectId, query: ListQuery) -> RawDocument:
        """Return a page of suites, raw."""
        return await _SUITES_LISTING.page(self._suites, {"organization_id": organization_id}, query)

    async def suite(
        self, organization_id: ObjectId, suite_id: ObjectId, session: Session | None = None
    ) -> RawDocument:
        """Return a suite.

        Raises:
            NotFound: as it says.
        """
        where = {"_id": suite_id, "organization_id": organization_id}
        found = await self._suites.find_one(where, session=session)
        if found is None:
            raise NotFound("There is no such suite.")
        return found

    async def named(self, organization_id: ObjectId, name: str | None = None) -> list[RawDocument]:
        """Return the suites of a name, or all of them, in the order they were made."""
        where: RawDocument = {"organization_id": organization_id}
        if name is not None:
            where["name"] = name
        return await self._suites.find(where).sort([("created_at", 1), ("_id", 1)]).to_list()

    async def add_suite(
        self, organization_id: ObjectId, name: str, *, required: bool, actor: Actor
    ) -> RawDocument:
        """Make an empty suite.

        Raises:
            SuiteNameTaken, TooManySuites: as they say.
        """
        if await self._suites.count_documents({"organization_id": organization_id}) >= MAX_SUITES:
            raise TooManySuites
        now = utc_now()
        suite = {
            "_id": ObjectId(),
            "organization_id": organization_id,
            "name": name,
            "required": required,
            "cases": 0,
            "revision": 0,
            "next_position": 0,
            "created_at": now,
            "updated_at": now,
        }

        async def work(session: Session) -> RawDocument:
            await self._suites.insert_one(dict(suite), session=session)
            await self._tell(suite, "created", actor, session)
            return suite

        try:
            return await self._database.in_transaction(work, serial=organization_id)
        except DuplicateKeyError:
            raise SuiteNameTaken from None

    async def change_suite(
        self, organization_id: ObjectId, suite_id: ObjectId, values: RawDocument, *, actor: Actor
    ) -> RawDocument:
        """Rename a suite, or let publishing ask for it.

        Raises:
            NotFound, SuiteNameTaken: as they say.
        """

        async def work(session: Session) -> RawDocument:
            after = await self._suites.find_one_and_update(
                {"_id": suite_id, "organization_id": organization_id},
                {"$set": {**values, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if after is None:
                raise NotFound("There is no such suite.")
            await self._tell(after, "updated", actor, session)
            return after

        try:
            return await self._database.in_transaction(work, serial=organization_id)
        except DuplicateKeyError:
            raise SuiteNameTaken from None

    async def delete_suite(
        self, organization_id: ObjectId, suite_id: ObjectId, *, actor: Actor
    ) -> None:
        """Delete a suite with its cases; what its runs found stays.

        Raises:
            NotFound: as it says.
        """

        async def work(session: Session) -> None:
            suite = await self.suite(organization_id, suite_id, session)
            here = {"organization_id": organization_id}
            await self._suites.delete_one({**here, "_id": suite_id}, session=session)
            await self._cases.delete_many({**here, "suite_id": suite_id}, session=session)
            await self._tell(suite, "deleted", actor, session)

        await self._database.in_transaction(work, serial=organization_id)

    async def cases_page(
        self, organization_id: ObjectId, suite_id: ObjectId, query: ListQuery
    ) -> RawDocument:
        """Return a page of a suite's cases.

        Raises:
            NotFound: there is no such suite.
        """
        await self.suite(organization_id, suite_id)
        where = {"organization_id": organization_id, "suite_id": suite_id}
        return await _CASES_LISTING.page(self._cases, where, query)

    async def cases(self, organization_id: ObjectId, suite_id: ObjectId) -> list[RawDocument]:
        """Return all cases of a suite, in order."""
        where = {"organization_id": organization_id, "suite_id": suite_id}
        return await self._cases.find(where).sort([("position", 1), ("_id", 1)]).to_list()

    async def case(
        self, organization_id: ObjectId, suite_id: ObjectId, case_id: ObjectId
    ) -> RawDocument:
        """Return a case.

        Raises:
            NotFound: as it says.
        """
        where = {"_id": case_id, "organization_id": organization_id, "suite_id": suite_id}
        found = await self._cases.find_one(where)
        if found is None:
            raise NotFound("There is no such case.")
        return found

    async def add_cases(
        self,
        organization_id: ObjectId,
        suite_id: ObjectId,
        cases: list[RawDocument],
        *,
        actor: Actor,
    ) -> list[RawDocument]:
        """Add cases at the end: `name`, `turns`, `expect` and, where known, `conversation_id`.

        Raises:
            NotFound: there is no such suite.
            TooManyCases: as it says; none is added.
        """

        async def work(session: Session) -> list[RawDocument]:
            suite = await self.suite(organization_id, suite_id, session)
            if suite["cases"] + len(cases) > MAX_CASES:
                raise TooManyCases
            now = utc_now()
            rows = [
                {
                    "_id": ObjectId(),
                    "organization_id": organization_id,
                    "suite_id": suite_id,
                    "position": suite["next_position"] + place,
                    "conversation_id": None,
                    **case,
                    "created_at": now,
                    "updated_at": now,
                }
                for place, case in enumerate(cases)
            ]
            if rows:
                await self._cases.insert_many([dict(row) for row in rows], session=session)
                await self._asked_otherwise(suite, len(rows), actor, session)
            return rows

        return await self._database.in_transaction(work, serial=organization_id)

    async def change_case(
        self,
        organization_id: ObjectId,
        suite_id: ObjectId,
        case_id: ObjectId,
        values: RawDocument,
        *,
        actor: Actor,
    ) -> RawDocument:
        """Change a case.

        Raises:
            NotFound: as it says.
        """

        async def work(session: Session) -> RawDocument:
            suite = await self.suite(organization_id, suite_id, session)
            after = await self._cases.find_one_and_update(
                {"_id": case_id, "organization_id": organization_id, "suite_id": suite_id},
                {"$set": {**values, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if after is None:
                raise NotFound("There is no such case.")
            await self._asked_otherwise(suite, 0, actor, session)
            return after

        return await self._database.in_transaction(work, serial=organization_id)

    async def delete_case(
        self, organization_id: ObjectId, suite_id: ObjectId, case_id: ObjectId, *, actor: Actor
    ) -> None:
        """Delete a case.

        Raises:
            NotFound: as it says.
        """

        async def work(session: Session) -> None:
            suite = await self.suite(organization_id, suite_id, session)
            where = {"_id": case_id, "organization_id": organization_id, "suite_id": suite_id}
            if not (await self._cases.delete_one(where, session=session)).deleted_count:
                raise NotFound("There is no such case.")
            await self._asked_otherwise(suite, -1, actor, session)

        await self._database.in_transaction(work, serial=organization_id)

    async def _asked_otherwise(
        self, suite: RawDocument, more: int, actor: Actor, session: Session
    ) -> None:
        after = await self._suites.find_one_and_update(
            {"organization_id": suite["organization_id"], "_id": suite["_id"]},
            {
                "$inc": {"cases": more, "revision": 1, "next_position": max(more, 0)},
                "$set": {"updated_at": utc_now()},
            },
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if after is not None:
            await self._tell(after, "updated", actor, session)

    async def _tell(self, suite: RawDocument, what: str, actor: Actor, session: Session) -> None:
        """Append the event of a change; it is the change's last step."""
        data: dict[str, Any] = {"id": str(suite["_id"])}
        data |= {name: suite[name] for name in ("name", "required", "cases")}
        if suite["required"] and what != "deleted":
            await self._organizations.update_one(
                {"_id": suite["organization_id"]},
                {"$inc": {"assistant_gate.changes": 1}},
                session=session,
            )
        event = NewEvent(
            type=f"assistant.suite_{what}", subject_id=suite["_id"], data=data, actor=actor
        )
        await self._events.append(suite["organization_id"], [event], session)
