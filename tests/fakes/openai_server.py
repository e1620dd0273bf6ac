"""A server that speaks the chat completions and the embeddings of OpenAI's API, on a free loopback port.

Payloads and status codes follow the API reference (POST /v1/chat/completions, its stream of server-sent events, its
error objects). Every request is recorded. `FakeOpenAI.replies` says what comes next; the last reply is repeated.
"""

import asyncio
import base64
import json
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

type Write = Callable[[list[dict[str, str]]], str]
type Embed = Callable[[str], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeReply:
    """What the server does with one request.

    `text` may be made from the messages. `body` is sent instead of a completion, as it is. `delay` is waited for first,
    in seconds; `pause` before each piece of a stream, `break_after` is after how many pieces it breaks off. `when` picks
    the reply by the prompt, whatever the order of requests.
    """

    text: str | Write = ""
    status: int = 200
    delay: float = 0
    pause: float = 0
    refusal: str | None = None
    body: bytes | None = None
    content_type: str = "application/json"
    error_code: str | None = None
    drop: bool = False
    finish: str = "stop"
    break_after: int | None = None
    retry_after: str = "20"
    streams: bool = True
    when: str | None = None


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it arrived."""

    path: str
    authorization: str | None
    raw: str
    body: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, str]]:
        return list(self.body["messages"])


@dataclass(slots=True)
class FakeOpenAI:
    """The server's side of a test."""

    base_url: str = ""
    api_key: str | None = None
    replies: list[FakeReply] = field(default_factory=lambda: [FakeReply(text="Hello.")])
    seen: list[SeenRequest] = field(default_factory=list)
    embed: Embed = lambda text: [float(len(text)), 1.0]
    """What a text's embedding is."""
    cut_off: int = 0
    """Requests whose caller hung up before the answer."""

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Self]:
        fake = cls()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", fake._complete)
        app.router.add_post("/v1/embeddings", fake._embeddings)
        app.router.add_route("*", "/{rest:.*}", fake._unknown)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        fake.base_url = f"http://{host}:{port}/v1"
        try:
            yield fake
        finally:
            await runner.cleanup()

    @classmethod
    @asynccontextmanager
    async def redirecting(cls, target: str) -> AsyncIterator[str]:
        """Yield the address of a server that sends every caller on to another one."""

        async def redirect(_: web.Request) -> web.Response:
            raise web.HTTPTemporaryRedirect(f"{target}/chat/completions")

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", redirect)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        try:
            yield f"http://{host}:{port}"
        finally:
            await runner.cleanup()

    def reply(self, *replies: FakeReply | str) -> None:
        """Set what comes next."""
        self.replies = [
            reply if isinstance(reply, FakeReply) else FakeReply(text=reply) for reply in replies
        ]

    @property
    def everything(self) -> str:
        """All that ever reached the server, headers of interest included."""
        return "\n".join(f"{seen.authorization}\n{seen.raw}" for seen in self.seen)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        raw = await request.text()
        try:
            body = json.loads(raw)
        except ValueError:
            return _error(400, "We could not parse the JSON body of your request.", None)
        self.seen.append(SeenRequest(request.path, request.headers.get("Authorization"), raw, body))
        if self.api_key and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        if not body.get("model") or not isinstance(body.get("messages"), list):
            return _error(400, "you must provide a model parameter", None)
        reply = self._next(raw)
        try:
            await asyncio.sleep(reply.delay)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        try:
            return await _send(request, body, reply)
        except ConnectionResetError:
            self.cut_off += 1
            return web.Response()

    async def _embeddings(self, request: web.Request) -> web.Response:
        raw = await request.text()
        body = json.loads(raw)
        self.seen.append(SeenRequest(request.path, request.headers.get("Authorization"), raw, body))
        if self.api_key and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        reply = self._next(raw)
        await asyncio.sleep(reply.delay)
        if reply.status != 200:
            return _error(reply.status, "The request failed.", reply.error_code, reply.retry_after)
        texts = body["input"]
        if isinstance(texts, str):
            texts = [texts]
        if not all(isinstance(text, str) for text in texts):
            return _error(400, "This model takes texts.", None)
        rows: list[Any] = [self.embed(text) for text in texts]
        if body.get("encoding_format") == "base64":
            rows = [base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode() for row in rows]
        return web.json_response(
            {
                "object": "list",
                "data": [
                    {"object": "embedding", "index": place, "embedding": row}
                    for place, row in enumerate(rows)
                ],
                "model": body["model"],
                "usage": {"prompt_tokens": len(raw) // 4, "total_tokens": len(raw) // 4},
            }
        )

    def _next(self, raw: str) -> FakeReply:
        fitting = [r for r in self.replies if r.when is not None and r.when in raw]
        others = [r for r in self.replies if r.when is None]
        reply = (fitting or others)[0]
        if len(fitting or others) > 1:
            self.replies.remove(reply)
        return reply

    async def _unknown(self, request: web.Request) -> web.Response:
        raw = await request.text()
        self.seen.append(SeenRequest(request.path, request.headers.get("Authorization"), raw, {}))
        return _error(404, f"Invalid URL ({request.method} {request.path})", "unknown_url")


async def _send(request: web.Request, body: dict[str, Any], reply: FakeReply) -> web.StreamResponse:
    if reply.drop:
        assert request.transport is not None
        request.transport.close()
        return web.Response()
    if reply.status != 200:
        return _error(reply.status, "The request failed.", reply.error_code, reply.retry_after)
    if reply.body is not None:
        return web.Response(body=reply.body, content_type=reply.content_type)
    text = reply.text(body["messages"]) if callable(reply.text) else reply.text
    if body.get("stream") and reply.streams:
        return await _stream(request, body, text, reply)
    return web.json_response(_completion(body, text, reply))


def _usage(body: dict[str, Any], text: str) -> dict[str, int]:
    prompt = sum(len(str(message.get("content") or "")) for message in body["messages"]) // 4
    return {
        "prompt_tokens": prompt,
        "completion_tokens": len(text) // 4,
        "total_tokens": prompt + len(text) // 4,
    }


def _completion(body: dict[str, Any], text: str, reply: FakeReply) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{time.time_ns()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if reply.refusal else text,
                    "refusal": reply.refusal,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": reply.finish,
            }
        ],
        "usage": _usage(body, text),
        "system_fingerprint": None,
    }


async def _stream(
    request: web.Request, body: dict[str, Any], text: str, reply: FakeReply
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    head = {
        "id": f"chatcmpl-{time.time_ns()}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body["model"],
    }
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if reply.refusal:
        deltas.append({"refusal": reply.refusal})
    else:
        deltas += [{"content": text[start : start + 12]} for start in range(0, len(text), 12)]
    for number, delta in enumerate(deltas):
        if number == reply.break_after:
            assert request.transport is not None
            request.transport.close()
            return response
        await asyncio.sleep(reply.pause)
        choices = [{"index": 0, "delta": delta, "finish_reason": None}]
        await _event(response, {**head, "choices": choices})
    done = [{"index": 0, "delta": {}, "finish_reason": reply.finish}]
    await _event(response, {**head, "choices": done})
    if (body.get("stream_options") or {}).get("include_usage"):
        await _event(response, {**head, "choices": [], "usage": _usage(body, text)})
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


async def _event(response: web.StreamResponse, data: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode())


def _error(status: int, message: str, code: str | None, retry_after: str = "20") -> web.Response:
    kinds = {401: "invalid_request_error", 429: "rate_limit_error", 500: "server_error"}
    error = {
        "message": message,
        "type": kinds.get(status, "invalid_request_error"),
        "param": None,
        "code": code,
    }
    headers = {"Retry-After": retry_after} if status == 429 else {}
    return web.json_response({"error": error}, status=status, headers=headers)
