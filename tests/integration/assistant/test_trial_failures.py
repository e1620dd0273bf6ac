"""A trial whose engine fails, or does not run, is as it was before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from crm.assistant import trial_store
from crm.assistant.trial_store import MAX_TURNS, TRIALS
from crm.core.clock import utc_now
from crm.core.feature import Core
from crm.core.settings import Settings
from tests.support.console import Console

type Answer = Callable[[dict[str, Any]], Awaitable[web.Response]]


class Engine:
    """Answers as it is told to."""

    def __init__(self) -> None:
        self.turns: list[dict[str, Any]] = []
        self.answer: Answer = self.hello

    async def hello(self, _: dict[str, Any]) -> web.Response:
        return web.json_response({"replies": [{"text": "hello"}], "language": "en", "skill": "x"})

    async def turn(self, request: web.Request) -> web.Response:
        self.turns.append(await request.json())
        return await self.answer(self.turns[-1])


@pytest.fixture
async def engine() -> Engine:
    return Engine()


@pytest.fixture
async def settings(settings: Settings, engine: Engine) -> AsyncIterator[Settings]:
    application = web.Application()
    application.router.add_post("/webhooks/aitys/turn", engine.turn)
    server = TestServer(application)
    await server.start_server()
    yield settings.model_copy(
        update={"engine_url": str(server.make_url("/")), "engine_token": SecretStr("t")}
    )
    await server.close()


async def start(console: Console) -> str:
    trial = await console.post("/api/assistant/trials", {"language": "en"}, status=201)
    return f"/api/assistant/trials/{trial['id']}"


async def test_a_failed_turn_leaves_no_trace_and_the_next_one_works(
    owner: Console, core: Core, engine: Engine
) -> None:
    path = await start(owner)

    async def fails_after_an_effect(body: dict[str, Any]) -> web.Response:
        # A skill has noted something before another one failed.
        await core.database.collection(TRIALS).update_one(
            {},
            {
                "$push": {"effects": {"turn": 1, "kind": "task", "data": {}, "source_key": "k"}},
                "$set": {"facts.name": "A", "status": "waiting"},
            },
        )
        return web.json_response({}, status=503)

    before = await core.database.collection(TRIALS).find_one({})
    engine.answer = fails_after_an_effect
    problem = await owner.post(path + "/messages", {"text": "hi"}, status=503)
    assert problem["code"] == "trial_failed"
    assert await core.database.collection(TRIALS).find_one({}) == before
    engine.answer = engine.hello
    turn = await owner.post(path + "/messages", {"text": "hi"})
    assert [reply["text"] for reply in turn["replies"]][1:] == ["hello"]
    assert len((await owner.get(path))["turns"]) == 1


async def test_an_invented_button_means_its_title(owner: Console, engine: Engine) -> None:
    async def refuse_payloads(body: dict[str, Any]) -> web.Response:
        if body["message"]["payload"]:
            return web.json_response({}, status=400)
        return await engine.hello(body)

    engine.answer = refuse_payloads
    path = await start(owner)
    await owner.post(path + "/messages", {"text": "hi", "payload": "/invented"})
    assert [turn["message"]["payload"] for turn in engine.turns] == ["/invented", None]


async def test_a_turn_that_died_does_not_block_its_trial_for_ever(
    owner: Console, core: Core, engine: Engine
) -> None:
    path = await start(owner)
    trials = core.database.collection(TRIALS)
    await trials.update_one({}, {"$set": {"busy_until": utc_now()}})
    await asyncio.sleep(0.01)
    await owner.post(path + "/messages", {"text": "hi"})
    await trials.update_one({}, {"$set": {"busy_until": utc_now() + timedelta(days=1)}})
    problem = await owner.post(path + "/messages", {"text": "hi"}, status=409)
    assert problem["code"] == "trial_busy"


async def test_a_trial_ends_before_its_document_is_full(
    owner: Console, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await start(owner)
    trials = core.database.collection(TRIALS)
    hello = {"text": "hi"}
    await trials.update_one({}, {"$set": {"turn": MAX_TURNS - 1}})
    await owner.post(f"{path}/messages", hello)
    problem = await owner.post(f"{path}/messages", hello, status=409)
    assert problem["code"] == "trial_full"
    assert "begin a new one" in problem["title"]
    # Long prompts fill it sooner.
    await trials.update_one({}, {"$set": {"turn": 2}})
    await owner.post(f"{path}/messages", hello)
    size = await trials.aggregate([{"$project": {"size": {"$bsonSize": "$$ROOT"}}}])
    monkeypatch.setattr(trial_store, "MAX_BYTES", (await size.to_list())[0]["size"])
    problem = await owner.post(f"{path}/messages", hello, status=409)
    assert problem["code"] == "trial_full"
    assert len((await owner.get(path))["turns"]) == 2
