"""The real action server with a fixed clock and an answering package that knows only delivery. Run as a process."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.server import make_app
from actions.settings import load_settings
from bot.answering.calls import Ledger

# Wednesday, 14:20 in Almaty.
NOW = datetime(2026, 11, 18, 9, 20, tzinfo=UTC)
_DELIVERY = re.compile(r"достав|жеткіз|жеткиз|deliver|dostav", re.IGNORECASE)
_UNSURE = re.compile(r"наверное", re.IGNORECASE)
_SLOW = re.compile(r"медленно", re.IGNORECASE)
_ANSWERS = {
    "ru": "Доставка по Алматы бесплатная.\n\nИсточник: Доставка",
    "kk": "Алматы бойынша жеткізу тегін.\n\nДереккөз: Доставка",
    "en": "Delivery within Almaty is free.\n\nSource: Доставка",
}


@dataclass
class Said:
    """An answer."""

    text: str
    language: str
    answered: bool
    confidence: float
    sources: Sequence[Mapping[str, Any]]
    trace: Mapping[str, Any]


class KnowsDelivery:
    """Answers about delivery, from a snapshot as the real package does; knows nothing else."""

    async def answer(
        self,
        *,
        question: str,
        language: str,
        history: Sequence[Mapping[str, str]],
        context: Mapping[str, Any],
        load_snapshot: Callable[[int], Awaitable[Mapping[str, Any]]],
        ledger: Ledger | None = None,
    ) -> Said:
        if _SLOW.search(question):
            await asyncio.sleep(2)
        snapshot = await load_snapshot(context["assistant"]["knowledge_version"])
        trace = {"model": None, "knowledge_version": snapshot["version"]}
        if not _DELIVERY.search(question):
            return Said("", language, False, 0.1, [], trace)
        source = {"document": "delivery.md", "title": "Доставка", "passage_id": "p1", "score": 0.9}
        sure = 0.6 if _UNSURE.search(question) else 0.95
        return Said(_ANSWERS[language], language, True, sure, [source], trace)


if __name__ == "__main__":
    settings = load_settings()
    app = make_app(settings, KnowsDelivery(), clock=lambda: NOW)
    app.run(
        host=settings.host, port=settings.port, single_process=True, access_log=False, motd=False
    )
    sys.exit(0)
