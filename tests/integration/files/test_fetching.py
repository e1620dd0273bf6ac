"""Files of stored messages are fetched from a platform: all of them, once, whatever breaks on the way."""

import asyncio
from datetime import timedelta

import pytest
from bson import ObjectId

from crm.contract import Attachment, MessageKind
from crm.core.clock import utc_now
from crm.core.errors import NotFound
from crm.files.attachments import attachment_read
from crm.files.bringing import PAUSES
from crm.files.errors import AttachmentNotFailed
from crm.files.fetching import AFTER_FAULT, FetchPace
from crm.files.limits import MEGABYTE, FileLimits
from tests.integration.files.conftest import Bench, attachment, bytes_of, picture, quick

TEXT = b"0123456789abcdef" * (MEGABYTE // 16)


async def test_a_messages_files_are_fetched_and_told_of(bench: Bench) -> None:
    bench.media.files = {"a.png": picture(), "b.txt": TEXT * 2, "c.webp": picture("WEBP")}
    message_id = await bench.message(
        attachment("ok", "a.png"),
        attachment("ok", "b.txt", "document", size=5),
        attachment("ok", "c.webp", "sticker"),
    )
    parts = bench.parts()
    assert await parts.fetching.sweep() == 1
    await bench.settle(parts)
    stored = await bench.stored(message_id)
    rows = stored["attachments"]
    assert [(row["state"], row["kind"], row["size"]) for row in rows] == [
        ("stored", "image", len(picture())),
        ("stored", "document", 2 * MEGABYTE),
        ("stored", "sticker", len(picture("WEBP"))),
    ]
    assert [row["thumbnail"] for row in rows] == [True, False, True]
    assert not {"media_due_at", "media_fence"} & set(stored)
    assert "ref" not in rows[0]
    assert [[row["state"] for row in message["attachments"]] for message in bench.told] == [
        ["stored", "waiting", "waiting"],
        ["stored", "stored", "waiting"],
        ["stored", "stored", "stored"],
    ]
    file = await parts.store.find_ready(bench.organization_id, rows[1]["file_id"])
    assert b"".join([piece async for piece in parts.store.read(file)]) == TEXT * 2
    assert file["metadata"]["origin"]["message_id"] == message_id
    assert await parts.fetching.sweep() == 0


async def test_what_a_connector_refused_is_shown_with_its_reason_and_never_asked_for(
    bench: Bench,
) -> None:
    bench.media.files = {"a.png": picture()}
    error = {"code": "mail_too_large", "detail": "The mail was too large to be fetched whole."}
    message_id = await bench.message(
        Attachment(kind=MessageKind.VIDEO, name="тау.mp4", size=7, error=error), attachment("ok")
    )
    parts = bench.parts()
    await bench.sweep(parts)
    refused, kept = [
        attachment_read(row) for row in (await bench.stored(message_id))["attachments"]
    ]
    assert (refused["state"], refused["error"], refused["file_id"]) == ("refused", error, None)
    assert (refused["name"], refused["size"]) == ("тау.mp4", 7)
    assert kept["state"] == "stored"
    assert len(bench.media.asked) == 1
    with pytest.raises(AttachmentNotFailed):
        await parts.fetching.retry(bench.organization_id, message_id, 0)


async def test_a_message_that_nobody_was_shown_yet_waits(bench: Bench) -> None:
    bench.media.files = {"a.png": picture()}
    await bench.message(attachment("ok"), fresh=True)
    assert await bench.parts().fetching.sweep() == 0


async def test_what_is_sent_as_something_else_is_shown_as_what_it_is(bench: Bench) -> None:
    bench.media.files = {"a.png": b"%PDF-1.7\n"}
    message_id = await bench.message(attachment("ok"))
    await bench.sweep(bench.parts())
    row = await bench.row(message_id)
    assert (row["state"], row["kind"], row["mime"], row["name"]) == (
        "stored",
        "document",
        "application/pdf",
        "a.png.pdf",
    )


@pytest.mark.parametrize(
    ("behaviour", "content", "promised", "state", "code"),
    [
        ("ok", None, None, "failed", "media_gone"),
        ("ok", b"<html><script>", None, "refused", "file_type_not_allowed"),
        ("ok", b"", None, "refused", "file_empty"),
        ("ok", picture() + bytes(MEGABYTE), None, "refused", "file_too_large"),
        ("ok", picture(), 4 * MEGABYTE, "refused", "file_too_large"),
        ("endless", TEXT, None, "refused", "file_too_large"),
    ],
    ids=["gone", "html", "empty", "large", "promised-large", "endless"],
)
async def test_what_can_never_be_had_is_told_at_once(
    bench: Bench,
    behaviour: str,
    content: bytes | None,
    promised: int | None,
    state: str,
    code: str,
) -> None:
    if content is not None:
        bench.media.files = {"a.png": content}
    message_id = await bench.message(attachment(behaviour, promised=promised))
    await bench.sweep(bench.parts())
    row = await bench.row(message_id)
    assert (row["state"], row["error"]["code"], row["file_id"]) == (state, code, None)
    assert "media_due_at" not in await bench.stored(message_id)
    assert await bench.left() == (0, 0)
    assert len(bench.media.asked) == 1
    assert [message["attachments"][0]["state"] for message in bench.told] == [state]


async def test_a_stream_that_breaks_off_is_tried_again_with_growing_pauses(bench: Bench) -> None:
    bench.media.files = {"a.txt": TEXT * 2}
    message_id = await bench.message(attachment("breaks", "a.txt", "document"))
    parts = bench.parts()
    pauses = []
    for _ in PAUSES:
        before = utc_now()
        await bench.sweep(parts)
        stored = await bench.stored(message_id)
        row = stored["attachments"][0]
        assert (row["state"], row["error"]["code"]) == ("waiting", "media_interrupted")
        assert stored["media_due_at"] == row["next_at"]
        assert "media_fence" not in stored
        pauses.append((row["next_at"] - before).total_seconds())
        assert await bench.left() == (0, 0)
    for pause, planned in zip(pauses, PAUSES, strict=True):
        assert planned <= pause < planned + 5
    assert len(bench.told) == 1, "the same news is told once"
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert (row["state"], row["attempts"]) == ("failed", len(PAUSES) + 1)
    assert "media_due_at" not in await bench.stored(message_id)


async def test_a_stream_that_stands_still_is_given_up(bench: Bench) -> None:
    bench.media.files = {"a.txt": TEXT}
    message_id = await bench.message(attachment("stalls", "a.txt", "document"))
    parts = bench.parts(limits=FileLimits(idle_seconds=0.2))
    await bench.sweep(parts)
    assert (await bench.row(message_id))["error"]["code"] == "file_interrupted"
    assert await bench.left() == (0, 0)
    slow = bench.parts(limits=FileLimits(total_seconds=0.2))
    await bench.sweep(slow)
    assert (await bench.row(message_id))["attempts"] == 2


async def test_less_than_was_promised_is_not_taken_for_the_file_unless_it_is_the_same_again(
    bench: Bench,
) -> None:
    bench.media.files = {"a.txt": TEXT[:1000]}
    message_id = await bench.message(attachment("ok", "a.txt", "document", promised=2000))
    parts = bench.parts()
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert (row["state"], row["error"]["code"]) == ("waiting", "media_interrupted")
    assert await bench.left() == (0, 0)
    bench.media.files = {"a.txt": TEXT[:1500]}
    await bench.sweep(parts)
    assert (await bench.row(message_id))["state"] == "waiting"
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert (row["state"], row["size"]) == ("stored", 1500)
    assert not {"short", "next_at", "ref"} & set(row)


async def test_the_platforms_wish_is_obeyed_to_the_second(bench: Bench) -> None:
    message_id = await bench.message(attachment("busy"))
    parts = bench.parts()
    before = utc_now()
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert row["error"]["code"] == "rate_limited"
    seven = timedelta(seconds=7)
    assert before + seven <= row["next_at"] <= utc_now() + seven
    assert await parts.fetching.sweep() == 0
    assert len(bench.media.asked) == 1


async def test_one_files_wait_keeps_no_other_waiting(bench: Bench) -> None:
    bench.media.files = {"b.png": picture()}
    bench.media.retry_after = 900
    message_id = await bench.message(attachment("busy"), attachment("ok", "b.png"))
    parts = bench.parts()
    await parts.fetching.sweep()
    await bench.settle(parts)
    first, second = (await bench.stored(message_id))["attachments"]
    assert (first["state"], second["state"]) == ("waiting", "stored")


async def test_a_revoked_token_is_the_connections_failure(bench: Bench) -> None:
    message_id = await bench.message(attachment("denied"))
    await bench.sweep(bench.parts())
    assert [error.code for error in bench.failures] == ["token_revoked"]
    assert (await bench.row(message_id))["state"] == "waiting"


async def test_a_connection_that_is_gone_gives_nothing(bench: Bench) -> None:
    message_id = await bench.message(attachment("ok"), connection_id=ObjectId())
    await bench.sweep(bench.parts())
    assert (await bench.row(message_id))["error"]["code"] == "connection_gone"


async def test_a_full_store_is_told_and_a_person_tries_again_when_there_is_room(
    bench: Bench,
) -> None:
    bench.media.files = {"a.txt": TEXT * 3}
    parts = bench.parts()
    kept = [
        await parts.keeping.keep(bench.organization_id, bytes_of(TEXT * 3), name="k.txt")
        for _ in range(2)
    ]
    message_id = await bench.message(attachment("ok", "a.txt", "document"))
    await bench.sweep(parts)
    a_day_ago = {"attachments.0.full_since": utc_now() - timedelta(days=1)}
    await bench.database.collection("messages").update_one({"_id": message_id}, {"$set": a_day_ago})
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert (row["state"], row["error"]["code"]) == ("failed", "files_full")
    await parts.store.remove(kept[0])
    shown = await parts.fetching.retry(bench.organization_id, message_id, 0)
    assert (shown["state"], shown["error"], shown["file_id"]) == ("waiting", None, None)
    assert bench.told[-1]["attachments"][0]["state"] == "waiting"
    await parts.fetching.sweep()
    await bench.settle(parts)
    assert (await bench.row(message_id))["state"] == "stored"
    assert await bench.counted() == 6 * MEGABYTE


async def test_only_a_file_that_failed_is_tried_again(bench: Bench) -> None:
    bench.media.files = {"a.png": picture(), "b.png": b"<html>"}
    message_id = await bench.message(attachment("ok"), attachment("ok", "b.png"))
    parts = bench.parts()
    retry = parts.fetching.retry
    with pytest.raises(AttachmentNotFailed):
        await retry(bench.organization_id, message_id, 0)
    await bench.sweep(parts)
    for place in (0, 1):
        with pytest.raises(AttachmentNotFailed):
            await retry(bench.organization_id, message_id, place)
    for organization_id, place in ((bench.organization_id, 2), (bench.organization_id, -1)):
        with pytest.raises(NotFound):
            await retry(organization_id, message_id, place)
    with pytest.raises(NotFound):
        await retry(ObjectId(), message_id, 0)


async def test_trying_again_while_another_file_is_fetched_is_not_forgotten(bench: Bench) -> None:
    bench.media.files = {"slow.txt": TEXT}
    message_id = await bench.message(
        attachment("ok", "a.png"), attachment("slow", "slow.txt", "document")
    )
    parts = bench.parts()
    await parts.fetching.sweep()
    await asyncio.wait_for(bench.media.begun.wait(), 20)
    assert (await bench.row(message_id))["error"]["code"] == "media_gone"
    bench.media.files["a.png"] = picture()
    await parts.fetching.retry(bench.organization_id, message_id, 0)
    bench.media.go_on.set()
    await bench.settle(parts)
    assert "media_due_at" in await bench.stored(message_id)
    await parts.fetching.sweep()
    await bench.settle(parts)
    rows = (await bench.stored(message_id))["attachments"]
    assert [row["state"] for row in rows] == ["stored", "stored"]
    assert bench.media.asked.count("slow.txt") == 1


async def test_two_workers_share_the_messages_and_double_nothing(bench: Bench) -> None:
    bench.media.files = {f"{n}.png": picture() for n in range(12)}
    for number in range(12):
        await bench.message(attachment("ok", f"{number}.png"))
    workers = [bench.parts(), bench.parts()]
    while any([await worker.fetching.sweep() for worker in workers]):
        for worker in workers:
            await bench.settle(worker)
    assert sorted(bench.media.asked) == sorted(bench.media.files)
    assert (await bench.left())[0] == 12


async def test_a_worker_whose_lease_ran_out_changes_nothing(bench: Bench) -> None:
    bench.media.files = {"slow.txt": TEXT}
    message_id = await bench.message(attachment("slow", "slow.txt", "document"))
    late, other = bench.parts(pace=FetchPace(lease_seconds=4000)), bench.parts()
    await late.fetching.sweep()
    await asyncio.wait_for(bench.media.begun.wait(), 20)
    bench.media.files["slow.txt"] = TEXT * 2
    bench.media.go_on.set()
    await bench.make_due()
    await other.fetching.sweep()
    await bench.settle(other)
    await bench.settle(late)
    row = await bench.row(message_id)
    assert row["state"] == "stored"
    assert len(bench.told) == 1
    assert "media_fence" not in await bench.stored(message_id)
    named = await other.store.find(bench.organization_id, row["file_id"])
    assert named["length"] == row["size"]


async def test_no_connections_files_take_all_the_room(bench: Bench) -> None:
    bench.media.files = {"slow.txt": TEXT[:100]}
    for _ in range(5):
        await bench.message(attachment("slow", "slow.txt", "document"))
    parts = bench.parts(pace=FetchPace(at_once=4, of_connection=2))
    assert await parts.fetching.sweep() == 2
    other = await bench.message(attachment("ok"), connection_id=ObjectId())
    assert await parts.fetching.sweep() == 1
    bench.media.go_on.set()
    await bench.settle(parts)
    assert (await bench.row(other))["state"] == "failed"


async def test_a_worker_that_stops_leaves_its_files_to_others_at_once(bench: Bench) -> None:
    bench.media.files = {"slow.txt": TEXT * 2}
    message_id = await bench.message(attachment("slow", "slow.txt", "document"))
    parts = bench.parts()
    await parts.fetching.sweep()
    await asyncio.wait_for(bench.media.begun.wait(), 20)
    await parts.fetching.close()
    assert await bench.left() == (0, 0)
    row = await bench.row(message_id)
    assert (row["state"], row["attempts"]) == ("waiting", 0)
    bench.media.go_on.set()
    other = bench.parts()
    assert await other.fetching.sweep() == 1
    await bench.settle(other)
    assert (await bench.row(message_id))["state"] == "stored"


async def test_a_file_that_a_connector_kept_is_shown_once_it_is_seen_to_be_its_own(
    bench: Bench,
) -> None:
    parts = bench.parts()
    kept = await parts.keeping.keep_file(
        bench.connection, bytes_of(picture()), name="a.jpg", mime="image/jpeg"
    )
    assert (kept.name, kept.mime, kept.size) == ("a.png", "image/png", len(picture()))
    strangers = await parts.keeping.keep(ObjectId(), bytes_of(picture()), name="b.png")
    operators = await parts.keeping.keep(bench.organization_id, bytes_of(picture()), name="c.png")
    message_id = await bench.message(
        Attachment(kind=MessageKind.IMAGE, file_id=kept.id, name="x.png"),
        Attachment(kind=MessageKind.IMAGE, file_id=str(strangers["_id"])),
        Attachment(kind=MessageKind.IMAGE, file_id=str(operators["_id"])),
        Attachment(kind=MessageKind.IMAGE, file_id="nonsense"),
        Attachment(kind=MessageKind.IMAGE, error={"code": "file_too_large", "detail": "x"}),
    )
    await bench.sweep(parts)
    rows = (await bench.stored(message_id))["attachments"]
    assert [row["state"] for row in rows] == ["stored", "failed", "failed", "failed", "refused"]
    assert (str(rows[0]["file_id"]), rows[0]["thumbnail"]) == (kept.id, True)
    assert [row["file_id"] for row in rows[1:]] == [None] * 4
    assert bench.media.asked == []


async def test_given_up_is_given_up(bench: Bench) -> None:
    message_id = await bench.message(attachment("busy"))
    parts = bench.parts()
    quick(parts)
    await bench.sweep(parts)
    assert (await bench.row(message_id))["state"] == "failed"


async def test_a_fault_of_ours_is_no_reason_to_try_without_pause(bench: Bench) -> None:
    message_id = await bench.message(attachment("ok"), channel=["no channel"])
    parts = bench.parts()
    before = utc_now()
    await parts.fetching.sweep()
    await bench.settle(parts)
    stored = await bench.stored(message_id)
    assert stored["media_due_at"] >= before + AFTER_FAULT
    assert "media_fence" not in stored
