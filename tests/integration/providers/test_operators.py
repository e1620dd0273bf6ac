"""A suggested reply and a summary, through the same masked path as answers."""

from bson import ObjectId

from crm.core.feature import Core
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.integration.providers.conftest import Customer, UseProvider
from tests.support.console import Console

JUDGED = FakeReply(text="YES", when="You judge whether")


async def test_without_a_provider_the_documents_own_words(
    operator: Console, customer: Customer
) -> None:
    await customer.writes("Здравствуйте")
    await customer.writes("сколько стоит доставка в Астану?")
    suggested = await operator.post(f"{customer.path}/suggestion")
    assert "1 500 ₸" in suggested["text"]
    assert "Источник" not in suggested["text"]
    assert (suggested["answered"], suggested["method"]) == (True, "extractive")
    assert suggested["sources"][0]["document"] == "delivery.md"
    summary = await operator.post(f"{customer.path}/summary")
    assert summary["method"] == "built_in"
    assert "палатка" in summary["text"]
    assert "сколько стоит доставка в Астану?" in summary["text"]


async def test_a_model_suggests_from_masked_words(
    operator: Console, customer: Customer, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    provider.reply(JUDGED, "Доставка в Астану стоит 1 500 ₸ [1].")
    await customer.writes("Это Асель Нурланова, 8 701 555 01 23. Сколько стоит доставка в Астану?")
    suggested = await operator.post(f"{customer.path}/suggestion")
    assert suggested["text"] == "Доставка в Астану стоит 1 500 ₸."
    assert (suggested["method"], suggested["error"]) == ("llm", None)
    assert provider.seen
    for secret in ("555 01 23", "Нурланова", "Асель"):
        assert secret not in provider.everything
    calls = (await operator.get("/api/privacy/calls"))["items"]
    assert {call["purpose"] for call in calls} == {"suggest", "judge"}
    assert {call["conversation_id"] for call in calls} == {str(customer.conversation_id)}
    kinds = {row["kind"] for row in (await customer.conversation())["markers"]}
    assert {"PHONE", "PERSON"} <= kinds


async def test_nothing_to_suggest(operator: Console, customer: Customer) -> None:
    suggested = await operator.post(f"{customer.path}/suggestion")
    assert (suggested["text"], suggested["answered"]) == ("", False)
    await customer.writes("чините ли вы стиральные машины?")
    suggested = await operator.post(f"{customer.path}/suggestion")
    assert (suggested["text"], suggested["method"]) == ("", "declined")


async def test_a_summary_is_masked_checked_and_restored(
    operator: Console, customer: Customer, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    await customer.writes("Привезите 2 палатки, мой телефон 8 701 555 01 23")
    await customer.writes("Привезём завтра", kind="operator")

    def summary(messages: list[dict[str, str]]) -> str:
        assert "Employee: Привезём завтра" in messages[-1]["content"]
        return "Клиент просит 2 палатки, телефон <PHONE_1>. Ему обещали скидку 30 %."

    provider.reply(FakeReply(text=summary))
    found = await operator.post(f"{customer.path}/summary")
    assert found == {
        "text": "Клиент просит 2 палатки, телефон 8 701 555 01 23.",
        "method": "llm",
        "error": None,
    }
    assert "555 01 23" not in provider.everything
    provider.reply("Позвонить на <PHONE_7>.")
    found = await operator.post(f"{customer.path}/summary")
    assert (found["method"], found["error"]) == ("built_in", "unknown_marker")
    provider.reply(FakeReply(status=401))
    found = await operator.post(f"{customer.path}/summary")
    assert (found["method"], found["error"]) == ("built_in", "provider_rejected_key")


async def test_when_nothing_may_leave_nothing_does(
    operator: Console, admin: Console, customer: Customer, provider: FakeOpenAI, use: UseProvider
) -> None:
    await use()
    await admin.patch("/api/privacy/settings", {"providers_allowed": False})
    await customer.writes("сколько стоит доставка в Астану?")
    assert (await operator.post(f"{customer.path}/suggestion"))["method"] == "extractive"
    assert (await operator.post(f"{customer.path}/summary"))["method"] == "built_in"
    assert provider.seen == []


async def test_at_the_months_limit_the_documents_answer(
    operator: Console, customer: Customer, provider: FakeOpenAI, use: UseProvider, core: Core
) -> None:
    prices = {"input": 1000.0, "output": 1000.0, "currency": "KZT"}
    await use(prices=prices, monthly_limit=0.01)
    await customer.writes("сколько стоит доставка в Астану?")
    suggested = await operator.post(f"{customer.path}/suggestion")
    assert (suggested["method"], suggested["error"]) == ("extractive", "spend_limit_reached")
    assert provider.seen == []
    assert await core.database.collection("provider_calls").count_documents({}) == 0


async def test_others_conversations_are_not_there(stranger: Console, customer: Customer) -> None:
    await stranger.post(f"{customer.path}/suggestion", status=404)
    await stranger.post(f"{customer.path}/summary", status=404)
    await stranger.post(f"/api/conversations/{ObjectId()}/summary", status=404)
