import asyncio
import os
import re
import signal
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from crm.cli.processes import Process, Program, StartError
from tests.support.patience import until


async def at_once() -> bool:
    return True


async def never() -> bool:
    return False


def program(code: str, **options: Any) -> Program:
    values: dict[str, Any] = {
        "name": "child",
        "command": [sys.executable, "-u", "-c", textwrap.dedent(code)],
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "ready": at_once,
        **options,
    }
    return Program(**values)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def test_output_goes_to_the_log_and_alarms_to_the_terminal(tmp_path: Path) -> None:
    alarms: list[str] = []
    process = Process(
        program("print('quiet'); print('ERROR loud'); print('no line end', end='')"),
        logs=tmp_path,
        alarm=alarms.append,
    )
    await process.launch()
    assert await process.wait() == 0
    assert (tmp_path / "child.log").read_text() == "quiet\nERROR loud\nno line end\n"
    assert alarms == ["ERROR loud"]


async def test_a_child_that_ends_early_is_told_with_its_last_words(tmp_path: Path) -> None:
    process = Process(
        program("print('the port is taken'); raise SystemExit(3)", ready=never), logs=tmp_path
    )
    with pytest.raises(StartError, match=r"(?s)ended with code 3.*the port is taken"):
        await process.start()


async def test_a_known_cause_is_told_instead(tmp_path: Path) -> None:
    process = Process(
        program("raise SystemExit(3)", ready=never, explain=lambda code, _: f"Known: {code}."),
        logs=tmp_path,
    )
    with pytest.raises(StartError, match=r"^Known: 3\.$"):
        await process.start()


async def test_a_child_that_is_never_ready_is_stopped(tmp_path: Path) -> None:
    process = Process(
        program("import time; time.sleep(600)", ready=never, patience=0.3), logs=tmp_path
    )
    with pytest.raises(StartError, match="not ready after 0 seconds"):
        await process.start()
    assert not process.running


async def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    process = Process(program("", command=["/no/such/program"]), logs=tmp_path)
    with pytest.raises(StartError, match=re.escape("No such file or directory (/no/such/program)")):
        await process.launch()


async def test_what_does_not_want_to_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    process = Process(
        program(
            """
            import signal, subprocess, sys, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)
            time.sleep(600)
            """
        ),
        logs=tmp_path,
    )
    await process.start()
    await until(lambda: process.log.last_lines)
    grandchild = int(process.log.last_lines[0])
    await process.stop(patience=0.3)
    assert not process.running
    await until(lambda: not alive(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of the end")
async def test_no_child_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = """
        import asyncio, os, sys
        from pathlib import Path
        from crm.cli.processes import Process, Program

        async def main():
            async def ready():
                return True
            child = Process(Program(
                name="child", command=[sys.executable, "-c", "import time; time.sleep(600)"],
                environment=dict(os.environ), folder=Path.cwd(), ready=ready,
            ), logs=Path(sys.argv[1]))
            await child.start()
            print(child.pid, flush=True)
            await child.wait()

        asyncio.run(main())
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", textwrap.dedent(parent), str(tmp_path)),
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    assert alive(child)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await until(lambda: not alive(child))
