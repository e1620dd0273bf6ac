"""Stored embeddings of passages. A text has one vector a model, whatever versions and documents it stands in."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from bson import ObjectId
from pymongo import UpdateOne

from bot.knowledge.embeddings import Matrix, Vectors, packed
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument

VECTORS = "knowledge_vectors"
EMBEDDED = "knowledge_embedded"
"""One document an organization: `model`, and `versions` whose passages all have its vectors; `retry_at` after a failure."""

KEPT_VERSIONS = 50
UNUSED_DAYS = 30
"""How long a vector outlives the last version it was used by."""


def text_of(passage: Mapping[str, Any]) -> str:
    """Return what of a passage is embedded: what stands above it tells what it is about."""
    return "\n".join((passage["title"], " / ".join(passage["heading"]), passage["text"]))


def key_of(text: str) -> str:
    """Return a text's key."""
    return hashlib.sha256(text.encode()).hexdigest()


class StoredVectors:
    """Reads and writes them."""

    def __init__(self, *, database: Database) -> None:
        self._vectors = database.collection(VECTORS)
        self._embedded = database.collection(EMBEDDED)

    async def of_snapshot(
        self, organization_id: ObjectId, version: int, passages: Sequence[Mapping[str, Any]]
    ) -> RawDocument | None:
        """Return the vectors of a version's passages in the internal API's form; None while they are not all there."""
        state = await self._embedded.find_one({"_id": organization_id})
        if state is None or version not in state.get("versions", ()) or not passages:
            return None
        keys = [key_of(text_of(passage)) for passage in passages]
        rows: dict[str, Matrix] = {}
        query = {"organization_id": organization_id, "model": state["model"]}
        async for row in self._vectors.find({**query, "key": {"$in": list(set(keys))}}):
            rows[row["key"]] = np.frombuffer(row["vector"], dtype=np.float16).astype(np.float32)
        sizes = {len(row) for row in rows.values()}
        if len(sizes) != 1:
            return None
        empty = np.zeros(sizes.pop(), dtype=np.float32)
        matrix = np.stack([rows.get(key, empty) for key in keys])
        return Vectors(str(state["model"]), matrix).to_mapping()

    async def state(self, organization_id: ObjectId) -> RawDocument:
        """Return which versions have vectors; empty before the first."""
        return await self._embedded.find_one({"_id": organization_id}) or {}

    async def missing(
        self, organization_id: ObjectId, model: str, texts: Iterable[str]
    ) -> list[str]:
        """Return the texts that have no vector of a model yet, each once, and note that the others are in use."""
        keys = {key_of(text): text for text in texts}
        known = {"organization_id": organization_id, "model": model, "key": {"$in": list(keys)}}
        await self._vectors.update_many(known, {"$set": {"used_at": utc_now()}})
        found = {row["key"] async for row in self._vectors.find(known, {"key": 1})}
        return [text for key, text in keys.items() if key not in found]

    async def store(
        self, organization_id: ObjectId, model: str, texts: Sequence[str], vectors: Matrix
    ) -> None:
        """Keep the vectors of texts."""
        now = utc_now()
        await self._vectors.bulk_write(
            [
                UpdateOne(
                    {"organization_id": organization_id, "model": model, "key": key_of(text)},
                    {"$set": {"vector": packed(vector), "used_at": now}},
                    upsert=True,
                )
                for text, vector in zip(texts, vectors, strict=True)
            ],
            ordered=False,
        )

    async def finish(self, organization_id: ObjectId, model: str, version: int) -> None:
        """Note that all passages of a version have their vectors; those of other models, and of texts long gone, are removed."""
        state = await self.state(organization_id)
        before = state.get("versions", []) if state.get("model") == model else []
        versions = [*(number for number in before if number != version), version]
        await self._embedded.replace_one(
            {"_id": organization_id},
            {"model": model, "versions": versions[-KEPT_VERSIONS:]},
            upsert=True,
        )
        unused = {"used_at": {"$lt": utc_now() - timedelta(days=UNUSED_DAYS)}}
        await self._vectors.delete_many(
            {"organization_id": organization_id, "$or": [{"model": {"$ne": model}}, unused]}
        )

    async def put_off(self, organization_id: ObjectId, error: str, minutes: float) -> None:
        """Note that the provider failed, and from when on it is to be tried again."""
        await self._embedded.update_one(
            {"_id": organization_id},
            {"$set": {"error": error, "retry_at": utc_now() + timedelta(minutes=minutes)}},
            upsert=True,
        )

    async def forget(self, organization_id: ObjectId) -> None:
        """Remove all vectors of an organization that wants none any more."""
        await self._embedded.delete_one({"_id": organization_id})
        await self._vectors.delete_many({"organization_id": organization_id})
