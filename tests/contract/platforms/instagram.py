"""Instagram as the contract suite uses it: what a customer writes comes in a signed body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import aiohttp
import pytest

from connectors.instagram import media
from crm.contract import MessageKind
from tests.contract.instagram_platform import VERIFY_TOKEN, Instagram
from tests.contract.platforms.base import RETRY_AFTER, Platform, Trouble
from tests.fakes.instagram_api import APP_SECRET, TOKEN, Json
from tests.fakes.instagram_server import CUSTOMER

EDGES = ("me", "messages", "profile", "subscribed_apps", "messenger_profile", "conversations")
KINDS = {MessageKind.DOCUMENT: "file"}
FAILURES: dict[Trouble, dict[str, Any]] = {
    Trouble.CUT: {"status": 0},
    Trouble.FAILING: {"status": 503},
    Trouble.NONSENSE: {"status": 502},
    Trouble.LIMIT: {"status": 429, "code": 4, "headers": {"Retry-After": str(RETRY_AFTER)}},
    Trouble.REVOKED: {"status": 400, "code": 190},
    Trouble.SILENT: {"status": -1},
}


class InstagramPlatform(Platform):
    """One customer of the account."""

    lacks: ClassVar[Mapping[str, str]] = {
        "statuses": "Instagram tells only what was read, as a mark",
        "private media": "files lie at signed addresses that need no token",
        "stickers": "stickers come as pictures, and a heart as a text",
        "locations": "the app does not tell them through the API",
    }
    secrets = (TOKEN, APP_SECRET, VERIFY_TOKEN)

    def __init__(self, instagram: Instagram) -> None:
        self.connector = instagram.connector
        self.connection, self.inbox = instagram.connection, instagram.inbox
        self.chat_id = CUSTOMER
        self._server = instagram.server
        self._server.webhook = instagram.webhook_url
        self._server.account.fields = ["messages"]
        self._server.echoes = False

    async def _deliver(self, **event: Any) -> int:
        return await self._server.deliver(self._body(**event))

    def _body(self, **event: Any) -> Json:
        entry = self._server.entry(self._server.account, self._server.item(**event))
        return {"object": "instagram", "entry": [entry]}

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        """See the base."""
        status = await self._deliver(message={"mid": f"aWdfZAG{key}", "text": text})
        assert status in {200, 503}
        return status == 200

    async def deliver_file(self, kind: MessageKind, content: bytes, mime: str) -> None:
        """See the base."""
        await self._server.send(KINDS.get(kind, kind.value), content, mime=mime)

    async def deliver_unknown(self) -> None:
        """See the base."""
        attachments = [{"type": "hologram", "payload": {"id": "1"}}]
        message = {"mid": "aWdfZAGH", "attachments": attachments}
        assert await self._deliver(message=message) == 200

    async def edit(self, text: str, *, key: int = 1) -> None:
        """See the base."""
        edited = {"mid": f"aWdfZAG{key}", "text": text, "num_edit": 1}
        assert await self._deliver(message_edit=edited) == 200

    async def react(self, platform_id: str, emoji: str) -> None:
        """See the base."""
        reaction = {"mid": platform_id, "action": "react", "reaction": "other", "emoji": emoji}
        assert await self._deliver(reaction=reaction) == 200

    async def quote(self, platform_id: str, text: str) -> None:
        """See the base."""
        told = {"mid": "aWdfZAGQ", "text": text, "reply_to": {"mid": platform_id}}
        assert await self._deliver(message=told) == 200

    async def tap(self, payload: str, title: str) -> None:
        """See the base."""
        told = {"mid": "aWdfZAGT", "text": title, "quick_reply": {"payload": payload}}
        assert await self._deliver(message=told) == 200

    async def take_back(self, *, key: int = 1) -> None:
        """See the base."""
        assert await self._deliver(message={"mid": f"aWdfZAG{key}", "is_deleted": True}) == 200

    async def write_from_phone(self, text: str) -> None:
        """See the base."""
        await self._server.write_from_phone(text)

    async def forge(self, forgery: str, text: str) -> int:
        """See the base."""
        body = self._body(message={"mid": "aWdfZAGF", "text": text})
        if forgery == "another's":
            return await self._server.deliver(body, secret="another-app's-secret")
        signature = "" if forgery == "missing" else f"sha256={'0' * 64}"
        return await self._server.deliver(body, signature=signature)

    async def sent(self, count: int) -> list[str]:
        """See the base."""
        return [one["message"]["text"] for one in self._server.account.sent]

    async def fail(self, trouble: Trouble) -> None:
        """See the base."""
        for edge in EDGES:
            self._server.account.fail(edge, **FAILURES[trouble], times=99)
        (self._server.silent if trouble is Trouble.SILENT else self._server.cut).add("contract.jpg")

    async def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """See the base. Calls wait two seconds on all tests' platform."""
        monkeypatch.setattr(media, "_TIMEOUT", aiohttp.ClientTimeout(sock_read=0.3))

    def some_file(self) -> Mapping[str, Any]:
        """See the base."""
        return {"url": self._server.keep("contract.jpg", b"content" * 100)}
