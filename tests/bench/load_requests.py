"""Load of plain HTTP requests over kept connections, as cheap as Python can make it.

An HTTP library of our own would take as long for a request as the server under test. Run as a process: see ``driver``.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import orjson

from tests.bench.commands import serve
from tests.bench.figures import Figures

PATIENCE_SECONDS = 30.0
FIRST_CHAT = 700_000

type NextRequest = Callable[[], bytes]


class Requester(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, next_request: NextRequest, stop_at: float) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.failed = 0
        self._next_request = next_request
        self._stop_at = stop_at
        self._buffer = b""
        self._began = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        now = time.perf_counter()
        if head.startswith(b"HTTP/1.1 200"):
            self.latencies.append(now - self._began)
        else:
            self.failed += 1
        self._buffer = b""
        if now < self._stop_at:
            self._ask()
        else:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.failed += 1
            self.done.set_result(None)

    def _ask(self) -> None:
        assert self._transport is not None
        self._began = time.perf_counter()
        self._transport.write(self._next_request())

    def _end(self) -> None:
        assert self._transport is not None
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()


def _content_length(head: bytes) -> int:
    start = head.lower().index(b"content-length:") + 15
    end = head.find(b"\r\n", start)
    return int(head[start : end if end > 0 else None])


async def _load(url: str, next_request: NextRequest, connections: int, seconds: float) -> Figures:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Requester(next_request, began + seconds), host, port)
        for _ in range(connections)
    ]
    requesters = [requester for _, requester in made]
    await asyncio.wait({r.done for r in requesters}, timeout=seconds + PATIENCE_SECONDS)
    latencies = [latency for r in requesters for latency in r.latencies]
    failed = sum(r.failed + (not r.done.done()) for r in requesters)
    for transport, _ in made:
        transport.abort()
    return Figures.of(latencies, time.perf_counter() - began, failed)


async def get(*, url: str, headers: dict[str, str], connections: int, seconds: float) -> Figures:
    """The same GET again and again."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    return await _load(url, lambda: request, connections, seconds)


_UPDATES: Iterator[int] = itertools.count(1)


async def updates(
    *,
    urls: list[str],
    headers: list[dict[str, str]],
    chats: int,
    text: str,
    connections: int,
    seconds: float,
) -> Figures:
    """Telegram updates, each a new one, of so many chats in turn, over the given webhooks in turn."""
    heads = [_post_head(url, extra) for url, extra in zip(urls, headers, strict=True)]

    def next_request() -> bytes:
        number = next(_UPDATES)
        chat_id = FIRST_CHAT + number % chats
        body = orjson.dumps(_update(number, chat_id, text))
        return b"%sContent-Length: %d\r\n\r\n%s" % (heads[number % len(heads)], len(body), body)

    return await _load(urls[0], next_request, connections, seconds)


def _post_head(url: str, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join([*lines, "Content-Type: application/json"]) + "\r\n").encode()


def _update(number: int, chat_id: int, text: str) -> dict[str, object]:
    person = {"first_name": "Айгүл", "last_name": "Серікқызы", "username": f"aigul_{chat_id}"}
    return {
        "update_id": 50_000_000 + number,
        "message": {
            "message_id": number,
            "from": {"id": chat_id, "is_bot": False, **person, "language_code": "ru"},
            "chat": {"id": chat_id, "type": "private", **person},
            "date": int(time.time()),
            "text": text,
        },
    }


if __name__ == "__main__":
    asyncio.run(serve({"get": get, "updates": updates}))
