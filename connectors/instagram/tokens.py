"""Renewing the account's own token before its 60 days end.

https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token: a token must be a
day old and must not have ended. Instagram does not tell when a token that was pasted in ends, so it is
renewed as soon as it may be, and its end is known from then on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.instagram.client import Graph
from connectors.instagram.config import InstagramConfig
from crm.contract import Connection, Inbox, RejectedError, RetryableError

RENEW_BEFORE: Final = timedelta(days=30)
WARN_BEFORE: Final = timedelta(days=7)
_TRY_AGAIN: Final = timedelta(hours=25)
"""A token that was too young is old enough then."""
_LONGEST_SECONDS: Final = 1_000_000_000


async def renew(
    graph: Graph, config: InstagramConfig, connection: Connection, inbox: Inbox, *, now: datetime
) -> None:
    """Renew the token when it is time, store it, and note when the new one ends.

    The new one is stored before anything is noted: if this process dies between, the next hour
    renews it once more.

    Raises:
        AuthenticationFailedError: it has ended already, or was taken back.
        RetryableError: Instagram does not answer.
    """
    state = dict(await inbox.state(connection))
    if not _is_due(state, config.token, now):
        return
    try:
        answer = await graph.renew(config)
    except RejectedError:  # it is younger than a day
        await inbox.note_state(
            connection, state | {"token": _mark(config.token), "tried_at": now.isoformat()}
        )
        return
    token, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token or not isinstance(seconds, int):
        raise RetryableError("platform_unavailable", "Instagram gave no token.")
    if await inbox.renew(connection, {"access_token": token}):
        ends = now + timedelta(seconds=min(max(seconds, 0), _LONGEST_SECONDS))
        noted = {"token": _mark(token), "token_expires_at": ends.isoformat(), "tried_at": None}
        await inbox.note_state(connection, state | noted)


def expiry_of(state: Mapping[str, Any], token: str) -> datetime | None:
    """When this token ends, as noted; None when it is not known."""
    return _moment(state.get("token_expires_at")) if state.get("token") == _mark(token) else None


def ends_soon(expires_at: datetime | None, *, now: datetime) -> bool:
    """Whether an admin should be told."""
    return expires_at is not None and expires_at - now < WARN_BEFORE


def _is_due(state: Mapping[str, Any], token: str, now: datetime) -> bool:
    if state.get("token") != _mark(token):  # an admin has given a new one
        return True
    tried_at = _moment(state.get("tried_at"))
    if tried_at is not None and now - tried_at < _TRY_AGAIN:
        return False
    expires_at = _moment(state.get("token_expires_at"))
    return expires_at is None or expires_at - now < RENEW_BEFORE


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def _mark(token: str) -> str:
    """What tells tokens apart without telling them."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
