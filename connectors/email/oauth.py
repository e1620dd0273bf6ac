"""Access tokens for mailboxes that take no passwords (RFC 6749, section 6).

Google: https://developers.google.com/identity/protocols/oauth2/web-server#offline
Microsoft: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import aiohttp

from connectors.email.config import EmailConfig
from crm.contract import AuthenticationFailedError, RetryableError

GOOGLE_URL: Final = "https://oauth2.googleapis.com"
MICROSOFT_URL: Final = "https://login.microsoftonline.com"
_MICROSOFT_SCOPE: Final = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_EARLIER_SECONDS: Final = 120.0
"""A token is renewed so long before its end."""
_KEPT: Final = 2_000
_FINAL: Final = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "interaction_required"}
)


class Tokens:
    """Gives access tokens, and keeps each for as long as it is good."""

    def __init__(
        self, *, google_url: str, microsoft_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._google_url = google_url.rstrip("/")
        self._microsoft_url = microsoft_url.rstrip("/")
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}
        self._rotated: dict[str, str] = {}
        """Refresh tokens that a provider gave in place of those that are stored."""

    async def access_token(self, config: EmailConfig, *, anew: bool = False) -> str:
        """A token that is good for some minutes at least; ``anew`` when the known one was refused.

        Raises:
            AuthenticationFailedError: the refresh token was revoked, or the app is not known.
            RetryableError: the provider does not answer.
        """
        key = _key(config)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._known.get(key)
            if known is not None and not anew and known[1] > self._clock():
                return known[0]
            answer = await self._ask(config, key)
            token, seconds = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not token:
                raise RetryableError("oauth_unavailable", "The provider gave no access token.")
            lasts = float(seconds) if isinstance(seconds, int | float) else 600.0
            self._known[key] = (token, self._clock() + max(30.0, lasts - _EARLIER_SECONDS))
            self._known.move_to_end(key)
            if len(self._known) > _KEPT:
                old, _ = self._known.popitem(last=False)
                self._locks.pop(old, None)
            return token

    def renewed(self, config: EmailConfig) -> str | None:
        """The refresh token that the provider gave in place of the stored one, if it gave one."""
        return self._rotated.get(_key(config))

    async def close(self) -> None:
        """Give back connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, config: EmailConfig, key: str) -> dict[str, Any]:
        assert config.oauth_refresh_token is not None
        form = {
            "grant_type": "refresh_token",
            "client_id": config.oauth_client_id,
            "refresh_token": self._rotated.get(key, config.oauth_refresh_token.get_secret_value()),
        }
        if config.oauth_client_secret is not None:
            form["client_secret"] = config.oauth_client_secret.get_secret_value()
        if config.auth == "microsoft":
            form["scope"] = _MICROSOFT_SCOPE
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._session.post(self._url(config), data=form) as response:
                status = response.status
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise RetryableError(
                "oauth_unavailable", "The provider's login service cannot be reached now."
            ) from error
        if not isinstance(answer, dict):
            answer = {}
        if status == 200:
            if isinstance(answer.get("refresh_token"), str):
                self._rotated[key] = answer["refresh_token"]
            return answer
        reason = str(answer.get("error", ""))
        if status in {400, 401, 403} and reason in _FINAL:
            self._rotated.pop(key, None)
            raise AuthenticationFailedError(
                "oauth_revoked", f"The provider does not accept the refresh token ({reason})."
            )
        raise RetryableError(
            "oauth_unavailable", f"The provider's login service answered {status}."
        )

    def _url(self, config: EmailConfig) -> str:
        if config.auth == "google":
            return f"{self._google_url}/token"
        return f"{self._microsoft_url}/{config.oauth_tenant}/oauth2/v2.0/token"


def _key(config: EmailConfig) -> str:
    assert config.oauth_refresh_token is not None
    secret = config.oauth_refresh_token.get_secret_value()
    return hashlib.sha256(f"{config.auth}\n{config.oauth_client_id}\n{secret}".encode()).hexdigest()
