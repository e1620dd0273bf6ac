"""What the inbox takes and answers over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.listing import ListQuery

type View = Literal["waiting", "mine", "operator", "bot", "all", "closed"]
type MessageState = Literal[
    "received",
    "handled",
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "failed",
    "cancelled",
    "recorded",
]


class ConversationQuery(ListQuery):
    """Filters of the conversation list."""

    view: View = "all"
    channel: str | None = Field(default=None, max_length=40)
    contact_id: Id | None = None
    q: str | None = Field(default=None, max_length=200, description="Part of a contact's name.")


class Summary(ResponseModel):
    """Why a person is wanted, and what was said."""

    reason: str
    text: str
    at: datetime


class LastMessage(ResponseModel):
    """The newest message, for lists."""

    text: str
    at: datetime
    author_kind: Literal["contact", "bot", "operator", "system"]


class ConversationRead(ResponseModel):
    """A conversation."""

    id: Id
    channel: str
    connection_id: Id
    contact_id: Id
    contact_name: str | None
    owner: Literal["bot", "operator"]
    status: Literal["open", "waiting", "closed"]
    assignee_id: Id | None
    language: str
    summary: Summary | None
    facts: dict[str, Any]
    waiting_since: datetime | None
    reachable: bool
    last_inbound_at: datetime | None
    unread: int
    last_message: LastMessage | None
    last_activity_at: datetime
    rating: int | None
    created_at: datetime
    updated_at: datetime


class ConversationCounts(ResponseModel):
    """How many conversations each view holds."""

    waiting: int
    mine: int
    operator: int
    bot: int
    all: int


class Author(ResponseModel):
    """Who wrote a message."""

    kind: Literal["contact", "bot", "operator", "system"]
    user_id: Id | None
    name: str | None


class MessageButton(ResponseModel):
    """A choice under a message."""

    title: str
    payload: str


class DeliveryError(ResponseModel):
    """Why a message did not arrive. ``code`` is the console's translation key."""

    code: str
    detail: str


class AttachmentRead(ResponseModel):
    """A file of a message. Its bytes are at `/api/files/{file_id}` once it is stored."""

    kind: str
    name: str | None
    mime: str | None
    size: int | None
    duration: float | None
    inline: bool
    state: Literal["waiting", "stored", "failed", "refused"]
    error: DeliveryError | None
    file_id: Id | None
    thumbnail: bool


class QuotedMessage(ResponseModel):
    """The message that this one answers; `id` is null when it is not ours to show."""

    id: Id | None
    text: str
    author_kind: str | None


class ReactionRead(ResponseModel):
    """A reaction to a message."""

    emoji: str
    by: Literal["contact", "us"]


class ReferralRead(ResponseModel):
    """What brought the person."""

    source: str
    ref: str | None
    ad_id: str | None
    title: str | None
    url: str | None
    click_id: str | None


class ConversationReferral(ReferralRead):
    """What brought the person, and when."""

    at: datetime
    message_id: Id


class MessageCost(ResponseModel):
    """What the platform charges for a message by."""

    category: str
    billable: bool


class TemplateFill(RequestModel):
    """A template of the channel with its variables, in the order the template has them."""

    name: str = Field(min_length=1, max_length=512)
    language: str = Field(min_length=2, max_length=20)
    body: list[Annotated[str, Field(max_length=1024)]] = Field(default_factory=list, max_length=50)
    header: list[Annotated[str, Field(max_length=1024)]] = Field(default_factory=list, max_length=5)
    buttons: dict[int, Annotated[str, Field(max_length=1024)]] = Field(
        default_factory=dict, max_length=10
    )
    text: str = Field(default="", max_length=4000, description="How it reads, for people.")


class ReachRead(ResponseModel):
    """Whether an operator's message may go into the conversation now.

    `until` is when an open window closes. `templates` and `tag` tell how a message may go all the
    same.
    """

    open: bool
    code: str | None
    until: datetime | None
    templates: bool
    tag: str | None


class MessageRead(ResponseModel):
    """A message, a note or an event line."""

    id: Id
    conversation_id: Id | None
    connection_id: Id
    chat_id: str
    direction: Literal["in", "out"]
    author: Author
    kind: str
    text: str
    data: dict[str, Any]
    buttons: list[MessageButton]
    language: str | None
    state: MessageState
    error: DeliveryError | None
    trace: dict[str, Any] | None = Field(
        description="What made a bot's message: intent, skill, sources, model, masked prompt."
    )
    attachments: list[AttachmentRead]
    reply_to: QuotedMessage | None
    reactions: list[ReactionRead]
    referral: ReferralRead | None
    template: dict[str, Any] | None
    tag: str | None
    cost: MessageCost | None
    edited_at: datetime | None
    edited_text: str | None
    deleted_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    attempts: int
    created_at: datetime
    updated_at: datetime


class MessageWrite(RequestModel):
    """What an operator writes: words, files, or a template."""

    text: Annotated[str, StringConstraints(max_length=4000)] = ""
    kind: Literal["text", "note"] = "text"
    attachments: list[Id] = Field(
        default_factory=list, max_length=10, description="Uploads, from POST /api/files."
    )
    reply_to: Id | None = Field(default=None, description="The message that is answered.")
    template: TemplateFill | None = None
    tag: Literal["HUMAN_AGENT"] | None = Field(
        default=None, description="The platform's exception to go by outside its window."
    )
    client_id: Annotated[str, StringConstraints(min_length=8, max_length=64)] | None = Field(
        default=None, description="The client's own id of the message: repeating it is safe."
    )


class Assignment(RequestModel):
    """Who is to see to a conversation; null for nobody."""

    assignee_id: Id | None


type FactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
type Fact = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ConversationUpdate(ChangeModel):
    """A partial change. `facts` replaces all that the bot has learned."""

    facts: Annotated[dict[FactName, Fact], Field(max_length=40)] = not_given()
