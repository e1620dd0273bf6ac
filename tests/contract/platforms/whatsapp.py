"""WhatsApp as the contract suite uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import httpx
import pytest

from connectors.whatsapp import client
from crm.contract import MessageKind
from tests.contract.conftest import SECRET, WhatsApp
from tests.contract.platforms.base import RETRY_AFTER, Platform, Trouble
from tests.contract.whatsapp_bodies import USER_ID
from tests.fakes.whatsapp_api import APP_SECRET, TOKEN, body, message, said, status, value
from tests.fakes.whatsapp_server import signed

OPERATIONS = (
    "messages",
    "media",
    "media_url",
    "download",
    "message_templates",
    "debug_token",
    "phone_numbers",
    "subscribed_apps",
    "number",
)
FAILURES: dict[Trouble, dict[str, Any]] = {
    Trouble.CUT: {"status": 0},
    Trouble.FAILING: {"status": 503, "code": 2},
    Trouble.NONSENSE: {"status": 502, "text": "<html>Bad gateway</html>"},
    Trouble.LIMIT: {"status": 429, "code": 80007, "headers": {"Retry-After": str(RETRY_AFTER)}},
    Trouble.REVOKED: {"status": 401, "code": 190},
    Trouble.SILENT: {"status": -1},
}


class WhatsAppPlatform(Platform):
    """A person who writes to the number."""

    secrets = (TOKEN, APP_SECRET, SECRET)

    def __init__(self, whatsapp: WhatsApp, client: aiohttp.ClientSession) -> None:
        self.connector = whatsapp.connector
        self.connection, self.inbox = whatsapp.connection, whatsapp.inbox
        self.chat_id = USER_ID
        self._server, self._url, self._client = whatsapp.server, whatsapp.webhook_url, client

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        """See the base."""
        found = await self._server.deliver(said(message(f"wamid.{key}", text={"body": text})))
        assert found in {200, 503}
        return found == 200

    async def deliver_file(self, kind: MessageKind, content: bytes, mime: str) -> None:
        """See the base."""
        await self._server.send(kind.value, content, mime)

    async def deliver_unknown(self) -> None:
        """See the base."""
        told = said(message("wamid.H", type="hologram", hologram={"id": "1"}))
        assert await self._server.deliver(told) == 200

    async def edit(self, text: str, *, key: int = 1) -> None:
        """See the base."""
        edited = {
            "original_message_id": f"wamid.{key}",
            "message": {"type": "text", "text": {"body": text}},
        }
        assert await self._server.deliver(said(message("wamid.E", type="edit", edit=edited))) == 200

    async def react(self, platform_id: str, emoji: str) -> None:
        """See the base."""
        reaction = {"message_id": platform_id, "emoji": emoji}
        assert await self._server.deliver(said(message("wamid.R", reaction=reaction))) == 200

    async def quote(self, platform_id: str, text: str) -> None:
        """See the base."""
        context = {"from": "77273555010", "id": platform_id}
        told = said(message("wamid.Q", text={"body": text}, context=context))
        assert await self._server.deliver(told) == 200

    async def tap(self, payload: str, title: str) -> None:
        """See the base."""
        kind = "button_reply"
        chosen = {"type": kind, kind: {"id": payload, "title": title}}
        told = said(message("wamid.B", type="interactive", interactive=chosen))
        assert await self._server.deliver(told) == 200

    async def take_back(self, *, key: int = 1) -> None:
        """See the base."""
        told = said(message("wamid.D", revoke={"original_message_id": f"wamid.{key}"}))
        assert await self._server.deliver(told) == 200

    async def locate(self, latitude: float, longitude: float) -> None:
        """See the base."""
        place = {"latitude": latitude, "longitude": longitude}
        assert await self._server.deliver(said(message("wamid.L", location=place))) == 200

    async def write_from_phone(self, text: str) -> None:
        """See the base."""
        echo = {
            "from": "77273555010",
            "to": "77010000501",
            "to_user_id": USER_ID,
            "id": "wamid.P",
            "timestamp": "1794939200",
            "type": "text",
            "text": {"body": text},
        }
        told = body(value(message_echoes=[echo]), field="smb_message_echoes")
        assert await self._server.deliver(told) == 200

    async def tell_status(self, platform_id: str, state: str) -> None:
        """See the base."""
        assert await self._server.deliver(body(value(statuses=[status(platform_id, state)]))) == 200

    async def forge(self, forgery: str, text: str) -> int:
        """See the base."""
        payload = json.dumps(said(message("wamid.F", text={"body": text}))).encode()
        given = {"missing": {}, "wrong": signed(payload + b" ")}
        headers = given.get(forgery, signed(payload, "another-app's-secret"))
        async with self._client.post(self._url, data=payload, headers=headers) as answer:
            return answer.status

    async def sent(self, count: int) -> list[str]:
        """See the base."""
        return [one["text"]["body"] for one in self._server.number.sent]

    async def fail(self, trouble: Trouble) -> None:
        """See the base."""
        for operation in OPERATIONS:
            self._server.graph.fail(operation, **FAILURES[trouble], times=99)

    async def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """See the base."""
        monkeypatch.setattr(client, "_TIMEOUT", httpx.Timeout(0.3))
        await self.connector.close()

    def some_file(self) -> Mapping[str, Any]:
        """See the base."""
        self._server.graph.files["1"] = (b"content", "image/png")
        return {"media_id": "1"}
