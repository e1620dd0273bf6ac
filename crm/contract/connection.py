"""A connected channel, and what its platform tells of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account the credentials open, as the platform tells it.

    ``aliases`` are other ids by which the platform's calls may name the account, or something it
    belongs to: ``Inbox.connections_of`` finds it by them. ``data`` is what the connector wants to
    know again later and is no secret (a page's id).
    """

    external_id: str
    name: str
    aliases: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connected channel, with its credentials decrypted. Never logged, never serialised.

    ``webhook_secret`` is ours: the platform proves by it that it is the platform, or shows it at
    the handshake.
    """

    id: str
    organization_id: str
    channel: str
    name: str
    config: Mapping[str, Any] = field(repr=False)
    webhook_secret: str = field(repr=False)
    account: Account | None = None
    status: str = "active"
    language: str = "ru"
    updated_at: datetime | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    """What the connector noted last (``Inbox.note_state``); some seconds old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What an admin must type into the platform's own settings, where we cannot do it for them."""

    url: str
    verify_token: str | None = None
    fields: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit of the platform. ``name`` is translated by the console; ``used`` None: not told."""

    name: str
    limit: float | None = None
    used: float | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the platform says of a connection when asked.

    ``warnings`` are stable codes, translated by the console (``webhook_missing``).
    """

    token_expires_at: datetime | None = None
    quotas: Sequence[Quota] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a platform tells of a person when asked. ``picture`` is for ``open_media``."""

    name: str | None = None
    username: str | None = None
    language: str | None = None
    phone: str | None = None
    email: str | None = None
    picture: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStream:
    """A file on its way from a platform. The size in bytes is what is promised, not yet true."""

    chunks: AsyncIterator[bytes]
    name: str | None = None
    mime: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message that the platform has approved (or not yet) for writing first.

    ``components`` are the platform's own, for the preview; ``variables`` names of the body's, in
    order. ``status`` is approved, pending, rejected or paused; ``category`` marketing, utility or
    authentication.
    """

    name: str
    language: str
    status: str
    category: str
    body: str
    header: str | None = None
    header_kind: str | None = None
    footer: str | None = None
    buttons: Sequence[Mapping[str, Any]] = ()
    variables: Sequence[str] = ()
    reason: str | None = None
