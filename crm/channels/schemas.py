"""What the channels' endpoints take and answer."""

from datetime import datetime
from typing import Any

from pydantic import Field

from crm.channels.models import ConnectionStatus
from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Name
from crm.core.listing import ListQuery, Page


class CapabilitiesRead(ResponseModel):
    """What a channel can show."""

    max_text: int
    max_buttons: int
    max_button_title: int
    typing: bool


class ChannelRead(ResponseModel):
    """A channel that can be connected. `json_schema` draws its settings form."""

    channel: str
    title: str
    json_schema: dict[str, Any]
    capabilities: CapabilitiesRead


class ExternalAccountRead(ResponseModel):
    """Whose account the credentials open, as the platform says."""

    id: str
    name: str


class LastErrorRead(ResponseModel):
    """What the platform refused last."""

    code: str
    detail: str
    at: datetime


class ConnectionRead(ResponseModel):
    """A connected channel. Credentials are never shown; `credentials` names those that are set."""

    id: Id
    channel: str
    name: str
    status: ConnectionStatus
    config: dict[str, Any]
    credentials: list[str]
    external_account: ExternalAccountRead
    last_event_at: datetime | None
    last_error: LastErrorRead | None
    created_at: datetime
    updated_at: datetime


class ConnectionPage(Page[ConnectionRead]):
    """A page of connections."""


class ConnectionQuery(ListQuery):
    """How to list connections. Sort by created_at."""

    channel: str | None = Field(default=None, max_length=40, description="Of this channel.")


class ConnectionCreate(RequestModel):
    """A channel to connect. `config` follows the channel's `json_schema`, credentials included."""

    channel: str = Field(max_length=40, examples=["webchat"])
    name: Name
    config: dict[str, Any] = Field(default_factory=dict, max_length=50)


class ConnectionUpdate(ChangeModel):
    """A partial change. Fields left out of `config`, credentials too, stay as they are."""

    name: Name = not_given()
    config: dict[str, Any] = Field(default_factory=dict, max_length=50)
