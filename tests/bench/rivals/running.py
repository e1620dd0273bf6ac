"""A rival's process: one of the modules beside this one, with its settings in the environment."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from crm.cli.installation import Installation
from crm.cli.mongod import free_port
from crm.cli.processes import Process, Program


@asynccontextmanager
async def running_rival(
    module: str, environment: Mapping[str, str], *, folder: Path
) -> AsyncIterator[str]:
    """Run a rival while the body runs; yields its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    installation = Installation.here()
    program = Program(
        name=module.rpartition(".")[2],
        command=[str(installation.python), "-m", module],
        environment={**os.environ, **environment, "PORT": str(port)},
        folder=installation.root,
        ready=lambda: answers(url),
    )
    process = Process(program, logs=folder)
    try:
        await process.start()
        yield url
    finally:
        await process.stop()


async def answers(url: str) -> bool:
    """Whether anything answers there."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status < 500
    except (aiohttp.ClientError, OSError):
        return False
