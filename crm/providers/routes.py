"""The providers' addresses."""

from aiohttp import web
from bson import ObjectId

from bot.answering.calls import MarkersTakenError
from crm.core.api import Access, Id, Principal, endpoint
from crm.core.database import RawDocument
from crm.core.errors import NotFound
from crm.providers.check import LiveCheck, ProvidersOff
from crm.providers.ledger import ProviderLedger, ProvidersForbidden, SpendLimitReached
from crm.providers.operators import OperatorHelp
from crm.providers.privacy import Privacy
from crm.providers.schemas import (
    CallClose,
    CallDetail,
    CallOpen,
    CallOpened,
    CallPage,
    CallQuery,
    LlmCheck,
    LlmChecked,
    LlmRead,
    LlmUpdate,
    PrivacyRead,
    PrivacyUpdate,
    ProviderUse,
    SuggestionRead,
    SummaryRead,
    UsageRead,
)
from crm.providers.settings import LlmSettings
from crm.providers.usage import Usage

ORGANIZATION_HEADER = "X-Aitys-Organization"
_CALLS = "/internal/organizations/{organization_id}/provider-calls"
_MAX_BODY = 2 * 1024 * 1024
"""A long prompt has some 250,000 bytes: JSON writes a Cyrillic letter as six."""


class ProviderRoutes:
    """The organization's language model."""

    def __init__(self, *, llm: LlmSettings, usage: Usage, check: LiveCheck) -> None:
        self._llm = llm
        self._usage = usage
        self._check = check

    @endpoint("GET", "/api/organization/llm", access=Access.ADMIN, response=LlmRead)
    async def read_llm(self, principal: Principal) -> RawDocument:
        """Read the language model."""
        return await self._llm.read(principal.organization_id)

    @endpoint("PATCH", "/api/organization/llm", access=Access.ADMIN, response=LlmRead)
    async def change_llm(self, principal: Principal, body: LlmUpdate) -> RawDocument:
        """Change the language model, its prices or the month's limit."""
        return await self._llm.change(principal, body)

    @endpoint("GET", "/api/organization/llm/usage", access=Access.ADMIN, response=UsageRead)
    async def read_usage(self, principal: Principal) -> RawDocument:
        """Read what the language model cost."""
        return await self._usage.read(principal.organization_id)

    @endpoint(
        "POST",
        "/api/organization/llm/check",
        access=Access.ADMIN,
        response=LlmChecked,
        errors=[ProvidersOff],
    )
    async def check_llm(self, principal: Principal, body: LlmCheck) -> RawDocument:
        """Ask a language model for one word, to see whether it answers."""
        return await self._check.run(principal.organization_id, body)


class PrivacyRoutes:
    """The privacy page."""

    def __init__(self, *, privacy: Privacy) -> None:
        self._privacy = privacy

    @endpoint("GET", "/api/privacy/settings", access=Access.VIEWER, response=PrivacyRead)
    async def read_settings(self, principal: Principal) -> RawDocument:
        """Read what is masked and whether anything may leave."""
        return await self._privacy.settings(principal.organization_id)

    @endpoint("PATCH", "/api/privacy/settings", access=Access.ADMIN, response=PrivacyRead)
    async def change_settings(self, principal: Principal, body: PrivacyUpdate) -> RawDocument:
        """Change what is masked and whether anything may leave."""
        return await self._privacy.change(principal, body.given())

    @endpoint("GET", "/api/privacy/calls", access=Access.VIEWER, response=CallPage)
    async def list_calls(self, principal: Principal, query: CallQuery) -> RawDocument:
        """List what left the house, newest first."""
        return await self._privacy.calls(
            principal.organization_id,
            query,
            text=query.q,
            purpose=query.purpose,
            conversation_id=query.conversation_id,
            since=query.since,
            until=query.until,
        )

    @endpoint("GET", "/api/privacy/calls/{call_id}", access=Access.VIEWER, response=CallDetail)
    async def read_call(self, principal: Principal, call_id: Id) -> RawDocument:
        """Read one prompt as it left the house, and what came back."""
        return await self._privacy.call(principal.organization_id, call_id)


class OperatorRoutes:
    """What operators are helped with."""

    def __init__(self, *, help_with: OperatorHelp) -> None:
        self._help = help_with

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/suggestion",
        access=Access.OPERATOR,
        response=SuggestionRead,
    )
    async def suggest(self, principal: Principal, conversation_id: Id) -> RawDocument:
        """Suggest a reply to the customer's last words."""
        return await self._help.suggest(principal.organization_id, conversation_id)

    @endpoint(
        "POST",
        "/api/conversations/{conversation_id}/summary",
        access=Access.OPERATOR,
        response=SummaryRead,
    )
    async def summarise(self, principal: Principal, conversation_id: Id) -> RawDocument:
        """Summarise the conversation."""
        return await self._help.summarise(principal.organization_id, conversation_id)


class LedgerRoutes:
    """The action server's side of the ledger."""

    def __init__(self, *, ledger: ProviderLedger, llm: LlmSettings) -> None:
        self._ledger = ledger
        self._llm = llm

    @endpoint("GET", "/internal/provider-use", access=Access.INTERNAL, response=ProviderUse)
    async def read_use(self) -> RawDocument:
        """Read whether any organization has a language model in place."""
        return {"in_use": await self._llm.in_use()}

    @endpoint(
        "POST",
        _CALLS,
        access=Access.INTERNAL,
        response=CallOpened,
        errors=[ProvidersForbidden, SpendLimitReached],
        max_body=_MAX_BODY,
    )
    async def open_call(
        self, request: web.Request, organization_id: Id, body: CallOpen
    ) -> RawDocument:
        """Write down what is about to leave for a provider."""
        call = body.model_dump()
        subject_id = call.pop("conversation_id")
        try:
            call_id = await self._ledger.open(
                _own(request, organization_id), call, subject_id=subject_id
            )
        except MarkersTakenError as taken:
            return {"call_id": None, "markers": taken.rows}
        return {"call_id": call_id}

    @endpoint("PATCH", _CALLS + "/{call_id}", access=Access.INTERNAL, max_body=_MAX_BODY)
    async def close_call(
        self, request: web.Request, organization_id: Id, call_id: Id, body: CallClose
    ) -> None:
        """Write down what came back."""
        await self._ledger.close(_own(request, organization_id), call_id, body.model_dump())


def _own(request: web.Request, organization_id: ObjectId) -> ObjectId:
    if request.headers.get(ORGANIZATION_HEADER) != str(organization_id):
        raise NotFound
    return organization_id
