"""The addresses of suites, runs and the gate."""

from __future__ import annotations

from dataclasses import asdict

from crm.assistant.history import AssistantHistory
from crm.assistant.suites.conversations import NothingAsked, PastConversations
from crm.assistant.suites.gate import NoRequiredSuite, SuiteGate
from crm.assistant.suites.runs import CallsNotAllowed, NothingToRun, RunOver, Runs, TooManyRuns
from crm.assistant.suites.schemas import (
    MAX_CSV,
    MAX_TURNS,
    CaseFromConversation,
    CasePage,
    CaseQuery,
    CaseRead,
    CasesImport,
    CasesImported,
    CaseUpdate,
    CaseWrite,
    Estimate,
    GateChanged,
    GateRead,
    GateUpdate,
    ResultPage,
    ResultQuery,
    RunCreate,
    RunPage,
    RunQuery,
    RunRead,
    SuiteCreate,
    SuitePage,
    SuiteQuery,
    SuiteRead,
    SuiteUpdate,
)
from crm.assistant.suites.spreadsheets import read_cases
from crm.assistant.suites.store import SuiteNameTaken, SuiteStore, TooManyCases, TooManySuites
from crm.assistant.suites.summaries import LastRuns
from crm.core.api import Access, Id, Principal, endpoint
from crm.core.database import RawDocument
from crm.core.errors import NotFound

_SUITES = "/api/assistant/suites"
_SUITE = _SUITES + "/{suite_id}"
_CASES = _SUITE + "/cases"
_CASE = _CASES + "/{case_id}"
_RUNS = "/api/assistant/runs"
_RUN = _RUNS + "/{run_id}"
CSV_BODY = 4 * MAX_CSV
"""Bytes: Cyrillic letters take two, and JSON may write each as six."""


class SuiteRoutes:
    """Test suites and their cases."""

    def __init__(self, *, suites: SuiteStore, last_runs: LastRuns, past: PastConversations) -> None:
        self._suites = suites
        self._last_runs = last_runs
        self._past = past

    @endpoint("GET", _SUITES, access=Access.VIEWER, response=SuitePage)
    async def list_suites(self, principal: Principal, query: SuiteQuery) -> RawDocument:
        """List test suites."""
        page = await self._suites.page(principal.organization_id, query)
        page["items"] = await self._last_runs.add(principal.organization_id, page["items"])
        return page

    @endpoint(
        "POST",
        _SUITES,
        access=Access.ADMIN,
        response=SuiteRead,
        status=201,
        errors=[SuiteNameTaken, TooManySuites],
    )
    async def create_suite(self, principal: Principal, body: SuiteCreate) -> RawDocument:
        """Make a test suite."""
        suite = await self._suites.add_suite(
            principal.organization_id, body.name, required=body.required, actor=principal.actor
        )
        return await self._last_runs.read(suite)

    @endpoint("GET", _SUITE, access=Access.VIEWER, response=SuiteRead)
    async def read_suite(self, principal: Principal, suite_id: Id) -> RawDocument:
        """Read a test suite."""
        suite = await self._suites.suite(principal.organization_id, suite_id)
        return await self._last_runs.read(suite)

    @endpoint("PATCH", _SUITE, access=Access.ADMIN, response=SuiteRead, errors=[SuiteNameTaken])
    async def change_suite(
        self, principal: Principal, suite_id: Id, body: SuiteUpdate
    ) -> RawDocument:
        """Rename a test suite, or let publishing ask for it."""
        suite = await self._suites.change_suite(
            principal.organization_id, suite_id, body.given(), actor=principal.actor
        )
        return await self._last_runs.read(suite)

    @endpoint("DELETE", _SUITE, access=Access.ADMIN)
    async def delete_suite(self, principal: Principal, suite_id: Id) -> None:
        """Delete a test suite with its cases."""
        await self._suites.delete_suite(principal.organization_id, suite_id, actor=principal.actor)

    @endpoint("GET", _CASES, access=Access.VIEWER, response=CasePage)
    async def list_cases(self, principal: Principal, suite_id: Id, query: CaseQuery) -> RawDocument:
        """List a suite's cases."""
        return await self._suites.cases_page(principal.organization_id, suite_id, query)

    @endpoint(
        "POST",
        _CASES,
        access=Access.ADMIN,
        response=CaseRead,
        status=201,
        errors=[TooManyCases],
    )
    async def create_case(self, principal: Principal, suite_id: Id, body: CaseWrite) -> RawDocument:
        """Add a case."""
        return await self._add(principal, suite_id, body.model_dump())

    @endpoint(
        "POST",
        _CASES + "/import",
        access=Access.ADMIN,
        response=CasesImported,
        errors=[TooManyCases],
        max_body=CSV_BODY,
    )
    async def import_cases(
        self, principal: Principal, suite_id: Id, body: CasesImport
    ) -> RawDocument:
        """Add the cases of a spreadsheet: all of them, or none where a line is wrong."""
        await self._suites.suite(principal.organization_id, suite_id)
        cases, errors = read_cases(body.content)
        if errors:
            return {"imported": 0, "errors": [asdict(error) for error in errors]}
        added = await self._suites.add_cases(
            principal.organization_id,
            suite_id,
            [case.model_dump() for case in cases],
            actor=principal.actor,
        )
        return {"imported": len(added), "errors": []}

    @endpoint(
        "POST",
        _CASES + "/from-conversation",
        access=Access.ADMIN,
        response=CaseRead,
        status=201,
        errors=[NothingAsked, TooManyCases],
    )
    async def add_from_conversation(
        self, principal: Principal, suite_id: Id, body: CaseFromConversation
    ) -> RawDocument:
        """Make a case of a past conversation, with what was answered as expectations."""
        case = await self._past.propose(
            principal.organization_id, body.conversation_id, body.message_id, most=MAX_TURNS
        )
        checked = CaseWrite.model_validate(
            {name: case[name] for name in ("name", "turns", "expect")}
        )
        return await self._add(
            principal,
            suite_id,
            {**checked.model_dump(), "conversation_id": case["conversation_id"]},
        )

    @endpoint("GET", _CASE, access=Access.VIEWER, response=CaseRead)
    async def read_case(self, principal: Principal, suite_id: Id, case_id: Id) -> RawDocument:
        """Read a case."""
        return _case(await self._suites.case(principal.organization_id, suite_id, case_id))

    @endpoint("PATCH", _CASE, access=Access.ADMIN, response=CaseRead)
    async def change_case(
        self, principal: Principal, suite_id: Id, case_id: Id, body: CaseUpdate
    ) -> RawDocument:
        """Change a case."""
        values = body.given()
        if body.expect is not None:
            values["expect"] = body.expect.model_dump()
        case = await self._suites.change_case(
            principal.organization_id, suite_id, case_id, values, actor=principal.actor
        )
        return _case(case)

    @endpoint("DELETE", _CASE, access=Access.ADMIN)
    async def delete_case(self, principal: Principal, suite_id: Id, case_id: Id) -> None:
        """Delete a case."""
        await self._suites.delete_case(
            principal.organization_id, suite_id, case_id, actor=principal.actor
        )

    async def _add(self, principal: Principal, suite_id: Id, case: RawDocument) -> RawDocument:
        [added] = await self._suites.add_cases(
            principal.organization_id, suite_id, [case], actor=principal.actor
        )
        return _case(added)


class RunRoutes:
    """Runs of suites, replays of conversations."""

    def __init__(self, *, runs: Runs) -> None:
        self._runs = runs

    @endpoint("GET", _RUNS, access=Access.VIEWER, response=RunPage)
    async def list_runs(self, principal: Principal, query: RunQuery) -> RawDocument:
        """List runs."""
        where = query.model_dump(include={"kind", "suite_id", "content_hash"}, exclude_none=True)
        return await self._runs.page(principal.organization_id, query, where)

    @endpoint(
        "POST",
        _RUNS + "/estimate",
        access=Access.ADMIN,
        response=Estimate,
        errors=[NotFound],
    )
    async def estimate_run(self, principal: Principal, body: RunCreate) -> RawDocument:
        """Tell what a run may need of a provider of language models."""
        return await self._runs.estimate(
            principal.organization_id,
            suite_id=body.suite_id if body.kind == "suite" else None,
            count=body.count,
            target=body.target,
        )

    @endpoint(
        "POST",
        _RUNS,
        access=Access.ADMIN,
        response=RunRead,
        status=201,
        errors=[NotFound, CallsNotAllowed, NothingToRun, TooManyRuns],
    )
    async def start_run(self, principal: Principal, body: RunCreate) -> RawDocument:
        """Run a suite, or replay conversations."""
        return await self._runs.start(
            principal.organization_id,
            suite_id=body.suite_id if body.kind == "suite" else None,
            count=body.count,
            target=body.target,
            allow_calls=body.allow_calls,
            actor=principal.actor,
            author=principal.user_name,
        )

    @endpoint("GET", _RUN, access=Access.VIEWER, response=RunRead)
    async def read_run(self, principal: Principal, run_id: Id) -> RawDocument:
        """Read a run."""
        return await self._runs.read(principal.organization_id, run_id)

    @endpoint("GET", _RUN + "/results", access=Access.VIEWER, response=ResultPage)
    async def list_results(
        self, principal: Principal, run_id: Id, query: ResultQuery
    ) -> RawDocument:
        """List what a run found."""
        where = query.model_dump(include={"state", "verdict"}, exclude_none=True)
        return await self._runs.results(principal.organization_id, run_id, query, where)

    @endpoint("POST", _RUN + "/cancel", access=Access.ADMIN, response=RunRead, errors=[RunOver])
    async def cancel_run(self, principal: Principal, run_id: Id) -> RawDocument:
        """Stop a run."""
        return await self._runs.cancel(principal.organization_id, run_id, actor=principal.actor)


class GateRoutes:
    """Whether publishing asks for passed suites."""

    def __init__(self, *, gate: SuiteGate, history: AssistantHistory) -> None:
        self._gate = gate
        self._history = history

    @endpoint("GET", "/api/assistant/gate", access=Access.VIEWER, response=GateRead)
    async def read_gate(self, principal: Principal) -> RawDocument:
        """Tell how the draft stands before the gate."""
        content, knowledge_version, _ = await self._history.target(
            principal.organization_id, "draft"
        )
        state = await self._gate.state(principal.organization_id, content, knowledge_version)
        return asdict(state)

    @endpoint(
        "PATCH",
        "/api/assistant/gate",
        access=Access.ADMIN,
        response=GateChanged,
        errors=[NoRequiredSuite],
    )
    async def change_gate(self, principal: Principal, body: GateUpdate) -> RawDocument:
        """Let publishing ask for the required suites, or not."""
        goes_live = await self._gate.ask(
            principal.organization_id, required=body.required, actor=principal.actor
        )
        content, knowledge_version, _ = await self._history.target(
            principal.organization_id, "draft"
        )
        state = await self._gate.state(principal.organization_id, content, knowledge_version)
        return {**asdict(state), "knowledge_goes_live": goes_live}


def _case(row: RawDocument) -> RawDocument:
    names = ("suite_id", "name", "turns", "expect", "conversation_id", "created_at", "updated_at")
    return {"id": row["_id"], **{name: row[name] for name in names}}
