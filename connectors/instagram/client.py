"""Calls of the Graph API: https://developers.facebook.com/docs/graph-api/overview."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import orjson

from connectors.base.meta import secret_proof, usage_of
from connectors.instagram.config import InstagramConfig
from connectors.instagram.errors import contract_error
from crm.contract import RetryableError

DEFAULT_INSTAGRAM_URL: Final = "https://graph.instagram.com"
DEFAULT_FACEBOOK_URL: Final = "https://graph.facebook.com"
VERSION: Final = "v25.0"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, connect=5)
_KEPT: Final = 2_000


class Graph:
    """One session for all accounts; each call carries the token of its own."""

    def __init__(
        self, *, instagram_url: str, facebook_url: str, timeout: aiohttp.ClientTimeout = _TIMEOUT
    ) -> None:
        self._urls = {
            "instagram": instagram_url.rstrip("/"),
            "facebook": facebook_url.rstrip("/"),
        }
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._usage: OrderedDict[str, float] = OrderedDict()

    def base(self, config: InstagramConfig) -> str:
        """Where this account's calls go."""
        return self._urls[config.login]

    async def get(self, config: InstagramConfig, path: str, **query: str) -> dict[str, Any]:
        """Read. Raises ConnectorError."""
        return await self._call("GET", config, path, query=query)

    async def post(
        self,
        config: InstagramConfig,
        path: str,
        body: Mapping[str, Any] | None = None,
        **query: str,
    ) -> dict[str, Any]:
        """Change. Raises ConnectorError."""
        return await self._call("POST", config, path, query=query, body=body)

    async def delete(
        self,
        config: InstagramConfig,
        path: str,
        body: Mapping[str, Any] | None = None,
        **query: str,
    ) -> dict[str, Any]:
        """Take away. Raises ConnectorError."""
        return await self._call("DELETE", config, path, query=query, body=body)

    async def renew(self, config: InstagramConfig) -> dict[str, Any]:
        """A long-lived token for one that is a day old at least and has not ended.

        https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token: the
        only call that takes the token in its address.
        """
        query = {"grant_type": "ig_refresh_token", "access_token": config.token}
        return await self._call("GET", config, "refresh_access_token", query=query, versioned=False)

    async def token_facts(self, config: InstagramConfig) -> dict[str, Any]:
        """What Meta knows of a Page's token: https://developers.facebook.com/docs/graph-api/reference/debug_token.

        The app asks, so the token itself is what is asked about.
        """
        app = f"{config.app_id}|{config.secrets[0]}"
        query = {"input_token": config.token}
        answer = await self._call("GET", config, "debug_token", query=query, token=app)
        facts = answer.get("data")
        return facts if isinstance(facts, dict) else {}

    def usage(self, config: InstagramConfig) -> float | None:
        """How much of the hour's allowance is used up in per cent, as the last answers told it."""
        return self._usage.get(_mark(config.token))

    async def close(self) -> None:
        """Give back connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _call(
        self,
        method: str,
        config: InstagramConfig,
        path: str,
        *,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        token: str | None = None,
        versioned: bool = True,
    ) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, connector=aiohttp.TCPConnector(limit=256)
            )
        version = f"/{VERSION}" if versioned else ""
        asked = dict(query)
        if config.login == "facebook" and token is None:
            asked["appsecret_proof"] = secret_proof(config.token, config.secrets[0])
        try:
            async with self._session.request(
                method,
                f"{self.base(config)}{version}/{path}",
                params=asked,
                data=orjson.dumps(body) if body is not None else None,
                headers={
                    "Authorization": f"Bearer {token or config.token}",
                    "Content-Type": "application/json",
                },
                allow_redirects=False,
            ) as answer:
                told = _parsed(await answer.read())
                self._note_usage(config, usage_of(answer.headers))
                if answer.status != 200 or not isinstance(told, dict) or "error" in told:
                    raise contract_error(answer.status, told, answer.headers)
                return told
        except TimeoutError:
            # Not chained, like all below: an error's text may hold the address, and that the token.
            raise RetryableError("platform_timeout", "Instagram did not answer in time.") from None
        except aiohttp.ClientError:
            raise RetryableError(
                "platform_unavailable", "Instagram cannot be reached now."
            ) from None

    def _note_usage(self, config: InstagramConfig, used: float | None) -> None:
        if used is None:
            return
        key = _mark(config.token)
        self._usage[key] = used
        self._usage.move_to_end(key)
        if len(self._usage) > _KEPT:
            self._usage.popitem(last=False)


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
