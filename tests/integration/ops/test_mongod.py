import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from crm.cli.mongod import EmbeddedMongod, running_mongod
from crm.cli.processes import StartError

type Client = AsyncMongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
async def closed_folder(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A data folder in which a database was made and closed."""
    folder = tmp_path_factory.mktemp("data")
    async with running_mongod(folder) as uri, client(uri) as mongo:
        await mongo.shop.notes.insert_one({"text": "kept"})
    yield folder
    shutil.rmtree(folder)


def client(uri: str, **options: Any) -> Client:
    return AsyncMongoClient(uri, serverSelectionTimeoutMS=5_000, **options)


async def test_the_data_is_there_again_also_on_another_port(closed_folder: Path) -> None:
    server = EmbeddedMongod(closed_folder)
    old = server.uri
    port = int(old.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        async with running_mongod(closed_folder) as uri, client(uri) as mongo:
            assert uri != old
            assert [note["text"] async for note in mongo.shop.notes.find()] == ["kept"]
            async with mongo.start_session() as session, await session.start_transaction():
                await mongo.shop.notes.insert_one({"text": "kept"}, session=session)
                await session.abort_transaction()


async def test_nobody_else_gets_in(closed_folder: Path) -> None:
    async with running_mongod(closed_folder) as uri:
        address = uri.split("@")[1].split("/")[0]
        async with client(f"mongodb://{address}", directConnection=True) as mongo:
            with pytest.raises(OperationFailure, match="requires authentication"):
                await mongo.shop.notes.find_one()
            # The localhost exception would let the first one who comes make himself an administrator.
            with pytest.raises(OperationFailure, match="requires authentication"):
                await mongo.admin.command("createUser", "me", pwd="me", roles=["root"])
    for path in [closed_folder / "mongod", closed_folder / "db", closed_folder / "mongod" / "key"]:
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["WiredTiger.turtle", "WiredTiger.wt", "_mdb_catalog.wt"])
async def test_a_damaged_folder_is_told(closed_folder: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "data"
    shutil.copytree(closed_folder, folder)
    (folder / "db" / name).write_bytes(b"not what a database looks like" * 400)
    with pytest.raises(StartError, match=r"is damaged: restore the folder from a backup") as raised:
        async with running_mongod(folder):
            pass
    assert "\n" not in str(raised.value)


async def test_a_folder_in_use_is_told(closed_folder: Path) -> None:
    async with running_mongod(closed_folder):
        with pytest.raises(StartError, match="in use by another MongoDB server"):
            async with running_mongod(closed_folder):
                pass


async def test_a_server_without_its_library_is_told(tmp_path: Path) -> None:
    words = "error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    broken = tmp_path / "mongod"
    broken.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(StartError, match="apt-get install libcurl4"):
        EmbeddedMongod(tmp_path / "data", broken).prepare()
