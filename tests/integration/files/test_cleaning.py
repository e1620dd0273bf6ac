"""What nothing names is removed; what something names, or is about to, stays."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.files.attachments import file_row
from crm.files.store import File
from crm.files.wiring import FileParts
from crm.services import Services
from tests.integration.files.conftest import Bench, bytes_of, picture
from tests.support.console import Console

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


async def kept(bench: Bench, parts: FileParts) -> File:
    return await parts.keeping.keep(bench.organization_id, bytes_of(picture()), name="a.png")


async def there(bench: Bench, file: File) -> bool:
    return await bench.database.collection("media.files").find_one(file["_id"]) is not None


async def test_an_upload_that_nothing_names_is_removed_after_a_day(bench: Bench) -> None:
    parts = bench.parts()
    await kept(bench, parts)
    assert await parts.store.clean_up(utc_now() + DAY - HOUR) == 0
    assert await parts.store.clean_up(utc_now() + DAY + HOUR) == 1
    assert await bench.left() == (0, 0)
    assert await bench.counted() == 0
    assert await bench.database.collection("media_thumbnails").count_documents({}) == 0


async def test_what_a_message_or_a_contact_names_stays_until_they_are_gone(bench: Bench) -> None:
    parts = bench.parts()
    sent, shown = await kept(bench, parts), await kept(bench, parts)
    message_id = await bench.message()
    messages = bench.database.collection("messages")
    contacts = bench.database.collection("contacts")
    await messages.update_one({"_id": message_id}, {"$set": {"attachments": [file_row(sent)]}})
    contact = {"organization_id": bench.organization_id, "avatar_file_id": shown["_id"]}
    await contacts.insert_one(contact)
    now = utc_now()
    assert await parts.store.clean_up(now + DAY + HOUR) == 0
    await messages.delete_one({"_id": message_id})
    await contacts.delete_one({"avatar_file_id": shown["_id"]})
    assert await parts.store.clean_up(now + DAY + 2 * HOUR) == 0, "looked at a while ago"
    assert await parts.store.clean_up(now + DAY + WEEK + 2 * HOUR) == 2
    assert await bench.left() == (0, 0)


async def test_what_is_let_go_of_is_looked_at_at_once(bench: Bench) -> None:
    parts = bench.parts()
    file = await kept(bench, parts)
    await parts.store.release(ObjectId(), [file["_id"]])
    assert await parts.store.clean_up(utc_now() + HOUR) == 0, "that was another organization"
    await parts.store.release(bench.organization_id, [file["_id"]])
    assert await parts.store.clean_up(utc_now() + HOUR) == 1


async def test_another_organizations_message_keeps_no_file(bench: Bench) -> None:
    parts = bench.parts()
    file = await kept(bench, parts)
    message_id = await bench.message(organization_id=ObjectId())
    await bench.database.collection("messages").update_one(
        {"_id": message_id}, {"$set": {"attachments": [file_row(file)]}}
    )
    assert await parts.store.clean_up(utc_now() + DAY + HOUR) == 1


async def test_a_file_that_is_taken_is_not_cleaned_away_before_its_message_is_stored(
    bench: Bench,
) -> None:
    parts, database = bench.parts(), bench.database
    file = await kept(bench, parts)
    taken, cleaned = asyncio.Event(), asyncio.Event()
    later = utc_now() + DAY + HOUR

    async def send(session: Session) -> None:
        await parts.store.take(bench.organization_id, [file["_id"]], session)
        taken.set()
        await asyncio.wait_for(cleaned.wait(), 10)

    async def clean() -> None:
        await taken.wait()
        task = asyncio.create_task(parts.store.clean_up(later))
        await asyncio.sleep(0.5)  # it waits for the other transaction, or has given the file up
        cleaned.set()
        await task

    await asyncio.gather(database.in_transaction(send), clean())
    assert await there(bench, file)


async def test_a_file_that_is_gone_cannot_be_taken(bench: Bench) -> None:
    parts = bench.parts()
    files = [await kept(bench, parts) for _ in range(2)]
    await parts.store.remove(files[1])

    async def take(organization_id: ObjectId, ids: Sequence[ObjectId]) -> list[File]:
        async def work(session: Session) -> list[File]:
            return await parts.store.take(organization_id, ids, session)

        return await bench.database.in_transaction(work)

    ids = [file["_id"] for file in files]
    (found,) = await take(bench.organization_id, ids[:1])
    assert found["_id"] == ids[0]
    for organization_id, wanted in ((bench.organization_id, ids), (ObjectId(), ids[:1])):
        with pytest.raises(NotFound):
            await take(organization_id, wanted)


async def test_pieces_that_a_broken_write_left_are_removed(bench: Bench) -> None:
    parts = bench.parts()
    await kept(bench, parts)
    chunks = bench.database.collection("media.chunks")
    for _ in range(3):
        left = {"files_id": ObjectId(), "data": b"half a file"}
        await chunks.insert_many([{**left, "_id": ObjectId(), "n": n} for n in range(2)])
    assert await parts.store.clean_up(utc_now()) == 0, "a file may still be coming in"
    assert await parts.store.clean_up(utc_now() + 7 * HOUR) == 3
    assert await bench.left() == (1, 1)


async def test_removing_twice_counts_once(bench: Bench) -> None:
    parts = bench.parts()
    file = await kept(bench, parts)
    await kept(bench, parts)
    done = await asyncio.gather(*(parts.store.remove(file) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    assert await bench.counted() == len(picture())


async def test_what_a_dead_process_counted_and_did_not_store_is_counted_out(bench: Bench) -> None:
    parts = bench.parts()
    await kept(bench, parts)
    usage = bench.database.collection("media_usage")
    await usage.update_one({"_id": bench.organization_id}, {"$inc": {"bytes": 5000, "files": 1}})
    await parts.store.clean_up(utc_now())
    assert await bench.counted() == len(picture()) + 5000, "it may be about to be stored"
    await parts.store.clean_up(utc_now() + HOUR)
    assert await bench.counted() == len(picture())


async def plan_of(database: Database, collection: str, query: RawDocument) -> str:
    plan = await database.db.command(
        "explain", {"find": collection, "filter": query}, verbosity="queryPlanner"
    )
    return str(plan["queryPlanner"]["winningPlan"])


async def test_what_the_sweeps_ask_is_answered_by_their_indexes(database: Database) -> None:
    file_id, now = ObjectId(), utc_now()
    others = [{"_id": ObjectId(), "organization_id": file_id, "name": "x"} for _ in range(300)]
    for name in ("messages", "contacts"):
        await database.collection(name).insert_many(others)
    is_file = {"$eq": file_id, "$type": "objectId"}
    asked: list[tuple[str, RawDocument, str]] = [
        (
            "messages",
            {"media_due_at": {"$type": "date", "$lte": now}, "fresh": {"$ne": True}},
            "media_due",
        ),
        (
            "messages",
            {"organization_id": file_id, "attachments.file_id": is_file},
            "files_of_messages",
        ),
        ("contacts", {"organization_id": file_id, "avatar_file_id": is_file}, "files_of_contacts"),
        (
            "media.files",
            {"metadata.state": "checking", "metadata.check_at": {"$lte": now}},
            "checks_due",
        ),
        ("media.files", {"metadata.look_at": {"$lte": now}}, "metadata.look_at_1"),
    ]
    for collection, query, index in asked:
        assert f"'indexName': '{index}'" in await plan_of(database, collection, query), index


async def test_a_deleted_contacts_picture_goes_with_it(
    owner: Console, services: Services, database: Database
) -> None:
    contact = await owner.post("/api/contacts", {"name": "Айгуль", "phone": "+77010000001"})
    file = await services.files.keeping.keep(
        owner.organization_id, bytes_of(picture()), name="a.png"
    )
    await database.collection("contacts").update_one(
        {"_id": ObjectId(contact["id"])}, {"$set": {"avatar_file_id": file["_id"]}}
    )
    soon = utc_now() + DAY + HOUR
    assert await services.files.store.clean_up(soon) == 0
    await owner.delete(f"/api/contacts/{contact['id']}")
    assert await services.files.store.clean_up(utc_now()) == 1
