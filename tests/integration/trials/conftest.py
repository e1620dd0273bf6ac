"""The web application of the test, with the real engine and action server beside it, which live as long as the tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from crm.core.settings import Settings
from tests.conversations.support import processes


@dataclass(frozen=True)
class Mind:
    """Where the engine listens, and where it and the skills look for the web process."""

    engine_url: str
    web_port: int
    engine_token: str = "engine-token"
    internal_token: str = "internal-token"


@asynccontextmanager
async def _running(folder: Path, mongodb_uri: str) -> AsyncIterator[Mind]:
    url, actions_url = (f"http://127.0.0.1:{processes.free_port()}" for _ in range(2))
    mind = Mind(engine_url=url, web_port=processes.free_port())
    model = processes.trained_model()
    async with (
        processes.action_server(
            folder,
            url=actions_url,
            crm_url=f"http://127.0.0.1:{mind.web_port}",
            token=mind.internal_token,
            module="actions.server",
        ),
        processes.engine(
            folder,
            url=url,
            actions_url=actions_url,
            mongodb_uri=mongodb_uri,
            engine_token=mind.engine_token,
            internal_token=mind.internal_token,
            model=model,
        ),
    ):
        yield mind


@pytest_asyncio.fixture(scope="session")
async def mind(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mind]:
    async with _running(Path(tmp_path_factory.mktemp("mind")), mongodb_uri) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, mind: Mind) -> Settings:
    return settings.model_copy(
        update={
            "engine_url": mind.engine_url,
            "engine_token": SecretStr(mind.engine_token),
            "internal_token": SecretStr(mind.internal_token),
        }
    )


@pytest.fixture
async def server(app: web.Application, mind: Mind) -> AsyncIterator[TestServer]:
    server = TestServer(app, port=mind.web_port)
    await server.start_server()
    yield server
    await server.close()
