"""Delivery of stored messages to the messengers: in order per conversation, retried, once.

A message is claimed by one atomic update before it is sent, so no two processes send it. When
a process dies between sending and noting it, the claim runs out and the message is sent again:
a platform that deduplicates by our id (the web chat) shows it once; for the others a rare
second copy is preferred to a lost answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Final

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from crm.contract import ConnectorError, RetryableError
from crm.core.clock import utc_now
from crm.core.errors import Conflict, NotFound
from crm.inbox.claims import MARGIN_SECONDS, Claim, Claims, held, in_seconds, with_part
from crm.inbox.delivery import FAULT, PERHAPS_SENT, STOPPED, ClaimLostError, Delivery
from crm.inbox.models import CANCELLED, FAILED, QUEUED, SENT, Document
from crm.inbox.news import message_updated
from crm.inbox.pacing import LONGEST_HOLD_SECONDS
from crm.inbox.reach import BLOCKED
from crm.inbox.store import Committed, ConversationStore
from crm.inbox.sweep import Sweep

_log = logging.getLogger(__name__)

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""A message that could not be delivered for so long is a dead letter."""
MOST_FAULTS: Final = 5
"""A message on which our own code fails so often is a dead letter: what comes after it must go."""
FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 600.0
MOST_DOUBLINGS: Final = 10
AT_ONCE: Final = 128
SHARE: Final = 16
"""So many chats of one connection are swept at a time: a slow platform is not to hold up the others."""
CROWD: Final = 100
"""A connection of which so many wait for their turn is left out of the next sweeps."""
LONGEST_FULL_SECONDS: Final = 30.0
"""For how long a sweeper leaves a connection alone that takes nothing more now."""
WAKE_SECONDS: Final = 2.0
"""How often it is looked for connections that are back."""


class Outbox:
    """Sends what conversations have queued."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        delivery: Delivery,
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._claims = Claims(database=store.database)
        self._sweep = Sweep(at_once=AT_ONCE, share=SHARE)
        self._wake_at = 0.0
        self._full: dict[ObjectId, float] = {}

    async def deliver(self, conversation_id: ObjectId) -> None:
        """Send the conversation's queued messages in order, as far as is possible now.

        Never raises: what was not sent stays queued, for the sweeper.
        """
        try:
            while await self._deliver_next(conversation_id):
                pass
        except PyMongoError as error:
            _log.warning("delivery interrupted by the database: %s", type(error).__name__)
        except TimeoutError:
            _log.warning("delivery given up: the database took too long to claim a message")
        except Exception:  # must outlive any single fault
            _log.exception("delivery failed in conversation %s", conversation_id)

    async def send(self, committed: Committed) -> None:
        """Send replies that were stored as claimed by the caller, in order, then what came after.

        Never raises, like ``deliver``.
        """
        # The first one's fence was checked by the transaction that stored it.
        conversation: Document | None = committed.conversation
        conversation_id, claim = committed.conversation["_id"], committed.claim
        try:
            for place, message in enumerate(committed.claimed):
                seconds = self._delivery.claim_seconds(message)
                if place or claim is None or not claim.allows(seconds - MARGIN_SECONDS):
                    claim = await self._claims.anew(message, seconds)
                    conversation = await self._conversation_of(message)
                if claim is None:
                    return
                if not await self._attempt(message, claim, conversation):
                    await self._claims.give_back(committed.claimed[place + 1 :])
                    return
        except PyMongoError as error:
            _log.warning("delivery interrupted by the database: %s", type(error).__name__)
        except Exception:  # must outlive any single fault
            _log.exception("delivery failed in conversation %s", conversation_id)
        else:
            await self.deliver(conversation_id)

    async def sweep(self) -> int:
        """Send what is due and nobody sends; returns how many conversations had some.

        No connection can keep the sweeper to itself: of each a share is worked on, and what runs
        or waits for its turn already is not looked for again.
        """
        if time.monotonic() >= self._wake_at:
            self._wake_at = time.monotonic() + WAKE_SECONDS
            await self._claims.wake()
        self._full = {one: until for one, until in self._full.items() if until > time.monotonic()}
        found = await self._claims.due(
            but=self._sweep.running, but_of=[*self._sweep.crowded(CROWD), *self._full]
        )
        works = {one: partial(self.deliver, one) for one in found}
        await self._sweep.start(works, found)
        return len(found)

    async def close(self) -> None:
        """Stop what the last sweeps started."""
        await self._sweep.close()

    async def resend(self, organization_id: ObjectId, message_id: ObjectId) -> Document:
        """Put a dead letter back into the queue.

        Raises:
            NotFound: there is no such message here.
            Conflict: it has not failed.
        """
        match = {"_id": message_id, "organization_id": organization_id}
        message = await self._store.messages.find_one(match)
        if message is None:
            raise NotFound("There is no such message.")
        conversation = await self._store.conversations.find_one(
            {"organization_id": organization_id, "_id": message["conversation_id"]}, {"fence": 1}
        )
        changes: Document = {
            "state": QUEUED,
            "attempts": 0,
            "error": None,
            "resent": message.get("resent", 0) + 1,
            "doubted": False,
            "faults": 0,
        }
        kept = _before_failure(message.get("parts") or [])
        changes["parts"] = kept
        changes["platform_ids"] = [part["platform_id"] for part in kept if part["platform_id"]]
        if conversation is not None and message.get("fence") is not None:
            # A person asks for it: that people have the conversation now is no hindrance.
            changes["fence"] = conversation["fence"]
        now = {"next_attempt_at": "$$NOW", "due_since": "$$NOW"}
        after = await self._change({**match, "state": FAILED}, changes, now)
        if after is None:
            raise Conflict("Only a failed message can be sent again.", code="message_not_failed")
        return after

    async def _deliver_next(self, conversation_id: ObjectId) -> bool:
        """Send the oldest unsent message. Returns whether to go on with the next."""
        async with asyncio.timeout(MARGIN_SECONDS):
            found = await self._claims.next(conversation_id, self._delivery.claim_seconds)
        if found is None:
            return False
        message, claim = found
        return await self._attempt(message, claim, await self._conversation_of(message))

    async def _conversation_of(self, message: Document) -> Document | None:
        """The conversation as it is now, as far as it matters to the message; None when it is gone."""
        if not self._is_bots(message) and not self._delivery.limits_reach(message):
            return None
        return await self._store.conversation(message["conversation_id"])

    async def _attempt(
        self, message: Document, claim: Claim, conversation: Document | None
    ) -> bool:
        """Try to send a claimed message, for as long as it is claimed. Returns whether to go on."""
        try:
            async with claim.limit():
                if _is_stale(message, conversation):
                    await self._finish(message, CANCELLED, {})
                    return True
                return await self._send(message, claim, conversation)
        except TimeoutError:
            _log.warning("message %s took longer than its claim", message["_id"])
        # Noted if nobody else has it by now: what takes too long each time must not block its chat.
        async with asyncio.timeout(MARGIN_SECONDS):
            return await self._retry(message, RetryableError(FAULT, "Sending took too long."))

    async def _send(self, message: Document, claim: Claim, conversation: Document | None) -> bool:
        async def note_part(message: Document, part: Document) -> bool:
            seconds = self._delivery.claim_seconds(message)
            return await self._claims.note_part(message, claim, part, seconds)

        try:
            last = await self._delivery.run(
                message, claim, conversation=conversation, note_part=note_part
            )
        except ClaimLostError:
            return False
        except RetryableError as error:
            return await self._retry(message, error)
        except ConnectorError as error:
            await self._fail(message, error)
        except PyMongoError:
            raise
        except Exception:  # a fault of ours must not block the chat: tried a few times, then told
            _log.exception("message %s could not be sent", message["_id"])
            fault = RetryableError(FAULT, "The channel's connector failed.")
            return await self._retry(message, fault)
        else:
            state = last["state"] if last and not message.get("parts") else SENT
            await self._finish(message, state, {}, last)
        return True

    async def _retry(self, message: Document, error: RetryableError) -> bool:
        """Put the message off, or give it up after a day of tries. Returns whether to go on."""
        if _is_hopeless(message, error):
            await self._fail(message, error)
            return True
        changes: Document = {
            "state": QUEUED,
            "error": {"code": error.code, "detail": error.detail},
        }
        if error.code == PERHAPS_SENT:
            changes["doubted"] = True
        if error.code in STOPPED:
            changes["parked"] = True
        if error.code == FAULT:
            changes["faults"] = message.get("faults", 0) + 1
        known = message["error"] is not None and message["error"]["code"] == error.code
        seconds = pause(message["attempts"], error.retry_after)
        if error.account_wide:  # nor need the others of the connection be tried
            until = time.monotonic() + min(seconds, LONGEST_FULL_SECONDS)
            self._full[message["connection_id"]] = until
        await self._note(message, changes, seconds=seconds, quietly=known)
        return False

    async def _fail(self, message: Document, error: ConnectorError) -> None:
        _log.warning("message %s not delivered: %s", message["_id"], error.code)
        if error.code == BLOCKED:
            await self._store.note_unreachable(message)
        state = CANCELLED if _is_notice(message) else FAILED
        await self._finish(message, state, {"error": {"code": error.code, "detail": error.detail}})

    async def _finish(
        self, message: Document, state: str, changes: Document, part: Document | None = None
    ) -> None:
        await self._note(message, {"error": None, **changes, "state": state}, part=part)

    async def _note(
        self,
        message: Document,
        changes: Document,
        *,
        part: Document | None = None,
        seconds: float | None = None,
        quietly: bool = False,
    ) -> None:
        """Note how it went, unless the claim ran out and somebody else has the message.

        ``seconds``: when it is to be tried again.
        """
        update: Document = {} if part is None else with_part(part)
        if seconds is not None:
            update["next_attempt_at"] = in_seconds(seconds)
        await self._change(held(message), changes, update, quietly=quietly)

    async def _change(
        self,
        match: Document,
        changes: Document,
        computed: Document | None = None,
        *,
        quietly: bool = False,
    ) -> Document | None:
        """Change a message and tell it, both or neither. None when it no longer matches.

        ``computed`` are changes that the database reckons out.
        """
        store = self._store
        literal = {name: {"$literal": value} for name, value in changes.items()}
        update = {**literal, **(computed or {}), "updated_at": utc_now()}

        async def write(session: AsyncClientSession) -> Document | None:
            after = await store.messages.find_one_and_update(
                match,
                [{"$set": update}],
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if after is not None and not quietly:
                event = message_updated(after)
                await store.events.append(after["organization_id"], [event], session)
            return after

        return await store.database.in_transaction(write)

    @staticmethod
    def _is_bots(message: Document) -> bool:
        return bool(message["author"]["kind"] == "bot")


def _is_stale(message: Document, conversation: Document | None) -> bool:
    """Whether a person took the conversation over since the bot wrote this."""
    if message["author"]["kind"] != "bot":
        return False
    return conversation is None or bool(message["fence"] < conversation["fence"])


def _is_notice(message: Document) -> bool:
    """Whether it is a notice of ours: one that may not go is nobody's loss, and nothing to send again.

    Answers that go after a visitor by mail are none, whoever signs them.
    """
    return message["author"]["kind"] == "system" and "follows" not in message["data"]


def pause(attempts: int, retry_after: float | None) -> float:
    """How many seconds to wait after a failed try: what the platform asks for, else exponential."""
    if retry_after is not None:
        return min(max(0.0, retry_after), LONGEST_HOLD_SECONDS)
    # Bounded before it is raised: after a day of tries the power would be no number.
    doublings = min(attempts - 1, MOST_DOUBLINGS)
    longest = min(FIRST_PAUSE_SECONDS * 2**doublings, LONGEST_PAUSE_SECONDS)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter is no secret


def _is_hopeless(message: Document, error: RetryableError) -> bool:
    """Whether it has been tried for long enough. While nothing may be sent at all, nothing is given up."""
    if error.code in STOPPED:
        return False
    if error.code == FAULT:
        return bool(message.get("faults", 0) + 1 >= MOST_FAULTS)
    if error.code == PERHAPS_SENT:  # a third copy helps nobody: whoever reads it here decides
        return bool(message.get("doubted"))
    since: datetime = message.get("due_since") or message["created_at"]
    return utc_now() - since > GIVE_UP_AFTER


def _before_failure(parts: Sequence[Document]) -> list[Document]:
    """The parts that arrived: sending again goes on behind them."""
    return list(takewhile(lambda part: part["state"] != FAILED, parts))
