"""One customer's conversation with the real engine."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.prompts.content import AssistantContent
from bot.prompts.rules import engine_rules
from tests.conversations.support.fake_crm import ORGANIZATION

_numbers = itertools.count(1)


@dataclass
class Talk:
    """Sends messages as the CRM would and keeps the last answer."""

    session: aiohttp.ClientSession
    url: str
    language: str | None = None
    fallback_language: str = "ru"
    content: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"talk{next(_numbers)}")
    last: dict[str, Any] = field(default_factory=dict)
    count: int = 0

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Post to the channel; return status and body."""
        async with self.session.post(f"{self.url}/webhooks/aitys/{path}", json=body) as response:
            return response.status, await response.json()

    def turn(
        self,
        text: str,
        payload: str | None = None,
        message_id: str | None = None,
        kind: str = "text",
    ) -> dict[str, Any]:
        """Return the body of a turn."""
        self.count += 1
        return {
            "conversation_id": self.id,
            "message": {
                "id": message_id or f"{self.id}-m{self.count}",
                "text": text,
                "payload": payload,
            },
            "metadata": {
                "organization_id": ORGANIZATION,
                "conversation_id": self.id,
                "contact_id": "c",
                "channel": "webchat",
                "language": self.language,
                "fallback_language": self.fallback_language,
                "kind": kind,
                "assistant": engine_rules(AssistantContent().with_changes(self.content)),
            },
        }

    async def say(self, text: str, payload: str | None = None, kind: str = "text") -> str:
        """Send a message; return the replies' texts, one a line group."""
        status, body = await self.post("turn", self.turn(text, payload, kind=kind))
        assert status == 200, body
        self.last = body
        return "\n".join(reply["text"] for reply in body["replies"])

    async def tap(self, payload: str, title: str = "") -> str:
        """Tap a button."""
        return await self.say(title, payload)

    async def record(self, *events: tuple[str, str], pause: bool | None = None) -> None:
        """Record what people said."""
        listed = []
        for role, text in events:
            self.count += 1
            listed.append({"id": f"{self.id}-r{self.count}", "role": role, "text": text})
        status, body = await self.post(
            "record", {"conversation_id": self.id, "events": listed, "pause": pause}
        )
        assert status == 200, body

    @property
    def buttons(self) -> list[str]:
        """Payloads of the last reply's buttons."""
        return [button["payload"] for button in self.last["replies"][-1]["buttons"]]

    @property
    def intent(self) -> str:
        """The last intent."""
        return str(self.last["intent"]["name"])
