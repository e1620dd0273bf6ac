"""The masking of a conversation, as its context says it."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

# Masking is arithmetic in Python: two threads at once would gain nothing, and mix up the numbers of one book's markers.
_lock = threading.Lock()


async def masking_thread[Result](work: Callable[[], Result]) -> Result:
    """Return what `work` does with a masking, done in a thread and while no other such work runs.

    Raises:
        Whatever `work` raises.
    """

    def alone() -> Result:
        with _lock:
            return work()

    return await asyncio.to_thread(alone)


def new_masking(privacy: Mapping[str, Any] | None) -> Any:
    """Return the masking for one answer: the conversation's markers, the tenant's names, the kinds it wants masked.

    Args:
        privacy: `{kinds, markers, known}` of the context; without it everything is masked and nothing is known.

    Raises:
        Whatever fails: nothing may be sent then.
    """
    # Presidio takes seconds to import and is needed only where a provider is.
    from bot.privacy.markers import MarkerBook  # noqa: PLC0415 - see above
    from bot.privacy.masking import ALL_KINDS, KnownName, Masking, analyzer  # noqa: PLC0415

    privacy = privacy or {}
    kinds = privacy.get("kinds")
    analyzer()
    return Masking(
        book=MarkerBook.from_rows(privacy.get("markers") or ()),
        known=[KnownName(str(name)) for name in privacy.get("known") or ()],
        kinds=ALL_KINDS if kinds is None else kinds,
    )
