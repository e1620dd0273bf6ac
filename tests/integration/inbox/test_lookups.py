"""What is looked up for each message is found by an index, however much a company has stored.

MongoDB uses an index of strings only (a partial one by `$type`) for a query that says it asks for a string.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bson import ObjectId

from crm.contract import InboundMessage, Sender
from crm.core.clock import utc_now
from tests.integration.inbox.conftest import Bench

MANY = 1000
FEW = 50


@asynccontextmanager
async def profiled(bench: Bench) -> AsyncIterator[list[tuple[str, int, str]]]:
    """What the queries within read of contacts and messages: whose, how many documents, by which plan."""
    db, told = bench.database.db, list[tuple[str, int, str]]()
    await db.drop_collection("system.profile")
    await db.command("profile", 2)
    try:
        yield told
    finally:
        await db.command("profile", 0)
    async for row in db["system.profile"].find({"docsExamined": {"$gt": 0}}):
        name = row["ns"].partition(".")[2]
        if name in {"contacts", "messages"}:
            told.append((name, row["docsExamined"], row["planSummary"]))
    await db.drop_collection("system.profile")


async def fill(bench: Bench) -> None:
    now, organization_id = utc_now(), bench.organization_id
    connection_id = ObjectId(bench.connection.id)
    contacts: list[dict[str, Any]] = [
        {
            "organization_id": organization_id,
            "phone": f"+7701{number:07}",
            "identities": [{"connection_id": connection_id, "external_id": f"known-{number}"}],
            "created_at": now,
        }
        for number in range(MANY)
    ]
    await bench.inbox.store.contacts.insert_many(contacts)
    messages: list[dict[str, Any]] = [
        {
            "organization_id": organization_id,
            "connection_id": connection_id,
            "conversation_id": ObjectId(),
            "chat_id": str(number),
            "external_id": f"known-{number}",
            "state": "handled",
            "created_at": now,
        }
        for number in range(MANY)
    ]
    await bench.inbox.store.messages.insert_many(messages)


async def test_a_new_person_is_found_among_many_by_indexes(bench: Bench) -> None:
    await fill(bench)
    async with profiled(bench) as told:
        await bench.say("1", "hello")
        message = InboundMessage(
            external_id="2",
            chat_id="chat",
            sender=Sender(external_id="chat", name="Demo", phone="+77770000000"),
            text="my number",
        )
        await bench.inbox.gateway.receive(bench.connection, [message])
        await bench.settle()
        await bench.inbox.away._is_enough(bench.organization_id, "somebody@example.kz")
    assert told, "the profiler saw nothing"
    assert [row for row in told if row[1] > FEW] == []
    contact = await bench.inbox.store.contacts.find_one({"identities.external_id": "chat"})
    assert contact is not None
    assert contact["phone"] == "+77770000000"
