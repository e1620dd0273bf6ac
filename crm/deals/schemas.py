"""What the deals' endpoints take and answer."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import LocalizedText, Name
from crm.core.listing import ListQuery, Page

Amount = Annotated[int, Field(ge=0, le=1_000_000_000_000, examples=[125000])]
StageId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$"), Field(examples=["new"])]


class StageSchema(RequestModel):
    """A column of the board."""

    id: StageId
    name: LocalizedText
    kind: Literal["open", "won", "lost"]


class PipelineRead(ResponseModel):
    """The stages of deals, in order."""

    id: Id
    name: str
    stages: list[StageSchema]
    created_at: datetime
    updated_at: datetime


class PipelineUpdate(ChangeModel):
    """A partial change. `stages` replaces all stages; one with deals in it cannot be left out."""

    name: Name = not_given()
    stages: Annotated[list[StageSchema], Field(min_length=1, max_length=20)] = not_given()

    @model_validator(mode="after")
    def _check_stages(self) -> Self:
        if "stages" in self.model_fields_set:
            ids = [stage.id for stage in self.stages]
            if len(ids) != len(set(ids)):
                raise PydanticCustomError("stage_repeated", "Each stage needs an id of its own.")
            if self.stages[0].kind != "open":
                raise PydanticCustomError("first_stage_closed", "The first stage must be open.")
        return self


class ContactSummary(ResponseModel):
    """The contact of a deal, in brief."""

    id: Id
    name: str | None
    phone: str | None


class DealRead(ResponseModel):
    """A deal. `amount` is whole tenge, `details` what the bot learnt of the order."""

    id: Id
    contact_id: Id
    contact: ContactSummary | None
    conversation_id: Id | None
    title: str
    details: dict[str, str] = Field(default_factory=dict)
    amount: int | None
    currency: str
    stage_id: str
    position: float
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class DealPage(Page[DealRead]):
    """A page of deals."""


class DealQuery(ListQuery):
    """How to list deals. Sort by created_at, updated_at, amount or position."""

    stage_id: str | None = Field(default=None, max_length=40, description="In this stage.")
    contact_id: Id | None = Field(default=None, description="Of this contact.")
    conversation_id: Id | None = Field(default=None, description="Made in this conversation.")
    open: bool | None = Field(default=None, description="Not yet won or lost.")
    q: str | None = Field(default=None, max_length=200, description="Part of the title.")


class DealCreate(RequestModel):
    """A new deal; in the first stage unless told otherwise."""

    contact_id: Id
    title: Name
    amount: Amount | None = None
    stage_id: StageId | None = None
    conversation_id: Id | None = None


class DealUpdate(ChangeModel):
    """A partial change. A new stage puts the deal at its top."""

    title: Name = not_given()
    amount: Amount | None = None
    stage_id: StageId = not_given()
    contact_id: Id = not_given()


class DealMove(RequestModel):
    """Where to put a deal: before another one of the stage, or at its end."""

    stage_id: StageId
    before_id: Id | None = None


class BoardStage(ResponseModel):
    """A column with its sums and its first deals."""

    stage: StageSchema
    total_amount: int
    count: int
    deals: list[DealRead]


class Board(ResponseModel):
    """The board."""

    stages: list[BoardStage]


class BoardQuery(RequestModel):
    """How much of the board to show."""

    limit: int = Field(default=100, ge=1, le=500, description="Deals shown of each stage.")
