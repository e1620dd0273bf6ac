"""What one customer sees."""

import asyncio
from dataclasses import dataclass, field

from crm.inbox import texts

HOLDING = frozenset(texts.HOLDING.values())


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of ours as it arrived. ``id`` is the platform's: ours in the web chat, Telegram's own."""

    id: str
    text: str


@dataclass(slots=True)
class Screen:
    """A customer's screen: everything that arrived, in order, and what the customer makes of it."""

    arrived: list[Shown] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, message: Shown) -> None:
        self.arrived.append(message)
        self._news.set()

    @property
    def messages(self) -> list[Shown]:
        """Each message once, as a screen that knows ids shows it."""
        return list({message.id: message for message in self.arrived}.values())

    @property
    def answers(self) -> list[Shown]:
        """The messages without those that only say that something was received."""
        return [message for message in self.messages if message.text not in HOLDING]

    @property
    def notices(self) -> list[Shown]:
        """The messages that only say that something was received."""
        return [message for message in self.messages if message.text in HOLDING]

    async def wait_for_answers(self, count: int, *, seconds: float) -> None:
        """Wait until so many answers are there.

        Raises:
            TimeoutError: they did not come.
        """
        async with asyncio.timeout(seconds):
            while len(self.answers) < count:
                self._news.clear()
                await self._news.wait()

    async def wait_for_notice(self, *, seconds: float) -> None:
        """Wait until the customer was told that the message was received.

        Raises:
            TimeoutError: nobody told.
        """
        async with asyncio.timeout(seconds):
            while not self.notices:
                self._news.clear()
                await self._news.wait()
