"""A worker's part of files alone, as a process that a test may kill: `python worker.py URI DATABASE MEDIA_URL ORGANIZATION CONNECTION`."""

import asyncio
import sys
from pathlib import Path

from bson import ObjectId
from pydantic import SecretStr

from crm.contract import Connection
from crm.core.database import Database
from crm.core.settings import Settings
from crm.files.fetching import FetchPace
from tests.integration.files.conftest import Bench, FileConnector, MediaServer


async def main(uri: str, name: str, url: str, organization_id: str, connection_id: str) -> None:
    settings = Settings(
        mongodb_uri=SecretStr(uri),
        mongodb_database=name,
        secret_key=SecretStr("k" * 20),
        data_dir=Path("unused"),
    )
    database = await Database.connect(settings)
    connection = Connection(
        id=connection_id,
        organization_id=organization_id,
        channel="files",
        name="Files",
        config={},
        webhook_secret="secret",
    )
    bench = Bench(
        database,
        settings,
        MediaServer(),
        FileConnector(url),
        connection,
        ObjectId(organization_id),
    )
    parts = bench.parts(pace=FetchPace(lease_seconds=1.0))
    while True:
        await parts.fetching.sweep()
        await parts.checking.sweep()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
