"""The parent's side of a load generator, which is a process of its own.

It takes one JSON object a line and answers each with one; the measured processes never share its interpreter.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from tests.bench.figures import Figures

Json = dict[str, Any]


class Driver:
    """A running load generator."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def start(cls, module: str) -> AsyncIterator[Self]:
        """Run the load generator of that module while the body runs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**22,
            start_new_session=True,  # Ctrl-C is for the parent, which ends it
        )
        try:
            yield cls(process)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    async def ask(self, command: str, **values: Any) -> Json:
        """Give a command and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **values}).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        assert line, "the load generator ended"
        answer: Json = json.loads(line)
        return answer

    async def measure(self, command: str, **values: Any) -> Figures:
        """Give a command that is answered with figures."""
        return Figures(**await self.ask(command, **values))
