"""An answer as the action server makes it: context, ledger and markers over the internal API."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from actions.crm_client import CrmClient
from actions.ledger import CrmLedger
from bot.answering import Answer, Answerer
from crm.core.settings import Settings
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.integration.providers.conftest import Customer, UseProvider
from tests.support.console import Console

JUDGED = FakeReply(text="YES", when="You judge whether")
PRICES = {"input": 100.0, "output": 400.0, "currency": "KZT"}


class Bot:
    """Answers in one conversation."""

    def __init__(self, crm: CrmClient, customer: Customer) -> None:
        self._crm = crm
        self._customer = customer
        self._answerer = Answerer(http_deadline_seconds=60)

    async def answer(self, text: str) -> Answer:
        organization_id = str(self._customer.organization_id)
        conversation_id = str(self._customer.conversation_id)
        await self._customer.writes(text)
        context = await self._crm.context(organization_id, conversation_id)

        async def load(version: int) -> dict[str, Any]:
            return await self._crm.knowledge(organization_id, version)

        return await self._answerer.answer(
            question=text,
            language="ru",
            history=context["history"],
            context=context,
            load_snapshot=load,
            ledger=CrmLedger(self._crm, organization_id, conversation_id),
        )


@pytest.fixture
async def bot(server: TestServer, settings: Settings, customer: Customer) -> AsyncIterator[Bot]:
    token = settings.internal_token.get_secret_value()
    crm = CrmClient(str(server.make_url("")).rstrip("/"), token)
    yield Bot(crm, customer)
    await crm.close()


async def test_every_entry_of_an_answers_trace_can_be_read(
    bot: Bot, viewer: Console, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use(prices=PRICES)
    provider.reply(JUDGED, "Доставка в Астану стоит 1 500 ₸ [1].")
    answer = await bot.answer("сколько стоит доставка в Астану? мой номер 8 701 555 01 23")
    assert answer.body == "Доставка в Астану стоит 1 500 ₸."
    trace = answer.trace
    calls = [await viewer.get(f"/api/privacy/calls/{call_id}") for call_id in trace["call_ids"]]
    assert sorted(call["purpose"] for call in calls) == ["answer", "judge"]
    written = next(call for call in calls if call["purpose"] == "answer")
    shown = "\n\n".join(f"[{part['role']}]\n{part['text']}" for part in written["masked_prompt"])
    assert shown == trace["masked_prompt"]
    assert written["raw_answer"] == trace["raw_answer"]
    assert trace["cost"] == round(sum(call["cost"] for call in calls), 6) > 0
    assert trace["currency"] == "KZT"
    assert trace["input_tokens"] == sum(call["input_tokens"] for call in calls)
    assert {check["name"] for check in trace["checks"]} == {"judge", "leak", "markers", "grounding"}
    assert all(check["passed"] for check in trace["checks"])


async def test_markers_last_over_the_turns(
    bot: Bot, customer: Customer, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    provider.reply(JUDGED, "Доставка в Астану стоит 1 500 ₸ [1].")
    await bot.answer("доставка в Астану? звоните 8 701 555 01 23, это Болат Ахметов")
    rows = (await customer.conversation())["markers"]
    phone = next(row for row in rows if row["kind"] == "PHONE")
    provider.seen.clear()
    await bot.answer("сколько стоит доставка? второй номер 8 705 111 22 33, или 8 701 555 01 23")
    (asked,) = [seen for seen in provider.seen if "You judge" not in seen.raw]
    last = asked.messages[-1]["content"].rpartition("message:\n")[2]
    assert f"или <PHONE_{phone['number']}>" in last
    rows = (await customer.conversation())["markers"]
    assert sum(row["value"] == "8 701 555 01 23" for row in rows) == 1
    assert {"8 705 111 22 33"} <= {row["value"] for row in rows}
    assert "555 01 23" not in provider.everything


async def test_who_is_in_the_companys_book_is_masked_by_name(
    bot: Bot, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    provider.reply(JUDGED, "Доставка в Астану стоит 1 500 ₸ [1].")
    await bot.answer("доставка в Астану для асель нурлановой")
    assert provider.seen
    for secret in ("нурланов", "Нурланов"):
        assert secret not in provider.everything


async def test_what_a_tenant_switches_off_is_not_masked(
    bot: Bot, admin: Console, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    await admin.patch("/api/privacy/settings", {"kinds": {"PHONE": False}})
    provider.reply(JUDGED, "Доставка в Астану стоит 1 500 ₸ [1].")
    await bot.answer("доставка в Астану? 8 701 555 01 23, ИИН 900101300017")
    assert "8 701 555 01 23" in provider.everything
    assert "900101300017" not in provider.everything


async def test_no_provider_at_all(
    bot: Bot, admin: Console, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    await admin.patch("/api/privacy/settings", {"providers_allowed": False})
    answer = await bot.answer("сколько стоит доставка в Астану?")
    assert (answer.answered, answer.trace["method"]) == (True, "extractive")
    assert provider.seen == []
    assert answer.trace["call_ids"] == []


async def test_the_action_server_learns_whether_to_make_itself_ready(
    bot: Bot, use: UseProvider
) -> None:
    assert not await bot._crm.uses_providers()
    await use()
    assert await bot._crm.uses_providers()
