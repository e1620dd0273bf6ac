"""The web process as a process: it starts, tells what is wrong, and ends when told."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from crm.core.database import Database
from crm.core.settings import Settings
from crm.web import CANNOT_START
from tests.support.patience import PATIENCE_SECONDS

type Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(settings: Settings, database: Database) -> AsyncIterator[Start]:
    processes: list[Process] = []
    assert settings.mongodb_uri is not None
    environment = {
        **os.environ,
        "AITYS_PORT": str(settings.port),
        "AITYS_DATA_DIR": str(settings.data_dir),
        "AITYS_MONGODB_URI": settings.mongodb_uri.get_secret_value(),
        "AITYS_MONGODB_DATABASE": settings.mongodb_database,
    }

    async def start(**more: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "crm.web"), env={**environment, **more}, stderr=PIPE
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until_healthy(settings: Settings) -> None:
    url = f"http://127.0.0.1:{settings.port}/api/health"
    async with aiohttp.ClientSession() as session:
        for _ in range(1_000):
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
    pytest.fail("the web process does not answer even after 100 s")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_and_ends_when_told(
    start: Start, settings: Settings, number: signal.Signals
) -> None:
    process = await start()
    await until_healthy(settings)
    process.send_signal(number)
    _, complaints = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 0, complaints.decode()
    assert b"Traceback" not in complaints


async def test_a_taken_port_is_one_sentence(start: Start, settings: Settings) -> None:
    await start()
    await until_healthy(settings)
    second = await start()
    _, complaints = await asyncio.wait_for(second.communicate(), PATIENCE_SECONDS)
    assert second.returncode == CANNOT_START
    last = complaints.decode().strip().splitlines()[-1]
    assert last.startswith(f"AITYS_PORT {settings.port} cannot be used")


async def test_a_wrong_setting_is_one_sentence(start: Start) -> None:
    process = await start(AITYS_PUBLIC_URL="chat.example.kz")
    _, complaints = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == CANNOT_START
    assert complaints.decode().startswith("AITYS_PUBLIC_URL is wrong")
    assert complaints.count(b"\n") == 1
