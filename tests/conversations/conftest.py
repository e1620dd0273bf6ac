"""The real engine, action server and mongod, with the CRM played by a fake on loopback; once a session."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.conversations.support import processes
from tests.conversations.support.fake_crm import FakeCrm
from tests.conversations.support.talk import Talk

ENGINE_TOKEN, INTERNAL_TOKEN = "engine-token", "internal-token"


@pytest_asyncio.fixture(scope="session")
async def crm_server() -> AsyncIterator[tuple[FakeCrm, str]]:
    crm = FakeCrm(INTERNAL_TOKEN)
    runner = web.AppRunner(crm.app())
    await runner.setup()
    port = processes.free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield crm, f"http://127.0.0.1:{port}"
    await runner.cleanup()


@pytest_asyncio.fixture(scope="session")
async def engine_url(
    crm_server: tuple[FakeCrm, str], mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    folder = Path(tmp_path_factory.mktemp("engine"))
    url, actions_url = (f"http://127.0.0.1:{processes.free_port()}" for _ in range(2))
    model = processes.trained_model()
    async with (
        processes.action_server(
            folder, url=actions_url, crm_url=crm_server[1], token=INTERNAL_TOKEN
        ),
        processes.engine(
            folder,
            url=url,
            actions_url=actions_url,
            mongodb_uri=mongodb_uri,
            engine_token=ENGINE_TOKEN,
            internal_token=INTERNAL_TOKEN,
            model=model,
        ),
    ):
        yield url


@pytest.fixture
def crm(crm_server: tuple[FakeCrm, str]) -> FakeCrm:
    crm_server[0].reset()
    return crm_server[0]


@pytest_asyncio.fixture(scope="session")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {ENGINE_TOKEN}"}) as opened:
        yield opened


@pytest.fixture
def talk(engine_url: str, session: aiohttp.ClientSession, crm: FakeCrm) -> Callable[..., Talk]:
    def make(**values: Any) -> Talk:
        return Talk(session, engine_url, content=crm.content, **values)

    return make
