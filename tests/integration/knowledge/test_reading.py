"""Documents are read in a process of their own: killed when it hangs, dead with its worker, without our secrets."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.limits import MEGABYTE, Limits
from crm.knowledge import reading as reading_module
from crm.knowledge.reading import Reader
from tests.support.papers import HEADING, flowing, grid, text
from tests.support.patience import until

ROOT = Path(__file__).parents[3]
WORDS = "Доставка по городу занимает один день."


async def chunks(content: bytes, size: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(reader: Reader, name: str, content: bytes, tell: Any = None) -> Any:
    async def nobody(_done: int, _total: int) -> None:
        pass

    return await reader.read(name, chunks(content), language=None, title=None, tell=tell or nobody)


def instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let another program stand for the reader."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"
    monkeypatch.setattr(reading_module, "_PROGRAM", program)


async def test_a_file_is_read_with_progress() -> None:
    told: list[tuple[int, int]] = []

    async def tell(done: int, total: int) -> None:
        told.append((done, total))

    story = [text("Доставка", HEADING), text(WORDS), grid([["a", "b", "c"], ["1", "2", "3"]])]
    found = await read(Reader(), "terms.pdf", flowing(story), tell)
    assert (found.title, found.language) == ("Доставка", "ru")
    assert [(passage.text, passage.page) for passage in found.passages] == [
        (f"{WORDS}\na: 1; b: 2; c: 3", 1)
    ]
    assert "a: 1; b: 2; c: 3" in found.text
    assert told[-1] == (1, 1)


async def test_what_is_wrong_is_told_as_it_is() -> None:
    with pytest.raises(DocumentError, match="document_wrong_type"):
        await read(Reader(), "terms.pdf", b"just words")
    with pytest.raises(DocumentError, match=r"document_too_large.*1 pages"):
        await read(Reader(limits=Limits(pages=0)), "a.pdf", flowing([text(WORDS)]))


async def test_a_reader_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "import time; sys.stdin.buffer.read(); time.sleep(600)")
    begun = time.monotonic()
    with pytest.raises(DocumentError, match="document_took_too_long"):
        await read(Reader(seconds=0.5), "a.md", b"# x\n\ny")
    assert time.monotonic() - begun < 120


async def test_a_reader_that_spins_is_ended_by_its_own_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = (
        "from bot.knowledge import reader\n"
        "def spin(*_):\n    while True: pass\n"
        "reader._answer = spin\nreader.main()"
    )
    instead(monkeypatch, program)
    with pytest.raises(DocumentError, match="document_took_too_long"):
        await read(Reader(seconds=1.0), "a.md", b"# x\n\ny")


async def test_a_reader_that_eats_memory_takes_nobody_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = (
        "from bot.knowledge import reader\n"
        "def eat(*_):\n    held = []\n    while True: held.append(bytearray(50_000_000))\n"
        "reader._answer = eat\nreader.main()"
    )
    instead(monkeypatch, program)
    with pytest.raises(DocumentError, match=r"document_too_complex.*memory"):
        await read(Reader(memory_bytes=700 * MEGABYTE), "a.md", b"# x\n\ny")


@pytest.mark.parametrize("end", ["os.abort()", "os.kill(os.getpid(), 11)", "os._exit(3)"])
async def test_a_reader_that_dies_is_told_apart_from_an_empty_document(
    monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    instead(monkeypatch, f"import os; {end}")
    with pytest.raises(DocumentError, match="document_too_complex"):
        await read(Reader(), "a.md", b"x" * 3_000_000)


async def test_a_fault_of_a_parser_is_logged_without_the_documents_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = (
        "from bot.knowledge import reader\n"
        "def fail(order, source, sink):\n    raise ValueError(source.read().decode())\n"
        "reader._answer = fail\nreader.main()"
    )
    instead(monkeypatch, program)
    with pytest.raises(DocumentError, match="document_broken"):
        await read(Reader(), "a.md", "тайна".encode())
    assert "ValueError" in caplog.text
    assert "тайна" not in caplog.text


async def test_the_reader_knows_no_secrets_and_writes_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AITYS_SECRET_KEY", "the-secret-of-the-house")
    out = tmp_path / "out"
    program = (
        "import os\nfrom bot.knowledge import reader\nfrom bot.knowledge.errors import DocumentError\n"
        "def look(*_):\n"
        "    try:\n        written = open(" + repr(str(out)) + ", 'w').write('x')\n"
        "    except OSError: written = 0\n"
        "    raise DocumentError('document_empty', f'{dict(os.environ)} {written}')\n"
        "reader._answer = look\nreader.main()"
    )
    instead(monkeypatch, program)
    with pytest.raises(DocumentError) as raised:
        await read(Reader(), "a.md", b"x")
    assert "secret" not in raised.value.detail
    assert not out.exists() or out.read_text() == ""


async def test_a_content_that_breaks_off_is_not_waited_for() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"# A document"
        raise FileNotFoundError

    async def nobody(_done: int, _total: int) -> None:
        pass

    begun = time.monotonic()
    with pytest.raises(FileNotFoundError):
        await Reader(seconds=600).read("a.md", broken(), language=None, title=None, tell=nobody)
    assert time.monotonic() - begun < 120


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere its limits end it")
async def test_a_reader_dies_with_its_worker(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-c", {reading_module._PROGRAM!r}], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(600)
""",
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    await asyncio.sleep(1.5)
    os.kill(child, 0)
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    try:
        await until(lambda: not alive(child))
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        raise


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
