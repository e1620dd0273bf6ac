"""Embedding: passages get the vectors of the model their organization has chosen, some time after ingestion.

Nothing waits for it: until all passages of a version have vectors, words alone find them. It is safe to run in any number
of workers: two that embed the same text write the same vector.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError

from bot.answering.calls import Ledger
from bot.answering.embedding import Embedder
from bot.answering.failures import ProviderError
from bot.answering.masked import new_masking
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument
from crm.core.errors import NotFound
from crm.knowledge.vectors import StoredVectors, text_of
from crm.knowledge.versions import Versions

BATCH = 64
"""Texts of one request."""

SECONDS = 60.0
RETRY_MINUTES = 5.0
AT_ONCE = 4
"""Organizations embedded at the same time: a slow provider is one organization's, and not the others'."""

TURN_SECONDS = 20.0
"""After so long an organization begins no other request in a sweep; it goes on in the next one."""

_log = logging.getLogger(__name__)

type ChosenModel = Callable[[Mapping[str, Any]], RawDocument | None]
type LedgerOf = Callable[[ObjectId], Ledger]


class Embedding:
    """Makes the vectors that are missing; `sweep` is for workers."""

    def __init__(
        self,
        *,
        database: Database,
        versions: Versions,
        vectors: StoredVectors,
        embedder: Embedder,
        model_of: ChosenModel,
        ledger_of: LedgerOf,
    ) -> None:
        """`model_of` gives an organization's embedding model with its key; `ledger_of` where its calls are written down."""
        self._organizations = database.collection("organizations")
        self._versions = versions
        self._vectors = vectors
        self._embedder = embedder
        self._model_of = model_of
        self._ledger_of = ledger_of

    async def sweep(self) -> int:
        """Embed what every organization's newest and live version lack, and return how many versions were finished.

        Whatever is wrong with one organization's model puts off that one.
        """
        wanting = {"llm.embeddings.model": {"$type": "string"}}
        organizations = await self._organizations.distinct("_id", wanting)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(organization_id: ObjectId) -> int:
            async with gate:
                return await self._apart(organization_id)

        return sum(await asyncio.gather(*map(one, organizations)))

    async def _apart(self, organization_id: ObjectId) -> int:
        try:
            organization = await self._organizations.find_one({"_id": organization_id})
            return await self._embed(organization) if organization else 0
        except Exception as error:  # one organization must not stop the others
            _log.warning("embedding for %s failed: %s", organization_id, type(error).__name__)
            with suppress(PyMongoError):
                await self._vectors.put_off(organization_id, "internal_error", RETRY_MINUTES)
            return 0

    async def _embed(self, organization: RawDocument) -> int:
        organization_id: ObjectId = organization["_id"]
        state = await self._vectors.state(organization_id)
        if state.get("retry_at") and state["retry_at"] > utc_now():
            return 0
        model = self._model_of(organization)
        if model is None:
            return 0
        done = state.get("versions", ()) if state.get("model") == model["model"] else ()
        live = int(organization.get("knowledge_version") or 0)
        wanted = {live, await self._versions.head(organization_id)} - {0, *done}
        finished = 0
        until = time.monotonic() + TURN_SECONDS
        for version in sorted(wanted, key=lambda number: number != live):
            try:
                if not await self._embed_version(organization, version, model, until):
                    return finished
            except NotFound:
                continue
            except ProviderError as error:
                await self._vectors.put_off(organization_id, error.code, RETRY_MINUTES)
                return finished
            finished += 1
        return finished

    async def _embed_version(
        self, organization: RawDocument, version: int, model: RawDocument, until: float
    ) -> bool:
        """Return whether a version has all its vectors; False when the organization's time is over before."""
        organization_id: ObjectId = organization["_id"]
        name = str(model["model"])
        rows = await self._versions.passages(organization_id, version)
        missing = await self._vectors.missing(organization_id, name, map(text_of, rows))
        masking = await asyncio.to_thread(_masking, organization)
        for start in range(0, len(missing), BATCH):
            if time.monotonic() > until:
                return False
            texts: Sequence[str] = missing[start : start + BATCH]
            found = await self._embedder.embed(
                texts,
                masking=masking,
                llm=model,
                seconds=SECONDS,
                ledger=self._ledger_of(organization_id),
            )
            await self._vectors.store(organization_id, name, texts, found)
        await self._vectors.finish(organization_id, name, version)
        return True


def _masking(organization: Mapping[str, Any]) -> Any:
    """Return the masking of passages; None where the organization has said that they need none.

    Raises:
        ProviderError: masking is out of order, and nothing may be sent.
    """
    chosen = organization.get("privacy") or {}
    if not chosen.get("mask_passages", True):
        return None
    switches = chosen.get("kinds") or {}
    off = {kind for kind, on in switches.items() if not on}
    try:
        from bot.privacy.masking import ALL_KINDS  # noqa: PLC0415 - takes seconds to import

        return new_masking({"kinds": [kind for kind in ALL_KINDS if kind not in off]})
    except Exception:
        raise ProviderError("masking_failed") from None
