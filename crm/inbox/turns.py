"""Turns: the bot answers what a customer wrote, one turn at a time per conversation.

A turn may die at any line. What it had not committed is done again by the sweeper; the engine
answers a message it has handled with the replies it recorded, and the skills' writes carry the
message's id, so doing it again doubles nothing.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from bson import ObjectId
from pymongo.errors import PyMongoError

from crm.core.clock import utc_now
from crm.inbox import leases, texts
from crm.inbox.asking import Asked, Asking, own_words, reply_documents
from crm.inbox.engine import (
    EngineClient,
    EngineFailedError,
    EngineRefusedError,
    EngineUnavailableError,
)
from crm.inbox.first_contact import ensure_conversation
from crm.inbox.handover import Handover
from crm.inbox.models import RECEIVED, Document
from crm.inbox.outbox import CLAIM
from crm.inbox.showing import unannounced
from crm.inbox.speaker import Speaker, speaker_of
from crm.inbox.store import Committed, ConversationStore, LeaseLostError
from crm.inbox.sweep import Sweep

_log = logging.getLogger(__name__)

HOLDING_AFTER_SECONDS: Final = 10.0
"""After so long without an answer the customer is told that the message has arrived."""
TURNS_AT_ONCE: Final = 64
"""Chats a process works on at a time: more would only wait for the engine, past their deadlines."""
AT_DATABASE_AT_ONCE: Final = 8
"""Of these at the database: a burst must not keep the process from taking the next messages in."""
ANNOUNCE_AFTER_SECONDS: Final = 0.3
"""An answer that is sooner is shown to operators together with its question."""
TYPING_AFTER_SECONDS: Final = 0.7
RETRY_SECONDS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Pauses before a failed turn is tried again; the last one repeats."""
UNAVAILABLE_SECONDS: Final = (1.0, 2.0, 3.0)
"""The same when the engine could not be reached, which costs nothing to try again."""
MAX_FAILURES: Final = 12
"""A message the running engine fails on so often (some five minutes) goes to a person."""

SWEPT_AT_ONCE: Final = 500

type Deliver = Callable[[ObjectId], Awaitable[None]]
type Send = Callable[[Sequence[Document]], Awaitable[None]]
type Notice = Callable[[Document, Document], None]
type ShowTyping = Callable[[Document], Awaitable[None]]


class TurnRunner:
    """Runs the turns of this process.

    Args:
        store: conversations and messages.
        engine: the dialogue engine.
        handover: moves a conversation to people when the bot fails for good.
        deliver: sends what is queued in a conversation.
        send: sends replies that were stored as claimed.
        show_typing: shows the customer that an answer is being written; must not raise.
        notice: looks at who wrote a message, beside its turn.
        holding_after_seconds: see ``HOLDING_AFTER_SECONDS``.
    """

    def __init__(
        self,
        *,
        store: ConversationStore,
        engine: EngineClient,
        handover: Handover,
        deliver: Deliver,
        send: Send,
        show_typing: ShowTyping,
        notice: Notice,
        holding_after_seconds: float = HOLDING_AFTER_SECONDS,
    ) -> None:
        self._store = store
        self._asking = Asking(store=store, engine=engine)
        self._handover = handover
        self._deliver = deliver
        self._send = send
        self._show_typing = show_typing
        self._notice = notice
        self._holding_after = holding_after_seconds
        self._sweep = Sweep()
        self._gate = asyncio.Semaphore(TURNS_AT_ONCE)
        self._database_gate = asyncio.Semaphore(AT_DATABASE_AT_ONCE)
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
        try:
            async with self._gate:
                while self._news[chat]:
                    while await self._run_once(connection_id, chat_id):
                        pass
        except LeaseLostError:
            _log.warning("lease lost in connection %s; another process goes on", connection_id)
        except PyMongoError as error:
            _log.warning("turn interrupted by the database: %s", type(error).__name__)
        except Exception:
            _log.exception("turn failed in connection %s", connection_id)
        finally:
            del self._news[chat]

    async def sweep(self) -> int:
        """Run the turns that a dead or hindered process left behind; returns how many chats."""
        due = self._store.messages.find(
            {"state": RECEIVED, "next_attempt_at": {"$lte": utc_now()}},
            {"connection_id": 1, "chat_id": 1},
        )
        chats = {
            (message["connection_id"], message["chat_id"])
            async for message in due.sort("next_attempt_at", 1).limit(SWEPT_AT_ONCE)
        }
        await self._sweep.start({chat: partial(self.run, *chat) for chat in chats})
        return len(chats)

    async def close(self) -> None:
        """Stop what the last sweeps started."""
        await self._sweep.close()

    async def _run_once(self, connection_id: ObjectId, chat_id: str) -> bool:
        """One lease's worth of work. Returns whether to look again."""
        store = self._store
        match = {"connection_id": connection_id, "chat_id": chat_id}
        async with self._database_gate:
            self._news[connection_id, chat_id] = False
            leased = await leases.acquire(store.conversations, match)
            if leased is None:
                if await store.conversations.find_one(match, {"_id": 1}):
                    return False  # its holder sees the new message when it looks again
                pending = await self._look(connection_id, chat_id)
                if pending:
                    await ensure_conversation(store, pending[0])
                return bool(pending)
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
                await leases.release(store.conversations, conversation["_id"], holder)
        # What arrived between the last look and the release found the lease taken.
        pending = await self._look(connection_id, chat_id)
        return bool(pending) and _is_ripe(pending[0])

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
        return await self._answer(conversation, holder, pending)

    async def _answer(
        self, conversation: Document, holder: str, pending: Sequence[Document]
    ) -> Committed | None:
        """Let the bot answer the oldest message. Returns None when it was put off."""
        message = pending[0]
        failures = message.get("failures", 0)
        try:
            asked = await self._ask_engine(conversation, holder, pending)
            async with self._database_gate:
                committed = await self._store_turn(conversation, holder, pending, asked)
        except (LeaseLostError, PyMongoError):
            raise
        except EngineUnavailableError as error:
            _log.warning("engine unavailable: %s", error)
        except EngineRefusedError as error:
            _log.warning("engine refused message %s (%s)", message["_id"], error)
            failures = MAX_FAILURES
        except EngineFailedError as error:
            _log.warning("engine failed on message %s (%s)", message["_id"], error)
            failures += 1
        except Exception:
            _log.exception("turn failed on message %s", message["_id"])
            failures += 1
        else:
            if committed.claimed:
                await self._send(committed.claimed)
            else:
                await self._deliver(conversation["_id"])
            return committed
        await self._store.attach_new(conversation, holder, pending)
        if failures < MAX_FAILURES:
            await self._put_off(conversation, holder, message, failures=failures)
            return None
        return await self._give_up(conversation, holder, message)

    async def _ask_engine(
        self, conversation: Document, holder: str, pending: Sequence[Document]
    ) -> Asked:
        """The engine's answer to the oldest message.

        When it takes long, operators are shown what is new, and the customer that it is being written.

        Raises:
            EngineUnavailableError, EngineFailedError: as they say.
        """
        typing: asyncio.Future[None] | None = None
        task = asyncio.create_task(self._asking.turn(conversation, pending[0]))
        try:
            done, _ = await asyncio.wait({task}, timeout=ANNOUNCE_AFTER_SECONDS)
            if not done:
                await self._store.attach_new(conversation, holder, pending)
                rest = TYPING_AFTER_SECONDS - ANNOUNCE_AFTER_SECONDS
                done, _ = await asyncio.wait({task}, timeout=rest)
            if not done:
                typing = asyncio.ensure_future(self._show_typing(conversation))
                rest = self._holding_after - TYPING_AFTER_SECONDS
                done, _ = await asyncio.wait({task}, timeout=rest)
            if not done:
                await self._hold(conversation, holder)
            return await task
        finally:
            for helper in (task, typing):
                if helper is not None:
                    helper.cancel()

    async def _store_turn(
        self,
        conversation: Document,
        holder: str,
        pending: Sequence[Document],
        asked: Asked,
    ) -> Committed:
        changes: Document = {"holding_at": None}
        if asked.turn.language:
            changes["language"] = asked.turn.language
        spoken = {**conversation, **changes}
        replies = reply_documents(self._store, spoken, pending[0], asked)
        return await self._commit(
            spoken,
            holder,
            asked.speaker,
            handled=pending[:1],
            replies=replies,
            changes=changes,
            announced=unannounced(pending),
            release=len(pending) == 1,
            claim=CLAIM,
        )

    async def _commit(
        self,
        conversation: Document,
        holder: str,
        speaker: Speaker,
        *,
        handled: Sequence[Document],
        replies: Sequence[Document],
        changes: Document,
        announced: Sequence[Document] = (),
        release: bool = False,
        claim: timedelta | None = None,
    ) -> Committed:
        """Store replies; the first ever to a customer is preceded by the disclosure."""
        if replies and conversation["disclosed_at"] is None:
            text = speaker.disclosure(conversation["language"], conversation["channel"])
            first = own_words(self._store, conversation, text, "disclosure", speaker)
            first["created_at"] = replies[0]["created_at"] - timedelta(milliseconds=1)
            replies = [first, *replies]
            changes = {**changes, "disclosed_at": utc_now()}
            conversation["disclosed_at"] = changes["disclosed_at"]
        return await self._store.commit(
            conversation,
            holder,
            handled=handled,
            replies=replies,
            changes=changes,
            announced=announced,
            release=release,
            claim=claim,
        )

    async def _hold(self, conversation: Document, holder: str) -> None:
        """Tell the customer, once per outage, that the message has arrived."""
        if conversation.get("holding_at"):
            return
        speaker = await speaker_of(self._store, conversation)
        words = texts.say(texts.HOLDING, speaker.language(conversation["language"]))
        reply = own_words(self._store, conversation, words, "holding", speaker)
        conversation["holding_at"] = utc_now()
        await self._commit(
            conversation,
            holder,
            speaker,
            handled=[],
            replies=[reply],
            changes={"holding_at": conversation["holding_at"]},
        )
        await self._deliver(conversation["_id"])

    async def _put_off(
        self, conversation: Document, holder: str, message: Document, *, failures: int
    ) -> None:
        attempts = message.get("attempts", 0) + 1
        waited = (utc_now() - message["created_at"]).total_seconds()
        if waited >= self._holding_after:
            await self._hold(conversation, holder)
        longest = RETRY_SECONDS if failures else UNAVAILABLE_SECONDS
        pause = longest[min(attempts, len(longest)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter is no secret
        if not conversation.get("holding_at"):  # be back when the customer is to be told
            pause = min(pause, max(self._holding_after - waited, 0.5))
        due = utc_now() + timedelta(seconds=pause)
        await self._store.messages.update_one(
            {"_id": message["_id"], "state": RECEIVED},
            {"$set": {"retry": True, "attempts": attempts, "failures": failures}},
        )
        # What came after it waits as well, and is nothing to sweep for until then.
        await self._store.messages.update_many(
            {
                "connection_id": message["connection_id"],
                "chat_id": message["chat_id"],
                "state": RECEIVED,
            },
            {"$set": {"next_attempt_at": due}},
        )

    async def _give_up(self, conversation: Document, holder: str, message: Document) -> Committed:
        """The bot cannot do it: a person is asked, and the customer is told."""
        speaker = await speaker_of(self._store, conversation)
        words = texts.say(texts.GIVEN_UP, speaker.language(conversation["language"]))
        reply = own_words(self._store, conversation, words, "given_up", speaker)
        # First the request, which is safe to repeat: what the customer is told must be true.
        await self._handover.request(conversation["_id"], reason="bot_failed")
        committed = await self._commit(
            conversation,
            holder,
            speaker,
            handled=[message],
            replies=[reply],
            changes={"holding_at": None},
        )
        await self._deliver(conversation["_id"])
        return committed


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
