"""Turns: what customers wrote is handled in order, one turn at a time per conversation.

A turn may die at any line. What it had not committed is done again by the sweeper; the engine
answers a message it has handled with the replies it recorded, and the skills' writes carry the
message's id, so doing it again doubles nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from bson import ObjectId
from pymongo.errors import PyMongoError

from crm.core.clock import utc_now
from crm.inbox import leases
from crm.inbox.answering import Answering
from crm.inbox.first_contact import ensure_conversation
from crm.inbox.handover import Handover
from crm.inbox.models import RECEIVED, Document
from crm.inbox.store import Committed, ConversationStore, LeaseLostError
from crm.inbox.sweep import Sweep

_log = logging.getLogger(__name__)

TURNS_AT_ONCE: Final = 64
"""Chats a process works on at a time: more would only wait for the engine, past their deadlines."""
AT_DATABASE_AT_ONCE: Final = 8
"""Of these at the database: a burst must not keep the process from taking the next messages in."""
SWEPT_AT_ONCE: Final = 500
LOOKED_THROUGH: Final = 10_000
"""Messages among which a sweep looks for chats: one person's flood is to hide no other chat."""

type Notice = Callable[[Document, Document], None]


class TurnRunner:
    """Runs the turns of this process.

    Args:
        store: conversations and messages.
        answering: what the bot does with a message.
        handover: moves a conversation to people that a paused channel leaves without an answer.
        notice: looks at who wrote a message, beside its turn.
        database_gate: how many of the process are at the database at a time.
    """

    def __init__(
        self,
        *,
        store: ConversationStore,
        answering: Answering,
        handover: Handover,
        notice: Notice,
        database_gate: asyncio.Semaphore,
    ) -> None:
        self._store = store
        self._answering = answering
        self._handover = handover
        self._notice = notice
        self._sweep = Sweep()
        self._gate = asyncio.Semaphore(TURNS_AT_ONCE)
        self._database_gate = database_gate
        # The chats that are worked on here, and whether something came since the last look.
        self._news: dict[tuple[ObjectId, str], bool] = {}

    async def run(self, connection_id: ObjectId, chat_id: str) -> None:
        """Handle all that waits in a chat, unless this or another process is at it.

        Never raises: what could not be done stays stored, for the sweeper.
        """
        chat = (connection_id, chat_id)
        if chat in self._news:  # the one that is at it looks again before it ends
            self._news[chat] = True
            return
        self._news[chat] = True
        following: str | None = chat_id
        try:
            async with self._gate:
                while following == chat_id or (following is None and self._news[chat]):
                    following = await self._run_once(connection_id, chat_id)
        except LeaseLostError:
            _log.warning("lease lost in connection %s; another process goes on", connection_id)
        except PyMongoError as error:
            _log.warning("turn interrupted by the database: %s", type(error).__name__)
        except Exception:
            _log.exception("turn failed in connection %s", connection_id)
        finally:
            del self._news[chat]
        if following not in {None, chat_id}:
            await self.run(connection_id, following)

    async def sweep(self) -> int:
        """Run the turns that a dead or hindered process left behind; returns how many chats."""
        rows = await self._store.messages.aggregate(
            [
                {"$match": {"state": RECEIVED, "next_attempt_at": {"$lte": utc_now()}}},
                {"$sort": {"next_attempt_at": 1}},
                {"$limit": LOOKED_THROUGH},
                {
                    "$group": {
                        "_id": {"connection_id": "$connection_id", "chat_id": "$chat_id"},
                        "due": {"$min": "$next_attempt_at"},
                    }
                },
                {"$sort": {"due": 1}},
                {"$limit": SWEPT_AT_ONCE},
            ]
        )
        chats = [(row["_id"]["connection_id"], row["_id"]["chat_id"]) async for row in rows]
        await self._sweep.start({chat: partial(self.run, *chat) for chat in chats})
        return len(chats)

    async def close(self) -> None:
        """Stop what the last sweeps started."""
        await self._sweep.close()

    async def _run_once(self, connection_id: ObjectId, chat_id: str) -> str | None:
        """One lease's worth of work.

        Returns:
            The chat to look at again: this one, or the one it has moved to meanwhile; None when
            there is nothing more to do.
        """
        store = self._store
        match = {"connection_id": connection_id, "chat_id": chat_id}
        async with self._database_gate:
            self._news[connection_id, chat_id] = False
            leased = await leases.acquire(store.conversations, match)
            if leased is None:
                if await store.conversations.find_one(match, {"_id": 1}):
                    return None  # its holder sees the new message when it looks again
                pending = await self._look(connection_id, chat_id)
                if pending:
                    await ensure_conversation(store, pending[0])
                return chat_id if pending else None
        conversation, holder = leased
        store.known.remember(conversation)
        released = False
        try:
            async with leases.renewing(store.conversations, conversation["_id"], holder):
                while not released and (pending := await self._look(connection_id, chat_id)):
                    if not _may_wait(conversation, pending):
                        async with self._database_gate:
                            conversation = await store.attach_new(conversation, holder, pending)
                    if not _is_ripe(pending[0]):
                        break
                    self._notice(conversation, pending[0])
                    committed = await self._advance(conversation, holder, pending)
                    if committed is None:
                        break
                    conversation, released = committed.conversation, committed.released
        finally:
            if not released:
                left = await leases.release(store.conversations, conversation["_id"], holder)
                conversation = left or conversation
        # What arrived between the last look and the release found the lease taken.
        present: str = conversation["chat_id"]
        if present != chat_id:
            return present
        pending = await self._look(connection_id, chat_id)
        return chat_id if pending and _is_ripe(pending[0]) else None

    async def _look(self, connection_id: ObjectId, chat_id: str) -> list[Document]:
        """What waits in the chat. Whatever comes from here on is news."""
        self._news[connection_id, chat_id] = False
        return await self._store.pending(connection_id, chat_id)

    async def _advance(
        self, conversation: Document, holder: str, pending: Sequence[Document]
    ) -> Committed | None:
        """Handle the oldest message; the lease goes with the last one. Returns None to wait."""
        oldest = pending[0]
        unanswerable = oldest.get("answerable") is False or bool(oldest.get("deleted_at"))
        if unanswerable:
            conversation = await self._store.attach_new(conversation, holder, pending)
        elif conversation["owner"] == "bot":
            conversation = await self._answering.may_answer(conversation, holder, pending)
        if unanswerable or conversation["owner"] == "operator":
            if oldest.get("while_paused"):  # nobody answers it unless a person does
                await self._handover.request(conversation["_id"], reason="connection_paused")
            return await self._store.commit(
                conversation,
                holder,
                handled=pending[:1],
                replies=[],
                changes={},
                unrecorded=True,
                release=len(pending) == 1,
            )
        return await self._answering.answer(conversation, holder, pending)


def _may_wait(conversation: Document, pending: Sequence[Document]) -> bool:
    """Whether operators may be shown what is new together with the bot's answer to it.

    Not when it is theirs to answer, and not before the skills can find it in the conversation.
    """
    return (
        conversation["owner"] == "bot"
        and _is_ripe(pending[0])
        and all(message["conversation_id"] == conversation["_id"] for message in pending)
    )


def _is_ripe(oldest: Document) -> bool:
    """Whether the chat may go on now; not while its oldest message waits for its next try."""
    return not oldest.get("retry") or bool(oldest["next_attempt_at"] <= utc_now())
