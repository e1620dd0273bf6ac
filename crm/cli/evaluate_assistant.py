"""`aitys eval assistant`: an organization's test suites, in a shell.

The worker of the running product does the runs, as those that the console starts. Where nothing runs on the data folder, the
product is started for the time of the runs, on a free port.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import typer
from bson import ObjectId

from crm.assistant.drafts import Drafts
from crm.assistant.history import AssistantHistory, Target
from crm.assistant.suites.conversations import PastConversations
from crm.assistant.suites.estimates import Estimates
from crm.assistant.suites.gate import SuiteGate
from crm.assistant.suites.runs import OPEN, QUEUED, CallsNotAllowed, Runs
from crm.assistant.suites.schemas import ResultQuery
from crm.assistant.suites.store import SuiteStore
from crm.cli.databases import with_database
from crm.cli.installation import Installation
from crm.cli.locks import holder_of
from crm.cli.mongod import EmbeddedMongod, free_port
from crm.cli.processes import StartError
from crm.cli.supervisor import Supervisor
from crm.cli.terminal import Terminal
from crm.core.database import Database, RawDocument
from crm.core.errors import Conflict, NotFound
from crm.core.events import SYSTEM
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.knowledge.versions import Versions
from crm.providers.blocks import ContextBlocks

TAKEN_WITHIN_SECONDS: Final = 20.0
LOOK_EVERY_SECONDS: Final = 0.3
AUTHOR: Final = "aitys eval"
WRONG_CALL: Final = 2
RESULTS_PAGE: Final = 200


class WrongCallError(Exception):
    """What was asked for does not exist; the text is a sentence."""


class _Quiet(Terminal):
    """Tells how the start goes on standard error: standard output is the result's."""

    def say(self, text: str = "") -> None:
        typer.echo(text, err=True)


def evaluate_assistant(
    settings: Settings,
    *,
    organization: str | None,
    suite: str | None,
    target: str,
    allow_calls: bool,
    as_json: bool,
) -> int:
    """Run suites, print what came of them, and return the exit status: 0 passed, 1 something failed, 2 a wrong call.

    Raises:
        StartError: the product cannot be started, or no worker takes the run.
    """
    try:
        outcome = asyncio.run(
            _evaluate(
                settings,
                organization=organization,
                suite=suite,
                target=_target(target),
                allow_calls=allow_calls,
            )
        )
    except WrongCallError as error:
        typer.echo(f"aitys: {error}", err=True)
        return WRONG_CALL
    typer.echo(json.dumps(outcome, ensure_ascii=False) if as_json else table(outcome))
    return 0 if outcome["failed"] == 0 and outcome["ended"] else 1


def table(outcome: Mapping[str, Any]) -> str:
    """Return the outcome for people: a line a suite, and each case that failed with its reasons."""
    width = max(len("suite"), *(len(suite["name"]) for suite in outcome["suites"]))
    lines = [f"{'suite':<{width}}  cases  passed  failed"]
    for suite in outcome["suites"]:
        counts = f"{suite['total']:>5}  {suite['passed']:>6}  {suite['failed']:>6}"
        unusual = "" if suite["state"] == "done" else f"  {suite['state']}: {suite['error'] or ''}"
        lines += [f"{suite['name']:<{width}}  {counts}{unusual}"]
    for suite in outcome["suites"]:
        for case in suite["cases"]:
            if case["state"] != "passed":
                lines += ["", f"✗ {suite['name']}: {case['title']}"]
                lines += [f"    customer: {text}" for text in case["turns"]]
                lines += [f"    {failure['detail']}" for failure in case["failures"]]
                lines += [f"    {case['error']}"] if case["error"] else []
    return "\n".join(lines)


async def _evaluate(
    settings: Settings,
    *,
    organization: str | None,
    suite: str | None,
    target: Target,
    allow_calls: bool,
) -> dict[str, Any]:
    async with _running(settings) as reachable:
        database = await Database.connect(reachable)
        try:
            core = Core.build(reachable, database)
            found = await _organization(database, organization)
            suites = SuiteStore(database=database, events=core.events)
            chosen = await suites.named(found["_id"], suite)
            if not chosen:
                raise WrongCallError(
                    f"{found['name']} has no suite “{suite}”."
                    if suite
                    else f"{found['name']} has no test suites."
                )
            runs = _runs(core, suites)
            done = [
                await _run(runs, found["_id"], one, target, allow_calls=allow_calls)
                for one in chosen
            ]
        finally:
            await database.close()
    return {
        "organization": found["slug"],
        "target": target,
        "ended": all(one["state"] == "done" for one in done),
        "passed": sum(one["passed"] for one in done),
        "failed": sum(one["failed"] for one in done),
        "suites": done,
    }


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[Settings]:
    """Yield settings of a running product: the present one, or one that is started for the moment."""
    if settings.mongodb_uri is not None:
        yield settings
    elif holder_of(settings.data_dir) is not None:
        yield with_database(settings, EmbeddedMongod(settings.data_dir).uri)
    else:
        port = free_port()
        own: dict[str, Any] = {"port": port, "demo": False}
        if settings.internal_url == f"http://127.0.0.1:{settings.port}":  # nobody chose another one
            own["internal_url"] = f"http://127.0.0.1:{port}"
        supervisor = Supervisor(
            settings.model_copy(update=own), installation=Installation.here(), terminal=_Quiet()
        )
        async with supervisor:
            yield supervisor.settings


def _runs(core: Core, suites: SuiteStore) -> Runs:
    database = core.database
    blocks = ContextBlocks(database=database, settings=core.settings, secrets=core.secrets)
    history = AssistantHistory(
        database=database,
        drafts=Drafts(database=database, events=core.events),
        knowledge=Versions(database=database, events=core.events),
        gate=SuiteGate(database=database, events=core.events),
    )
    return Runs(
        database=database,
        events=core.events,
        suites=suites,
        history=history,
        past=PastConversations(database=database),
        estimates=Estimates(database=database, llm=blocks.llm),
    )


async def _run(
    runs: Runs, organization_id: ObjectId, suite: RawDocument, target: Target, *, allow_calls: bool
) -> dict[str, Any]:
    try:
        run = await runs.start(
            organization_id,
            suite_id=suite["_id"],
            count=None,
            target=target,
            allow_calls=allow_calls,
            actor=SYSTEM,
            author=AUTHOR,
        )
    except CallsNotAllowed as error:
        raise WrongCallError(f"{error.detail} Repeat with --allow-calls.") from None
    except (NotFound, Conflict) as error:
        raise WrongCallError(f"{suite['name']}: {error.detail}") from None
    try:
        ended = await _ended(runs, organization_id, run["id"])
    except BaseException:
        await _cancel(runs, organization_id, run["id"])
        raise
    cases = [
        {
            "title": result["title"],
            "state": result["state"],
            "turns": [turn["text"] for turn in result["turns"]],
            "failures": result["failures"],
            "error": result["error_detail"],
        }
        for result in await _results(runs, organization_id, run["id"])
    ]
    names = ("state", "error", "total", "passed", "failed", "content_hash", "knowledge_version")
    return {
        "name": suite["name"],
        "run_id": str(run["id"]),
        **{name: ended[name] for name in names},
        "cases": cases,
    }


async def _ended(runs: Runs, organization_id: ObjectId, run_id: ObjectId) -> RawDocument:
    waited = 0.0
    while True:
        run = await runs.read(organization_id, run_id)
        if run["state"] not in OPEN:
            return run
        if run["state"] == QUEUED and waited >= TAKEN_WITHIN_SECONDS:
            raise StartError(
                f"No worker took the run within {TAKEN_WITHIN_SECONDS:.0f} s: start the product with `aitys run`,"
                " or the processes web, worker, actions and engine."
            )
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        waited += LOOK_EVERY_SECONDS


async def _cancel(runs: Runs, organization_id: ObjectId, run_id: ObjectId) -> None:
    try:
        await runs.cancel(organization_id, run_id, actor=SYSTEM)
    except Conflict:
        return  # it has ended by itself


async def _results(
    runs: Runs, organization_id: ObjectId, run_id: ObjectId
) -> Sequence[RawDocument]:
    found: list[RawDocument] = []
    cursor = None
    while True:
        query = ResultQuery(limit=RESULTS_PAGE, cursor=cursor)
        page = await runs.results(organization_id, run_id, query, {})
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def _organization(database: Database, wanted: str | None) -> RawDocument:
    organizations = database.collection("organizations")
    if wanted is None:
        found = await organizations.find({}, {"slug": 1, "name": 1}).limit(2).to_list()
        if len(found) != 1:
            raise WrongCallError("Name the organization with --organization (its slug or id).")
        return found[0]
    by_id = [{"_id": ObjectId(wanted)}] if ObjectId.is_valid(wanted) else []
    named = await organizations.find_one(
        {"$or": [{"slug": wanted}, *by_id]}, {"slug": 1, "name": 1}
    )
    if named is None:
        raise WrongCallError(f"There is no organization “{wanted}”.")
    return named


def _target(text: str) -> Target:
    if text in {"draft", "published"}:
        return "draft" if text == "draft" else "published"
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise WrongCallError("The target is draft, published or the number of a version.")
