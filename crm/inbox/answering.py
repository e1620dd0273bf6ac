"""The bot answers a message: asks the engine, stores and sends what it says, and knows when to stop.

Not for ever: another machine on the other side (an away message, another bot) would be answered
without end, and each answer costs. See ``AnswerLimit``.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo.errors import PyMongoError

from crm.core.clock import utc_now
from crm.inbox import texts
from crm.inbox.asking import Asked, Asking, own_words, reply_documents
from crm.inbox.claims import REPLIES_SECONDS
from crm.inbox.engine import (
    EngineClient,
    EngineFailedError,
    EngineRefusedError,
    EngineUnavailableError,
)
from crm.inbox.handover import Handover
from crm.inbox.models import RECEIVED, Document
from crm.inbox.showing import unannounced
from crm.inbox.speaker import Speaker, speaker_of
from crm.inbox.store import Committed, ConversationStore, LeaseLostError

_log = logging.getLogger(__name__)

HOLDING_AFTER_SECONDS: Final = 10.0
"""After so long without an answer the customer is told that the message has arrived."""
ANNOUNCE_AFTER_SECONDS: Final = 0.3
"""An answer that is sooner is shown to operators together with its question."""
TYPING_AFTER_SECONDS: Final = 0.7
RETRY_SECONDS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Pauses before a failed turn is tried again; the last one repeats."""
UNAVAILABLE_SECONDS: Final = (1.0, 2.0, 3.0)
"""The same when the engine could not be reached, which costs nothing to try again."""
MAX_FAILURES: Final = 12
"""A message the running engine fails on so often (some five minutes) goes to a person."""
DAYS_WORTH: Final = 6
"""By a limit of forty, 240 answers a day: no customer reads so many in one chat."""
MINUTES_OF_A_DAY: Final = 24 * 60

type Deliver = Callable[[ObjectId], Awaitable[None]]
type Send = Callable[[Committed], Awaitable[None]]
type ShowTyping = Callable[[Document], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AnswerLimit:
    """How many answers the bot gives in one chat within so many minutes, before people see to it.

    And in a day ``DAYS_WORTH`` times as many: machines that take their time talk without end as well.
    """

    answers: int
    minutes: int

    def reached(self, conversation: Mapping[str, Any]) -> AnswerLimit | None:
        """The limit because of which the bot has to be silent now, if there is one."""
        known = conversation.get("answers") or {}
        limits = {"": self, "day_": self._of_a_day()}
        return next(
            (
                one
                for name, one in limits.items()
                if _lately(known, name, one.minutes)[1] >= one.answers
            ),
            None,
        )

    def counted(self, conversation: Mapping[str, Any]) -> Document:
        """What the conversation knows of its answers after one more."""
        known, told = conversation.get("answers") or {}, dict[str, Any]()
        for name, limit in {"": self, "day_": self._of_a_day()}.items():
            since, count = _lately(known, name, limit.minutes)
            told |= {f"{name}since": since, f"{name}count": count + 1}
        return told

    def _of_a_day(self) -> AnswerLimit:
        return AnswerLimit(self.answers * DAYS_WORTH, max(self.minutes, MINUTES_OF_A_DAY))


def _lately(known: Mapping[str, Any], name: str, minutes: int) -> tuple[datetime, int]:
    """Since when answers are counted, and how many there were; anew when that was too long ago."""
    moment = utc_now()
    since: datetime | None = known.get(f"{name}since")
    if since is None or moment - since > timedelta(minutes=minutes):
        return moment, 0
    return since, known[f"{name}count"]


class Answering:
    """Lets the bot answer.

    Args:
        store: conversations and messages.
        engine: the dialogue engine.
        handover: moves a conversation to people when the bot fails for good, or talks too much.
        deliver: sends what is queued in a conversation.
        send: sends replies that were stored as claimed.
        show_typing: shows the customer that an answer is being written; must not raise.
        limit: how much it says in one chat.
        letters: channels in which what it says first of all goes with the answer in one message.
        database_gate: how many of the process are at the database at a time.
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
        limit: AnswerLimit,
        letters: Container[str],
        database_gate: asyncio.Semaphore,
    ) -> None:
        self._store = store
        self._asking = Asking(store=store, engine=engine)
        self._handover = handover
        self._deliver = deliver
        self._send = send
        self._show_typing = show_typing
        self._limit = limit
        self._letters = letters
        self._database_gate = database_gate

    async def may_answer(
        self, conversation: Document, holder: str, pending: Sequence[Document]
    ) -> Document:
        """The conversation as it is now: with people, when the bot has said too much lately.

        Raises:
            LeaseLostError: another process holds the conversation.
            Conflict: it changed hands just now.
        """
        limit = self._limit.reached(conversation)
        if limit is None:
            return conversation
        conversation = await self._store.attach_new(conversation, holder, pending)
        return await self._handover.stop_bot(
            conversation, answers=limit.answers, minutes=limit.minutes
        )

    async def answer(
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
                await self._send(committed)
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
                rest = HOLDING_AFTER_SECONDS - TYPING_AFTER_SECONDS
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
            claim_seconds=REPLIES_SECONDS,
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
        claim_seconds: float | None = None,
    ) -> Committed:
        """Store replies, and count them; the first ever to a customer is preceded by the disclosure."""
        if replies and handled:
            changes = {**changes, "answers": self._limit.counted(conversation)}
        if replies and conversation["disclosed_at"] is None:
            text = speaker.disclosure(conversation["language"], conversation["channel"])
            if conversation["channel"] in self._letters:
                answer, *others = replies
                replies = [{**answer, "text": f"{text}\n\n{answer['text']}"}, *others]
            else:
                replies = [self._disclosure(conversation, text, speaker, before=replies), *replies]
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
            claim_seconds=claim_seconds,
        )

    def _disclosure(
        self, conversation: Document, text: str, speaker: Speaker, *, before: Sequence[Document]
    ) -> Document:
        """What the assistant is, as a message that comes before others by its time and its id."""
        first = own_words(self._store, conversation, text, "disclosure", speaker)
        first["created_at"] = before[0]["created_at"] - timedelta(milliseconds=1)
        ids = sorted(reply["_id"] for reply in (first, *before))
        for reply, message_id in zip((first, *before), ids, strict=True):
            reply["_id"] = message_id
        return first

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
        if waited >= HOLDING_AFTER_SECONDS:
            await self._hold(conversation, holder)
        longest = RETRY_SECONDS if failures else UNAVAILABLE_SECONDS
        pause = longest[min(attempts, len(longest)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter is no secret
        if not conversation.get("holding_at"):  # be back when the customer is to be told
            pause = min(pause, max(HOLDING_AFTER_SECONDS - waited, 0.5))
        due = utc_now() + timedelta(seconds=pause)
        await self._store.messages.update_one(
            {
                "organization_id": message["organization_id"],
                "_id": message["_id"],
                "state": RECEIVED,
            },
            {"$set": {"retry": True, "attempts": attempts, "failures": failures}},
        )
        # What came after it waits as well, and is nothing to sweep for until then.
        await self._store.messages.update_many(
            {
                "organization_id": message["organization_id"],
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
