"""The assistant and its knowledge in the web process."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pymongo.errors import PyMongoError

from bot.answering import Answerer
from bot.knowledge.library import IndexLibrary
from crm.assistant.routes import AssistantRoutes
from crm.assistant.service import Assistants
from crm.bot_api.context import SkillContexts
from crm.core.feature import Core, Feature
from crm.knowledge.answers import KnowledgeSearch
from crm.knowledge.routes import KnowledgeRoutes, SnapshotRoutes
from crm.knowledge.service import Knowledge
from crm.services import Services

_log = logging.getLogger(__name__)


def feature(core: Core, services: Services) -> Feature:
    """Join the web process. At start, documents that a dead process left half-way are ingested."""
    library = IndexLibrary()
    knowledge = Knowledge(database=core.database, events=core.events)
    search = KnowledgeSearch(knowledge=knowledge, library=library)
    contexts = SkillContexts(
        store=services.inbox.store, settings=core.settings, secrets=core.secrets
    )
    assistants = Assistants(
        database=core.database,
        events=core.events,
        search=search,
        answerer=Answerer(library=library),
        context_of=contexts.assistant,
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
            AssistantRoutes(assistants=assistants),
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
