"""`aitys run`, `aitys doctor` and the others, as a person calls them."""

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]
LAUNCH = "import sys; from crm.cli.main import run; sys.exit(run())"
START_SECONDS = 120

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def aitys(*words: str, data: Path, **settings: object) -> AsyncIterator[Process]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AITYS_")},
        "PYTHONPATH": str(ROOT),
        "AITYS_DATA_DIR": str(data),
        "AITYS_TELEGRAM_API_URL": "http://127.0.0.1:9",
        **{f"AITYS_{name.upper()}": str(value) for name, value in settings.items()},
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LAUNCH, *words), env=environment, stdout=PIPE, stderr=STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def outcome(*words: str, data: Path, **settings: object) -> tuple[int, str]:
    async with aitys(*words, data=data, **settings) as process:
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()


async def until_ready(process: Process) -> str:
    """Return the output up to the line that ends a start."""
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(START_SECONDS):
        while "Ctrl-C stops it." not in said:
            line = await process.stdout.readline()
            assert line, f"it ended: {said}"
            said += line.decode()
    return said


def processes_of(data: Path) -> set[int]:
    """Return the processes that were started for a data folder."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(data).encode() in words:
            found.add(int(folder.name))
    return found


async def until_gone(data: Path, seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while processes_of(data):  # noqa: ASYNC110 - nobody tells of other people's processes
            await asyncio.sleep(0.1)


async def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    port = free_port()
    async with aitys("run", data=tmp_path, port=port) as process:
        said = await until_ready(process)
        password = re.search(r"password: (\S+)", said)
        assert password
        assert f"http://localhost:{port}/demo" in said
        async with aiohttp.ClientSession() as session:
            credentials = {"email": "demo@aitys.example", "password": password[1]}
            address = f"http://127.0.0.1:{port}/api/auth/sign-in"
            async with session.post(address, json=credentials) as answer:
                assert answer.status == 200
        assert len(processes_of(tmp_path)) >= 6

        code, said = await outcome("run", data=tmp_path, port=free_port())
        assert (code, "Aitys is running already on the data folder" in said) == (1, True)
        # What needs a database uses the one that runs.
        code, said = await outcome("migrate", data=tmp_path)
        assert (code, "nothing to do" in said) == (0, True)
        code, said = await outcome("doctor", data=tmp_path, port=port)
        assert (code, "is running (process" in said) == (0, True)

        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0
    assert not processes_of(tmp_path)


async def test_a_killed_supervisor_leaves_nothing_running(tmp_path: Path) -> None:
    async with aitys("run", "--no-demo", data=tmp_path, port=free_port()) as process:
        await until_ready(process)
        process.kill()
        await process.wait()
        await until_gone(tmp_path)
    # And what it left behind does not stand in the way.
    code, said = await outcome("doctor", data=tmp_path)
    assert "Database: answers" in said, said
    assert code == 0


async def test_ctrl_c_during_the_start_leaves_nothing_running(tmp_path: Path) -> None:
    async with aitys("run", data=tmp_path, port=free_port()) as process:
        assert process.stdout is not None
        while b"Database" not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0
    assert not processes_of(tmp_path)


async def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = await outcome("run", data=tmp_path, port=port)
        assert code == 1
        sentence = said.strip().splitlines()[-1]
        assert sentence.startswith(f"aitys: Port {port} on 127.0.0.1 is taken by another program")
        code, said = await outcome("doctor", data=tmp_path, port=port)
        assert code == 1
        assert sentence.removeprefix("aitys: ") in said
    assert not processes_of(tmp_path)


async def test_a_damaged_database_is_one_sentence(tmp_path: Path) -> None:
    assert (await outcome("migrate", data=tmp_path))[0] == 0
    (tmp_path / "db" / "WiredTiger.turtle").write_text("nonsense")
    for words in ("run", "doctor"):
        code, said = await outcome(words, data=tmp_path, port=free_port())
        assert code == 1
        assert f"mv {tmp_path}/db {tmp_path}/db.damaged" in said
        assert "Traceback" not in said


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"port": "http"}, "AITYS_PORT is wrong"),
        ({"mongodb_uri": "localhost"}, "AITYS_MONGODB_URI is wrong"),
        ({"llm_model": "gpt"}, "AITYS_LLM_MODEL is wrong"),
        ({"secret_key": "short"}, "AITYS_SECRET_KEY is wrong"),
        ({"public_url": "chat.example.kz"}, "AITYS_PUBLIC_URL is wrong"),
        ({"mongodb_uri": "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=300"}, "cannot be used"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    values: dict[str, object] = {"port": free_port(), **settings}
    code, said = await outcome("run", data=tmp_path, **values)
    assert code == 1
    assert sentence in said.strip().splitlines()[-1]
    assert "Traceback" not in said


async def test_seeding_leaves_other_data_alone(tmp_path: Path) -> None:
    code, said = await outcome("seed", data=tmp_path)
    assert (code, "demo@aitys.example" in said) == (0, True)
    again, once_more = await outcome("seed", data=tmp_path)
    assert (again, once_more) == (0, said)
