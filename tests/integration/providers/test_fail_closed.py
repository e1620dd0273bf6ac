"""Whatever a provider is asked for: what cannot be masked, or is forbidden, does not leave; what leaves is in the ledger."""

from collections.abc import Awaitable, Callable
from typing import Any, get_args

import pytest

from bot.answering.calls import Part, Purpose, Said
from bot.answering.embedding import Embedder
from bot.answering.failures import ProviderError
from bot.answering.gateway import Gateway
from bot.answering.masked import new_masking
from bot.privacy.masking import Masking, MaskingFailedError
from crm.core.feature import Core
from crm.providers.ledger import BoundLedger, ProviderLedger
from tests.fakes.openai_server import FakeOpenAI
from tests.integration.providers.conftest import Customer, UseProvider
from tests.support.console import Console

PURPOSES = get_args(Purpose.__value__)
PHONE = "87015550123"

type Leave = Callable[[Purpose], Awaitable[None]]


@pytest.fixture
def leave(core: Core, customer: Customer, provider: FakeOpenAI) -> Leave:
    """Ask a provider for a purpose, as all that leaves does."""
    ledger = BoundLedger(
        ProviderLedger(database=core.database), customer.organization_id, customer.conversation_id
    )
    gateway = Gateway()

    async def run(purpose: Purpose) -> None:
        common: Any = {
            "masking": new_masking(None),
            "llm": {"model": "openai:m", "base_url": provider.base_url, "api_key": "k"},
            "seconds": 20,
            "ledger": ledger,
        }
        if purpose == "embed":
            await Embedder().embed([f"мой номер {PHONE}"], **common)
            return
        parts = [Part("human", (Said(f"мой номер {PHONE}"),), searched=True)]
        await gateway.ask(purpose=purpose, parts=parts, **common)
        await gateway.drain()

    return run


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_what_leaves_is_masked_and_in_the_ledger(
    leave: Leave, purpose: Purpose, viewer: Console, provider: FakeOpenAI
) -> None:
    await leave(purpose)
    assert len(provider.seen) == 1
    assert PHONE not in provider.everything
    (row,) = (await viewer.get(f"/api/privacy/calls?purpose={purpose}"))["items"]
    detail = await viewer.get(f"/api/privacy/calls/{row['id']}")
    assert detail["state"] == "done"
    assert PHONE not in str(detail)
    assert "<PHONE_1>" in detail["masked_prompt"][-1]["text"]


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_what_cannot_be_masked_does_not_leave(
    leave: Leave,
    purpose: Purpose,
    provider: FakeOpenAI,
    monkeypatch: pytest.MonkeyPatch,
    viewer: Console,
) -> None:
    def broken(*_: Any) -> str:
        raise MaskingFailedError

    monkeypatch.setattr(Masking, "mask", broken)
    with pytest.raises(ProviderError, match="masking_failed"):
        await leave(purpose)
    assert provider.seen == []
    assert (await viewer.get("/api/privacy/calls"))["items"] == []


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_no_provider_at_all(
    leave: Leave, purpose: Purpose, provider: FakeOpenAI, admin: Console
) -> None:
    await admin.patch("/api/privacy/settings", {"providers_allowed": False})
    with pytest.raises(ProviderError, match="providers_forbidden"):
        await leave(purpose)
    assert provider.seen == []
    assert (await admin.get("/api/privacy/calls"))["items"] == []


@pytest.mark.parametrize("how", ["forbidden", "masking"])
async def test_operators_get_what_needs_no_provider(
    use: UseProvider,
    admin: Console,
    operator: Console,
    customer: Customer,
    provider: FakeOpenAI,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    await use(embeddings={"model": "openai:e", "base_url": provider.base_url, "api_key": "k"})
    await customer.writes(f"Сколько стоит доставка в Астану? Мой номер {PHONE}")
    if how == "forbidden":
        await admin.patch("/api/privacy/settings", {"providers_allowed": False})
    else:

        def broken(*_: Any) -> str:
            raise MaskingFailedError

        monkeypatch.setattr(Masking, "mask", broken)
    suggestion = await operator.post(f"{customer.path}/suggestion")
    summary = await operator.post(f"{customer.path}/summary")
    assert summary["method"] == "built_in"
    assert suggestion["method"] != "llm"
    if how == "masking":
        assert (suggestion["error"], summary["error"]) == ("masking_failed", "masking_failed")
    assert provider.seen == []
    assert (await admin.get("/api/privacy/calls"))["items"] == []
