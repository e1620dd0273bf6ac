"""The internal API over HTTP. Reached with the internal token only."""

from __future__ import annotations

from aiohttp import web
from bson import ObjectId

from crm.assistant.trial_store import TrialStore
from crm.bot_api.context import SkillContexts
from crm.bot_api.schemas import (
    ConsentWrite,
    ContactWrite,
    ContactWritten,
    FeedbackWrite,
    HandoffRead,
    HandoffWrite,
    LeadRead,
    LeadWrite,
    SkillContext,
    TaskCreated,
    TaskWrite,
)
from crm.bot_api.service import SkillActions
from crm.bot_api.trial_actions import TrialActions
from crm.core.api import Access, Id, endpoint
from crm.core.database import RawDocument
from crm.core.errors import NotFound

ORGANIZATION_HEADER = "X-Aitys-Organization"
_BASE = "/internal/conversations/{conversation_id}"


class BotRoutes:
    """What the bot's skills call."""

    def __init__(
        self,
        *,
        actions: SkillActions,
        contexts: SkillContexts,
        trials: TrialStore,
        trial_actions: TrialActions,
    ) -> None:
        self._actions = actions
        self._contexts = contexts
        self._trials = trials
        self._trial_actions = trial_actions

    @endpoint("GET", _BASE + "/context", access=Access.INTERNAL, response=SkillContext)
    async def read_context(self, request: web.Request, conversation_id: Id) -> RawDocument:
        """Read all a skill needs to know."""
        actions, conversation = await self._find(request, conversation_id)
        organization = await actions.organization(conversation)
        if actions is self._trial_actions:
            return await self._contexts.of_trial(conversation, organization)
        return await self._contexts.read(conversation, organization)

    @endpoint("POST", _BASE + "/lead", access=Access.INTERNAL, response=LeadRead)
    async def add_lead(
        self, request: web.Request, conversation_id: Id, body: LeadWrite
    ) -> RawDocument:
        """Write an order down."""
        actions, conversation = await self._find(request, conversation_id)
        return await actions.add_lead(conversation, body)

    @endpoint("POST", _BASE + "/tasks", access=Access.INTERNAL, response=TaskCreated)
    async def add_task(
        self, request: web.Request, conversation_id: Id, body: TaskWrite
    ) -> RawDocument:
        """Make a task for the team."""
        actions, conversation = await self._find(request, conversation_id)
        return await actions.add_task(conversation, body)

    @endpoint("POST", _BASE + "/handoff", access=Access.INTERNAL, response=HandoffRead)
    async def request_handoff(
        self, request: web.Request, conversation_id: Id, body: HandoffWrite
    ) -> RawDocument:
        """Ask for a person."""
        actions, conversation = await self._find(request, conversation_id)
        return await actions.request_handoff(conversation, body)

    @endpoint("PATCH", _BASE + "/contact", access=Access.INTERNAL, response=ContactWritten)
    async def learn(
        self, request: web.Request, conversation_id: Id, body: ContactWrite
    ) -> RawDocument:
        """Remember what the customer said of himself."""
        actions, conversation = await self._find(request, conversation_id)
        return await actions.learn(conversation, body)

    @endpoint("POST", _BASE + "/consents", access=Access.INTERNAL)
    async def record_consent(
        self, request: web.Request, conversation_id: Id, body: ConsentWrite
    ) -> None:
        """Record a yes or a no to messages of a kind."""
        actions, conversation = await self._find(request, conversation_id)
        await actions.record_consent(conversation, body)

    @endpoint("POST", _BASE + "/feedback", access=Access.INTERNAL)
    async def add_feedback(
        self, request: web.Request, conversation_id: Id, body: FeedbackWrite
    ) -> None:
        """Store the customer's opinion."""
        actions, conversation = await self._find(request, conversation_id)
        await actions.add_feedback(conversation, body)

    async def _find(
        self, request: web.Request, conversation_id: Id
    ) -> tuple[SkillActions | TrialActions, RawDocument]:
        """The conversation and who acts in it; a trial's id is no conversation's, and nothing is done in one."""
        organization_id = request.headers.get(ORGANIZATION_HEADER)
        try:
            return self._actions, await self._actions.find(conversation_id, organization_id)
        except NotFound:
            if not ObjectId.is_valid(organization_id or ""):
                raise
            trial = await self._trials.find(ObjectId(organization_id), conversation_id)
            return self._trial_actions, trial
