"""The virus scanner: what it finds is removed, and what it has not passed is given to nobody."""

import asyncio
import shlex
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from bson import ObjectId

from crm.contract import Attachment, FileRefusedError, MessageKind, RejectedError, RetryableError
from crm.core.clock import utc_now
from crm.core.errors import NotFound
from crm.files.checking import CLAIM, LONGEST_PAUSE_SECONDS
from crm.files.errors import FileInfected, FileNotChecked, FileTooLarge
from crm.files.limits import MEGABYTE
from crm.files.scanning import (
    ClamdScanner,
    CommandScanner,
    ScannerUnavailableError,
    scanner_of,
)
from crm.files.wiring import FileParts
from tests.integration.files.conftest import (
    EICAR,
    Bench,
    FakeClamd,
    attachment,
    bytes_of,
    picture,
)
from tests.support.patience import until

TEXT = b"0123456789abcdef" * (MEGABYTE // 16)


def scanner(clamd: FakeClamd) -> ClamdScanner:
    return ClamdScanner(host="127.0.0.1", port=clamd.port)


async def all_due(bench: Bench) -> None:
    await bench.database.collection("media.files").update_many(
        {"metadata.state": "checking"}, {"$set": {"metadata.check_at": utc_now()}}
    )


async def test_clamd_gets_the_whole_file_and_its_word_counts(clamd: FakeClamd) -> None:
    assert await scanner(clamd).scan(bytes_of(TEXT, TEXT[:77], b"")) is None
    assert clamd.scanned == [TEXT + TEXT[:77]]
    assert await scanner(clamd).scan(bytes_of(b"a", EICAR)) == "Eicar-Test-Signature"
    clamd.most_bytes = 1000
    with pytest.raises(FileTooLarge):
        await scanner(clamd).scan(bytes_of(*[TEXT] * 8))


@pytest.mark.parametrize(
    "answer", [b"stream: Something ERROR\0", b"OK?\0", b"\0", b"stream: OKFOUND\0"]
)
async def test_no_clear_answer_is_none(clamd: FakeClamd, answer: bytes) -> None:
    clamd.answer = answer
    with pytest.raises(ScannerUnavailableError):
        await scanner(clamd).scan(bytes_of(TEXT))


async def test_clamd_on_a_socket_of_the_machine(tmp_path: Path) -> None:
    fake = FakeClamd()
    path = tmp_path / "clamd.sock"
    server = await asyncio.start_unix_server(fake._serve, path)
    async with server:
        found = scanner_of(f"clamd://{path}")
        assert found is not None
        assert await found.scan(bytes_of(EICAR)) == "Eicar-Test-Signature"
    with pytest.raises(ScannerUnavailableError):
        await found.scan(bytes_of(EICAR))


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())", ["found", None]),
        ("import sys; sys.exit(1)", ["found", "found"]),
        (
            "import os; assert set(os.environ) <= {'PATH', 'LC_CTYPE'}; import sys; sys.stdin.read()",
            [None, None],
        ),
    ],
)
async def test_a_command_tells_by_how_it_ends(program: str, found: list[str | None]) -> None:
    command = scanner_of(shlex.join([sys.executable, "-c", program]))
    assert command is not None
    assert [await command.scan(bytes_of(x)) for x in (EICAR, TEXT * 2)] == found


async def test_a_command_that_fails_says_nothing() -> None:
    for words in (
        ["false-scanner-that-is-not-there"],
        [sys.executable, "-c", "raise SystemExit(2)"],
    ):
        with pytest.raises(ScannerUnavailableError):
            await CommandScanner(words).scan(bytes_of(TEXT))


async def test_a_command_that_hangs_is_ended_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("crm.files.scanning.SCAN_SECONDS", 1.0)
    note = tmp_path / "pid"
    program = f"""
import pathlib, subprocess, time
child = subprocess.Popen(["sleep", "600"])
pathlib.Path({str(note)!r}).write_text(str(child.pid))
time.sleep(600)
"""
    with pytest.raises(ScannerUnavailableError):
        await CommandScanner([sys.executable, "-c", program]).scan(bytes_of(TEXT))
    await until(lambda: not is_running(note))  # whoever ended it, the system takes a moment


def is_running(note: Path) -> bool:
    status = Path(f"/proc/{note.read_text()}/status")
    return status.exists() and "zombie" not in status.read_text()


async def test_an_infected_file_is_refused_and_nothing_of_it_is_left(
    bench: Bench, clamd: FakeClamd
) -> None:
    parts = bench.parts(scanner=scanner(clamd))
    with pytest.raises(FileInfected):
        await parts.keeping.keep(bench.organization_id, bytes_of(EICAR), name="a.txt")
    with pytest.raises(FileRefusedError) as refused:
        await parts.keeping.keep_file(bench.connection, bytes_of(EICAR), name="a.txt", mime=None)
    assert refused.value.code == "file_infected"
    bench.media.files = {"a.txt": b"see: " + EICAR}
    message_id = await bench.message(attachment("ok", "a.txt", "document"))
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert (row["state"], row["error"]["code"], row["file_id"]) == (
        "refused",
        "file_infected",
        None,
    )
    assert await bench.left() == (0, 0)
    assert await bench.counted() == 0


async def kept_while_away(
    bench: Bench, clamd: FakeClamd, content: bytes
) -> tuple[FileParts, ObjectId]:
    await clamd.stop()
    parts = bench.parts(scanner=scanner(clamd))
    file = await parts.keeping.keep(bench.organization_id, bytes_of(content), name="a.png")
    assert file["metadata"]["state"] == "checking"
    return parts, file["_id"]


async def test_while_the_scanner_is_away_a_file_waits_and_is_given_to_nobody(
    bench: Bench, clamd: FakeClamd
) -> None:
    parts, file_id = await kept_while_away(bench, clamd, picture())
    with pytest.raises(FileNotChecked):
        await parts.store.find_ready(bench.organization_id, file_id)
    with pytest.raises(FileNotChecked):
        await parts.store.linked(file_id)
    with pytest.raises(RetryableError):
        await parts.giving.outbound(bench.organization_id, [file_id])
    async with bench.database.transaction() as session:
        with pytest.raises(FileNotChecked):
            await parts.store.take(bench.organization_id, [file_id], session)
    with pytest.raises(NotFound):
        await parts.store.find(ObjectId(), file_id)
    for attempt in range(2, 7):
        await all_due(bench)
        before = utc_now()
        assert await parts.checking.sweep() == 1
        metadata = (await parts.store.find(bench.organization_id, file_id))["metadata"]
        assert (metadata["state"], metadata["check_attempts"]) == ("checking", attempt)
        pause = min(5 * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
        assert metadata["check_at"] >= before + timedelta(seconds=pause)
    await clamd.start()
    assert await parts.checking.sweep() == 0, "not before its time"
    await all_due(bench)
    assert await parts.checking.sweep() == 1
    file = await parts.store.find_ready(bench.organization_id, file_id)
    assert file["metadata"]["thumbnail"] is True
    assert await parts.store.thumbnail(file)
    (sent,) = await parts.giving.outbound(bench.organization_id, [file_id])
    assert b"".join([piece async for piece in sent.open()]) == picture()
    assert b"".join([piece async for piece in sent.open()]) == picture(), "anew each time"


async def test_a_messages_file_waits_with_its_scan_and_is_not_fetched_again(
    bench: Bench, clamd: FakeClamd
) -> None:
    await clamd.stop()
    bench.media.files = {"a.png": picture()}
    parts = bench.parts(scanner=scanner(clamd))
    message_id = await bench.message(attachment("ok"))
    for _ in range(3):
        await bench.sweep(parts)
        row = await bench.row(message_id)
        assert (row["state"], row["error"]["code"]) == ("waiting", "file_not_checked")
    assert len(bench.told) == 1
    await clamd.start()
    await all_due(bench)
    await parts.checking.sweep()
    await bench.sweep(parts)
    row = await bench.row(message_id)
    assert (row["state"], row["error"], row["thumbnail"]) == ("stored", None, True)
    assert bench.media.asked == ["a.png"]


async def test_what_is_found_late_is_taken_back_from_the_messages_that_name_it(
    bench: Bench, clamd: FakeClamd
) -> None:
    await clamd.stop()
    parts = bench.parts(scanner=scanner(clamd))
    kept = await parts.keeping.keep_file(bench.connection, bytes_of(EICAR), name="a.txt", mime=None)
    message_id = await bench.message(Attachment(kind=MessageKind.DOCUMENT, file_id=kept.id))
    await bench.sweep(parts)
    assert (await bench.row(message_id))["state"] == "waiting"
    await clamd.start()
    await all_due(bench)
    await parts.checking.sweep()
    row = await bench.row(message_id)
    assert (row["state"], row["error"]["code"], row["file_id"]) == (
        "refused",
        "file_infected",
        None,
    )
    assert bench.told[-1]["attachments"][0]["state"] == "refused"
    await bench.sweep(parts)
    assert "media_due_at" not in await bench.stored(message_id)
    assert await bench.left() == (0, 0)
    with pytest.raises(RejectedError):
        await parts.giving.outbound(bench.organization_id, [ObjectId(kept.id)])


async def test_a_check_that_a_dead_process_left_is_made_by_another(bench: Bench) -> None:
    parts = bench.parts()
    file = await parts.store.keep(bench.organization_id, bytes_of(picture()), name="a.png")
    assert await parts.checking.sweep() == 0, "the process that stored it has a while to check it"
    await parts.store.settle(file, {"check_at": utc_now() + CLAIM})
    assert await parts.checking.sweep() == 0, "somebody is at it"
    await all_due(bench)
    assert await bench.parts().checking.sweep() == 1
    assert (await parts.store.find_ready(bench.organization_id, file["_id"]))["metadata"][
        "thumbnail"
    ]


async def test_two_processes_do_not_check_the_same_file(bench: Bench, clamd: FakeClamd) -> None:
    parts = bench.parts(scanner=scanner(clamd))
    file = await parts.store.keep(bench.organization_id, bytes_of(picture()), name="a.png")
    await all_due(bench)
    await asyncio.gather(
        parts.checking.sweep(), bench.parts(scanner=scanner(clamd)).checking.sweep()
    )
    assert len(clamd.scanned) == 1
    assert await parts.store.find_ready(bench.organization_id, file["_id"])
