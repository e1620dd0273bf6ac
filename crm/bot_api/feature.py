"""The internal API of the bot's skills in the web process."""

from __future__ import annotations

from crm.bot_api.context import SkillContexts
from crm.bot_api.routes import BotRoutes
from crm.bot_api.service import SkillActions
from crm.core.feature import Core, Feature
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
    contexts = SkillContexts(
        store=services.inbox.store, settings=core.settings, secrets=core.secrets
    )
    return Feature(name="bot_api", routes=[BotRoutes(actions=actions, contexts=contexts)])
