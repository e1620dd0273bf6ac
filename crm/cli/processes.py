"""One process of the product: started, watched, stopped, with its output in a log file.

No process outlives the one that started it, also when that one is killed: on Linux the kernel tells the child
(prctl(2), PR_SET_PDEATHSIG). Each child leads a process group of its own, so that Ctrl-C in the terminal reaches the
supervisor alone, which then stops the children in order.
"""

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crm.cli.logs import LogFile

PR_SET_PDEATHSIG = 1
PROBE_EVERY_SECONDS = 0.1
LINES_SHOWN = 12

# Loaded before any fork: between fork and exec no library may be loaded.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class StartError(Exception):
    """Something cannot be started; the text is for a person, and names the way out."""


@dataclass(frozen=True, slots=True)
class Program:
    """How a process is started and how one knows that it works.

    Attributes:
        name: a word for people, and the name of the log file.
        command: the words of the command; no secrets, everybody on the machine can read them.
        environment: the whole environment of the process.
        folder: where it runs.
        ready: whether it does its work; asked again and again until it says so.
        patience: seconds until it must be ready.
        explain: turns its last lines and its exit code into a sentence, where a better one than the general is known.
        alarming: lines of its output that are also shown in the terminal.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    ready: Callable[[], Awaitable[bool]]
    patience: float = 60.0
    explain: Callable[[int, list[str]], str | None] = lambda _code, _lines: None
    alarming: re.Pattern[str] = field(default=re.compile(r"\b(ERROR|CRITICAL)\b"))


class Process:
    """A running program.

    Args:
        program: what to run.
        logs: folder of the log files.
        alarm: called with each alarming line.
    """

    def __init__(
        self, program: Program, *, logs: Path, alarm: Callable[[str], None] = lambda _line: None
    ) -> None:
        self.program = program
        self.log = LogFile(logs / f"{program.name}.log")
        self._alarm = alarm
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Its number, while it runs."""
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            StartError: it ended, or was not ready in time; in the latter case it is stopped.
        """
        await self.launch()
        await self.until_ready()

    async def launch(self) -> None:
        """Start it without waiting for more than its existence.

        Raises:
            StartError: the command cannot be run at all.
        """
        self.log.forget()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.program.command,
                cwd=self.program.folder,
                env=dict(self.program.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )
        except OSError as error:
            raise StartError(
                f"The {self.program.name} process cannot be started: {error.strerror} ({self.program.command[0]})."
            ) from None
        self._reader = asyncio.create_task(self._read(self._process))

    async def until_ready(self) -> None:
        """Wait until it does its work.

        Raises:
            StartError: it ended, or was not ready in time; in the latter case it is stopped.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self.program.patience
        while self.running and loop.time() < give_up_at:
            if await self.program.ready():
                return
            await asyncio.sleep(PROBE_EVERY_SECONDS)
        if self.running:
            await self.stop()
            raise StartError(
                f"The {self.program.name} process was not ready after {self.program.patience:.0f} seconds"
                f" and was stopped. {self._end_of_log()}"
            )
        raise StartError(await self.obituary())

    async def obituary(self) -> str:
        """Wait for its end and return why it ended, for a person; with its last words."""
        known, how = await self._end()
        return known or f"{how} {self._end_of_log()}"

    async def brief_obituary(self) -> str:
        """Wait for its end and return why it ended, in one line."""
        known, how = await self._end()
        return known or f"{how} Its log is {self.log.path}."

    async def _end(self) -> tuple[str | None, str]:
        """Wait for its end and return its cause, where that is known, and how it ended."""
        code = await self.wait()
        known = self.program.explain(code, self.log.last_lines)
        ended = (
            f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        )
        return known, f"The {self.program.name} process {ended}."

    async def wait(self) -> int:
        """Wait for its end and return its exit code; negative is a signal's number.

        Raises:
            RuntimeError: it has not been started.
        """
        if self._process is None or self._reader is None:
            raise RuntimeError("wait() before start()")
        code = await self._process.wait()
        # Something it started may hold the pipe; what it said itself is there already.
        await asyncio.wait({self._reader}, timeout=1.0)
        return code

    async def stop(self, patience: float = 15.0) -> None:
        """Ask it to end, and end it (with whatever it started) when it has not after `patience` seconds."""
        if self._process is None:
            return
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), patience)
        self.kill()
        await self.wait()

    def kill(self) -> None:
        """End it and everything it started, at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _end_of_log(self) -> str:
        lines = "\n".join(f"    {line}" for line in self.log.last_lines[-LINES_SHOWN:])
        return f"Its last words (all of them are in {self.log.path}):\n{lines}"

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        rest = b""
        while chunk := await process.stdout.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._take(line)
        if rest:
            self._take(rest)

    def _take(self, line: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk must not stop the process from talking
            self.log.write(line + b"\n")
        text = line.decode("utf-8", "replace")
        if self.program.alarming.search(text):
            self._alarm(text)


def _die_with(parent: int) -> Callable[[], None]:
    def prepare() -> None:  # runs in the child, between fork and exec
        if _LIBC is None:
            return
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died before the kernel was told
            os._exit(1)

    return prepare
