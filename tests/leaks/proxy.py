"""A proxy that keeps every byte that goes to the provider."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

_CHUNK = 65_536


@dataclass(slots=True)
class RecordingProxy:
    """Passes bytes on both ways. `sent` is all that came from our side since it was last taken."""

    url: str = ""
    sent: bytearray = field(default_factory=bytearray)
    connections: int = 0

    @classmethod
    @asynccontextmanager
    async def before(cls, target: str) -> AsyncIterator[Self]:
        """Stand before the server at `target`."""
        parts = urlsplit(target)
        proxy = cls()
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            proxy.connections += 1
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            with suppress(OSError):
                upstream = await asyncio.open_connection(parts.hostname, parts.port)
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(_pump(reader, upstream[1], proxy.sent))
                        group.create_task(_pump(upstream[0], writer, None))
                finally:
                    upstream[1].close()
                    writer.close()
            tasks.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()[:2]
        proxy.url = f"http://{host}:{port}{parts.path}"
        try:
            yield proxy
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def take(self) -> bytes:
        """Return what was sent since the last time, and begin anew."""
        sent = bytes(self.sent)
        self.sent.clear()
        return sent


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray | None
) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            if record is not None:
                record += data
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()
