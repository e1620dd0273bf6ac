"""How much one visitor may do, and how much all who come from one network. The limits hold within this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

_KEPT: Final = 20_000


class Allowance:
    """So many at once, and so many a second after that."""

    def __init__(
        self, *, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / per_second
        self._slack = self._interval * (burst - 1)
        self._clock = clock
        self._even: dict[Hashable, float] = {}

    def take(self, key: Hashable) -> float:
        """Take one. Returns 0, or in how many seconds there is one again."""
        now = self._clock()
        even = max(self._even.get(key, now), now)
        wait = even - self._slack - now
        if wait > 0:
            return wait
        self._even[key] = even + self._interval
        if len(self._even) > _KEPT:
            self._even = {known: moment for known, moment in self._even.items() if moment > now}
        return 0.0


def network_of(address: str) -> str:
    """Whose address it is, as far as an address tells: a household has a whole /64 of IPv6."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(IPv6Network((known, 64), strict=False))
    return str(known)


class Allowances:
    """What the chats of one process share."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.messages = Allowance(burst=10, per_second=1.0, clock=clock)
        self.frames = Allowance(burst=200, per_second=20.0, clock=clock)
        self.typing = Allowance(burst=1, per_second=0.5, clock=clock)
        # Many visitors may share an address (an office, a proxy): generous, against floods only.
        self.newcomers = Allowance(burst=200, per_second=2.0, clock=clock)
        self.uploads = Allowance(burst=20, per_second=0.2, clock=clock)
        self.uploads_of_address = Allowance(burst=100, per_second=1.0, clock=clock)
        self.pages = Allowance(burst=20, per_second=2.0, clock=clock)
