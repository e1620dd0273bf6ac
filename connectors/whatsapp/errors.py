"""Meta's error codes in the contract's words.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes and
https://developers.facebook.com/docs/graph-api/guides/error-handling. The same code comes as an
answer to a call, or later in the status of a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pywa.errors import WhatsAppError

from connectors.base.meta import LIMIT_SECONDS, seconds_to_wait
from connectors.base.values import mapping, number, text
from crm.contract import (
    AuthenticationFailedError,
    ConnectorError,
    RejectedError,
    RetryableError,
)

AGAIN: Final = "again"
NEVER: Final = "never"
ADMIN: Final = "admin"

_PAIR_LIMIT: Final = 131056
_PAIR_SECONDS: Final = 6.0
_SPEED_SECONDS: Final = 5.0
_ACCOUNT_WAITS: Final[Mapping[int, float]] = {
    4: LIMIT_SECONDS,
    17: LIMIT_SECONDS,
    32: LIMIT_SECONDS,
    429: _SPEED_SECONDS,
    613: LIMIT_SECONDS,
    80007: LIMIT_SECONDS,
    130429: _SPEED_SECONDS,
    131057: LIMIT_SECONDS,
}
"""What all chats of a number wait for, and for how long where Meta does not say."""


class Meaning(NamedTuple):
    """What an error code means: try again, never, or the admin has to see to it; code and words."""

    outcome: str
    code: str
    words: str


_DOWN = Meaning(AGAIN, "platform_unavailable", "WhatsApp cannot be reached now.")
_LIMIT = Meaning(AGAIN, "rate_limited", "WhatsApp asks us to wait.")
_BAD = Meaning(NEVER, "bad_request", "WhatsApp refused the message")
_TOKEN = Meaning(ADMIN, "token_rejected", "WhatsApp does not accept the access token.")
# Of what was asked (a template, a number abroad), as often as of the token: others may go on.
_RIGHTS = Meaning(NEVER, "permission_missing", "The access token lacks a permission for this.")
_UNREGISTERED = Meaning(
    ADMIN, "number_not_registered", "The number is not registered with the Cloud API."
)
_VARIABLES = Meaning(
    NEVER, "template_variables", "The template's variables are missing or not as it needs them."
)
_SUSPENDED = Meaning(
    ADMIN, "account_restricted", "Meta has restricted or disabled the WhatsApp account."
)
_MEDIA = Meaning(NEVER, "media_refused", "WhatsApp did not take the file.")

MEANINGS: Final[Mapping[int, Meaning]] = {
    0: _TOKEN,
    1: _DOWN,
    2: _DOWN,
    3: _RIGHTS,
    4: _LIMIT,
    10: _RIGHTS,
    17: _LIMIT,
    32: _LIMIT,
    100: _BAD,
    102: _TOKEN,
    190: _TOKEN,
    368: _SUSPENDED,
    613: _LIMIT,
    80007: _LIMIT,
    80008: _LIMIT,
    130429: _LIMIT,
    130472: Meaning(
        NEVER, "experiment", "Meta withholds advertising from this person as an experiment."
    ),
    130497: Meaning(
        NEVER, "country_restricted", "The account may not write to people in this country."
    ),
    131000: _DOWN,
    131005: _RIGHTS,
    131008: _BAD,
    131009: _BAD,
    131016: _DOWN,
    131021: Meaning(NEVER, "own_number", "The customer's number is the sender's own."),
    131026: Meaning(
        NEVER,
        "customer_unreachable",
        "WhatsApp cannot deliver to this person: no WhatsApp, an old version, or terms not accepted.",
    ),
    131030: Meaning(
        NEVER, "not_in_test_list", "A test number writes only to the numbers on its list."
    ),
    131031: _SUSPENDED,
    131037: Meaning(NEVER, "name_not_approved", "The number's display name is not approved."),
    131042: Meaning(
        NEVER, "payment_issue", "There is a problem with the account's payment method."
    ),
    131044: Meaning(
        NEVER, "payment_issue", "There is a problem with the account's payment method."
    ),
    131045: _UNREGISTERED,
    131047: Meaning(
        NEVER,
        "window_closed",
        "More than 24 hours have passed since the customer's last message: only a template may go.",
    ),
    131048: Meaning(
        NEVER, "sending_restricted", "The number may not send: too many messages were reported."
    ),
    131049: Meaning(
        NEVER, "marketing_limited", "This person gets no more advertising now; try in a day."
    ),
    131050: Meaning(NEVER, "opted_out", "The customer has stopped the company's advertising."),
    131051: Meaning(NEVER, "unsupported_type", "WhatsApp does not know this type of message."),
    131052: _MEDIA,
    131053: _MEDIA,
    131056: _LIMIT,
    131057: Meaning(AGAIN, "account_maintenance", "Meta is maintaining the account."),
    131062: Meaning(
        NEVER, "number_needed", "This message may go to a phone number only, and it is hidden."
    ),
    131063: Meaning(
        NEVER, "marketing_elsewhere", "Advertising is switched off for this way of sending."
    ),
    131064: Meaning(NEVER, "sending_restricted", "The account has reached its messaging limit."),
    132000: _VARIABLES,
    132001: Meaning(
        NEVER, "template_missing", "There is no such approved template in this language."
    ),
    132005: Meaning(NEVER, "template_too_long", "The template is too long with its variables."),
    132007: Meaning(NEVER, "template_policy", "The template's content breaks WhatsApp's rules."),
    132008: _VARIABLES,
    132012: _VARIABLES,
    132015: Meaning(NEVER, "template_paused", "The template is paused: people reported it."),
    132016: Meaning(NEVER, "template_disabled", "The template is disabled: people reported it."),
    132018: _VARIABLES,
    132068: Meaning(NEVER, "flow_blocked", "The template's form is blocked."),
    132069: Meaning(NEVER, "flow_blocked", "The template's form was sent too often."),
    133000: _UNREGISTERED,
    133004: _DOWN,
    133005: _UNREGISTERED,
    133006: _UNREGISTERED,
    133008: _UNREGISTERED,
    133009: _UNREGISTERED,
    133010: _UNREGISTERED,
    133015: _UNREGISTERED,
    133016: _UNREGISTERED,
    135000: _BAD,
    137000: Meaning(NEVER, "identity_changed", "The customer has another phone since."),
    # Where an answer holds no code, pywa gives the status of HTTP instead.
    401: _TOKEN,
    403: _RIGHTS,
    429: _LIMIT,
}
_EXPIRED_SUBCODES: Final = frozenset({463, 467})
_NO_SUCH_OBJECT: Final = 33


def meaning_of(code: int) -> Meaning | None:
    """What a code means; None for one that is not known here."""
    if 200 <= code < 300:  # Graph's permissions, one each
        return _RIGHTS
    return MEANINGS.get(code)


def contract_error(error: WhatsAppError) -> ConnectorError:
    """Say what an error of a call means for what was asked."""
    if error.code == 100 and error.subcode == _NO_SUCH_OBJECT:
        return AuthenticationFailedError(
            "number_not_found", "The number does not exist, or the access token may not use it."
        )
    known = meaning_of(error.code)
    if error.code == 190 and error.subcode in _EXPIRED_SUBCODES:
        known = Meaning(ADMIN, "token_expired", "The access token has expired.")
    failing = (error.status_code or 0) >= 500 or error.is_transient is True
    if known is None or (failing and known.outcome == NEVER):
        known = _DOWN if failing else _BAD
    if known.outcome == AGAIN:
        return RetryableError(
            known.code,
            known.words,
            retry_after=_wait(error),
            account_wide=error.code in _ACCOUNT_WAITS,
        )
    if known.outcome == ADMIN:
        return AuthenticationFailedError(known.code, known.words)
    return RejectedError(known.code, _with_reason(known, error.details or error.message))


def failure_of(told: Mapping[str, Any]) -> tuple[str, str]:
    """Code and words of an error that a webhook tells."""
    code = number(told.get("code"))
    known = meaning_of(int(code)) if code is not None else None
    reason = text(mapping(told.get("error_data")).get("details")) or text(told.get("title"))
    if known is None:
        return "not_delivered", reason or "WhatsApp did not deliver the message."
    return known.code, _with_reason(known, reason)


def _with_reason(known: Meaning, reason: object) -> str:
    """Where the words alone say little, what Meta says goes with them."""
    if known is not _BAD or not isinstance(reason, str) or not reason:
        return known.words if known is not _BAD else f"{known.words}."
    return f"{known.words}: {reason[:300]}"


def _wait(error: WhatsAppError) -> float | None:
    """Seconds after which Meta lets us in again: as it says, else as its limit is."""
    told = seconds_to_wait(error.raw_response.headers) if error.raw_response is not None else None
    if told is None and error.code == _PAIR_LIMIT:
        return _PAIR_SECONDS
    return told if told is not None else _ACCOUNT_WAITS.get(error.code)
