"""What the connectors to Meta's platforms share: accounts, secrets, limits."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from pydantic import SecretStr

from connectors.base.values import mapping, mappings, number
from crm.contract import Connection

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
USAGE_HEADER: Final = "X-Business-Use-Case-Usage"
ID_SHAPE: Final = r"^[0-9]{5,32}$"
APP_SECRET_SHAPE: Final = r"^[0-9a-f]{32}$"  # noqa: S105 - the shape, not a secret
TOKEN_SHAPE: Final = r"^[A-Za-z0-9_.|-]{20,1024}$"  # noqa: S105 - see above

LIMIT_SECONDS: Final = 60.0
"""How long an account rests that has used up its calls, where Meta does not say for how long."""
_LONGEST_WAIT_SECONDS: Final = 86_400.0


def account_ids(connection: Connection) -> frozenset[str]:
    """All ids by which Meta may call a connection's account."""
    aliases = connection.account.aliases if connection.account is not None else ()
    return frozenset({account_of(connection), *aliases}) - {""}


def account_of(connection: Connection) -> str:
    """The id that is the account's own."""
    return connection.account.external_id if connection.account is not None else ""


def signing_secret(body: bytes, header: str | None, secrets: Iterable[str]) -> str | None:
    """The secret under which the raw body was signed by HMAC-SHA256; None when it is none of these.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads
    """
    scheme, _, given = (header or "").partition("=")
    found: str | None = None
    for secret in secrets if scheme == "sha256" else ():
        made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogateescape")):
            found = secret
    return found


def secret_proof(token: str, secret: str) -> str:
    """That whoever calls with a token holds the app's secret, for apps that ask for it.

    https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof
    """
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def checked_secret(value: SecretStr, shape: str) -> SecretStr:
    """A secret of a settings form.

    Not a pattern of the field itself: pydantic has none for a secret, and its message must not
    repeat the value.

    Raises:
        ValueError: it is not of this shape.
    """
    if re.fullmatch(shape, value.get_secret_value()) is None:
        raise ValueError("does not look like what Meta gives: copy it whole")
    return value


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """How long Meta wants us to be silent; None when it does not say.

    https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers-2: the time to
    regain access is told in minutes.
    """
    after = headers.get("Retry-After", "")
    waits = [float(after)] if after.isascii() and after.isdigit() and len(after) < 10 else []
    told = (number(use.get("estimated_time_to_regain_access")) for use in _uses(headers))
    waits += [minutes * 60.0 for minutes in told if minutes is not None]
    longest = max(waits, default=0.0)
    return min(longest, _LONGEST_WAIT_SECONDS) if longest > 0 else None


def usage_of(headers: Mapping[str, str]) -> float | None:
    """How much of the hour's allowance is used up, in per cent; None when it is not told."""
    names = ("call_count", "total_cputime", "total_time")
    told = [number(use.get(name)) for use in _uses(headers) for name in names]
    return max((one for one in told if one is not None), default=None)


def _uses(headers: Mapping[str, str]) -> list[Mapping[str, Any]]:
    try:
        told = mapping(orjson.loads(headers.get(USAGE_HEADER) or "{}"))
    except orjson.JSONDecodeError:
        return []
    return [use for account in told.values() for use in mappings(account)]
