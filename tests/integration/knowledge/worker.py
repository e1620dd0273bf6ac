"""A worker's part of ingestion alone, as a process that a test may kill: `python worker.py URI DATABASE LEASE_SECONDS`."""

import asyncio
import sys

from pydantic import SecretStr

from crm.core.database import Database
from crm.core.events import EventLog
from crm.core.settings import Settings
from crm.knowledge.ingestion import Pace
from crm.knowledge.service import Knowledge


async def main(uri: str, name: str, lease_seconds: float) -> None:
    settings = Settings(
        mongodb_uri=SecretStr(uri), mongodb_database=name, secret_key=SecretStr("k" * 20)
    )
    database = await Database.connect(settings)
    pace = Pace(lease_seconds=lease_seconds, tell_seconds=0.05)
    knowledge = Knowledge(database=database, events=EventLog(database), pace=pace)
    while True:
        await knowledge.ingestion.sweep()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
