"""Servers that a tenant names: where they are is asked of whoever runs the installation."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

type AddressesOf = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host to which tenants may make us connect.

Raises OSError (it has none) or RejectedError (``address_private``: it is in the installation's own network).
"""


async def any_address(host: str, port: int) -> Sequence[str]:
    """All addresses of a host, this machine's own among them: for installations that allow it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


async def connected(addresses_of: AddressesOf, host: str, port: int) -> socket.socket:
    """A connected socket, to the very address that was allowed: a name may mean another one a moment later.

    Raises:
        OSError: nothing answers there.
        ConnectorError: it may not be connected to.
    """
    loop = asyncio.get_running_loop()
    failure = OSError("the name has no address")
    for address in await addresses_of(host, port):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        sock.settimeout(0)
        try:
            await loop.sock_connect(sock, (address, port))
        except OSError as error:
            failure = error
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure
