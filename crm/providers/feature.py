"""Providers in the web process: settings, privacy page, the ledger's internal side, and help for operators."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pymongo.errors import PyMongoError

from bot.answering import Answerer
from bot.answering.gateway import Gateway
from bot.knowledge.library import IndexLibrary
from crm.bot_api.context import SkillContexts
from crm.core.feature import Core, Feature
from crm.knowledge.answers import KnowledgeSearch
from crm.knowledge.service import Knowledge
from crm.providers.allowance import Allowance
from crm.providers.blocks import ContextBlocks
from crm.providers.check import LiveCheck
from crm.providers.ledger import ProviderLedger
from crm.providers.operators import OperatorHelp
from crm.providers.privacy import Privacy
from crm.providers.routes import LedgerRoutes, OperatorRoutes, PrivacyRoutes, ProviderRoutes
from crm.providers.settings import LlmSettings
from crm.providers.usage import Usage
from crm.services import Services

SUGGESTION_SECONDS = 15
"""An operator waits longer than a customer: it is a person's next sentence."""
INDEX_BYTES = 64 * 1024 * 1024


def feature(core: Core, services: Services) -> Feature:
    """Join the web process."""
    database = core.database
    allowance = Allowance.of(core.settings)
    ledger = ProviderLedger(database=database, allowance=allowance)
    blocks = ContextBlocks(database=database, settings=core.settings, secrets=core.secrets)
    gateway = Gateway()
    library = IndexLibrary(max_bytes=INDEX_BYTES)
    search = KnowledgeSearch(
        knowledge=Knowledge(database=database, events=core.events), library=library
    )
    contexts = SkillContexts(store=services.inbox.store, blocks=blocks)
    answerer = Answerer(http_deadline_seconds=SUGGESTION_SECONDS, library=library, gateway=gateway)
    operators = OperatorHelp(
        store=services.inbox.store,
        answerer=answerer,
        ledger=ledger,
        read_context=contexts.read,
        load_snapshot=search.snapshot,
    )
    llm = LlmSettings(
        database=database, events=core.events, secrets=core.secrets, settings=core.settings
    )
    check = LiveCheck(database=database, blocks=blocks, ledger=ledger, gateway=gateway)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        warming = asyncio.create_task(_warm(llm, answerer))
        yield
        warming.cancel()
        with suppress(asyncio.CancelledError):
            await warming
        await gateway.drain()

    return Feature(
        name="providers",
        routes=[
            ProviderRoutes(
                llm=llm, usage=Usage(database=database, allowance=allowance), check=check
            ),
            PrivacyRoutes(privacy=Privacy(database=database, events=core.events)),
            OperatorRoutes(help_with=operators),
            LedgerRoutes(ledger=ledger, llm=llm),
        ],
        lifespan=lifespan,
    )


async def _warm(llm: LlmSettings, answerer: Answerer) -> None:
    """Import what takes seconds before the first operator asks for it, where some organization has a model."""
    with suppress(PyMongoError):  # the first question imports it as well
        if await llm.in_use():
            await answerer.warm()
