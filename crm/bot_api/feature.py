"""The internal API of the bot's skills in the web process."""

from __future__ import annotations

from crm.assistant.trial_store import TrialStore
from crm.bot_api.context import SkillContexts
from crm.bot_api.routes import BotRoutes
from crm.bot_api.service import SkillActions
from crm.bot_api.trial_actions import TrialActions
from crm.core.feature import Core, Feature
from crm.providers.blocks import ContextBlocks
from crm.services import Services


def feature(core: Core, services: Services) -> Feature:
    """Join the web process."""
    actions = SkillActions(
        store=services.inbox.store,
        contacts=services.contacts,
        deals=services.deals,
        tasks=services.tasks,
        handover=services.inbox.handover,
    )
    blocks = ContextBlocks(database=core.database, settings=core.settings, secrets=core.secrets)
    contexts = SkillContexts(store=services.inbox.store, blocks=blocks)
    trials = TrialStore(database=core.database)
    routes = BotRoutes(
        actions=actions,
        contexts=contexts,
        trials=trials,
        trial_actions=TrialActions(trials=trials, store=services.inbox.store),
    )
    return Feature(name="bot_api", routes=[routes])
