"""Leaves a provider alone that failed several times in a row."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

FAILURES = 5
PAUSE_SECONDS = 30.0
MAX_KEPT = 1_000

type Key = tuple[str, ...]


def key_of(llm: Mapping[str, Any]) -> Key:
    """Return whose failures are counted together: one model at one address, asked with one key.

    Another tenant may have the address almost right or the key wrong; that must suspend nobody else's model.
    """
    digest = hashlib.sha256(str(llm.get("api_key") or "").encode()).hexdigest()
    return str(llm["model"]), str(llm.get("base_url") or ""), digest


@dataclass(slots=True)
class _State:
    failures: int = 0
    opened_at: float | None = None


class CircuitBreaker:
    """Counts failures by model, address and key in this process.

    After `FAILURES` in a row it is open: calls are refused at once, so that customers need not wait for a timeout. After
    `PAUSE_SECONDS` one call may try; its success closes it, its failure opens it for another while.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._states: dict[Key, _State] = {}

    def allows(self, key: Key) -> bool:
        """Tell whether a call may be made now. When it tells so of an open one, the caller is the one that tries."""
        state = self._states.get(key)
        if state is None or state.opened_at is None:
            return True
        if self._clock() - state.opened_at < PAUSE_SECONDS:
            return False
        state.opened_at = self._clock()  # the others wait for this one
        return True

    def note(self, key: Key, *, failed: bool) -> None:
        """Count a call's outcome."""
        if not failed:
            self._states.pop(key, None)
            return
        if key not in self._states and len(self._states) >= MAX_KEPT:
            self._states.pop(next(iter(self._states)))
        state = self._states.setdefault(key, _State())
        state.failures += 1
        if state.failures >= FAILURES:
            state.opened_at = self._clock()
