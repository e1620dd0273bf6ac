"""What a question would cost, told while the content is being edited."""

import asyncio

import pytest

from crm.core.feature import Core
from crm.core.settings import Settings
from tests.support.console import Console

PATH = "/api/assistant/estimate"


async def test_the_prompt_is_shown_as_it_would_be(viewer: Console, owner: Console) -> None:
    document = "# Доставка\n\nДоставка в Астану стоит 1 500 ₸."
    await owner.post("/api/knowledge/sources", {"name": "d.md", "content": document})
    content = {"instructions": "Ты работаешь в {company}.", "tone": "сухой"}
    found = await viewer.post(PATH, {"content": content})
    assert "Ты работаешь в Company." in found["rendered"]
    assert "сухой" in found["rendered"]
    assert (found["model"], found["cost"], found["currency"]) == (None, None, None)
    longer = await viewer.post(PATH, {"content": {"instructions": "Отвечай вежливо. " * 100}})
    assert longer["input_tokens"] > found["input_tokens"] + 300
    plain = await viewer.post(PATH, {})
    assert plain["input_tokens"] < found["input_tokens"]


async def test_documents_are_part_of_it(owner: Console) -> None:
    before = await owner.post(PATH, {})
    document = "# Доставка\n\nДоставка в Астану стоит 1 500 ₸."
    await owner.post("/api/knowledge/sources", {"name": "d.txt", "content": document})
    for _ in range(600):
        after = await owner.post(PATH, {})
        if "1 500 ₸" in after["rendered"]:
            break
        await asyncio.sleep(0.1)
    assert "1 500 ₸" in after["rendered"]
    assert after["input_tokens"] > before["input_tokens"]


async def test_prices_make_a_cost(owner: Console, core: Core, settings: Settings) -> None:
    prices = {"input": 1.0, "output": 2.0, "currency": "USD"}
    llm = {"model": "openai:demo", "base_url": None, "api_key_encrypted": None, "prices": prices}
    await core.database.collection("organizations").update_one(
        {"_id": owner.organization_id}, {"$set": {"llm": llm}}
    )
    found = await owner.post(PATH, {"content": {"model": {"max_tokens": 100, "name": "other"}}})
    assert (found["model"], found["currency"], found["output_tokens"]) == (
        "openai:other",
        "USD",
        100,
    )
    expected = (found["input_tokens"] + 2 * 100) / 1_000_000
    assert found["cost"] == pytest.approx(expected, abs=1e-6)
    off = await owner.post(PATH, {"content": {"model": {"enabled": False}}})
    assert off["cost"] is None


async def test_what_does_not_fit_is_told(owner: Console) -> None:
    problem = await owner.post(PATH, {"content": {"languages": []}}, status=422)
    assert problem["errors"][0]["field"] == "languages"
