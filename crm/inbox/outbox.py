"""Delivery of stored messages to the messengers: in order per conversation, retried, once.

A message is claimed by one atomic update before it is sent, so no two processes send it. When
a process dies between sending and noting it, the claim runs out and the message is sent again:
a platform that deduplicates by our id (the web chat) shows it once; for the others a rare
second copy is preferred to a lost answer.
"""

from __future__ import annotations

import logging
import random
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
from crm.inbox.claims import Claim
from crm.inbox.delivery import FAULT, PERHAPS_SENT, RESTING, ClaimLostError, Delivery
from crm.inbox.models import CANCELLED, FAILED, QUEUED, SENDING, SENT, UNSENT, Document
from crm.inbox.news import message_updated
from crm.inbox.store import ConversationStore
from crm.inbox.sweep import Sweep

_log = logging.getLogger(__name__)

CLAIM: Final = timedelta(seconds=30)
"""How long a turn claims each of its replies, which it sends at once."""
BLOCKED: Final = "blocked_by_customer"
"""What connectors say when the person does not want to hear from us."""
GIVE_UP_AFTER: Final = timedelta(hours=24)
"""A message that could not be delivered for so long is a dead letter."""
MOST_FAULTS: Final = 5
"""A message on which our own code fails so often is a dead letter: what comes after it must go."""
SWEPT_AT_ONCE: Final = 500
FIRST_PAUSE_SECONDS: Final = 2.0
LONGEST_PAUSE_SECONDS: Final = 600.0


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
        self._sweep = Sweep()

    async def deliver(self, conversation_id: ObjectId) -> None:
        """Send the conversation's queued messages in order, as far as is possible now.

        Never raises: what was not sent stays queued, for the sweeper.
        """
        try:
            while await self._deliver_next(conversation_id):
                pass
        except PyMongoError as error:
            _log.warning("delivery interrupted by the database: %s", type(error).__name__)
        except Exception:  # must outlive any single fault
            _log.exception("delivery failed in conversation %s", conversation_id)

    async def send(self, claimed: Sequence[Document]) -> None:
        """Send replies that were stored as claimed by the caller, in order, then what came after.

        Never raises, like ``deliver``.
        """
        try:
            for place, message in enumerate(claimed):
                # The first one's fence was checked by the transaction that stored it.
                claim: Claim | None = Claim(CLAIM.total_seconds())
                if place or self._delivery.claim_seconds(message) > CLAIM.total_seconds():
                    claim = await self._claim(message)
                if claim is None:
                    return
                if place and await self._is_stale(message):
                    await self._finish(message, CANCELLED, {})
                elif not await self._send(message, claim):
                    await self._give_back(claimed[place + 1 :])
                    return
        except PyMongoError as error:
            _log.warning("delivery interrupted by the database: %s", type(error).__name__)
        except Exception:  # must outlive any single fault
            _log.exception("delivery failed in conversation %s", claimed[0]["conversation_id"])
        else:
            await self.deliver(claimed[0]["conversation_id"])

    async def _claim(self, message: Document) -> Claim | None:
        """Claim a message for its next part, anew; None when another process has it by now."""
        seconds = self._delivery.claim_seconds(message)
        claim = Claim(seconds)
        found = await self._store.messages.update_one(
            {"_id": message["_id"], "state": SENDING, "attempts": message["attempts"]},
            {"$set": {"next_attempt_at": utc_now() + timedelta(seconds=seconds)}},
        )
        return claim if found.matched_count == 1 else None

    async def _give_back(self, claimed: Sequence[Document]) -> None:
        """Queue messages whose predecessor has to be tried again later."""
        ids = [message["_id"] for message in claimed]
        await self._store.messages.update_many(
            {"_id": {"$in": ids}, "state": SENDING, "attempts": 1},
            {"$set": {"state": QUEUED, "attempts": 0, "next_attempt_at": utc_now()}},
        )

    async def sweep(self) -> int:
        """Send what is due and nobody sends; returns how many conversations had some."""
        due = self._store.messages.find(
            {"state": {"$in": UNSENT}, "next_attempt_at": {"$lte": utc_now()}},
            {"conversation_id": 1},
        )
        found = {
            message["conversation_id"]
            async for message in due.sort("next_attempt_at", 1).limit(SWEPT_AT_ONCE)
        }
        await self._sweep.start({one: partial(self.deliver, one) for one in found})
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
            {"_id": message["conversation_id"]}, {"fence": 1}
        )
        changes: Document = {
            "state": QUEUED,
            "attempts": 0,
            "error": None,
            "next_attempt_at": utc_now(),
            "due_since": utc_now(),
            "resent": message.get("resent", 0) + 1,
            "doubted": False,
        }
        kept = _before_failure(message.get("parts") or [])
        changes["parts"] = kept
        changes["platform_ids"] = [part["platform_id"] for part in kept if part["platform_id"]]
        if conversation is not None and message.get("fence") is not None:
            # A person asks for it: that people have the conversation now is no hindrance.
            changes["fence"] = conversation["fence"]
        after = await self._change({**match, "state": FAILED}, changes)
        if after is None:
            raise Conflict("Only a failed message can be sent again.", code="message_not_failed")
        return after

    async def _deliver_next(self, conversation_id: ObjectId) -> bool:
        """Send the oldest unsent message. Returns whether to go on with the next."""
        store, moment = self._store, utc_now()
        message = await store.messages.find_one(
            {"conversation_id": conversation_id, "state": {"$in": UNSENT}},
            sort=[("created_at", 1), ("_id", 1)],
        )
        if message is None:
            return False
        waits = message["attempts"] > 0 or message["state"] == SENDING
        if waits and message["next_attempt_at"] > moment:
            return False  # it is being sent, or waits for its next try; order is kept
        seconds = self._delivery.claim_seconds(message)
        claim = Claim(seconds)
        claimed = await store.messages.find_one_and_update(
            {"_id": message["_id"], "state": message["state"], "attempts": message["attempts"]},
            {
                "$set": {"state": SENDING, "next_attempt_at": moment + timedelta(seconds=seconds)},
                "$inc": {"attempts": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        if claimed is None:
            return False
        if await self._is_stale(claimed):
            await self._finish(claimed, CANCELLED, {})
            return True
        return await self._send(claimed, claim)

    async def _is_stale(self, message: Document) -> bool:
        """Whether a person took the conversation over since the bot wrote this."""
        if message["author"]["kind"] != "bot":
            return False
        conversation = await self._store.conversations.find_one(
            {"_id": message["conversation_id"]}, {"fence": 1}
        )
        return conversation is None or bool(message["fence"] < conversation["fence"])

    async def _send(self, message: Document, claim: Claim) -> bool:
        async def note_part(message: Document, part: Document) -> bool:
            return await self._note_part(message, part, claim)

        try:
            last = await self._delivery.run(message, claim, note_part=note_part)
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

    async def _note_part(self, message: Document, part: Document, claim: Claim) -> bool:
        """Note durably what went out, and claim the message anew for the next part."""
        seconds = self._delivery.claim_seconds(message)
        claim.renew(seconds)
        noted = await self._store.messages.update_one(
            {"_id": message["_id"], "state": SENDING, "attempts": message["attempts"]},
            {
                "$set": {"next_attempt_at": utc_now() + timedelta(seconds=seconds)},
                **_pushed(part),
            },
        )
        return noted.matched_count == 1

    async def _retry(self, message: Document, error: RetryableError) -> bool:
        """Put the message off, or give it up after a day of tries. Returns whether to go on."""
        if _is_hopeless(message, error):
            await self._fail(message, error)
            return True
        changes: Document = {
            "state": QUEUED,
            "next_attempt_at": utc_now() + pause(message["attempts"], error.retry_after),
            "error": {"code": error.code, "detail": error.detail},
        }
        if error.code == PERHAPS_SENT:
            changes["doubted"] = True
        known = message["error"] is not None and message["error"]["code"] == error.code
        await self._note(message, changes, quietly=known)
        return False

    async def _fail(self, message: Document, error: ConnectorError) -> None:
        _log.warning("message %s not delivered: %s", message["_id"], error.code)
        if error.code == BLOCKED:
            await self._store.note_unreachable(message)
        await self._finish(message, FAILED, {"error": {"code": error.code, "detail": error.detail}})

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
        quietly: bool = False,
    ) -> None:
        """Note how it went, unless the claim ran out and somebody else has the message."""
        match = {"_id": message["_id"], "state": SENDING, "attempts": message["attempts"]}
        await self._change(match, changes, part=part, quietly=quietly)

    async def _change(
        self,
        match: Document,
        changes: Document,
        *,
        part: Document | None = None,
        quietly: bool = False,
    ) -> Document | None:
        """Change a message and tell it, both or neither. None when it no longer matches."""
        store = self._store

        async def write(session: AsyncClientSession) -> Document | None:
            after = await store.messages.find_one_and_update(
                match,
                {"$set": {**changes, "updated_at": utc_now()}, **(_pushed(part) if part else {})},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if after is not None and not quietly:
                event = message_updated(after)
                await store.events.append(after["organization_id"], [event], session)
            return after

        return await store.database.in_transaction(write)


def pause(attempts: int, retry_after: float | None) -> timedelta:
    """How long to wait after a failed try: what the platform asks for, else exponential."""
    if retry_after is not None:
        return timedelta(seconds=retry_after)
    longest = min(FIRST_PAUSE_SECONDS * 2 ** (attempts - 1), LONGEST_PAUSE_SECONDS)
    return timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311 - jitter is no secret


def _is_hopeless(message: Document, error: RetryableError) -> bool:
    """Whether it has been tried for long enough. While nothing may be sent at all, nothing is given up."""
    if error.code in RESTING:
        return False
    if error.code == FAULT:
        return bool(message["attempts"] >= MOST_FAULTS)
    if error.code == PERHAPS_SENT:  # a third copy helps nobody: whoever reads it here decides
        return bool(message.get("doubted"))
    since: datetime = message.get("due_since") or message["created_at"]
    return utc_now() - since > GIVE_UP_AFTER


def _before_failure(parts: Sequence[Document]) -> list[Document]:
    """The parts that arrived: sending again goes on behind them."""
    return list(takewhile(lambda part: part["state"] != FAILED, parts))


def _pushed(part: Document) -> Document:
    """What notes a part that went out. Added, not replaced: its status may have come already."""
    pushed: Document = {"parts": part}
    if part["platform_id"]:
        pushed["platform_ids"] = part["platform_id"]
    return {"$push": pushed}
