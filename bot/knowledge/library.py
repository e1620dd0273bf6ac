"""The indexes a process holds: one for each organization and version, the least used ones dropped."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.knowledge.index import Index
from bot.knowledge.passages import Snapshot

type LoadSnapshot = Callable[[int], Awaitable[Mapping[str, Any]]]

MAX_BYTES = 256 * 1024 * 1024


class IndexLibrary:
    """Builds an index at first use and keeps it while there is room.

    A version never changes, so nothing here expires. Not for use from several threads.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._indexes: OrderedDict[tuple[str, int], Index] = OrderedDict()
        self._sizes: dict[tuple[str, int], int] = {}
        self._building: dict[tuple[str, int], asyncio.Future[Index]] = {}

    @property
    def size_bytes(self) -> int:
        """About how much memory all held indexes take."""
        return sum(self._sizes.values())

    async def index(self, organization_id: str, version: int, load: LoadSnapshot) -> Index:
        """Return the organization's index at a version; concurrent callers share one building of it.

        Raises:
            Whatever `load` raises; the next call tries again.
        """
        key = (organization_id, version)
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

    async def _build(self, key: tuple[str, int], load: LoadSnapshot) -> Index:
        snapshot = Snapshot.from_mapping(await load(key[1]))
        index = await asyncio.to_thread(Index, snapshot)
        organization_id, version = key
        for other in [
            held for held in self._indexes if held[0] == organization_id and held[1] < version - 1
        ]:
            self._drop(other)
        self._indexes[key] = index
        self._sizes[key] = index.size_bytes
        while self.size_bytes > self._max_bytes and len(self._indexes) > 1:
            self._drop(next(iter(self._indexes)))
        return index

    def _drop(self, key: tuple[str, int]) -> None:
        self._indexes.pop(key, None)
        self._sizes.pop(key, None)
