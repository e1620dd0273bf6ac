"""One turn at a time per conversation, over any number of processes.

A lease is a holder's name and an end by the database's clock, written into the conversation by
one atomic update.
Everything a turn stores is conditional on still holding it, so a process that was thought
dead and wakes up can change nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from crm.inbox.claims import in_seconds
from crm.inbox.models import Document

LEASE = timedelta(seconds=15)
"""How long a dead holder blocks a conversation."""
_RENEW_SECONDS = LEASE.total_seconds() / 3
_END = in_seconds(LEASE.total_seconds())

SOON = WriteConcern(w=1)


async def acquire(
    conversations: AsyncCollection[Document], match: dict[str, Any]
) -> tuple[Document, str] | None:
    """Take the lease of the matching conversation.

    Returns:
        The conversation and the holder's name, or None when there is no such conversation or
        somebody else holds it.
    """
    holder = uuid4().hex
    over = {"$expr": {"$lt": ["$lease.until", "$$NOW"]}}
    # A lease that a failing server forgets harms nobody: all that is stored under it asks for it again.
    conversation = await conversations.with_options(write_concern=SOON).find_one_and_update(
        {**match, "$or": [{"lease": None}, over]},
        [{"$set": {"lease": {"holder": holder, "until": _END}}}],
        return_document=ReturnDocument.AFTER,
    )
    return (conversation, holder) if conversation else None


async def release(
    conversations: AsyncCollection[Document], conversation_id: ObjectId, holder: str
) -> Document | None:
    """Give the lease back and return the conversation, if it is still ours."""
    return await conversations.find_one_and_update(
        {"_id": conversation_id, "lease.holder": holder},
        {"$set": {"lease": None}},
        return_document=ReturnDocument.AFTER,
    )


@contextlib.asynccontextmanager
async def renewing(
    conversations: AsyncCollection[Document], conversation_id: ObjectId, holder: str
) -> AsyncIterator[None]:
    """Keep the lease while the block runs, however long a skill takes."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            with contextlib.suppress(PyMongoError):
                await conversations.update_one(
                    {"_id": conversation_id, "lease.holder": holder},
                    [{"$set": {"lease.until": _END}}],
                )

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
