"""Starts the real parts as processes on free ports and stops them: the action server, the engine."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

ROOT = Path(__file__).resolve().parents[3]
ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def process(
    command: list[str], log: Path, **environment: str
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Run a command with more environment, its output in a log; terminate it at the end."""
    with log.open("wb") as out:
        started = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield started
        finally:
            started.terminate()
            try:
                await asyncio.to_thread(started.wait, 15)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


async def answers(
    url: str,
    started: subprocess.Popen[bytes],
    log: Path,
    headers: dict[str, str],
    seconds: int = 180,
) -> None:
    """Wait until a process answers."""
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(seconds * 10):
            if started.poll() is not None:
                raise AssertionError(f"process ended: {_tail(log)}")
            try:
                async with session.get(url) as response:
                    if response.status < 500:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError(f"no answer from {url}: {_tail(log)}")


def trained_model() -> Path:
    """Return the model of the present inputs, training it when it is not there."""
    result = subprocess.run(
        [str(ENGINE_PYTHON), "-W", "ignore", "-m", "bot.engine.train"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return Path(result.stdout.strip().splitlines()[-1].split(" (")[0])


@asynccontextmanager
async def action_server(
    folder: Path,
    *,
    url: str,
    crm_url: str,
    token: str,
    module: str = "tests.conversations.support.actions_process",
) -> AsyncIterator[None]:
    """Run the action server, with the fixed clock unless another module is named."""
    log = folder / "actions.log"
    command = [sys.executable, "-m", module]
    environment = {
        "AITYS_ACTIONS_URL": url,
        "AITYS_INTERNAL_URL": crm_url,
        "AITYS_INTERNAL_TOKEN": token,
    }
    async with process(command, log, **environment) as started:
        await answers(f"{url}/health", started, log, {})
        yield


@asynccontextmanager
async def engine(
    folder: Path,
    *,
    url: str,
    actions_url: str,
    mongodb_uri: str,
    engine_token: str,
    internal_token: str,
    model: Path,
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Run the engine."""
    log = folder / "engine.log"
    environment = {
        "AITYS_ENGINE_URL": url,
        "AITYS_ACTIONS_URL": actions_url,
        "AITYS_MONGODB_URI": mongodb_uri,
        "AITYS_MONGODB_DATABASE": "engine_test",
        "AITYS_ENGINE_TOKEN": engine_token,
        "AITYS_INTERNAL_TOKEN": internal_token,
        "AITYS_ENGINE_MODEL": str(model),
    }
    async with process([str(ENGINE_PYTHON), "-m", "bot.engine.run"], log, **environment) as started:
        await answers(
            f"{url}/webhooks/aitys/", started, log, {"Authorization": f"Bearer {engine_token}"}
        )
        yield started
