"""The masking of a conversation, as its context says it."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

from bot.answering.failures import ProviderError

MASKINGS = 10
"""How often a text is masked anew because other calls of the conversation gave its markers away meanwhile."""

# A conversation's answer and its judge are masked at once: together they would mix up the numbers of its markers. Other
# conversations' masking need not wait for theirs.
_locks: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()
# Threads of their own: a text that is slow to mask must not hold up what else is done in threads.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="masking")


async def masking_thread[Result](
    masking: Any, work: Callable[[], Result], *, seconds: float
) -> Result:
    """Return what `work` does with `masking`, done in a thread and while no other work with the same one runs.

    Raises:
        TimeoutError: it was not done in time; its thread goes on, and nobody sees what it finds.
        Whatever `work` raises.
    """
    lock = _locks.setdefault(masking, threading.Lock())

    def alone() -> Result:
        with lock:
            return work()

    async with asyncio.timeout(max(0.0, seconds)):
        return await asyncio.get_running_loop().run_in_executor(_threads, alone)


async def rebase(masking: Any, rows: Sequence[Mapping[str, Any]], *, seconds: float) -> None:
    """Let `masking` take over the conversation's markers as they are now; what it is to mask, it masks anew.

    Raises:
        ProviderError: `masking_failed`.
    """
    try:
        await masking_thread(masking, lambda: masking.book.rebase(rows), seconds=seconds)
    except Exception:
        # Its message may quote the customer.
        raise ProviderError("masking_failed") from None


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
