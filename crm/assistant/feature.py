"""The assistant and its knowledge in the web process."""

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
from crm.assistant.why import Explanations
from crm.core.feature import Core, Feature
from crm.knowledge.answers import KnowledgeSearch
from crm.knowledge.routes import knowledge_routes
from crm.providers.blocks import ContextBlocks
from crm.services import Services


def feature(core: Core, services: Services) -> Feature:
    """Join the web process."""
    library = IndexLibrary()
    knowledge = services.knowledge
    search = KnowledgeSearch(knowledge=knowledge, library=library)
    gate = SuiteGate(database=core.database, events=core.events)
    blocks = ContextBlocks(database=core.database, settings=core.settings, secrets=core.secrets)
    drafts = Drafts(database=core.database, events=core.events, refused=blocks.refused)
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
    explanations = Explanations(database=core.database, knowledge=knowledge.versions)
    trials = Trials(database=core.database, engine=services.inbox.engine)
    suites = SuiteStore(database=core.database, events=core.events)
    past = PastConversations(database=core.database)
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

    return Feature(
        name="assistant",
        routes=[
            *knowledge_routes(knowledge, search),
            AssistantRoutes(
                drafts=drafts,
                history=history,
                versions=versions,
                estimating=estimating,
                explanations=explanations,
            ),
            TrialRoutes(trials=trials, history=history, explanations=explanations),
            SuiteRoutes(suites=suites, last_runs=LastRuns(database=core.database), past=past),
            RunRoutes(runs=runs),
            GateRoutes(gate=gate, history=history),
        ],
    )
