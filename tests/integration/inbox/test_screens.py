"""What a customer's own screen is told: pages of history, quotes, and who answers."""

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta

from crm.contract import Attendance
from crm.core.clock import utc_now
from tests.integration.inbox.conftest import Bench

OPERATOR = {"_id": "user", "name": "Aidana"}


async def test_history_is_paged_upwards(bench: Bench) -> None:
    for number in range(3):
        await bench.say(str(number), f"text {number}")
    await bench.say("elsewhere", "hello", "another chat")
    gateway = bench.inbox.gateway
    whole = await gateway.history(bench.connection, "chat")
    pages, before = [], None
    while page := await gateway.history(bench.connection, "chat", before=before, limit=2):
        pages.append([message.id for message in page])
        before = page[0].id
    assert [one for page in reversed(pages) for one in page] == [message.id for message in whole]
    assert len(pages) > 2
    (stranger, *_) = await gateway.history(bench.connection, "another chat")
    for unknown in (stranger.id, "nonsense"):
        assert await gateway.history(bench.connection, "chat", before=unknown) == []


async def test_a_quote_is_shown(bench: Bench) -> None:
    await bench.say("1", "first")
    quoting = replace(bench.message("2", "second"), reply_to="1")
    await bench.inbox.gateway.receive(bench.connection, [quoting])
    await bench.settle()
    shown = await bench.inbox.gateway.history(bench.connection, "chat")
    (quote,) = [message.reply_to for message in shown if message.text == "second"]
    assert quote is not None
    assert (quote.text, quote.author_kind) == ("first", "contact")
    assert quote.id == next(message.id for message in shown if message.text == "first")


async def test_who_answers(bench: Bench) -> None:
    gateway = bench.inbox.gateway
    assert await gateway.attendance(bench.connection, "chat") == Attendance(answers="bot")
    await bench.say("1", "hello")
    assert await gateway.attendance(bench.connection, "chat") == Attendance(answers="bot")
    await bench.inbox.handover.request((await bench.conversation())["_id"], reason="asked")
    organizations = bench.database.db["organizations"]
    here = {"_id": bench.organization_id}
    hours = {"timezone": "UTC", "holidays": []}
    always = {
        day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    }
    await organizations.update_one(here, {"$set": {**hours, "business_hours": always}}, upsert=True)
    assert await gateway.attendance(bench.connection, "chat") == Attendance(answers="people")
    tomorrow = utc_now().astimezone(UTC) + timedelta(days=1)
    closed = {tomorrow.strftime("%a").lower(): [["10:00", "11:00"]]}
    await organizations.update_one(here, {"$set": {"business_hours": closed}})
    told = await gateway.attendance(bench.connection, "chat")
    assert told.answers == "nobody"
    assert told.opens_at == tomorrow.replace(hour=10, minute=0, second=0, microsecond=0)


async def test_the_files_of_a_message_come_with_their_links(bench: Bench) -> None:
    """An event names a file by its id as text, a document by the id itself."""
    await bench.hub.start()
    updates = bench.inbox.gateway.updates(bench.connection, "chat")
    waiting = asyncio.ensure_future(anext(updates))
    await asyncio.sleep(0.1)
    await bench.say("1", "hello")
    shown = await asyncio.wait_for(waiting, 30)
    assert shown.message is not None
    assert shown.message.text == "hello"
    row = {
        "kind": "image",
        "name": "tent.png",
        "mime": "image/png",
        "size": 5,
        "thumbnail": True,
        "state": "stored",
        "file_id": str(bench.organization_id),
    }
    (file,) = bench.inbox.feed._files.chat_files([row])
    assert file.thumbnail_url is not None
    await updates.aclose()  # type: ignore[attr-defined]
