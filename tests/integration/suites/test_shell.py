"""`aitys eval assistant` against a running product: what it prints, and how it exits."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from crm.assistant.suites.runner import RunWorker
from crm.cli.evaluate_assistant import evaluate_assistant
from crm.core.settings import Settings
from tests.integration.suites.test_runs import case, suite_of
from tests.support.console import Console


@asynccontextmanager
async def sweeping(worker: RunWorker) -> AsyncIterator[None]:
    async def sweep() -> None:
        while True:
            await worker.sweep()
            await asyncio.sleep(0.1)

    task = asyncio.create_task(sweep())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def evaluate(settings: Settings, **values: object) -> int:
    asked = {
        "organization": None,
        "suite": None,
        "target": "draft",
        "allow_calls": False,
        "as_json": False,
        **values,
    }
    return await asyncio.to_thread(evaluate_assistant, settings, **asked)  # type: ignore[arg-type]


async def test_passed_suites_exit_with_0_and_a_failure_with_1(
    owner: Console, run_worker: RunWorker, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await suite_of(owner, case("привет", language="ru"))
    async with sweeping(run_worker):
        assert await evaluate(settings) == 0
        assert capsys.readouterr().out.splitlines()[1].split() == ["Main", "1", "1", "0"]
        made = await owner.post("/api/assistant/suites", {"name": "Second"}, status=201)
        path = f"/api/assistant/suites/{made['id']}/cases"
        await owner.post(path, {**case("привет", language="kk"), "name": "Kazakh"}, status=201)
        assert await evaluate(settings, target="published") == 1
        out = capsys.readouterr().out
        assert "✗ Second: Kazakh" in out
        assert "The answer is in “ru”, not in “kk”." in out
        assert await evaluate(settings, suite="Main", as_json=True) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["passed"], told["failed"], told["ended"]) == (1, 0, True)
        assert told["suites"][0]["cases"][0]["state"] == "passed"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"suite": "Other"}, "has no suite “Other”"),
        ({"organization": "nobody"}, "There is no organization “nobody”"),
        ({"target": "newest"}, "draft, published or the number"),
        ({"target": "7"}, "There is no such version"),
    ],
)
async def test_a_wrong_call_exits_with_2_and_says_what_is_wrong(
    owner: Console,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    wrong: dict[str, str],
    sentence: str,
) -> None:
    await suite_of(owner, case("привет", language="ru"))
    assert await evaluate(settings, **wrong) == 2
    assert sentence in capsys.readouterr().err


async def test_money_is_asked_about(
    owner: Console, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await suite_of(owner, case("привет", language="ru"))
    await owner.patch(
        "/api/organization/llm",
        {"model": "openai:m", "base_url": "http://127.0.0.1:9/v1", "api_key": "secret"},
    )
    assert await evaluate(settings) == 2
    assert "up to 3 times. Repeat with --allow-calls." in capsys.readouterr().err
