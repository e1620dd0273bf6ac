"""What the contacts' endpoints take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from crm.contacts.consents import LONGEST_TEXT, ConsentKind, ConsentSource
from crm.contacts.phones import Phone
from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, not_given
from crm.core.api.fields import Email, Language, LongText, Moment, Name
from crm.core.listing import ListQuery, Page

AttributeName = Annotated[str, StringConstraints(pattern=r"^[\w][\w -]{0,59}$")]
AttributeValue = Annotated[str, Field(max_length=1_000)] | bool | float | int | None
Attributes = Annotated[dict[AttributeName, AttributeValue], Field(max_length=50)]


class IdentityRead(ResponseModel):
    """Who the contact is on a platform."""

    connection_id: Id
    channel: str
    external_id: str
    profile_name: str | None
    username: str | None
    phone: str | None = Field(description="As the platform tells it.")
    email: str | None = Field(description="As the platform tells it.")


class ConsentRead(ResponseModel):
    """One saying of yes or no, with where and how it was said; the newest of a kind holds."""

    kind: str
    granted: bool
    at: datetime
    channel: str | None
    connection_id: Id | None
    conversation_id: Id | None
    source: ConsentSource | None
    text: str | None


class ConsentCreate(RequestModel):
    """A yes or a no that was said outside the conversations: on paper, by telephone."""

    kind: ConsentKind
    granted: bool
    source: Literal["form", "operator"] = "operator"
    text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)] = Field(
        description="The words, or where they are kept."
    )
    at: Moment | None = None


class SourceRead(ResponseModel):
    """What brought the contact: the first referral that was told, else `direct`."""

    channel: str
    connection_id: Id
    source: str
    ref: str | None
    ad_id: str | None
    title: str | None
    url: str | None
    at: datetime


class ContactRead(ResponseModel):
    """A contact."""

    id: Id
    name: str | None
    phone: str | None
    email: str | None
    language: Language | None
    identities: list[IdentityRead]
    consents: list[ConsentRead]
    attributes: dict[str, Any]
    note: str
    source: SourceRead | None
    avatar_file_id: Id | None = Field(description="The picture, at `/api/files/{id}`.")
    created_at: datetime
    updated_at: datetime


class ContactPage(Page[ContactRead]):
    """A page of contacts."""


class ContactQuery(ListQuery):
    """How to list contacts. Sort by created_at, updated_at or name."""

    q: str | None = Field(
        default=None,
        max_length=200,
        description="Beginnings of words of the name, phone, e-mail or user name.",
    )
    phone: str | None = Field(default=None, max_length=40, description="Exactly this phone.")
    email: str | None = Field(default=None, max_length=254, description="Exactly this e-mail.")
    channel: str | None = Field(default=None, max_length=40, description="Known on this channel.")
    language: Language | None = Field(default=None, description="Speaks this language.")
    connection_id: Id | None = Field(default=None, description="Known on this connection.")
    source: str | None = Field(
        default=None, max_length=40, description="Brought by this: ad, link, post, direct ..."
    )
    ref: str | None = Field(default=None, max_length=300, description="Brought by this link.")
    ad_id: str | None = Field(default=None, max_length=100, description="Brought by this ad.")


class ContactCreate(RequestModel):
    """A contact written down by hand."""

    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None
    language: Language | None = None
    attributes: Attributes = Field(default_factory=dict)
    note: LongText = ""


class ContactUpdate(ChangeModel):
    """A partial change. `attributes` replaces all attributes."""

    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None
    language: Language | None = None
    attributes: Attributes = not_given()
    note: LongText = not_given()


class ContactMerge(RequestModel):
    """The contact that becomes part of this one."""

    other_id: Id


class DuplicateDismiss(RequestModel):
    """The contact that is somebody else."""

    other_id: Id


class DuplicateQuery(ListQuery):
    """How to list proposals. Sort by created_at."""


DuplicateReason = Literal["phone", "email", "account"]


class DuplicateOf(ResponseModel):
    """Another contact that may be the same person, and what the two share."""

    id: Id
    contact: ContactRead
    reasons: list[DuplicateReason]
    created_at: datetime


class DuplicatesOf(ResponseModel):
    """Who else a contact may be."""

    items: list[DuplicateOf]


class DuplicateRead(ResponseModel):
    """Two contacts that may be one person, and what they share."""

    id: Id
    contacts: list[ContactRead]
    reasons: list[DuplicateReason]
    created_at: datetime


class DuplicatePage(Page[DuplicateRead]):
    """A page of proposals."""


class TimelineEntry(ResponseModel):
    """Something that happened with the contact."""

    kind: Literal["contact", "consent", "conversation", "deal", "task"]
    what: Literal["created", "closed", "done", "granted", "refused"]
    at: datetime
    subject_id: Id
    title: str


class Timeline(ResponseModel):
    """What happened with the contact, newest first."""

    items: list[TimelineEntry]
