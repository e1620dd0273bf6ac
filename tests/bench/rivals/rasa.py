"""Bare Rasa: `rasa run` with the same trained model, its own REST channel and its own tracker stores."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from crm.cli.installation import Installation
from crm.cli.mongod import free_port
from crm.cli.processes import Process, Program

IN_MEMORY = "tracker_store:\n  type: InMemory\n"
# Its store takes name and password apart from the address, and ignores those in the address.
IN_MONGODB = """\
tracker_store:
  type: mongod
  url: ${BENCH_MONGODB_URL}
  db: bench_rasa
  username: ${BENCH_MONGODB_USER}
  password: ${BENCH_MONGODB_PASSWORD}
  auth_source: admin
"""


@asynccontextmanager
async def running_rasa(
    name: str, endpoints: str, *, mongodb_uri: str, folder: Path
) -> AsyncIterator[str]:
    """Run one bare Rasa while the body runs; yields its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    installation = Installation.here()
    (folder / f"{name}.endpoints.yml").write_text(endpoints, encoding="utf-8")
    (folder / f"{name}.credentials.yml").write_text("rest:\n", encoding="utf-8")
    address = urlsplit(mongodb_uri)
    program = Program(
        name=name,
        command=[
            *(str(installation.engine_python), "-m", "rasa", "run", "--quiet", "--enable-api"),
            *("--interface", "127.0.0.1", "--port", str(port)),
            *("--model", str(installation.models)),
            *("--endpoints", str(folder / f"{name}.endpoints.yml")),
            *("--credentials", str(folder / f"{name}.credentials.yml")),
        ],
        environment={
            **os.environ,
            # What our engine sets for itself.
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "RASA_TELEMETRY_ENABLED": "false",
            "BENCH_MONGODB_URL": f"mongodb://{address.hostname}:{address.port}/?{address.query}",
            "BENCH_MONGODB_USER": address.username or "",
            "BENCH_MONGODB_PASSWORD": address.password or "",
        },
        folder=installation.root,
        ready=lambda: _has_model(url),
        patience=180.0,
    )
    process = Process(program, logs=folder)
    try:
        await process.start()
        yield url
    finally:
        await process.stop()


@asynccontextmanager
async def both_rasas(*, mongodb_uri: str, folder: Path) -> AsyncIterator[dict[str, str]]:
    """Run one on MongoDB and one in memory; yields their addresses by the name of their store."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                running_rasa(f"rasa-{name}", endpoints, mongodb_uri=mongodb_uri, folder=folder)
            )
            for name, endpoints in (("mongodb", IN_MONGODB), ("memory", IN_MEMORY))
        }


async def set_language(url: str, sender: str) -> None:
    """Choose the language of the responses: the model's domain has them in three."""
    event = {"event": "slot", "name": "language", "value": "ru"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/conversations/{sender}/tracker/events", json=event) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def _has_model(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/status") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False
