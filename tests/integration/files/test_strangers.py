"""Visitors whom nobody vouches for fill no more than their part of the room, and no more than so much a day."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from connectors.webchat.limits import network_of
from crm.contract import Connection, FileRefusedError, KeptFile, Stranger
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.settings import Settings
from crm.files.limits import MEGABYTE, FileLimits
from crm.files.wiring import FileParts
from crm.services import Services
from tests.integration.files.conftest import LIMITS, Bench, attachment, bytes_of, picture
from tests.support.console import Console

TEXT = b"0123456789abcdef" * (MEGABYTE // 16)
NARROW = replace(
    LIMITS,
    strangers_bytes=4 * MEGABYTE,
    visitor_day_bytes=2 * MEGABYTE,
    network_day_bytes=3 * MEGABYTE,
)
HOUR = timedelta(hours=1)


async def keep(
    parts: FileParts,
    connection: Connection,
    stranger: Stranger,
    *,
    megabytes: int = 1,
    promised: int | None = None,
) -> KeptFile:
    return await parts.keeping.keep_file(
        connection,
        bytes_of(*[TEXT] * megabytes),
        name="a.txt",
        mime="text/plain",
        promised=megabytes * MEGABYTE if promised is None else promised,
        stranger=stranger,
    )


async def refused(parts: FileParts, connection: Connection, stranger: Stranger) -> str:
    with pytest.raises(FileRefusedError) as told:
        await keep(parts, connection, stranger)
    return told.value.code


def visitor(name: str, network: str = "203.0.113.7") -> Stranger:
    return Stranger(visitor=name, network=network)


async def test_a_visitor_and_a_network_have_so_much_a_day_in_all_processes(bench: Bench) -> None:
    one, other = bench.parts(limits=NARROW), bench.parts(limits=NARROW)
    await keep(one, bench.connection, visitor("a"))
    await keep(other, bench.connection, visitor("a"))
    assert await refused(one, bench.connection, visitor("a")) == "files_daily_limit"
    assert await refused(one, bench.connection, visitor("a", "::1")) == "files_daily_limit"
    await keep(one, bench.connection, visitor("b"))
    assert await refused(other, bench.connection, visitor("c")) == "files_daily_limit"
    await keep(other, bench.connection, visitor("c", "203.0.113.8"))
    stranger = replace(bench.connection, organization_id=str(ObjectId()))
    await keep(one, stranger, visitor("a"))


async def test_what_does_not_come_is_given_back(bench: Bench) -> None:
    parts = bench.parts(limits=NARROW)
    for _ in range(5):
        with pytest.raises(FileRefusedError) as told:
            await parts.keeping.keep_file(
                bench.connection,
                bytes_of(),
                name="a.txt",
                mime=None,
                promised=2 * MEGABYTE,
                stranger=visitor("a"),
            )
        assert told.value.code == "file_empty"
    await keep(parts, bench.connection, visitor("a"), promised=2 * MEGABYTE)
    await keep(parts, bench.connection, visitor("a"))
    assert await refused(parts, bench.connection, visitor("a")) == "files_daily_limit"


async def test_many_at_once_get_no_more_than_there_is(bench: Bench) -> None:
    parts = bench.parts(limits=NARROW)
    done = await asyncio.gather(
        *(keep(parts, bench.connection, visitor(f"v{n}")) for n in range(12)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, KeptFile) for one in done) == 3
    assert all(isinstance(one, KeptFile | FileRefusedError) for one in done)


async def test_strangers_fill_their_part_and_leave_the_rest_to_others(bench: Bench) -> None:
    parts = bench.parts(limits=replace(NARROW, network_day_bytes=100 * MEGABYTE))
    for name in "abcd":
        await keep(parts, bench.connection, visitor(name))
    assert await refused(parts, bench.connection, visitor("e")) == "files_full"
    bench.media.files = {"a.png": picture()}
    message_id = await bench.message(attachment("ok"))
    await bench.sweep(parts)
    assert (await bench.row(message_id))["state"] == "stored"
    usage = bench.database.collection("media_usage")
    await usage.update_many({}, {"$set": {"strange_bytes": 0}})
    await parts.store.clean_up(utc_now() + HOUR)
    assert await refused(parts, bench.connection, visitor("e")) == "files_full", "counted anew"
    assert await parts.store.clean_up(utc_now() + timedelta(days=2)) == 4
    await keep(parts, bench.connection, visitor("e"))


async def test_room_is_waited_for_a_day(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = bench.parts(limits=replace(LIMITS, organization_bytes=MEGABYTE))
    blocking = await parts.keeping.keep(bench.organization_id, bytes_of(TEXT), name="k.txt")
    bench.media.files = {"a.png": picture()}
    message_id, given_up = (
        await bench.message(attachment("ok")),
        await bench.message(attachment("ok")),
    )
    for _ in range(10):  # more often than a platform would be asked that fails
        before = utc_now()
        await bench.sweep(parts)
        row = await bench.row(message_id)
        assert (row["state"], row["error"]["code"], row["attempts"]) == ("waiting", "files_full", 0)
        assert row["next_at"] >= before + HOUR
    messages = bench.database.collection("messages")
    await messages.update_one(
        {"_id": given_up},
        {"$set": {"attachments.0.full_since": utc_now() - timedelta(hours=24)}},
    )
    await bench.sweep(parts)
    row = await bench.row(given_up)
    assert (row["state"], row["error"]["code"]) == ("failed", "files_full")
    assert "full_since" not in row, "a person's retry waits anew"
    await parts.store.remove(blocking)
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert (row["state"], row["error"]) == ("stored", None)


async def test_the_owner_is_told_once_when_room_runs_out(
    operator: Console, services: Services, database: Database
) -> None:
    store, limits = services.files.store, services.files.store.limits
    usage = database.collection("media_usage")

    async def tasks() -> list[Any]:
        found = database.collection("tasks").find({"organization_id": operator.organization_id})
        return [task async for task in found]

    async def fill(taken: float, strange: float) -> None:
        values = {
            "bytes": int(limits.organization_bytes * taken),
            "strange_bytes": int(limits.strangers_bytes * strange),
            "organization_id": operator.organization_id,
            "changed_at": utc_now() + timedelta(days=365),  # not to be counted anew
        }
        await usage.update_one({"_id": operator.organization_id}, {"$set": values}, upsert=True)

    now = utc_now()
    await fill(0.79, 0.79)
    await store.clean_up(now)
    assert await tasks() == []
    await fill(0.81, 0.79)
    for _ in range(3):
        await store.clean_up(now)
    (task,) = await tasks()
    assert task["priority"] == "urgent"
    assert task["assignee_id"] is not None
    assert "6" in task["description"]
    assert "8" in task["description"]
    assert "{" not in task["title"] + task["description"]
    await fill(0.5, 0.9)
    await store.clean_up(now)
    assert len(await tasks()) == 2
    await fill(0.9, 0.9)
    await store.clean_up(now + timedelta(days=3))
    assert len(await tasks()) == 3, "it became so again"


def test_the_settings_give_visitors_a_part(settings: Settings) -> None:
    limits = FileLimits.of(settings)
    assert limits.strangers_bytes == limits.organization_bytes // 5


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_household_is_one_network(address: str, network: str) -> None:
    assert network_of(address) == network
