"""The addresses of the pipeline and of deals."""

from bson import ObjectId

from crm.core.api import Access, Principal, endpoint
from crm.core.database import RawDocument
from crm.deals.pipelines import Pipelines, StageInUse
from crm.deals.schemas import (
    Board,
    BoardQuery,
    DealCreate,
    DealMove,
    DealPage,
    DealQuery,
    DealRead,
    DealUpdate,
    PipelineRead,
    PipelineUpdate,
)
from crm.deals.service import Deals


class PipelineRoutes:
    """The pipeline."""

    def __init__(self, *, pipelines: Pipelines) -> None:
        self._pipelines = pipelines

    @endpoint("GET", "/api/pipeline", access=Access.VIEWER, response=PipelineRead)
    async def read(self, principal: Principal) -> RawDocument:
        """Read the stages of deals."""
        return await self._pipelines.read(principal.organization_id)

    @endpoint(
        "PATCH",
        "/api/pipeline",
        access=Access.ADMIN,
        response=PipelineRead,
        errors=[StageInUse],
    )
    async def update(self, principal: Principal, body: PipelineUpdate) -> RawDocument:
        """Change the stages of deals."""
        return await self._pipelines.change(principal, body)


class DealRoutes:
    """Deals."""

    def __init__(self, *, deals: Deals) -> None:
        self._deals = deals

    @endpoint("GET", "/api/deals", access=Access.VIEWER, response=DealPage)
    async def list(self, principal: Principal, query: DealQuery) -> RawDocument:
        """List deals."""
        return await self._deals.list(principal.organization_id, query)

    @endpoint("GET", "/api/deals/board", access=Access.VIEWER, response=Board)
    async def board(self, principal: Principal, query: BoardQuery) -> RawDocument:
        """Read the board: stages with sums and deals."""
        return await self._deals.board(principal.organization_id, query.limit)

    @endpoint("POST", "/api/deals", access=Access.OPERATOR, response=DealRead, status=201)
    async def create(self, principal: Principal, body: DealCreate) -> RawDocument:
        """Make a deal."""
        return await self._deals.create(
            principal.organization_id, body.model_dump(), actor=principal.actor
        )

    @endpoint("GET", "/api/deals/{deal_id}", access=Access.VIEWER, response=DealRead)
    async def read(self, principal: Principal, deal_id: ObjectId) -> RawDocument:
        """Read a deal."""
        return await self._deals.read(principal.organization_id, deal_id)

    @endpoint("PATCH", "/api/deals/{deal_id}", access=Access.OPERATOR, response=DealRead)
    async def update(
        self, principal: Principal, deal_id: ObjectId, body: DealUpdate
    ) -> RawDocument:
        """Change a deal."""
        return await self._deals.change(principal.organization_id, deal_id, body, principal.actor)

    @endpoint("POST", "/api/deals/{deal_id}/move", access=Access.OPERATOR, response=DealRead)
    async def move(self, principal: Principal, deal_id: ObjectId, body: DealMove) -> RawDocument:
        """Move a deal on the board."""
        return await self._deals.move(principal.organization_id, deal_id, body, principal.actor)

    @endpoint("DELETE", "/api/deals/{deal_id}", access=Access.OPERATOR)
    async def delete(self, principal: Principal, deal_id: ObjectId) -> None:
        """Delete a deal; its tasks go on without it."""
        await self._deals.delete(principal.organization_id, deal_id, principal.actor)
