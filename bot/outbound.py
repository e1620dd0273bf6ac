"""What holds for every connection to a model server, whoever named it: its answer has a size, its address is checked.

The guard is put into the HTTP clients of the providers' libraries; what is allowed comes with each call, since calls of
several tenants may share a client.
"""

import asyncio
import ipaddress
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Self

_MAX_ADDRESSES = 4
"""That are tried, where a name has many."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
# Threads of their own: names whose servers never answer must not hold up what else is done in threads.
_lookups = ThreadPoolExecutor(max_workers=16, thread_name_prefix="lookup")


@dataclass(slots=True)
class Outbound:
    """What one call may do, and the code of why the guard ended it.

    Attributes:
        most: bytes of an answer.
        public_only: private addresses, this machine's own among them, are refused.
        failure: `provider_too_long` or `provider_private`.
    """

    most: int = 0
    public_only: bool = True
    failure: str | None = None


_outbound: ContextVar[Outbound | None] = ContextVar("outbound", default=None)


@contextmanager
def outbound(*, most: int, public_only: bool) -> Iterator[Outbound]:
    """Allow calls within: answers up to `most` bytes, and private addresses unless `public_only`."""
    now = Outbound(most, public_only)
    token = _outbound.set(now)
    try:
        yield now
    finally:
        _outbound.reset(token)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the internet's, not of this machine, its network, or a disguise of those."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip.sixtofour or ip.teredo or ip in _NAT64 or ip in _COMPATIBLE or ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast


async def addresses_of(host: str, port: int | None) -> list[str]:
    """Return the IP addresses of a host.

    Raises:
        OSError: it has none, or its name cannot be one.
    """
    try:
        found = await asyncio.get_running_loop().run_in_executor(
            _lookups, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        )
    except UnicodeError as error:
        raise OSError("not a name of a host") from error
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def guard(client: Any) -> None:
    """Put the guard into an asynchronous client of httpx, and keep it from following redirects.

    A redirect would bring what is sent to a host that no ledger names.

    Raises:
        TypeError: it is no such client.
    """
    library = _library_of(client)
    client.follow_redirects = False
    # There is no public place for either.
    client._transport = _Guarded.around(client._transport, library)  # noqa: SLF001
    mounts = client._mounts  # noqa: SLF001 - the environment's proxies
    for pattern, transport in mounts.items():
        if transport is not None:
            mounts[pattern] = _Guarded.around(transport, library, proxy=True)


def _library_of(client: Any) -> Any:
    """Return httpx, or the copy of it under another name that some providers' libraries bring."""
    for kind in type(client).__mro__:
        if kind.__name__ == "AsyncClient":
            return sys.modules[kind.__module__.partition(".")[0]]
    raise TypeError(type(client).__name__)


class _Guarded:
    """A transport of httpx around another one."""

    def __init__(self, inner: Any, library: Any, *, proxy: bool) -> None:
        self._inner = inner
        self._library = library
        self._proxy = proxy

    @classmethod
    def around(cls, inner: Any, library: Any, *, proxy: bool = False) -> "_Guarded":
        return inner if isinstance(inner, cls) else cls(inner, library, proxy=proxy)

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *how: object) -> None:
        await self._inner.__aexit__(*how)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def handle_async_request(self, request: Any) -> Any:
        now = _outbound.get() or Outbound()
        # A few compressed bytes may be gigabytes.
        request.headers["Accept-Encoding"] = "identity"
        if now.public_only:
            response = await self._send_public(request, now)
        else:
            response = await self._inner.handle_async_request(request)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            await response.aclose()
            raise self._refused(now, "provider_too_long")
        response.stream = _limited(self._library)(self, response.stream, now)
        return response

    async def _send_public(self, request: Any, now: Outbound) -> Any:
        host = request.url.host
        try:
            addresses = await addresses_of(host, request.url.port)
        except OSError:
            raise self._library.ConnectError("the host has no address") from None
        if not all(map(is_public, addresses)):
            raise self._refused(now, "provider_private")
        if self._proxy:  # it looks the name up itself
            return await self._inner.handle_async_request(request)
        failure: Exception = self._library.ConnectError("the host has no address")
        for address in addresses[:_MAX_ADDRESSES]:
            # To the very address that was checked: the name may mean another one a moment later.
            pinned = self._library.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except self._library.ConnectError as error:
                failure = error
        raise failure

    def _refused(self, now: Outbound, code: str) -> Exception:
        now.failure = code
        refused: Exception = self._library.TransportError(code)
        return refused


class _Limited:
    def __init__(self, guarded: _Guarded, inner: Any, now: Outbound) -> None:
        self._guarded = guarded
        self._inner = inner
        self._now = now

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._now.most
        async for piece in self._inner:
            left -= len(piece)
            if left < 0:
                raise self._guarded._refused(self._now, "provider_too_long")  # noqa: SLF001
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


@cache
def _limited(library: Any) -> Any:
    """Return the class of a limited stream that the library takes for one of its own."""
    return type("Limited", (_Limited, library.AsyncByteStream), {})
