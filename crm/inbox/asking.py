"""How a message is put to the engine: with what it needs to know, and what it has missed."""

from __future__ import annotations

from typing import Any, Final

from bot.prompts.content import AssistantContent
from bot.prompts.rules import engine_rules
from crm.inbox.engine import EngineClient, EngineRefusedError, EngineTurn
from crm.inbox.models import Document
from crm.inbox.store import BOT, ConversationStore

ENGINE_TIMEOUT_SECONDS: Final = 40.0
"""How long one message may take in the engine, its skills' own deadlines included."""
RECORDED_AT_ONCE: Final = 50
"""Fewer than the engine remembers the ids of, so that a repetition after a crash is noticed."""


class Asking:
    """Puts messages to the engine."""

    def __init__(self, *, store: ConversationStore, engine: EngineClient) -> None:
        self._store = store
        self._engine = engine

    async def turn(self, conversation: Document, message: Document) -> EngineTurn:
        """The engine's answer to a message, after telling it what people said meanwhile.

        Raises:
            EngineUnavailableError, EngineFailedError: as they say.
        """
        conversation_id = str(conversation["_id"])
        if conversation.get("unrecorded"):
            await self._record(conversation)
        said = {
            "id": str(message["_id"]),
            "text": message["text"],
            "payload": message.get("payload"),
        }
        metadata = {
            "organization_id": str(conversation["organization_id"]),
            "conversation_id": conversation_id,
            "contact_id": str(conversation["contact_id"]),
            "channel": conversation["channel"],
            "language": None,
            "fallback_language": conversation["language"],
            "kind": message["kind"],
            "assistant": await self._rules(conversation),
        }
        try:
            return await self._engine.turn(
                conversation_id,
                message=said,
                metadata=metadata,
                timeout_seconds=ENGINE_TIMEOUT_SECONDS,
            )
        except EngineRefusedError:
            if said["payload"] is None:
                raise
        # A button of an older release, or an invented one: its title is what the customer meant.
        return await self._engine.turn(
            conversation_id,
            message={**said, "payload": None},
            metadata=metadata,
            timeout_seconds=ENGINE_TIMEOUT_SECONDS,
        )

    async def _rules(self, conversation: Document) -> dict[str, Any]:
        """What of the published version the engine itself obeys."""
        organization = await self._store.organizations.find_one(
            {"_id": conversation["organization_id"]}, {"assistant": 1}
        )
        stored = (organization or {}).get("assistant") or {}
        return engine_rules(AssistantContent.model_validate(stored))

    async def _record(self, conversation: Document) -> None:
        """Tell the engine what was said while a person had the conversation."""
        store = self._store
        cursor = store.messages.find({"conversation_id": conversation["_id"], "unrecorded": True})
        said = await cursor.sort([("created_at", 1), ("_id", 1)]).to_list()
        events = [
            {
                "id": str(message["_id"]),
                "role": "customer" if message["direction"] == "in" else "operator",
                "text": message["text"],
            }
            for message in said
        ]
        for start in range(0, len(events), RECORDED_AT_ONCE):
            await self._engine.record(
                str(conversation["_id"]),
                events[start : start + RECORDED_AT_ONCE],
                timeout_seconds=ENGINE_TIMEOUT_SECONDS,
            )
            recorded = said[start : start + RECORDED_AT_ONCE]
            await store.messages.update_many(
                {"_id": {"$in": [message["_id"] for message in recorded]}},
                {"$unset": {"unrecorded": ""}},
            )
        await store.conversations.update_one(
            {"_id": conversation["_id"]}, {"$inc": {"unrecorded": -conversation["unrecorded"]}}
        )


def reply_documents(
    store: ConversationStore, conversation: Document, message: Document, turn: EngineTurn
) -> list[Document]:
    """The engine's replies to a message, ready to be stored; each says what made it."""
    return [
        store.outbound(
            conversation,
            reply.text,
            author=BOT,
            buttons=[button.model_dump() for button in reply.buttons],
            trace={
                "intent": turn.intent.name,
                "confidence": turn.intent.confidence,
                "skill": turn.skill,
                "in_reply_to": str(message["_id"]),
                **reply.custom.get("trace", {}),
            },
        )
        for reply in turn.replies
        if reply.text
    ]
