"""A ledger in memory that knows what the real one refuses."""

from dataclasses import dataclass, field

from bot.answering.calls import ClosedCall, OpenCall
from bot.answering.failures import ProviderError


@dataclass(slots=True)
class FakeLedger:
    """Keeps what was opened and closed. `refuses` is the code with which the next ones are refused."""

    opened: dict[str, OpenCall] = field(default_factory=dict)
    closed: dict[str, ClosedCall] = field(default_factory=dict)
    refuses: str | None = None
    breaks: bool = False

    async def open(self, call: OpenCall) -> str:
        if self.breaks:
            raise ConnectionError("the database is gone; the text was 87011234567")
        if self.refuses:
            raise ProviderError(self.refuses)
        self.opened[call.key] = call
        return call.key

    async def close(self, call_id: str, result: ClosedCall) -> None:
        self.closed.setdefault(call_id, result)
