"""The internal API over HTTP. Reached with the internal token only."""

from __future__ import annotations

from aiohttp import web

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
from crm.core.api import Access, Id, endpoint
from crm.core.database import RawDocument

ORGANIZATION_HEADER = "X-Aitys-Organization"
_BASE = "/internal/conversations/{conversation_id}"


class BotRoutes:
    """What the bot's skills call."""

    def __init__(self, *, actions: SkillActions, contexts: SkillContexts) -> None:
        self._actions = actions
        self._contexts = contexts

    @endpoint("GET", _BASE + "/context", access=Access.INTERNAL, response=SkillContext)
    async def read_context(self, request: web.Request, conversation_id: Id) -> RawDocument:
        """Read all a skill needs to know."""
        conversation = await self._find(request, conversation_id)
        organization = await self._actions.organization(conversation)
        return await self._contexts.read(conversation, organization)

    @endpoint("POST", _BASE + "/lead", access=Access.INTERNAL, response=LeadRead)
    async def add_lead(
        self, request: web.Request, conversation_id: Id, body: LeadWrite
    ) -> RawDocument:
        """Write an order down."""
        return await self._actions.add_lead(await self._find(request, conversation_id), body)

    @endpoint("POST", _BASE + "/tasks", access=Access.INTERNAL, response=TaskCreated)
    async def add_task(
        self, request: web.Request, conversation_id: Id, body: TaskWrite
    ) -> RawDocument:
        """Make a task for the team."""
        return await self._actions.add_task(await self._find(request, conversation_id), body)

    @endpoint("POST", _BASE + "/handoff", access=Access.INTERNAL, response=HandoffRead)
    async def request_handoff(
        self, request: web.Request, conversation_id: Id, body: HandoffWrite
    ) -> RawDocument:
        """Ask for a person."""
        conversation = await self._find(request, conversation_id)
        return await self._actions.request_handoff(conversation, body)

    @endpoint("PATCH", _BASE + "/contact", access=Access.INTERNAL, response=ContactWritten)
    async def learn(
        self, request: web.Request, conversation_id: Id, body: ContactWrite
    ) -> RawDocument:
        """Remember what the customer said of himself."""
        return await self._actions.learn(await self._find(request, conversation_id), body)

    @endpoint("POST", _BASE + "/consents", access=Access.INTERNAL)
    async def record_consent(
        self, request: web.Request, conversation_id: Id, body: ConsentWrite
    ) -> None:
        """Record a yes or a no to messages of a kind."""
        await self._actions.record_consent(await self._find(request, conversation_id), body)

    @endpoint("POST", _BASE + "/feedback", access=Access.INTERNAL)
    async def add_feedback(
        self, request: web.Request, conversation_id: Id, body: FeedbackWrite
    ) -> None:
        """Store the customer's opinion."""
        await self._actions.add_feedback(await self._find(request, conversation_id), body)

    async def _find(self, request: web.Request, conversation_id: Id) -> RawDocument:
        return await self._actions.find(conversation_id, request.headers.get(ORGANIZATION_HEADER))
