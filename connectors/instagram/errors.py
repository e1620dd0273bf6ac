"""The Graph API's errors in the contract's words.

https://developers.facebook.com/docs/messenger-platform/error-codes,
https://developers.facebook.com/docs/graph-api/guides/error-handling and, for the waits,
https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers-2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.base.meta import LIMIT_SECONDS, seconds_to_wait
from crm.contract import (
    AuthenticationFailedError,
    ConnectorError,
    RejectedError,
    RetryableError,
)

_TOKEN_CODES: Final = frozenset({102, 190})
_EXPIRED: Final = frozenset({463, 467})
_LIMITS: Final = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
"""The account's, or the app's: no chat has one of its own."""
_PASSING: Final = frozenset({-2, -1, 1, 2, 1200})
_PERMISSIONS: Final = frozenset({3, 10, *range(200, 300)})
_WINDOW: Final = frozenset({2534022, 2018278, 2018065})
_UNAVAILABLE: Final = frozenset({1545041, 2018108})
_GONE: Final = frozenset({2534014, 2018001})
_ARCHIVED: Final = frozenset({2534001})
_MEDIA: Final = frozenset({2018008, 2018047, 2018074, 2018294})
_CONSENT: Final = 230
_POLICY: Final = 368
_PERSON_AWAY: Final = 551


def contract_error(status: int, body: Any, headers: Mapping[str, str]) -> ConnectorError:
    """Say what an answer of the Graph API means for what was asked."""
    told = body.get("error") if isinstance(body, Mapping) else None
    error: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    words = str(error.get("error_user_msg") or error.get("message") or "")[:300]
    if code in _LIMITS or status == 429:
        return RetryableError(
            "rate_limited",
            "Instagram asks us to wait.",
            retry_after=seconds_to_wait(headers) or LIMIT_SECONDS,
            account_wide=True,
        )
    if code in _TOKEN_CODES or (status == 401 and code is None):
        if subcode in _EXPIRED:
            return AuthenticationFailedError("token_expired", "The access token has expired.")
        return AuthenticationFailedError(
            "token_rejected", "Instagram does not accept the access token."
        )
    found = _of_the_person(code, subcode, words.lower()) or _of_the_message(code, subcode, words)
    if found is not None:
        return found
    if code in _PASSING or error.get("is_transient") is True or status >= 500 or code is None:
        return RetryableError("platform_unavailable", "Instagram cannot do it now.")
    return RejectedError("bad_request", f"Instagram refused it: {words}")


def _of_the_person(code: int | None, subcode: int | None, words: str) -> ConnectorError | None:
    """What has to do with who was written to, and when they wrote last."""
    if subcode in _WINDOW or "outside of allowed window" in words or "outside the allowed" in words:
        return RejectedError(
            "window_closed", "More than 24 hours have passed since the customer's last message."
        )
    if code == _PERSON_AWAY or subcode in _UNAVAILABLE:
        return RejectedError("customer_unavailable", "This person cannot be written to now.")
    if subcode in _GONE:
        return RejectedError("customer_gone", "Instagram does not find this person any more.")
    if subcode in _ARCHIVED:
        return RejectedError("chat_archived", "The chat was archived or deleted in Instagram.")
    if code == _CONSENT:
        return RejectedError("consent_missing", "This person has not written to the account yet.")
    return None


def _of_the_message(code: int | None, subcode: int | None, words: str) -> ConnectorError | None:
    """What has to do with what was sent, or who we are."""
    if subcode in _MEDIA:
        return RejectedError("media_refused", f"Instagram did not take the file: {words}")
    if code == _POLICY:
        return RejectedError(
            "blocked_by_platform", "Instagram has blocked this for breaking its rules."
        )
    if code in _PERMISSIONS and "human_agent" in words.lower().replace(" ", "_"):
        return RejectedError("tag_not_allowed", "The app may not use the tag HUMAN_AGENT.")
    if code in _PERMISSIONS:
        return RejectedError("permission_missing", f"The token lacks a permission: {words}")
    return None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
