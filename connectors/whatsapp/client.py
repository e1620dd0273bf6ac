"""Graph API clients of pywa that share their connections, and every failure in the contract's words.

A client costs next to nothing when its transport is shared, so thousands of numbers live in one
process.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Generator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from pywa.errors import WhatsAppError
from pywa_async.api import GraphAPIAsync

from connectors.base.meta import secret_proof
from connectors.base.values import number, text
from connectors.whatsapp.config import WhatsAppConfig
from connectors.whatsapp.errors import contract_error
from crm.contract import (
    ConnectorError,
    MediaStream,
    RejectedError,
    RetryableError,
)

DEFAULT_API_URL: Final = "https://graph.facebook.com"
API_VERSION: Final = "26.0"
_KEPT: Final = 2_000
_TIMEOUT: Final = httpx.Timeout(10.0, read=30.0, pool=3.0)

# Their lines hold what customers write (pywa's), and tokens in addresses (httpx's).
for _noisy in ("pywa", "httpx"):
    logging.getLogger(_noisy).setLevel(logging.ERROR)


class Graphs:
    """Makes and keeps clients by their token."""

    def __init__(self, *, api_url: str) -> None:
        self._api_url = api_url.rstrip("/")
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._graphs: OrderedDict[tuple[str, str | None], GraphAPIAsync] = OrderedDict()

    def graph(self, config: WhatsAppConfig) -> GraphAPIAsync:
        """The client of this number's token. Makes no network call."""
        token, secret = config.access_token, config.app_secret
        return self._of(token.get_secret_value(), secret.get_secret_value())

    def app(self, config: WhatsAppConfig) -> GraphAPIAsync:
        """The client of the app itself: its token is its id and secret.

        https://developers.facebook.com/docs/facebook-login/guides/access-tokens/#apptokens
        """
        return self._of(f"{config.app_id}|{config.app_secret.get_secret_value()}", None)

    def _of(self, token: str, secret: str | None) -> GraphAPIAsync:
        key = (token, secret)
        if (known := self._graphs.get(key)) is not None:
            self._graphs.move_to_end(key)
            return known
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(
                limits=httpx.Limits(max_connections=256, max_keepalive_connections=64)
            )
        session = httpx.AsyncClient(transport=self._transport, timeout=_TIMEOUT)
        graph = GraphAPIAsync(token=token, session=session, api_version=float(API_VERSION))
        # pywa sets Meta's own address when it is made, so ours comes after.
        session.base_url = httpx.URL(f"{self._api_url}/v{API_VERSION}")
        if secret is not None:
            session.auth = _SecretProof(token, secret, session.base_url.host)
        self._graphs[key] = graph
        if len(self._graphs) > _KEPT:
            self._graphs.popitem(last=False)
        return graph

    @asynccontextmanager
    async def download(self, config: WhatsAppConfig, media_id: str) -> AsyncIterator[MediaStream]:
        """A file that a customer sent: its address is asked for, is good for minutes, and wants the token.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media#download-media

        Raises:
            RejectedError: it is gone: Meta keeps files for 30 days.
            RetryableError, AuthenticationFailedError: as they say.
        """
        graph = self.graph(config)
        try:
            told = await answer(graph.get_media_url(media_id))
        except ConnectorError as error:
            raise _file_error(error) from None
        url = text(told.get("url"))
        if url is None or not self._is_metas(url):
            raise RejectedError("media_gone", "WhatsApp gives no address for the file.")
        size = number(told.get("file_size"))
        try:
            async with graph.stream_media_bytes(url) as found:
                if found.status_code != httpx.codes.OK:
                    raise _status_error(found.status_code)
                yield MediaStream(
                    chunks=found.aiter_bytes(65_536),
                    mime=text(told.get("mime_type")),
                    size=int(size) if size is not None and size >= 0 else None,
                )
        except httpx.HTTPError:
            # Not chained: the address holds a key to the file.
            raise RetryableError("platform_unavailable", "The file did not come whole.") from None

    def _is_metas(self, url: str) -> bool:
        """The token goes along, so it goes over TLS only, or back to where it came from."""
        given, ours = urlsplit(url), urlsplit(self._api_url)
        return given.scheme == "https" or (given.scheme, given.netloc) == (ours.scheme, ours.netloc)

    async def close(self) -> None:
        """Close all connections. A client asked for later opens new ones."""
        transport, self._transport = self._transport, None
        self._graphs.clear()
        if transport is not None:
            await transport.aclose()


class _SecretProof(httpx.Auth):
    """Proves with every call that it comes from who knows the app's secret."""

    def __init__(self, token: str, secret: str, host: str) -> None:
        self._proof = secret_proof(token, secret)
        self._host = host

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Only Graph itself is told; a file's address stays as Meta made it."""
        if request.url.host == self._host and "appsecret_proof" not in request.url.params:
            request.url = request.url.copy_merge_params({"appsecret_proof": self._proof})
        yield request


async def answer(call: Awaitable[Any]) -> Mapping[str, Any]:
    """What Graph answers to a call.

    Raises:
        ConnectorError: whatever went wrong. Nothing is chained: the library's errors hold the
            request, and the request the token.
    """
    try:
        found = await call
    except WhatsAppError as error:
        raise contract_error(error) from None
    except httpx.TimeoutException:
        raise RetryableError("platform_timeout", "WhatsApp did not answer in time.") from None
    except httpx.HTTPError:
        raise RetryableError("platform_unavailable", "WhatsApp cannot be reached now.") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        found = None  # an error page of something in between, which the library cannot read
    if not isinstance(found, dict):
        raise RetryableError("platform_unavailable", "WhatsApp answered something unreadable.")
    return found


def _file_error(error: ConnectorError) -> ConnectorError:
    """Where a number is not found, or a request is refused, it is the file that is not there."""
    if error.code == "permission_missing":
        return error
    if isinstance(error, RejectedError) or error.code == "number_not_found":
        return RejectedError("media_gone", "WhatsApp no longer has the file.")
    return error


def _status_error(status: int) -> ConnectorError:
    if status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
        return RejectedError("media_gone", "WhatsApp no longer has the file.")
    return RetryableError("platform_unavailable", f"WhatsApp answered {status} for the file.")
