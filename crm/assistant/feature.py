"""The assistant and its knowledge in the web process."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pymongo.errors import PyMongoError

from bot.knowledge.library import IndexLibrary
from crm.assistant.drafts import Drafts
from crm.assistant.estimating import Estimating
from crm.assistant.history import AssistantHistory
from crm.assistant.routes import AssistantRoutes
from crm.assistant.suites.conversations import PastConversations
from crm.assistant.suites.estimates import Estimates
from crm.assistant.suites.gate import SuiteGate
from crm.assistant.suites.routes import GateRoutes, RunRoutes, SuiteRoutes
from crm.assistant.suites.runs import Runs
from crm.assistant.suites.store import SuiteStore
from crm.assistant.suites.summaries import LastRuns
from crm.assistant.trial_routes import TrialRoutes
from crm.assistant.trials import Trials
from crm.assistant.versions import AssistantVersions
from crm.core.feature import Core, Feature
from crm.knowledge.answers import KnowledgeSearch
from crm.knowledge.routes import KnowledgeRoutes, SnapshotRoutes
from crm.knowledge.service import Knowledge
from crm.providers.blocks import ContextBlocks
from crm.services import Services

_log = logging.getLogger(__name__)


def feature(core: Core, services: Services) -> Feature:
    """Join the web process. At start, documents that a dead process left half-way are ingested."""
    library = IndexLibrary()
    knowledge = Knowledge(database=core.database, events=core.events)
    search = KnowledgeSearch(knowledge=knowledge, library=library)
    gate = SuiteGate(database=core.database, events=core.events)
    drafts = Drafts(database=core.database, events=core.events)
    history = AssistantHistory(
        database=core.database, drafts=drafts, knowledge=knowledge.versions, gate=gate
    )
    versions = AssistantVersions(
        database=core.database,
        events=core.events,
        drafts=drafts,
        history=history,
        knowledge=knowledge.versions,
        gate=gate,
    )
    trials = Trials(database=core.database, engine=services.inbox.engine)
    suites = SuiteStore(database=core.database, events=core.events)
    past = PastConversations(database=core.database)
    blocks = ContextBlocks(database=core.database, settings=core.settings, secrets=core.secrets)
    estimating = Estimating(
        database=core.database, history=history, search=search, library=library, blocks=blocks
    )
    runs = Runs(
        database=core.database,
        events=core.events,
        suites=suites,
        history=history,
        past=past,
        estimates=Estimates(database=core.database, llm=blocks.llm),
    )

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        resuming = asyncio.create_task(_resume(knowledge))
        yield
        resuming.cancel()
        with suppress(asyncio.CancelledError):
            await resuming

    return Feature(
        name="assistant",
        routes=[
            KnowledgeRoutes(knowledge=knowledge, search=search),
            SnapshotRoutes(search=search),
            AssistantRoutes(
                drafts=drafts, history=history, versions=versions, estimating=estimating
            ),
            TrialRoutes(trials=trials, history=history),
            SuiteRoutes(suites=suites, last_runs=LastRuns(database=core.database), past=past),
            RunRoutes(runs=runs),
            GateRoutes(gate=gate, history=history),
        ],
        lifespan=lifespan,
    )


async def _resume(knowledge: Knowledge) -> None:
    try:
        count = await knowledge.resume()
    except PyMongoError as error:
        _log.warning("unfinished documents were not looked for: %s", type(error).__name__)
        return
    if count:
        _log.info("%d unfinished documents were ingested", count)
