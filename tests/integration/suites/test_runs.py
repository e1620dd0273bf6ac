"""Suites and replays over the real engine: results, resuming, cancelling, the gate, and money."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.assistant.suites import runner
from crm.assistant.suites.runner import RunWorker
from crm.core.clock import utc_now
from crm.core.feature import Core
from tests.fakes.openai_server import FakeOpenAI, FakeReply
from tests.support.console import Console

DELIVERY = "# Доставка\n\n## Цена\n\nДоставка в Астану стоит 1 500 ₸.\n\n## Срок\n\nВезём два дня."
ASKED = "сколько стоит доставка в Астану?"
UNKNOWN = "есть ли у вас подарочные сертификаты?"


async def suite_of(console: Console, *cases: dict[str, Any], **values: Any) -> str:
    made = await console.post("/api/assistant/suites", {"name": "Main", **values}, status=201)
    for case in cases:
        await console.post(f"/api/assistant/suites/{made['id']}/cases", case, status=201)
    return str(made["id"])


def case(*turns: str, **expect: Any) -> dict[str, Any]:
    return {"turns": list(turns), "expect": expect}


async def know_delivery(console: Console) -> None:
    body = {"name": "d.md", "content": DELIVERY}
    await console.post("/api/knowledge/sources", body, status=201)
    for _ in range(1_000):
        sources = await console.get("/api/knowledge/sources")
        if all(source["state"] == "ready" for source in sources["items"]):
            return
        await asyncio.sleep(0.1)
    pytest.fail("the document is not ready")


async def run(console: Console, worker: RunWorker, **values: Any) -> tuple[Any, list[Any]]:
    started = await console.post("/api/assistant/runs", values, status=201)
    assert started["state"] == "queued"
    await worker.run(console.organization_id, ObjectId(started["id"]))
    done = await console.get(f"/api/assistant/runs/{started['id']}")
    results = await console.get(f"/api/assistant/runs/{started['id']}/results")
    return done, results["items"]


async def test_a_suite_passes_and_fails_in_words(owner: Console, run_worker: RunWorker) -> None:
    await know_delivery(owner)
    suite_id = await suite_of(
        owner,
        case(ASKED, contains=["1500 ₸"], cites=["d.md"], declines=False, language="ru", intent="ask_question"),
        case(UNKNOWN, declines=True, hands_over=False),
        case(ASKED, contains=["2 000"], not_contains=["1 500"], cites=["prices.md"], declines=True, language="kk", intent="greet"),
        case(
            "хочу заказать палатку", "Асель", "8 701 555 01 23",
            effects=[{"kind": "lead", "data": {"name": "асель", "phone": "+77015550123"}}],
        ),
        case("позовите человека", hands_over=True),
        case("привет", hands_over=True, effects=[{"kind": "lead"}]),
    )  # fmt: skip
    done, results = await run(owner, run_worker, kind="suite", suite_id=suite_id)
    assert (done["state"], done["done"], done["total"]) == ("done", 6, 6)
    assert (done["passed"], done["failed"]) == (4, 2)
    assert [result["state"] for result in results] == [
        "passed", "passed", "failed", "passed", "passed", "failed",
    ]  # fmt: skip
    failures = {failure["check"]: failure for failure in results[2]["failures"]}
    assert set(failures) == {"contains", "not_contains", "cites", "declines", "language", "intent"}
    assert "1 500 ₸" in failures["contains"]["got"]
    assert failures["cites"]["detail"] == "The answer does not rest on “prices.md”, but on d.md."
    assert {check: failure["code"] for check, failure in failures.items()} == {
        "contains": "text_missing",
        "not_contains": "text_forbidden",
        "cites": "document_not_cited",
        "declines": "answered",
        "language": "wrong_language",
        "intent": "wrong_intent",
    }
    assert [failure["code"] for failure in results[5]["failures"]] == [
        "not_handed_over",
        "not_done",
    ]
    assert results[5]["failures"][1]["wanted"] == {"kind": "lead", "data": {}}
    assert results[5]["failures"][1]["done"] == []
    # Each answer is kept with all that a trial shows of it.
    assert results[0]["turns"][0]["turn"]["replies"][-1]["trace"]["method"] == "extractive"
    listed = await owner.get("/api/assistant/suites")
    assert listed["items"][0]["last_run"]["id"] == done["id"]
    failed = await owner.get(f"/api/assistant/runs/{done['id']}/results?state=failed&limit=1")
    assert [item["position"] for item in failed["items"]] == [2]
    assert failed["next_cursor"]


async def test_a_killed_run_goes_on_where_it_was_and_counts_nothing_twice(
    owner: Console, core: Core, run_worker: RunWorker
) -> None:
    suite_id = await suite_of(owner, *(case("привет", language="ru") for _ in range(5)))
    started = await owner.post(
        "/api/assistant/runs", {"kind": "suite", "suite_id": suite_id}, status=201
    )
    run_id = ObjectId(started["id"])
    await run_worker.run(owner.organization_id, run_id)
    results = core.database.collection("assistant_results")
    # As a process leaves it that was killed after three of five: its lease runs out by itself.
    await results.delete_many({"run_id": run_id, "position": {"$in": [1, 4]}})
    lost = {"holder": "dead", "until": utc_now() + timedelta(seconds=60)}
    await core.database.collection("assistant_runs").update_one(
        {"_id": run_id},
        {"$set": {"state": "running", "lease": lost, "done": 3, "passed": 3, "finished_at": None}},
    )
    assert await run_worker.sweep() == 0
    await core.database.collection("assistant_runs").update_one(
        {"_id": run_id}, {"$set": {"lease.until": utc_now() - timedelta(seconds=1)}}
    )
    assert await run_worker.sweep() == 1
    for _ in range(1_200):
        done = await owner.get(f"/api/assistant/runs/{run_id}")
        if done["state"] == "done":
            break
        await asyncio.sleep(0.05)
    assert (done["state"], done["done"], done["passed"]) == ("done", 5, 5)
    assert await results.count_documents({"run_id": run_id}) == 5


async def test_a_cancelled_run_stops_and_what_it_found_stays(
    owner: Console, run_worker: RunWorker
) -> None:
    suite_id = await suite_of(owner, *(case("привет", language="ru") for _ in range(30)))
    started = await owner.post(
        "/api/assistant/runs", {"kind": "suite", "suite_id": suite_id}, status=201
    )
    path = f"/api/assistant/runs/{started['id']}"
    running = asyncio.create_task(run_worker.run(owner.organization_id, ObjectId(started["id"])))
    for _ in range(500):
        if (await owner.get(path))["done"] >= 2:
            break
        await asyncio.sleep(0.02)
    cancelled = await owner.post(f"{path}/cancel")
    assert cancelled["state"] == "cancelled"
    await running
    after = await owner.get(path)
    assert after["state"] == "cancelled"
    assert 2 <= after["done"] < 30
    assert len((await owner.get(f"{path}/results"))["items"]) == after["done"]
    problem = await owner.post(f"{path}/cancel", status=409)
    assert problem["code"] == "run_over"


async def test_progress_is_told(owner: Console, core: Core, run_worker: RunWorker) -> None:
    suite_id = await suite_of(owner, case("привет", language="ru"))
    done, _ = await run(owner, run_worker, kind="suite", suite_id=suite_id)
    told = core.database.collection("events").find({"type": "assistant.run_updated"}).sort("seq", 1)
    states = [event["data"]["state"] async for event in told]
    assert states[0] == "queued"
    assert states[-1] == "done"
    assert done["content_hash"]


async def publish(console: Console, **expected: Any) -> Any:
    draft = (await console.get("/api/assistant"))["draft"]
    body = {"reason": "try", "revision": draft["revision"]}
    return await console.post("/api/assistant/publish", body, **expected)


async def change(console: Console, **values: Any) -> None:
    draft = (await console.get("/api/assistant"))["draft"]
    await console.patch("/api/assistant/draft", {"revision": draft["revision"], **values})


async def test_with_the_gate_on_documents_wait_for_publishing_too(
    owner: Console, core: Core
) -> None:
    async def live() -> Any:
        return (await owner.get("/api/assistant"))["knowledge"]

    await suite_of(owner, case("привет", language="ru"), required=True)
    before = await live()
    assert before["goes_live"] == "at_once"
    changed = await owner.patch("/api/assistant/gate", {"required": True})
    assert changed["knowledge_goes_live"] == "with_publishing"
    event = await core.database.collection("events").find_one({"type": "assistant.gate_changed"})
    assert event is not None
    assert event["data"] == {"required": True, "knowledge_goes_live": "with_publishing"}
    await know_delivery(owner)
    assert (await live())["published"] == before["published"]
    at_once = {"knowledge_goes_live": "at_once"}
    assert (await owner.patch("/api/organization", at_once, status=409))["code"] == "gate_required"
    # Who no longer asks for suites says for himself that documents need not wait any more.
    changed = await owner.patch("/api/assistant/gate", {"required": False})
    assert changed["knowledge_goes_live"] == "with_publishing"
    await owner.patch("/api/organization", at_once)
    assert (await live())["goes_live"] == "at_once"


async def test_publishing_needs_the_required_suite_green_for_exactly_this_content(
    owner: Console, run_worker: RunWorker
) -> None:
    assert (await owner.patch("/api/assistant/gate", {"required": True}, status=409))["code"] == (
        "no_required_suite"
    )
    suite_id = await suite_of(owner, case("привет", contains=["Ассалам"]), required=True)
    gate = await owner.patch("/api/assistant/gate", {"required": True})
    assert (gate["required"], gate["green"]) == (True, None)
    await change(owner, tone="gruff")
    assert (await publish(owner, status=409))["code"] == "suite_not_green"
    done, _ = await run(owner, run_worker, kind="suite", suite_id=suite_id)
    assert done["failed"] == 1
    gate = await owner.get("/api/assistant/gate")
    assert gate["green"] is False
    assert gate["suites"][0]["run"]["id"] == done["id"]
    assert (await publish(owner, status=409))["code"] == "suite_not_green"
    await change(owner, greeting={"ru": "Ассалам алейкум!"})
    assert (await owner.get("/api/assistant/gate"))["green"] is None
    done, _ = await run(owner, run_worker, kind="suite", suite_id=suite_id)
    assert done["failed"] == 0
    assert (await owner.get("/api/assistant"))["gate"]["green"] is True
    # A case that was added since is not proven.
    await owner.post(
        f"/api/assistant/suites/{suite_id}/cases", case("привет", language="ru"), status=201
    )
    assert (await publish(owner, status=409))["code"] == "suite_not_green"
    await run(owner, run_worker, kind="suite", suite_id=suite_id)
    assert (await publish(owner))["number"] == 2
    # And a document that was added since is not, either.
    await change(owner, tone="kind")
    await run(owner, run_worker, kind="suite", suite_id=suite_id)
    await know_delivery(owner)
    assert (await publish(owner, status=409))["code"] == "suite_not_green"


async def test_a_run_that_may_cost_money_is_asked_about_first(
    owner: Console, run_worker: RunWorker
) -> None:
    await owner.patch(
        "/api/organization/llm",
        {"model": "openai:m", "base_url": "http://127.0.0.1:9/v1", "api_key": "secret"},
    )
    suite_id = await suite_of(owner, case(ASKED, declines=True), case("привет", language="ru"))
    wanted = {"kind": "suite", "suite_id": suite_id}
    estimate = await owner.post("/api/assistant/runs/estimate", wanted)
    assert (estimate["messages"], estimate["calls"], estimate["cost"]) == (2, 6, None)
    problem = await owner.post("/api/assistant/runs", wanted, status=409)
    assert problem["code"] == "calls_not_allowed"
    assert "6 times" in problem["detail"]
    started = await owner.post("/api/assistant/runs", {**wanted, "allow_calls": True}, status=201)
    assert started["estimate"]["calls"] == 6
    await change(owner, model={"enabled": False})
    assert (await owner.post("/api/assistant/runs/estimate", wanted))["calls"] == 0


async def test_nothing_is_run_without_cases_and_not_too_much_at_once(owner: Console) -> None:
    suite_id = await suite_of(owner)
    wanted = {"kind": "suite", "suite_id": suite_id}
    assert (await owner.post("/api/assistant/runs", wanted, status=409))["code"] == "nothing_to_run"
    await owner.post(
        f"/api/assistant/suites/{suite_id}/cases", case("привет", language="ru"), status=201
    )
    for _ in range(3):
        await owner.post("/api/assistant/runs", wanted, status=201)
    assert (await owner.post("/api/assistant/runs", wanted, status=409))["code"] == "too_many_runs"


async def test_a_run_stops_at_the_months_spending_limit(
    owner: Console, run_worker: RunWorker
) -> None:
    await know_delivery(owner)
    suite_id = await suite_of(owner, *(case(ASKED, declines=False) for _ in range(4)))
    async with FakeOpenAI.running() as fake:
        fake.replies = [FakeReply(text="Доставка в Астану стоит 1 500 ₸ [1].")]
        await owner.patch(
            "/api/organization/llm",
            {
                "model": "openai:m",
                "base_url": fake.base_url,
                "api_key": "secret",
                "prices": {"input": 1000.0, "output": 1000.0, "currency": "KZT"},
                "monthly_limit": 0.5,
            },
        )
        done, results = await run(
            owner, run_worker, kind="suite", suite_id=suite_id, allow_calls=True
        )
        assert (done["state"], done["error"]) == ("failed", "spend_limit_reached")
        assert done["done"] < 4
        assert len(results) == done["done"]
        seen = len(fake.seen)
        # What was not asked for costs nothing: without a model the suite runs to its end.
        await change(owner, model={"enabled": False})
        done, _ = await run(owner, run_worker, kind="suite", suite_id=suite_id)
        assert (done["state"], done["cost"]) == ("done", None)
        assert len(fake.seen) == seen


async def test_what_is_said_without_the_versions_model_proves_nothing(
    owner: Console, run_worker: RunWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "RETRY_SECONDS", 0.01)
    await know_delivery(owner)
    suite_id = await suite_of(owner, case(ASKED, declines=False))
    async with FakeOpenAI.running() as fake:
        fake.replies = [FakeReply(status=401)]
        await owner.patch(
            "/api/organization/llm",
            {"model": "openai:m", "base_url": fake.base_url, "api_key": "secret"},
        )
        done, [result] = await run(
            owner, run_worker, kind="suite", suite_id=suite_id, allow_calls=True
        )
    assert (done["state"], done["passed"], done["failed"]) == ("done", 0, 1)
    assert result["state"] == "error"
    assert (result["error"], result["error_reasons"]) == (
        "model_unanswered",
        ["provider_rejected_key"],
    )
    assert result["error_detail"] == "The language model did not answer: provider_rejected_key."
