"""The addresses of the knowledge base."""

from urllib.parse import quote

from aiohttp import hdrs, web
from bson import ObjectId

from bot.knowledge.documents import MAX_BYTES
from bot.knowledge.formats.limits import LIMITS
from crm.core.api import Access, Principal, Upload, endpoint
from crm.core.api.downloads import send_chunks
from crm.core.api.replies import API_HEADERS
from crm.core.database import RawDocument
from crm.core.errors import FieldError, Invalid
from crm.core.file_names import safe_file_name
from crm.knowledge.answers import KnowledgeSearch
from crm.knowledge.errors import WRITE_ERRORS, NoFile, ReadOnlyText
from crm.knowledge.schemas import (
    ArticleCreate,
    FileFields,
    KnowledgeSnapshot,
    PassagePage,
    PassageQuery,
    PassageRead,
    PassageUpdate,
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
        """Add a typed text."""
        return await self._knowledge.create(
            principal.organization_id,
            name=body.name,
            title=body.title,
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
        errors=[*WRITE_ERRORS, ReadOnlyText],
        max_body=_MAX_BODY,
    )
    async def update(
        self, principal: Principal, source_id: ObjectId, body: SourceUpdate
    ) -> RawDocument:
        """Change a document."""
        return await self._knowledge.change(
            principal.organization_id, source_id, body.stored(), actor=principal.actor
        )

    @endpoint("DELETE", _SOURCE, access=Access.ADMIN)
    async def delete(self, principal: Principal, source_id: ObjectId) -> None:
        """Remove a document."""
        await self._knowledge.delete(principal.organization_id, source_id, actor=principal.actor)

    @endpoint("POST", _SOURCE + "/retry", access=Access.ADMIN, response=Source)
    async def retry(self, principal: Principal, source_id: ObjectId) -> RawDocument:
        """Ingest a document again."""
        return await self._knowledge.retry(
            principal.organization_id, source_id, actor=principal.actor
        )

    @endpoint("POST", "/api/knowledge/search", access=Access.VIEWER, response=SearchAnswer)
    async def search(self, principal: Principal, body: SearchRequest) -> RawDocument:
        """Find the passages that may answer a question."""
        return await self._search.search(principal.organization_id, body)

    @endpoint(
        "POST",
        "/api/knowledge/articles",
        access=Access.ADMIN,
        response=Source,
        status=201,
        errors=WRITE_ERRORS,
    )
    async def add_article(self, principal: Principal, body: ArticleCreate) -> RawDocument:
        """Make an article of an operator's answer."""
        return await self._knowledge.add_article(
            principal.organization_id,
            question=body.question,
            answer=body.answer,
            language=body.language,
            references={
                "conversation_id": body.conversation_id,
                "message_id": body.message_id,
            },
            actor=principal.actor,
        )


class FileRoutes:
    """Documents that are uploaded."""

    def __init__(self, *, knowledge: Knowledge) -> None:
        self._files = knowledge.files

    @endpoint(
        "POST",
        "/api/knowledge/files",
        access=Access.ADMIN,
        response=Source,
        status=201,
        errors=WRITE_ERRORS,
        max_body=LIMITS.file_bytes,
    )
    async def upload(self, principal: Principal, body: FileFields, upload: Upload) -> RawDocument:
        """Upload a document; it is ingested by a worker."""
        name = safe_file_name(body.name or upload.file_name)
        if not name:
            raise Invalid(fields=[FieldError("file", "name_missing", "The file has no name.")])
        return await self._files.upload(
            principal.organization_id,
            name=name,
            chunks=upload.chunks,
            language=body.language,
            actor=principal.actor,
        )

    @endpoint("GET", _SOURCE + "/file", access=Access.VIEWER, response=bytes)
    async def download(
        self, principal: Principal, source_id: ObjectId, request: web.Request
    ) -> web.StreamResponse:
        """Download a document as it came in."""
        name, media_type, chunks = await self._files.original(principal.organization_id, source_id)
        response = web.StreamResponse(
            headers={
                **API_HEADERS,
                hdrs.CONTENT_TYPE: media_type,
                # Never shown in the console's own origin: a page may hold a script.
                hdrs.CONTENT_DISPOSITION: f"attachment; filename*=UTF-8''{quote(name, safe='')}",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            }
        )
        return await send_chunks(request, response, chunks)

    @endpoint(
        "PUT",
        _SOURCE + "/file",
        access=Access.ADMIN,
        response=Source,
        errors=[*WRITE_ERRORS, NoFile],
        max_body=LIMITS.file_bytes,
    )
    async def replace(
        self, principal: Principal, source_id: ObjectId, upload: Upload
    ) -> RawDocument:
        """Let another file take the place of a document's."""
        return await self._files.replace(
            principal.organization_id, source_id, chunks=upload.chunks, actor=principal.actor
        )


class PassageRoutes:
    """How documents were cut."""

    def __init__(self, *, knowledge: Knowledge) -> None:
        self._passages = knowledge.passages

    @endpoint("GET", _SOURCE + "/passages", access=Access.VIEWER, response=PassagePage)
    async def passages(
        self, principal: Principal, source_id: ObjectId, query: PassageQuery
    ) -> RawDocument:
        """List how a document was cut."""
        return await self._passages.list(principal.organization_id, source_id, query)

    @endpoint(
        "PATCH",
        "/api/knowledge/passages/{passage_id}",
        access=Access.ADMIN,
        response=PassageRead,
    )
    async def update_passage(
        self, principal: Principal, passage_id: ObjectId, body: PassageUpdate
    ) -> RawDocument:
        """Exclude a passage, or set the days it is valid."""
        return await self._passages.amend(
            principal.organization_id, passage_id, body.stored(), actor=principal.actor
        )


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


def knowledge_routes(knowledge: Knowledge, search: KnowledgeSearch) -> tuple[object, ...]:
    """Return all routes of the knowledge base."""
    return (
        KnowledgeRoutes(knowledge=knowledge, search=search),
        FileRoutes(knowledge=knowledge),
        PassageRoutes(knowledge=knowledge),
        SnapshotRoutes(search=search),
    )
