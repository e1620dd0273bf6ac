"""The load generator's side: commands come in as lines of JSON, answers go out as lines of JSON."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from tests.bench.figures import Figures

type Command = Callable[..., Awaitable[Any]]


async def serve(commands: Mapping[str, Command]) -> None:
    """Do what is asked until standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        values = json.loads(line)
        result = await commands[values.pop("do")](**values)
        answer = asdict(result) if isinstance(result, Figures) else result or {}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
