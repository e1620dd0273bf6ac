"""Anthropic's, Google's and GigaChat's chat APIs, as far as one answer needs them, on a free loopback port.

Payloads follow the references: POST /v1/messages with its stream of events, models/{model}:streamGenerateContent, and
POST /chat/completions of GigaChat's API, whose LangChain class asks for no stream. Every request is recorded.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass(slots=True)
class OtherProviders:
    """The server's side of a test. `status` other than 200 is answered with an error."""

    url: str = ""
    text: str = "Доставка стоит 1 500 ₸."
    status: int = 200
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Self]:
        fake = cls()
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", fake._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        fake.url = f"http://{host}:{port}"
        try:
            yield fake
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else {}
        self.seen.append((request.path, dict(request.headers), body))
        if self.status != 200:
            return web.json_response(
                {"error": {"type": "error", "message": "no", "code": self.status}},
                status=self.status,
            )
        if request.path == "/v1/messages":
            return await self._stream(request, self._anthropic())
        if "GenerateContent" in request.path:
            return await self._stream(request, [self._google()])
        if request.path.endswith("/chat/completions"):
            return web.json_response(self._gigachat())
        return web.json_response({}, status=404)

    def _anthropic(self) -> list[dict[str, Any]]:
        message: dict[str, Any] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 25, "output_tokens": 1},
        }
        text = {"type": "text", "text": ""}
        return [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": text},
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": self.text},
            },
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"input_tokens": 25, "output_tokens": 15},
            },
            {"type": "message_stop"},
        ]

    def _google(self) -> dict[str, Any]:
        return {
            "candidates": [
                {
                    "content": {"role": "model", "parts": [{"text": self.text}]},
                    "finishReason": "STOP",
                    "index": 0,
                }
            ],
            "usageMetadata": {
                "promptTokenCount": 25,
                "candidatesTokenCount": 15,
                "totalTokenCount": 40,
            },
            "modelVersion": "gemini",
        }

    def _gigachat(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.text}
        return {
            "object": "chat.completion",
            "created": 1,
            "model": "GigaChat",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 25, "completion_tokens": 15, "total_tokens": 40},
        }

    @staticmethod
    async def _stream(request: web.Request, events: list[dict[str, Any]]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            data = json.dumps(event, ensure_ascii=False)
            await response.write(f"{name}data: {data}\n\n".encode())
        await response.write_eof()
        return response
