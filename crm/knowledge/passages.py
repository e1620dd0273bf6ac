"""How documents were cut: their passages, as an admin sees and changes them."""

from collections.abc import Sequence

from bson import ObjectId

from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import SYSTEM, Actor, NewEvent
from crm.core.listing import Listing, Sortable
from crm.knowledge.models import PASSAGES
from crm.knowledge.schemas import PassageQuery
from crm.knowledge.store import SourceStore, check_days, event_of
from crm.knowledge.versions import SourceChangedError, Versions

_PASSAGES = Listing(
    sorts={"position": Sortable("rank")},
    default_sort="position",
    projection=dict.fromkeys(
        ("organization_id", "from", "to", "closed_at", "source_valid_from", "source_valid_until"), 0
    ),
)


class Passages:
    """The passages of the newest version."""

    def __init__(self, *, database: Database, store: SourceStore, versions: Versions) -> None:
        self._passages = database.collection(PASSAGES)
        self._store = store
        self._versions = versions

    async def list(
        self, organization_id: ObjectId, source_id: ObjectId, query: PassageQuery
    ) -> RawDocument:
        """Return a page of the newest version's passages, the excluded ones too.

        Raises:
            NotFound: there is no such document.
        """
        await self._store.get(organization_id, source_id)
        where = {"organization_id": organization_id, "source_id": source_id, "to": None}
        page = await _PASSAGES.page(self._passages, where, query)
        rows = page["items"]
        if rows:
            lowest = min(row["rank"] for row in rows)
            skipped = await self._passages.count_documents({**where, "rank": {"$lt": lowest}})
            step = -1 if (query.sort or "").startswith("-") else 1
            first = skipped if step == 1 else skipped + len(rows) - 1
            page["items"] = [
                _passage_read(row, first + step * offset) for offset, row in enumerate(rows)
            ]
        return page

    async def amend(
        self,
        organization_id: ObjectId,
        passage_id: ObjectId,
        values: RawDocument,
        *,
        actor: Actor = SYSTEM,
    ) -> RawDocument:
        """Exclude a passage, or set the days it is valid; return it.

        Raises:
            NotFound: there is no such passage in the newest version.
            Invalid: the days are in the wrong order.
        """
        where = {"organization_id": organization_id, "passage_id": passage_id, "to": None}
        before = await self._passages.find_one(where)
        if before is None:
            raise NotFound
        check_days({**before, **values})
        source_id = before["source_id"]

        async def switch(session: Session) -> NewEvent | None:
            source = await self._store.rows.find_one(
                {"_id": source_id, "organization_id": organization_id}, session=session
            )
            return event_of(source, actor) if source is not None else None

        try:
            await self._versions.amend(organization_id, {"passage_id": passage_id}, values, switch)
        except SourceChangedError:
            raise NotFound from None
        row = await self._passages.find_one(where, _PASSAGES.projection)
        if row is None:
            raise NotFound
        del row["_id"]
        above = {
            "organization_id": organization_id,
            "source_id": source_id,
            "to": None,
            "rank": {"$lt": row["rank"]},
        }
        return _passage_read(row, await self._passages.count_documents(above))

    async def sources_of(
        self, organization_id: ObjectId, passage_ids: Sequence[ObjectId]
    ) -> dict[str, ObjectId]:
        """Return the sources of passages, by the passages' ids as text."""
        where = {"organization_id": organization_id, "passage_id": {"$in": passage_ids}}
        rows = self._passages.find(where, {"_id": 0, "passage_id": 1, "source_id": 1})
        return {str(row["passage_id"]): row["source_id"] async for row in rows}


def _passage_read(row: RawDocument, position: int) -> RawDocument:
    """Return a row as the console gets it: under the id that it keeps over its rows."""
    shown = {name: value for name, value in row.items() if name not in {"rank", "passage_id"}}
    return {**shown, "id": row["passage_id"], "position": position}
