"""Telegram as the contract suite uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import aiohttp
import pytest

from connectors.telegram import client
from connectors.telegram.webhook import SECRET_HEADER
from crm.contract import MessageKind
from tests.contract.conftest import SECRET, Telegram
from tests.contract.platforms.base import RETRY_AFTER, Platform, Trouble
from tests.contract.telegram_updates import BOT, BOT_ID, CHAT, OWNER, PERSON, message
from tests.fakes.telegram_api import TOKEN

METHODS = ("getMe", "sendMessage", "getFile", "getChat", "getWebhookInfo")
KINDS = {
    MessageKind.IMAGE: "photo",
    MessageKind.AUDIO: "voice",
    MessageKind.VIDEO: "video",
    MessageKind.DOCUMENT: "document",
    MessageKind.STICKER: "sticker",
}
STICKER = {"type": "regular", "width": 9, "height": 9, "is_animated": False, "is_video": False}
FAILURES: dict[Trouble, dict[str, Any]] = {
    Trouble.CUT: {"status": 0},
    Trouble.FAILING: {"status": 502, "description": "Bad Gateway"},
    Trouble.NONSENSE: {"status": 500, "description": "<html>"},
    Trouble.LIMIT: {"status": 429, "retry_after": RETRY_AFTER},
    Trouble.REVOKED: {"status": 401},
    Trouble.SILENT: {"status": -1},
}


class TelegramPlatform(Platform):
    """A person in a private chat with the bot."""

    lacks: ClassVar[Mapping[str, str]] = {
        "statuses": "the Bot API tells nothing of what became of a message",
        "deletions": "told only of an owner's own account: test_telegram_inbound.py",
    }
    secrets = (TOKEN, SECRET)

    def __init__(self, telegram: Telegram, client: aiohttp.ClientSession) -> None:
        self.connector = telegram.connector
        self.connection, self.inbox = telegram.connection, telegram.inbox
        self.chat_id = "501"
        self._server, self._url, self._client = telegram.server, telegram.webhook_url, client
        telegram.set_webhook()

    async def _post(self, update: Any, **headers: str) -> int:
        headers = headers or {SECRET_HEADER: SECRET}
        async with self._client.post(self._url, json=update, headers=headers) as answer:
            return answer.status

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        """See the base."""
        status = await self._post(message(key, text=text))
        assert status in {200, 503}
        return status == 200

    async def deliver_file(self, kind: MessageKind, content: bytes, mime: str) -> None:
        """See the base."""
        told: dict[str, Any] = STICKER if kind is MessageKind.STICKER else {}
        if kind not in {MessageKind.IMAGE, MessageKind.STICKER}:
            told = {"mime_type": mime}
        if kind is MessageKind.VIDEO:
            told = {**told, "width": 9, "height": 9}
        await self._server.send(KINDS[kind], content, **told)

    async def deliver_unknown(self) -> None:
        """See the base."""
        assert await self._post(message(77, hologram={"file_id": "H"})) == 200

    async def edit(self, text: str, *, key: int = 1) -> None:
        """See the base."""
        update = message(key + 100, kind="edited_message", text=text, edit_date=1_795_000_100)
        assert await self._post(update) == 200

    async def react(self, platform_id: str, emoji: str) -> None:
        """See the base."""
        told = {"chat": CHAT, "user": PERSON, "message_id": int(platform_id.rpartition(":")[2])}
        reaction = [{"type": "emoji", "emoji": emoji}]
        changed = {**told, "date": 1_795_000_000, "old_reaction": [], "new_reaction": reaction}
        assert await self._post({"update_id": 900, "message_reaction": changed}) == 200

    async def quote(self, platform_id: str, text: str) -> None:
        """See the base."""
        quoted = {"message_id": int(platform_id.rpartition(":")[2]), "from": BOT, "chat": CHAT}
        told = {**quoted, "date": 1_795_000_000, "text": "?"}
        assert await self._post(message(902, text=text, reply_to_message=told)) == 200

    async def tap(self, payload: str, title: str) -> None:
        """See the base."""
        keyboard = {"inline_keyboard": [[{"text": title, "callback_data": payload}]]}
        shown = {"message_id": 70, "from": BOT, "chat": CHAT, "date": 1_795_000_000, "text": "?"}
        tapped = {"id": "4382", "from": PERSON, "chat_instance": "-1", "data": payload}
        query = {**tapped, "message": {**shown, "reply_markup": keyboard}}
        assert await self._post({"update_id": 903, "callback_query": query}) == 200

    async def locate(self, latitude: float, longitude: float) -> None:
        """See the base."""
        place = {"latitude": latitude, "longitude": longitude}
        assert await self._post(message(904, location=place)) == 200

    async def write_from_phone(self, text: str) -> None:
        """See the base."""
        update = message(901, kind="business_message", text=text, sender=OWNER)
        update["business_message"]["business_connection_id"] = "BC7"
        assert await self._post(update) == 200

    async def forge(self, forgery: str, text: str) -> int:
        """See the base."""
        given = {"missing": {"X": "1"}, "wrong": {SECRET_HEADER: f"{SECRET}x"}}
        others = {SECRET_HEADER: f"webhook_secret-of-{BOT_ID + 1}"}
        return await self._post(message(9, text=text), **given.get(forgery, others))

    async def sent(self, count: int) -> list[str]:
        """See the base."""
        return [str(one.get("text", "")) for one in self._server.bot.sent]

    async def fail(self, trouble: Trouble) -> None:
        """See the base."""
        for method in METHODS:
            self._server.bot.fail(method, **FAILURES[trouble], times=99)

    async def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """See the base."""
        monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)
        await self.connector.close()

    def some_file(self) -> Mapping[str, Any]:
        """See the base."""
        self._server.bot.files["F"] = b"content"
        return {"file_id": "F"}
