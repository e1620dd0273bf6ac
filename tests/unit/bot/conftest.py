"""A small company's knowledge, and a provider to ask."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.knowledge.documents import passages_of
from tests.fakes.ledger import FakeLedger
from tests.fakes.openai_server import FakeOpenAI

DOCUMENTS = {
    "delivery.md": (
        "# Доставка\n\n## Стоимость\n\n"
        "| Город | Цена | Срок |\n|---|---|---|\n| Астана | 1 500 ₸ | 2–3 дня |\n| Шымкент | 1 800 ₸ | 3–4 дня |\n\n"
        "## Самовывоз\n\nЗаказ хранится в магазине 5 дней. Телефон склада +7 727 250 11 22."
    ),
    "kepildik.md": "# Кепілдік\n\nВелосипед жақтауына 24 ай кепілдік беріледі.",
    "payment.md": "# Payment\n\nWe take cash, cards and Kaspi QR. There are no instalments.",
}


@pytest.fixture
def snapshot() -> dict[str, Any]:
    passages = [p for name, text in DOCUMENTS.items() for p in passages_of(name=name, content=text)]
    return {"version": 7, "passages": [passage.to_mapping() for passage in passages]}


@pytest.fixture
async def provider() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI.running() as fake:
        yield fake


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def context_with() -> Callable[..., dict[str, Any]]:
    """Make a context as the CRM gives it, with or without a language model."""

    def make(
        provider: FakeOpenAI | None = None,
        *,
        judge: bool = False,
        privacy: dict[str, Any] | None = None,
        **assistant: Any,
    ) -> dict[str, Any]:
        llm = None
        if provider is not None:
            llm = {
                "model": "openai:test-model",
                "base_url": provider.base_url,
                "api_key": "sk-test",
            }
        return {
            "organization": {"id": "a" * 24, "name": "Tau Demo", "timezone": "Asia/Almaty"},
            "assistant": {
                "version": 3,
                "name": "Aitys",
                "tone": "friendly",
                "instructions": "",
                "knowledge_version": 7,
                "llm": llm,
                "content": {"model": {"judge": judge}},
                **assistant,
            },
            "privacy": privacy or {},
        }

    return make
