"""Fetching what people sent: by an address that came from outside, and so is not trusted.

The addresses are Meta's own servers' (``lookaside.fbsbx.com``, ``scontent.cdninstagram.com``), are signed
and end after some days; a story's after one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp

from crm.contract import MediaStream, RejectedError, RetryableError

_HOSTS: Final = ("cdninstagram.com", "fbcdn.net", "fbsbx.com", "lookaside.instagram.com")
MAX_BYTES: Final = 100_000_000
_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, connect=10, sock_read=30)
_REDIRECTS: Final = 4
_GONE: Final = frozenset({400, 401, 403, 404, 410})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class Media:
    """Downloads. ``loopback`` allows addresses of this machine: where the platform is a fake."""

    def __init__(self, *, loopback: bool, max_bytes: int = MAX_BYTES) -> None:
        self._loopback = loopback
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[MediaStream]:
        """The file at an address that Meta gave.

        Raises:
            RejectedError: it has gone, is too large, or the address is not Meta's.
            RetryableError: it cannot be had now.
        """
        if self._session is None:
            # Cookies of one customer's file have no business in the next request.
            self._session = aiohttp.ClientSession(
                timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            async with await self._answer(self._session, url) as answer:
                yield MediaStream(
                    chunks=self._chunks(answer),
                    name=_name(answer),
                    mime=answer.content_type if "Content-Type" in answer.headers else None,
                    size=answer.content_length,
                )
        except (TimeoutError, aiohttp.ClientError):
            raise RetryableError("platform_unavailable", "The file did not come whole.") from None

    async def close(self) -> None:
        """Give back connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _answer(self, session: aiohttp.ClientSession, url: str) -> aiohttp.ClientResponse:
        """The answer that holds the file. Each redirect is checked like the first address."""
        for _ in range(_REDIRECTS):
            if not is_media_url(url, loopback=self._loopback):
                raise RejectedError("media_gone", "The file is not where Instagram keeps files.")
            answer = await session.get(url, allow_redirects=False)
            if answer.status == 200 and (answer.content_length or 0) <= self._max_bytes:
                return answer
            status, size = answer.status, answer.content_length or 0
            moved = answer.headers.get("Location", "")
            answer.close()
            if status in _MOVED and moved:
                url = urljoin(url, moved)
                continue
            if status == 200 and size > self._max_bytes:
                raise RejectedError("media_too_large", "The file is too large to be fetched.")
            if status in _GONE:
                raise RejectedError("media_gone", "Instagram no longer has the file.")
            raise RetryableError(
                "platform_unavailable", f"Instagram answered {status} for the file."
            )
        raise RejectedError("media_gone", "The file's address leads nowhere.")

    async def _chunks(self, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in answer.content.iter_chunked(65_536):
            read += len(chunk)
            if read > self._max_bytes:
                raise RejectedError("media_too_large", "The file is too large to be fetched.")
            yield chunk


def is_media_url(url: str, *, loopback: bool = False) -> bool:
    """Whether an address is on the servers where Meta keeps files."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if parts.username or parts.password:
        return False
    if loopback and parts.scheme == "http" and is_loopback(host):
        return True
    known = any(host == one or host.endswith(f".{one}") for one in _HOSTS)
    return parts.scheme == "https" and port in {None, 443} and known


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(answer: aiohttp.ClientResponse) -> str | None:
    """The file's name, where the server tells one; not yet safe for a file system."""
    told = answer.content_disposition
    if told is not None and told.filename:
        return told.filename
    last = unquote(answer.url.path.rpartition("/")[2])
    return last if "." in last else None
