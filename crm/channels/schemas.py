"""What the channels' endpoints take and answer."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from crm.channels.models import ConnectionStatus
from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Name
from crm.core.listing import ListQuery, Page


class MediaLimitRead(ResponseModel):
    """What files of a kind may be sent. No types: any."""

    kind: str
    max_bytes: int
    mimes: list[str]


class CapabilitiesRead(ResponseModel):
    """What a channel can do. Lengths are in the platform's own units."""

    max_text: int
    max_caption: int
    max_buttons: int
    max_button_title: int
    max_list: int = Field(description="Choices of a list; 0: there are no lists.")
    media: list[MediaLimitRead]
    typing: bool
    replies: bool = Field(description="A message can be quoted.")
    read_marks: bool = Field(description="The customer sees that we have read.")
    templates: bool = Field(description="Approved templates may be sent at any time.")
    window: bool = Field(description="We may write only for a while after the customer did.")
    profiles: bool = Field(description="The platform tells names and pictures.")
    links: bool = Field(description="There are links that open a chat and tell where they stood.")
    health: bool = Field(description="The platform tells how a connection does.")
    webhook: bool = Field(description="An admin types an address into the platform's settings.")
    polling: bool = Field(description="Works without a public address.")


class ChannelRead(ResponseModel):
    """A channel that can be connected. `json_schema` draws its settings form."""

    channel: str
    title: str
    json_schema: dict[str, Any]
    guide: dict[str, list[str]] | None = Field(
        description="The steps to take on the platform's side, by language."
    )
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
    warnings: list[str] = Field(description="Codes of what its platform warns of.")
    token_expires_at: datetime | None
    created_at: datetime
    updated_at: datetime


class QuotaRead(ResponseModel):
    """A limit of the platform: a number, or a grade in words."""

    name: str
    limit: float | None
    used: float | None
    value: str | None


class HealthRead(ResponseModel):
    """How a connection does: what the platform said when it was asked last, and what is counted here."""

    checked_at: datetime | None
    token_expires_at: datetime | None
    quotas: list[QuotaRead]
    warnings: list[str]
    resting_until: datetime | None = Field(
        description="The platform does not answer; nothing is sent before."
    )
    queued: int
    failed_today: int
    last_event_at: datetime | None
    last_error: LastErrorRead | None


class WebhookRead(ResponseModel):
    """What to type into the platform's settings. Only admins are shown `verify_token`."""

    url: str
    verify_token: str | None
    fields: list[str]


class NoticeRead(ResponseModel):
    """What the platform told of the connection itself, in its own words."""

    topic: str
    data: dict[str, Any]
    at: datetime


class ConnectionDetail(ConnectionRead):
    """A connection with all that is known of how it does."""

    health: HealthRead
    webhook: WebhookRead | None
    link: str | None = Field(description="Opens a chat with us.")
    notices: list[NoticeRead]
    has_templates: bool
    templates_synced_at: datetime | None


class LinkQuery(BaseModel):
    """What the link is to tell us."""

    model_config = ConfigDict(extra="forbid")

    ref: str | None = Field(
        default=None, min_length=1, max_length=200, description="Where the link will stand."
    )


class LinkRead(ResponseModel):
    """An address that opens a chat with us; null where the channel has none."""

    url: str | None


TemplateStatus = Literal["approved", "pending", "rejected", "paused"]


class TemplateQuery(ListQuery):
    """How to list templates. Sort by name or updated_at."""

    status: TemplateStatus | None = Field(default=None, description="In this state.")
    language: str | None = Field(default=None, max_length=20, description="In this language.")
    category: str | None = Field(default=None, max_length=40, description="Of this category.")
    q: str | None = Field(
        default=None, max_length=200, description="Part of the name or of the text."
    )


class TemplateRead(ResponseModel):
    """A template. `{{name}}` in its texts stand for variables.

    `variables` and `header_variables` name those of body and header in the order they are given when it is used;
    `button_variables` are the places of buttons that take one.
    """

    id: Id
    name: str
    language: str
    status: str
    category: str
    header: str | None
    header_kind: str | None
    body: str
    footer: str | None
    buttons: list[dict[str, Any]]
    variables: list[str]
    header_variables: list[str]
    button_variables: list[int]
    reason: str | None
    synced_at: datetime


class TemplatePage(Page[TemplateRead]):
    """A page of templates."""


class TemplateSync(ResponseModel):
    """What taking the templates over changed."""

    synced_at: datetime
    total: int
    added: int
    changed: int
    removed: int


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
