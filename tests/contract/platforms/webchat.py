"""The web chat as the contract suite uses it: a visitor's screen on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Self

import aiohttp

from crm.contract import MessageKind
from tests.contract.conftest import SECRET, Webchat
from tests.contract.platforms.base import Platform
from tests.contract.test_webchat_socket import Screen

_OURS = "the widget is ours, and there is no platform behind it"


class WebchatPlatform(Platform):
    """A visitor of the site."""

    lacks: ClassVar[Mapping[str, str]] = {
        "edits": "the widget does not offer it",
        "reactions": "the widget does not offer it",
        "quotes": "the widget does not offer it",
        "deletions": "the widget does not offer it",
        "locations": "the widget does not offer it",
        "echoes": _OURS,
        "statuses": f"{_OURS}: it tells by Inbox.seen",
        "unknown": f"{_OURS}: an unknown frame is refused, and the socket stays open",
        "stickers": "the widget does not offer them",
        "signatures": "a visitor's token is tried in test_webchat_visitors.py",
        "sending": f"{_OURS}: what is stored is what is sent",
    }
    secrets = (SECRET,)

    def __init__(self, webchat: Webchat, client: aiohttp.ClientSession) -> None:
        self.connector = webchat.connector
        self.connection, self.inbox = webchat.connection, webchat.inbox
        self._webchat, self._client = webchat, client
        self._screens: list[Screen] = []

    async def __aenter__(self) -> Self:
        screen = await self._open(None)
        self.chat_id = screen.visitor
        return self

    async def __aexit__(self, *_: object) -> None:
        for screen in self._screens:
            await screen.socket.close()

    async def _open(self, token: str | None) -> Screen:
        socket = await self._client.ws_connect(self._webchat.socket_url)
        screen = await Screen(socket).hello(token=token)
        self._screens.append(screen)
        return screen

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        """See the base."""
        return await _say(self._screens[0], text, key)

    async def deliver_twice(self, text: str) -> list[bool]:
        """See the base: from two tabs."""
        tab = await self._open(self._screens[0].token)
        return list(await asyncio.gather(_say(self._screens[0], text, 1), _say(tab, text, 1)))

    async def deliver_file(self, kind: MessageKind, content: bytes, mime: str) -> None:
        """See the base."""
        screen = self._screens[0]
        url = f"{self._webchat.url}/webchat/{self.connection.id}/files"
        headers = {
            "Authorization": f"Bearer {screen.token}",
            "X-File-Name": "file",
            "Content-Type": mime,
        }
        async with self._client.post(url, data=content, headers=headers) as answer:
            assert answer.status == 201
            told = await answer.json()
        file = {name: told[name] for name in ("id", "name", "mime", "size")}
        frame = {"type": "message", "id": "client-id-9", "text": "", "files": [file]}
        await screen.socket.send_json(frame)
        await screen.next("ack")

    async def tap(self, payload: str, title: str) -> None:
        """See the base."""
        frame = {"type": "tap", "id": "client-id-8", "payload": payload, "title": title}
        await self._screens[0].socket.send_json(frame)
        await self._screens[0].next("ack")


async def _say(screen: Screen, text: str, key: int) -> bool:
    frame = {"type": "message", "id": f"client-id-{key}", "text": text}
    await screen.socket.send_json(frame)
    while True:
        answer = await screen.next()
        if answer["type"] in {"ack", "error"}:
            return bool(answer["type"] == "ack")
