"""How long this process has a message to itself, by a clock that nobody sets."""

from __future__ import annotations

import time
from typing import Final

MARGIN_SECONDS: Final = 15.0
"""A claim outlives the longest send by so much: the database and the pace take their time as well."""


class Claim:
    """A claim on a message. When it runs out, another process may be sending the message."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def renew(self, seconds: float) -> None:
        """It was claimed anew just now."""
        self._until = time.monotonic() + seconds

    def allows(self, seconds: float) -> bool:
        """Whether something that may take so long can still be begun."""
        return time.monotonic() + seconds <= self._until
