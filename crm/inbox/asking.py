"""How a message is put to the engine: with what it needs to know, and what it has missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crm.inbox.choices import chosen
from crm.inbox.engine import EngineClient, EngineRefusedError, EngineTurn
from crm.inbox.models import Document
from crm.inbox.speaker import Speaker, speaker_of, spoken_replies
from crm.inbox.store import BOT, ConversationStore

ENGINE_TIMEOUT_SECONDS: Final = 40.0
"""How long one message may take in the engine, its skills' own deadlines included."""
RECORDED_AT_ONCE: Final = 50
"""Fewer than the engine remembers the ids of, so that a repetition after a crash is noticed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the engine made of a message, and which version of the assistant it spoke for."""

    turn: EngineTurn
    speaker: Speaker


class Asking:
    """Puts messages to the engine."""

    def __init__(self, *, store: ConversationStore, engine: EngineClient) -> None:
        self._store = store
        self._engine = engine

    async def turn(self, conversation: Document, message: Document) -> Asked:
        """The engine's answer to a message, after telling it what people said meanwhile.

        Raises:
            EngineUnavailableError, EngineFailedError: as they say.
        """
        conversation_id = str(conversation["_id"])
        if conversation.get("unrecorded"):
            await self._record(conversation)
        speaker = await speaker_of(self._store, conversation)
        said = {
            "id": str(message["_id"]),
            "text": message["text"],
            "payload": message.get("payload")
            or chosen(message["text"], conversation.get("choices") or ()),
        }
        metadata = {
            "organization_id": str(conversation["organization_id"]),
            "conversation_id": conversation_id,
            "contact_id": str(conversation["contact_id"]),
            "channel": conversation["channel"],
            "language": None,
            "fallback_language": conversation["language"],
            "kind": message["kind"],
            "assistant": speaker.rules,
        }
        turn = await ask_engine(self._engine, conversation_id, said, metadata)
        return Asked(turn, speaker)

    async def _record(self, conversation: Document) -> None:
        """Tell the engine what was said while a person had the conversation."""
        store = self._store
        cursor = store.messages.find({"conversation_id": conversation["_id"], "unrecorded": True})
        said = await cursor.sort([("created_at", 1), ("_id", 1)]).to_list()
        events = [
            {
                "id": str(message["_id"]),
                "role": "customer" if message["direction"] == "in" else "operator",
                # What was taken back is nobody's business any more, a model's least of all.
                "text": "…" if message.get("deleted_at") else message["text"],
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


async def ask_engine(
    engine: EngineClient, conversation_id: str, said: Document, metadata: Document
) -> EngineTurn:
    """Put a message to the engine; what it does not know as a button is taken for its title.

    Raises:
        EngineUnavailableError, EngineFailedError: as they say.
    """
    try:
        return await engine.turn(
            conversation_id,
            message=said,
            metadata=metadata,
            timeout_seconds=ENGINE_TIMEOUT_SECONDS,
        )
    except EngineRefusedError:
        if said["payload"] is None:
            raise
    # A button of an older release, or an invented one: its title is what the customer meant.
    return await engine.turn(
        conversation_id,
        message={**said, "payload": None},
        metadata=metadata,
        timeout_seconds=ENGINE_TIMEOUT_SECONDS,
    )


def reply_documents(
    store: ConversationStore, conversation: Document, message: Document, asked: Asked
) -> list[Document]:
    """The engine's replies to a message, ready to be stored; each says what made it."""
    spoken = spoken_replies(
        asked.speaker,
        asked.turn,
        language=conversation["language"],
        channel=conversation["channel"],
        in_reply_to=str(message["_id"]),
    )
    return [
        store.outbound(
            conversation, reply.text, author=BOT, buttons=reply.buttons, trace=reply.trace
        )
        for reply in spoken
    ]


def own_words(
    store: ConversationStore, conversation: Document, text: str, skill: str, speaker: Speaker
) -> Document:
    """What the platform says in the bot's name without the engine, ready to be stored."""
    trace = {"skill": skill, **speaker.pins}
    return store.outbound(conversation, text, author=BOT, trace=trace)
