"""The addresses of the knowledge base."""

from bson import ObjectId

from bot.knowledge.documents import MAX_BYTES
from crm.core.api import Access, Principal, endpoint
from crm.core.database import RawDocument
from crm.knowledge.answers import KnowledgeSearch
from crm.knowledge.errors import WRITE_ERRORS, KnowledgeBusy
from crm.knowledge.schemas import (
    KnowledgeSnapshot,
    PassagePage,
    PassageQuery,
    SearchAnswer,
    SearchRequest,
    Source,
    SourceCreate,
    SourcePage,
    SourceQuery,
    SourceUpdate,
)
from crm.knowledge.service import Knowledge

_SOURCES = "/api/knowledge/sources"
_SOURCE = _SOURCES + "/{source_id}"
# JSON may write a Cyrillic letter as an escape of six bytes instead of two.
_MAX_BODY = 3 * MAX_BYTES + 64 * 1024


class KnowledgeRoutes:
    """Documents and their passages."""

    def __init__(self, *, knowledge: Knowledge, search: KnowledgeSearch) -> None:
        self._knowledge = knowledge
        self._search = search

    @endpoint("GET", _SOURCES, access=Access.VIEWER, response=SourcePage)
    async def list(self, principal: Principal, query: SourceQuery) -> RawDocument:
        """List documents."""
        return await self._knowledge.list(principal.organization_id, query)

    @endpoint(
        "POST",
        _SOURCES,
        access=Access.ADMIN,
        response=Source,
        status=201,
        errors=WRITE_ERRORS,
        max_body=_MAX_BODY,
    )
    async def create(self, principal: Principal, body: SourceCreate) -> RawDocument:
        """Add a document."""
        return await self._knowledge.create(
            principal.organization_id,
            name=body.name,
            content=body.content,
            language=body.language,
            actor=principal.actor,
        )

    @endpoint("GET", _SOURCE, access=Access.VIEWER, response=Source)
    async def read(self, principal: Principal, source_id: ObjectId) -> RawDocument:
        """Read a document."""
        return await self._knowledge.read(principal.organization_id, source_id)

    @endpoint(
        "PATCH",
        _SOURCE,
        access=Access.ADMIN,
        response=Source,
        errors=WRITE_ERRORS,
        max_body=_MAX_BODY,
    )
    async def update(
        self, principal: Principal, source_id: ObjectId, body: SourceUpdate
    ) -> RawDocument:
        """Change a document."""
        return await self._knowledge.change(
            principal.organization_id, source_id, body.given(), actor=principal.actor
        )

    @endpoint("DELETE", _SOURCE, access=Access.ADMIN, errors=[KnowledgeBusy])
    async def delete(self, principal: Principal, source_id: ObjectId) -> None:
        """Remove a document."""
        await self._knowledge.delete(principal.organization_id, source_id, actor=principal.actor)

    @endpoint("GET", _SOURCE + "/passages", access=Access.VIEWER, response=PassagePage)
    async def passages(
        self, principal: Principal, source_id: ObjectId, query: PassageQuery
    ) -> RawDocument:
        """List how a document was cut."""
        return await self._knowledge.list_passages(principal.organization_id, source_id, query)

    @endpoint("POST", "/api/knowledge/search", access=Access.VIEWER, response=SearchAnswer)
    async def search(self, principal: Principal, body: SearchRequest) -> RawDocument:
        """Find the passages that may answer a question."""
        return await self._search.search(principal.organization_id, body.text, body.language)


class SnapshotRoutes:
    """Knowledge for the bot."""

    def __init__(self, *, search: KnowledgeSearch) -> None:
        self._search = search

    @endpoint(
        "GET",
        "/internal/organizations/{organization_id}/knowledge/{version}",
        access=Access.INTERNAL,
        response=KnowledgeSnapshot,
    )
    async def read(self, organization_id: ObjectId, version: int) -> RawDocument:
        """Read all passages of a version."""
        return await self._search.snapshot(organization_id, version)
