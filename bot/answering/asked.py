"""A question with all that answering it needs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.answering.calls import Ledger, Purpose
from bot.answering.gateway import CallRecord
from bot.answering.writing import Check

_CUSTOMER = frozenset({"customer", "user"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with all that answering it needs."""

    question: str
    language: str
    turns: Sequence[Mapping[str, str]]
    context: Mapping[str, Any]
    ledger: Ledger
    purpose: Purpose
    give_up_at: float
    records: list[CallRecord] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How much time is left."""
        return max(0.0, self.give_up_at - time.monotonic())

    @property
    def day(self) -> date:
        """Today by the organization's clock: documents may be valid for a time."""
        try:
            zone = ZoneInfo(str(self.context["organization"].get("timezone") or "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo("UTC")
        return datetime.now(zone).date()

    @property
    def wants_judge(self) -> bool:
        """Whether the assistant's version has a model judge too."""
        model = (self.context["assistant"].get("content") or {}).get("model") or {}
        return bool(model.get("judge", True))

    @property
    def earlier(self) -> list[str]:
        """What the customer said before."""
        return [str(turn["text"]) for turn in self.turns if turn["role"] in _CUSTOMER]


def turns_before(history: Sequence[Mapping[str, str]], question: str) -> list[Mapping[str, str]]:
    """Return the turns before the question: a caller's history may already end with it."""
    turns = list(history)
    if (
        turns
        and turns[-1]["role"] in _CUSTOMER
        and str(turns[-1]["text"]).strip() == question.strip()
    ):
        turns.pop()
    return turns
