"""The addresses of an assistant's draft and versions."""

from dataclasses import asdict

from bot.prompts.variables import VARIABLES
from crm.assistant.drafts import Drafts
from crm.assistant.errors import DraftChanged, NothingToPublish, SnapshotGone, SuiteNotGreen
from crm.assistant.estimating import Estimating
from crm.assistant.history import AssistantHistory
from crm.assistant.models import Author
from crm.assistant.schemas import (
    AssistantRead,
    CompareQuery,
    Comparison,
    DraftChange,
    EstimateRead,
    EstimateRequest,
    Explanation,
    Publication,
    Rollback,
    VariableRead,
    VersionPage,
    VersionQuery,
    VersionRead,
)
from crm.assistant.versions import AssistantVersions
from crm.assistant.why import Explanations
from crm.core.api import Access, Id, Principal, endpoint
from crm.core.database import RawDocument

_VERSION = "/api/assistant/versions/{number}"


class AssistantRoutes:
    """Draft, publish, roll back."""

    def __init__(
        self,
        *,
        drafts: Drafts,
        history: AssistantHistory,
        versions: AssistantVersions,
        estimating: Estimating,
        explanations: Explanations,
    ) -> None:
        self._estimating = estimating
        self._explanations = explanations
        self._drafts = drafts
        self._history = history
        self._versions = versions

    @endpoint("GET", "/api/assistant", access=Access.VIEWER, response=AssistantRead)
    async def read(self, principal: Principal) -> RawDocument:
        """Read the assistant's draft and published version, and what differs."""
        return await self._history.overview(principal.organization_id)

    @endpoint(
        "PATCH",
        "/api/assistant/draft",
        access=Access.ADMIN,
        response=AssistantRead,
        errors=[DraftChanged],
    )
    async def change_draft(self, principal: Principal, body: DraftChange) -> RawDocument:
        """Change the draft."""
        values = body.given()
        await self._drafts.change(
            principal.organization_id,
            values.pop("revision"),
            values,
            author=_author(principal),
            actor=principal.actor,
        )
        return await self._history.overview(principal.organization_id)

    @endpoint("DELETE", "/api/assistant/draft", access=Access.ADMIN, response=AssistantRead)
    async def discard_draft(self, principal: Principal) -> RawDocument:
        """Discard the draft's changes."""
        await self._drafts.discard(
            principal.organization_id, author=_author(principal), actor=principal.actor
        )
        return await self._history.overview(principal.organization_id)

    @endpoint(
        "POST",
        "/api/assistant/publish",
        access=Access.ADMIN,
        response=VersionRead,
        status=201,
        errors=[DraftChanged, NothingToPublish, SuiteNotGreen],
    )
    async def publish(self, principal: Principal, body: Publication) -> RawDocument:
        """Let the draft answer customers."""
        return await self._versions.publish(
            principal.organization_id,
            revision=body.revision,
            reason=body.reason,
            author=_author(principal),
            actor=principal.actor,
        )

    @endpoint("GET", "/api/assistant/versions", access=Access.VIEWER, response=VersionPage)
    async def list_versions(self, principal: Principal, query: VersionQuery) -> RawDocument:
        """List the versions, the newest first."""
        return await self._history.page(principal.organization_id, query)

    @endpoint("GET", _VERSION, access=Access.VIEWER, response=VersionRead)
    async def read_version(self, principal: Principal, number: int) -> RawDocument:
        """Read a version."""
        return await self._history.version(principal.organization_id, number)

    @endpoint("GET", _VERSION + "/changes", access=Access.VIEWER, response=Comparison)
    async def compare(self, principal: Principal, number: int, query: CompareQuery) -> RawDocument:
        """Compare a version with another one or with the draft."""
        return await self._history.compare(
            principal.organization_id,
            number,
            "draft" if query.against == "draft" else int(query.against),
        )

    @endpoint(
        "POST",
        _VERSION + "/rollback",
        access=Access.ADMIN,
        response=VersionRead,
        status=201,
        errors=[NothingToPublish, SnapshotGone],
    )
    async def roll_back(self, principal: Principal, number: int, body: Rollback) -> RawDocument:
        """Publish an earlier version again."""
        return await self._versions.roll_back(
            principal.organization_id,
            number,
            reason=body.reason,
            keep_knowledge=body.keep_knowledge,
            author=_author(principal),
            actor=principal.actor,
        )

    @endpoint("GET", "/api/assistant/variables", access=Access.VIEWER, response=list[VariableRead])
    async def list_variables(self, principal: Principal) -> list[RawDocument]:  # noqa: ARG002 - see `endpoint`
        """List the variables that texts may hold; the same for everybody."""
        return [asdict(variable) for variable in VARIABLES]

    @endpoint("POST", "/api/assistant/estimate", access=Access.VIEWER, response=EstimateRead)
    async def estimate(self, principal: Principal, body: EstimateRequest) -> RawDocument:
        """Estimate what a question costs."""
        changes = body.content.given() if body.content else None
        return await self._estimating.estimate(principal.organization_id, changes)

    @endpoint("GET", "/api/messages/{message_id}/why", access=Access.VIEWER, response=Explanation)
    async def explain(self, principal: Principal, message_id: Id) -> RawDocument:
        """Tell why the bot said something."""
        return await self._explanations.explain(principal.organization_id, message_id)


def _author(principal: Principal) -> Author:
    return Author(principal.user_id, principal.user_name)
