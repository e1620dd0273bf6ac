"""A worker that is killed in the middle of a file loses nothing and leaves nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bson import ObjectId

from crm.core.clock import utc_now
from crm.files.limits import MEGABYTE
from tests.integration.files.conftest import Bench, attachment, picture

ROOT = Path(__file__).parents[3]
TEXT = b"0123456789abcdef" * (MEGABYTE // 16)


@asynccontextmanager
async def worker_process(bench: Bench) -> AsyncIterator[asyncio.subprocess.Process]:
    assert bench.settings.mongodb_uri is not None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("worker.py")),
        bench.settings.mongodb_uri.get_secret_value(),
        bench.settings.mongodb_database,
        bench.connector.url,
        str(bench.organization_id),
        bench.connection.id,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def rows_done(bench: Bench, message_ids: list[ObjectId]) -> list[str]:
    for _ in range(1_200):
        states = [(await bench.row(message_id))["state"] for message_id in message_ids]
        if "waiting" not in states:
            return states
        await asyncio.sleep(0.05)
    raise AssertionError([await bench.row(message_id) for message_id in message_ids])


async def until_half_is_stored(bench: Bench) -> None:
    chunks = bench.database.collection("media.chunks")
    for _ in range(1_000):
        if await chunks.count_documents({"data": TEXT}):
            return
        await asyncio.sleep(0.02)
    raise AssertionError


async def test_a_killed_worker_is_replaced_in_the_middle_of_a_file(bench: Bench) -> None:
    bench.media.files = {
        "slow.txt": TEXT * 3,
        **{f"{number}.png": picture() for number in range(4)},
    }
    slow = await bench.message(attachment("slow", "slow.txt", "document"))
    quick = [await bench.message(attachment("ok", f"{number}.png")) for number in range(4)]
    async with worker_process(bench) as first:
        await asyncio.wait_for(bench.media.begun.wait(), 60)
        await until_half_is_stored(bench)
        first.kill()
        await first.wait()
    assert (await bench.row(slow))["state"] == "waiting"
    bench.media.go_on.set()
    async with worker_process(bench), worker_process(bench):
        assert await rows_done(bench, [slow, *quick]) == ["stored"] * 5
    stored = await bench.stored(slow)
    parts = bench.parts()
    file = await parts.store.find_ready(bench.organization_id, stored["attachments"][0]["file_id"])
    assert b"".join([piece async for piece in parts.store.read(file)]) == TEXT * 3
    assert not {"media_due_at", "media_fence"} & set(stored)
    named = {(await bench.row(message_id))["file_id"] for message_id in (slow, *quick)}
    assert len(named) == 5
    # What the dead one left is cleaned away; what is named stays, and is what is counted.
    await parts.store.clean_up(utc_now() + timedelta(days=2))
    files = await bench.database.collection("media.files").find({}).to_list()
    assert {file["_id"] for file in files} == named
    pieces = await bench.database.collection("media.chunks").distinct("files_id")
    assert set(pieces) == named
    assert await bench.counted() == sum(file["length"] for file in files)
