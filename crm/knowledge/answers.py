"""Asking the knowledge base, in the web process."""

from bson import ObjectId

from bot.answering.confidence import THRESHOLD, confidence, features
from bot.answering.extractive import extract
from bot.answering.finding import find
from bot.knowledge.library import IndexLibrary
from crm.core.clock import utc_now
from crm.core.database import RawDocument
from crm.knowledge.schemas import SearchRequest
from crm.knowledge.service import Knowledge

SHOWN = 10


class KnowledgeSearch:
    """Finds passages, and gives the bot its snapshots."""

    def __init__(self, *, knowledge: Knowledge, library: IndexLibrary) -> None:
        self._knowledge = knowledge
        self._library = library

    async def snapshot(self, organization_id: ObjectId, version: int) -> RawDocument:
        """Return all passages of a version.

        Raises:
            NotFound: the organization or the version does not exist.
        """
        rows = await self._knowledge.versions.passages(organization_id, version)
        passages = [
            {name: value for name, value in row.items() if name != "source_id"} for row in rows
        ]
        vectors = await self._knowledge.vectors.of_snapshot(organization_id, version, passages)
        return {"version": version, "passages": passages, "vectors": vectors}

    async def search(self, organization_id: ObjectId, asked: SearchRequest) -> RawDocument:
        """Return the passages that may answer today, with their scores."""
        versions = self._knowledge.versions
        version = await (versions.head if asked.version == "head" else versions.current)(
            organization_id
        )
        day = await versions.today(organization_id, utc_now())
        earlier = [turn.text for turn in asked.history if turn.role == "customer"]

        async def load(version: int) -> RawDocument:
            return await self.snapshot(organization_id, version)

        index = await self._library.index(str(organization_id), version, load)
        found = find(
            index, asked.text, language=asked.language, earlier=earlier, limit=SHOWN, day=day
        )
        rows = await self._knowledge.passages.sources_of(
            organization_id, [ObjectId(hit.passage.id) for hit in found.hits]
        )
        sure = confidence(features(index, found, extract(index, found))) if found.hits else 0.0
        items = [
            {
                **hit.passage.to_mapping(),
                "id": ObjectId(hit.passage.id),
                "source_id": rows[hit.passage.id],
                "score": round(hit.score, 4),
                "coverage": round(min(1.0, hit.coverage), 4),
            }
            for hit in found.hits
            if hit.passage.id in rows
        ]
        return {"items": items, "confidence": round(sure, 4), "answerable": sure >= THRESHOLD}
