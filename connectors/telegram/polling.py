"""Fetching updates where Telegram cannot call us. Nothing is confirmed that is not stored.

What the inbox does not take is offered again, and what came after it is handed over all the same. An update that
is refused again and again while others are taken is of a kind that cannot be stored: it is told as an unsupported
message, and let go if that fails as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from connectors.telegram.client import FetchingBot
from crm.contract import Connection, InboundEvent, Inbox

_log = logging.getLogger(__name__)

REFUSALS: Final = 3
"""How often an update is refused, each time with one behind it taken, before it is given up."""
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0

type Update = dict[str, Any]
type Read = Callable[[Update], list[InboundEvent]]
"""Makes events of an update; never raises."""


class Polling:
    """Polls one bot.

    Args:
        connection: the bot's.
        inbox: that takes what comes.
        read: all that an update says.
        read_plainly: what is left to say of one that the inbox does not take.
        acknowledge: told of what was stored.
    """

    def __init__(
        self,
        *,
        connection: Connection,
        inbox: Inbox,
        read: Read,
        read_plainly: Read,
        acknowledge: Callable[[Sequence[InboundEvent]], None],
    ) -> None:
        self._connection = connection
        self._inbox = inbox
        self._read = read
        self._read_plainly = read_plainly
        self._acknowledge = acknowledge
        self._refusals: Counter[int] = Counter()

    async def run(self, bot: FetchingBot, *, seconds: int) -> None:
        """Fetch and hand over until cancelled; a call waits so many seconds for news. Raises TelegramError."""
        offset: int | None = None
        pause = FIRST_PAUSE_SECONDS
        while True:
            fetched = await bot.fetch_updates(offset=offset, seconds=seconds)
            updates = [update for update in fetched if _has_number(update)]
            left = await self._hand_over(updates)
            self._refusals = Counter({_number(one): self._refusals[_number(one)] for one in left})
            if updates:
                offset = min(map(_number, left)) if left else max(map(_number, updates)) + 1
            if len(left) < len(updates):
                pause = FIRST_PAUSE_SECONDS
            if left or len(updates) < len(fetched):
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _hand_over(self, updates: Sequence[Update]) -> list[Update]:
        """Hand over what there is, and return what the inbox did not take."""
        events = [event for update in updates for event in self._read(update)]
        if await self._take(events):
            return []
        if len(updates) == 1:
            return await self._given_up(updates, [])
        refused: list[Update] = []
        proved: list[Update] = []
        for update in updates:
            events = self._read(update)
            if not await self._take(events):
                refused.append(update)
            elif events:  # so it was not the inbox that was away when those before it were refused
                proved = list(refused)
        return await self._given_up(refused, proved)

    async def _given_up(self, refused: Sequence[Update], proved: Sequence[Update]) -> list[Update]:
        """Count refusals that are an update's own; return what is to be offered again."""
        left = []
        for update in refused:
            number = _number(update)
            self._refusals[number] += update in proved
            if self._refusals[number] < REFUSALS:
                left.append(update)
                continue
            _log.error("update %s cannot be stored", number)
            if not await self._take(self._read_plainly(update)):
                _log.error("update %s is let go", number)
        return left

    async def _take(self, events: Sequence[InboundEvent]) -> bool:
        if not events:
            return True
        try:
            await self._inbox.receive(self._connection, events)
        except Exception as error:  # nothing may be confirmed that is not stored
            _log.error("inbox did not take an update: %s", type(error).__name__)
            return False
        self._acknowledge(events)
        return True


def _has_number(update: Any) -> bool:
    return isinstance(update, dict) and isinstance(update.get("update_id"), int)


def _number(update: Update) -> int:
    return int(update["update_id"])
