"""Past conversations, put into the database as the inbox leaves them."""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.feature import Core
from tests.support.console import Console


class Talk:
    """Writes one conversation down, message by message."""

    def __init__(self, core: Core, console: Console, *, language: str = "ru") -> None:
        self.core = core
        self.id = ObjectId()
        self.ids: list[ObjectId] = []
        self._at = utc_now() - timedelta(hours=1)
        self._shared = {
            "organization_id": console.organization_id,
            "connection_id": ObjectId(),
            "chat_id": str(self.id),
            "channel": "webchat",
            "language": language,
        }

    async def open(self) -> "Talk":
        await self.core.database.collection("conversations").insert_one(
            {
                **self._shared,
                "_id": self.id,
                "contact_id": ObjectId(),
                "contact_name": "Асель",
                "owner": "bot",
                "status": "open",
                "last_message": {"text": "x", "at": self._at, "author_kind": "contact"},
                "last_activity_at": self._at,
            }
        )
        return self

    async def customer(self, text: str, **values: Any) -> ObjectId:
        return await self._add("in", "contact", text, **values)

    async def bot(self, text: str, **trace: Any) -> ObjectId:
        return await self._add("out", "bot", text, trace=trace)

    async def operator(self, text: str) -> ObjectId:
        return await self._add("out", "operator", text)

    async def event(self, name: str) -> ObjectId:
        return await self._add("out", "system", "", kind="event", data={"event": name})

    async def _add(self, direction: str, author: str, text: str, **values: Any) -> ObjectId:
        self._at += timedelta(seconds=5)
        message = {
            **self._shared,
            "_id": ObjectId(),
            "conversation_id": self.id,
            "direction": direction,
            "author": {"kind": author, "user_id": None, "name": None},
            "kind": "text",
            "text": text,
            "data": {},
            "state": "handled" if direction == "in" else "sent",
            "created_at": self._at,
            "updated_at": self._at,
            **values,
        }
        await self.core.database.collection("messages").insert_one(message)
        self.ids.append(message["_id"])
        found: ObjectId = message["_id"]
        return found
