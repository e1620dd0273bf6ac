"""What messengers tell us: plain data, the same for every channel.

A webhook's body, or what was fetched, is split into single events. Each has an ``external_id``,
unique within its connection and stable over redeliveries: a second delivery changes nothing.
``platform_id`` is the platform's own id of a message, by which replies, edits, reactions,
deletions and statuses name it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

MAX_TEXT_LENGTH = 10_000
"""Characters of one inbound message that are stored; the rest is cut, and the cut is marked."""


class MessageKind(StrEnum):
    """What a message is, in terms every channel shares."""

    TEXT = "text"
    CONTACT = "contact"
    LOCATION = "location"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    TEMPLATE = "template"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The person on the platform's side.

    ``external_id`` is the platform's own user id; identity is (connection, external_id),
    never a phone number. The other fields are what the platform tells, if anything.
    """

    external_id: str
    name: str | None = None
    username: str | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of an inbound message.

    It is fetched after the message is stored, by the connector's ``open_media(connection, ref)``;
    or it is stored already (``file_id``, from ``Inbox.keep_file``). Sizes are in bytes, durations
    in seconds. ``name`` is as the sender gave it, not yet safe for a file system.
    """

    kind: MessageKind
    ref: Mapping[str, Any] = field(default_factory=dict)
    file_id: str | None = None
    name: str | None = None
    mime: str | None = None
    size: int | None = None
    duration: float | None = None
    inline: bool = False
    """It belongs into the text (an e-mail's picture), not under it."""
    error: Mapping[str, str] | None = None
    """``{code, detail}`` of why it was refused already; there is no file then, and will be none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """What brought the person: an advertisement, a link with a parameter, a story.

    ``source`` is ad, link, post, story, menu or other; ``ref`` is the parameter that we or the
    advertiser put into the link.
    """

    source: str
    ref: str | None = None
    ad_id: str | None = None
    title: str | None = None
    url: str | None = None
    click_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One message of a customer, normalised.

    ``chat_id`` is the address replies go to. ``payload`` is the payload of a tapped button.
    ``reply_to`` names the message that is quoted, ``edit_of`` the one that this is a new wording
    of. ``data`` holds what a kind needs beyond text (a shared phone, coordinates, a story's link);
    ``data["topic"]`` is by what ``Inbox.chat_on_topic`` finds it. What is not ``answerable`` is
    shown to people and known to the bot, which says nothing to it: a machine wrote it.
    """

    external_id: str
    chat_id: str
    sender: Sender
    platform_id: str | None = None
    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    payload: str | None = None
    attachments: Sequence[Attachment] = ()
    reply_to: str | None = None
    edit_of: str | None = None
    referral: Referral | None = None
    sent_at: datetime | None = None
    answerable: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """The customer reacted to a message, theirs or ours; ``emoji`` None takes it back.

    ``at`` is the platform's time: of two reactions to one message the later one holds.
    """

    external_id: str
    chat_id: str
    platform_id: str
    emoji: str | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The customer took a message back. It stays with operators as a line that says so."""

    external_id: str
    chat_id: str
    platform_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """How far a message of ours has come. States only move forward, whatever order they come in.

    ``code`` and ``detail`` tell why it failed; ``data`` what else the platform says of it
    (WhatsApp's pricing: ``category``, ``billable``).
    """

    external_id: str
    platform_id: str
    state: Literal["sent", "delivered", "read", "failed"]
    code: str | None = None
    detail: str | None = None
    at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMark:
    """The customer has read all of ours up to a message (``platform_id``) or a moment."""

    external_id: str
    chat_id: str
    platform_id: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """Our side wrote from the phone or the page's own inbox: a person's words, the bot falls silent.

    A platform may also echo what we sent through it: one whose ``platform_id`` is known, or
    becomes known while a delivery is under way, changes nothing.

    ``addressee`` is the person it was written to. Where they are told, our side may write first:
    without them, what is written before the customer has ever written is dropped.
    """

    external_id: str
    chat_id: str
    platform_id: str
    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    attachments: Sequence[Attachment] = ()
    author_name: str | None = None
    sent_at: datetime | None = None
    addressee: Sender | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatChange:
    """The person blocked us (``reachable`` False) or let us in again. ``at`` is the platform's time."""

    external_id: str
    chat_id: str
    sender: Sender
    reachable: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMove:
    """The person has other ids on the platform from now on (a new number): the chat goes on under them."""

    external_id: str
    chat_id: str
    new_chat_id: str
    sender: Sender
    """The person as they are called from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChange:
    """The person said on the platform whether they want to be written to for a purpose (``marketing``)."""

    external_id: str
    chat_id: str
    sender: Sender
    purpose: Literal["marketing"]
    granted: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The platform tells something of the connection itself: a template was approved, a limit changed.

    ``topic`` is templates, quality, account or limit. After ``templates`` the CRM syncs them anew.
    """

    external_id: str
    topic: str
    data: Mapping[str, Any] = field(default_factory=dict)


type ChatEvent = (
    Reaction
    | Deletion
    | StatusUpdate
    | ReadMark
    | Echo
    | ChatChange
    | ChatMove
    | ConsentChange
    | Notice
)
type InboundEvent = InboundMessage | ChatEvent
