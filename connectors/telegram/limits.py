"""How fast a bot may send: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits.

Thirty messages a second for a bot, one a second for a chat (short bursts pass), twenty a minute
for a group. The limits hold within this process; what others send shows as 429, which is obeyed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from crm.contract import RetryableError

_KEPT: Final = 10_000


class Pace:
    """An interval in seconds between messages, and how many may come at once."""

    __slots__ = ("interval", "slack")

    def __init__(self, interval: float, burst: int) -> None:
        self.interval = interval
        self.slack = interval * (burst - 1)


BOT_PACE: Final = Pace(1 / 30, 30)
CHAT_PACE: Final = Pace(1.0, 3)
GROUP_PACE: Final = Pace(4.0, 5)  # 5 at once and 15 more in the minute: 20


class SendLimiter:
    """Lets each message through when it is due.

    For every key one number is kept: the moment at which the messages so far would have gone at
    an even pace (the generic cell rate algorithm, ITU-T I.371).
    """

    def __init__(
        self,
        *,
        longest_wait: float = 8.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._even: dict[tuple[int, str], float] = {}
        self._held: dict[tuple[int, str], float] = {}

    async def wait(self, bot_id: int, chat_id: str) -> None:
        """Return when a message may be sent to the chat.

        Raises:
            RetryableError: it would take longer than a sender should be kept waiting.
        """
        now = self._clock()
        keys = (
            ((bot_id, ""), BOT_PACE),
            ((bot_id, chat_id), GROUP_PACE if chat_id.startswith("-") else CHAT_PACE),
        )
        due = max(
            max(self._even.get(key, now) - pace.slack, self._held.get(key, now))
            for key, pace in keys
        )
        delay = max(0.0, due - now)
        if delay > self._longest_wait:
            raise RetryableError(
                "rate_limited", "Too many messages for this chat now.", retry_after=delay
            )
        for key, pace in keys:
            self._even[key] = max(self._even.get(key, now), now + delay) + pace.interval
        if len(self._even) > _KEPT:
            self._forget(now)
        if delay:
            await self._sleep(delay)

    def hold(self, bot_id: int, chat_id: str, seconds: float) -> None:
        """Send nothing to the chat for so long: Telegram asked for it."""
        self._held[bot_id, chat_id] = self._clock() + seconds
        if len(self._held) > _KEPT:
            self._forget(self._clock())

    def _forget(self, now: float) -> None:
        self._even = {key: moment for key, moment in self._even.items() if moment > now}
        self._held = {key: moment for key, moment in self._held.items() if moment > now}
