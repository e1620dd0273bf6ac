"""What an operator reads before taking over: what is known, and the customer's last words."""

from __future__ import annotations

from typing import Final

from crm.inbox.models import Document, preview
from crm.inbox.store import ConversationStore

LAST_WORDS: Final = 4


async def summarize(store: ConversationStore, conversation: Document) -> str:
    """A few lines in plain text: known facts, then what the customer wrote last, oldest first.

    Made of the customer's own words: a summary that invents is worse than none.
    """
    cursor = store.messages.find(
        {"conversation_id": conversation["_id"], "direction": "in"}, {"text": 1}
    )
    said = await cursor.sort([("created_at", -1), ("_id", -1)]).limit(LAST_WORDS).to_list()
    facts = [f"{name}: {value}" for name, value in conversation["facts"].items() if value]
    words = [f"— {preview(message['text'], 300)}" for message in reversed(said) if message["text"]]
    return "\n".join([*facts, *words])
