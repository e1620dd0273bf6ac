"""A connection whose platform does not answer rests for a while, and harms no other.

Failures are counted in this process; the rest itself is a held pace, which all processes obey.
"""

from __future__ import annotations

from typing import Final

from crm.inbox.pacing import Pacing

FAILURES: Final = 5
"""So many failures in a row that are not the message's own fault open the breaker."""
FIRST_REST_SECONDS: Final = 30.0
LONGEST_REST_SECONDS: Final = 600.0
_MOST_DOUBLINGS: Final = 10


class Breaker:
    """Counts failures of connections in a row."""

    def __init__(self, *, pacing: Pacing) -> None:
        self._pacing = pacing
        self._failures: dict[str, int] = {}

    def succeeded(self, connection_id: str) -> None:
        """The platform answered."""
        self._failures.pop(connection_id, None)

    async def failed(self, connection_id: str) -> None:
        """The platform did not answer, or answered that it cannot."""
        count = self._failures.get(connection_id, 0) + 1
        self._failures[connection_id] = count
        if count >= FAILURES:
            # Bounded before it is raised: after hours of failures the power would be no number.
            rest = FIRST_REST_SECONDS * 2 ** min(count - FAILURES, _MOST_DOUBLINGS)
            await self._pacing.hold(pace_key(connection_id), min(rest, LONGEST_REST_SECONDS))


def pace_key(connection_id: str) -> str:
    """The pace that all of a connection's messages share."""
    return f"connection:{connection_id}"
