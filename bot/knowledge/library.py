"""The indexes a process holds: one for each organization, version and embedding model, the least used ones dropped."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.knowledge.embeddings import Vectors
from bot.knowledge.index import Index
from bot.knowledge.passages import Snapshot

type LoadSnapshot = Callable[[int], Awaitable[Mapping[str, Any]]]

type Key = tuple[str, int, str]

MAX_BYTES = 512 * 1024 * 1024
"""Two hundred tenants with five hundred passages each take about 410 MB."""


class IndexLibrary:
    """Builds an index at first use and keeps it while there is room.

    A version never changes, so nothing here expires. Not for use from several threads.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._indexes: OrderedDict[Key, Index] = OrderedDict()
        self._sizes: dict[Key, int] = {}
        self._building: dict[Key, asyncio.Future[Index]] = {}

    @property
    def size_bytes(self) -> int:
        """About how much memory all held indexes take."""
        return sum(self._sizes.values())

    async def index(
        self, organization_id: str, version: int, load: LoadSnapshot, *, vectors: str = ""
    ) -> Index:
        """Return the organization's index at a version; concurrent callers share one building of it.

        Args:
            organization_id: whose.
            version: of the passages.
            load: fetches the passages, and their vectors where there are some.
            vectors: the embedding model whose vectors are ready; a version gets them some time after its passages.

        Raises:
            Whatever `load` raises; the next call tries again.
        """
        key = (organization_id, version, vectors)
        held = self._indexes.get(key)
        if held is not None:
            self._indexes.move_to_end(key)
            return held
        building = self._building.get(key)
        if building is None:
            building = self._building[key] = asyncio.ensure_future(self._build(key, load))
            building.add_done_callback(lambda _: self._building.pop(key, None))
        # A caller that gives up must not end the building for the others.
        return await asyncio.shield(building)

    async def _build(self, key: Key, load: LoadSnapshot) -> Index:
        organization_id, version, model = key
        index = await asyncio.to_thread(_index_of, await load(version), model)
        for other in [
            held
            for held in self._indexes
            if held[0] == organization_id
            and (held[1] < version - 1 or (held[1] == version and held[2] != model))
        ]:
            self._drop(other)
        self._indexes[key] = index
        self._sizes[key] = index.size_bytes
        while self.size_bytes > self._max_bytes and len(self._indexes) > 1:
            self._drop(next(iter(self._indexes)))
        return index

    def _drop(self, key: Key) -> None:
        self._indexes.pop(key, None)
        self._sizes.pop(key, None)


def _index_of(data: Mapping[str, Any], model: str) -> Index:
    vectors = data.get("vectors") if model else None
    found = Vectors.from_mapping(vectors) if vectors else None
    return Index(
        Snapshot.from_mapping(data), vectors=found if found and found.model == model else None
    )
