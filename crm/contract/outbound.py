"""What our side sends: one neutral message, which each connector renders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from crm.contract.events import MessageKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice offered under a message.

    ``payload`` comes back when it is tapped. With ``url`` it opens an address instead; with
    ``share`` it asks for the person's phone or place. ``description`` is shown in lists.
    """

    title: str
    payload: str = ""
    description: str | None = None
    url: str | None = None
    share: Literal["phone", "location"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundFile:
    """A file to send. The size is in bytes; the name is safe. ``open()`` gives its bytes anew each time.

    Attributes:
        url: public, signed and good for an hour: for platforms that fetch it.
        link: the same, but good for 30 days: for texts that people read.
    """

    id: str
    kind: MessageKind
    name: str
    mime: str
    size: int
    url: str
    link: str
    open: Callable[[], AsyncIterator[bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateUse:
    """An approved template with its variables filled in, in the order the template has them.

    ``buttons`` are the variables of buttons by their place. ``text`` is how it reads, for people.
    """

    name: str
    language: str
    body: Sequence[str] = ()
    header: Sequence[str] = ()
    buttons: Mapping[int, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message of our side, before a channel renders it.

    ``id`` is ours, unique for ever: a channel that can deduplicate uses it. ``text`` may hold the
    light marks of ``connectors.base.marks``. ``author_kind`` is bot, operator or system;
    ``author_name`` the operator's name when a person wrote it, else None. ``resent`` counts how often
    a person sent it again after it had failed: a channel must not take that for the same try.
    ``reply_to`` is the
    platform's id of the message that is quoted. ``tag`` names the platform's exception under which
    the message goes (``HUMAN_AGENT``). ``thread`` is what the chat's last messages tell a threading
    channel (an e-mail's subject, its Message-IDs).
    """

    id: str
    chat_id: str
    text: str
    author_kind: str
    author_name: str | None = None
    buttons: Sequence[Button] = ()
    attachments: Sequence[OutboundFile] = ()
    template: TemplateUse | None = None
    reply_to: str | None = None
    tag: str | None = None
    language: str | None = None
    thread: Mapping[str, Any] = field(default_factory=dict)
    resent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What the platform answered to one part. ``state`` is ``sent`` or ``delivered``."""

    platform_id: str | None
    state: str = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast messages may follow each other: ``interval`` seconds, ``burst`` at once.

    All who share ``key`` share the pace; the CRM keeps it across processes. Keys are prefixed
    with the connection by whoever makes them.
    """

    key: str
    interval: float
    burst: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whether a message may go into a chat now.

    ``code`` says why not (``window_closed``, ``blocked_by_customer``); ``until`` when that
    changes by itself: when the open window closes. ``templates`` tells that an approved template
    may go all the same; ``tag`` the exception under which this author's message may go.
    """

    open: bool
    code: str | None = None
    until: datetime | None = None
    templates: bool = False
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatState:
    """What a channel's windows depend on."""

    chat_id: str
    last_inbound_at: datetime | None
    reachable: bool = True
