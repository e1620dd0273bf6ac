"""Files over HTTP."""

from __future__ import annotations

import logging

from aiohttp import web
from bson import ObjectId

from crm.core.api import Access, Principal, Upload, endpoint
from crm.core.api.replies import problem_response
from crm.core.database import RawDocument
from crm.core.errors import DomainError, NotFound, Unavailable
from crm.files.errors import (
    UPLOAD_ERRORS,
    AttachmentNotFailed,
    FileNotChecked,
    RangeNotSatisfiable,
)
from crm.files.fetching import Fetching
from crm.files.keeping import Keeping
from crm.files.limits import MOST_BYTES
from crm.files.links import Links
from crm.files.schemas import AttachmentRead, DownloadQuery, FileRead
from crm.files.serving import SAFE_HEADERS, send_file, send_thumbnail
from crm.files.store import File, FileStore

_log = logging.getLogger(__name__)


class FileRoutes:
    """Files of the signed-in person's organization."""

    def __init__(self, *, store: FileStore, keeping: Keeping, fetching: Fetching) -> None:
        self._store = store
        self._keeping = keeping
        self._fetching = fetching

    @endpoint(
        "POST",
        "/api/files",
        access=Access.OPERATOR,
        response=FileRead,
        status=201,
        errors=UPLOAD_ERRORS,
        max_body=MOST_BYTES,
    )
    async def upload(self, principal: Principal, upload: Upload) -> RawDocument:
        """Upload a file to send; it is removed after a day in which no message names it."""
        file = await self._keeping.keep(
            principal.organization_id,
            upload.chunks,
            name=upload.file_name,
            origin={"user_id": principal.user_id},
        )
        return _read(file)

    @endpoint(
        "GET",
        "/api/files/{file_id}",
        access=Access.VIEWER,
        response=bytes,
        errors=[FileNotChecked, RangeNotSatisfiable],
    )
    async def download(
        self, principal: Principal, file_id: ObjectId, query: DownloadQuery, request: web.Request
    ) -> web.StreamResponse:
        """Read a file, or the range of it that is asked for."""
        file = await self._store.find_ready(principal.organization_id, file_id)
        return await send_file(request, self._store, file, download=query.download)

    @endpoint(
        "GET",
        "/api/files/{file_id}/thumbnail",
        access=Access.VIEWER,
        response=bytes,
        errors=[FileNotChecked],
    )
    async def thumbnail(self, principal: Principal, file_id: ObjectId) -> web.StreamResponse:
        """Read a picture's thumbnail, a JPEG."""
        file = await self._store.find_ready(principal.organization_id, file_id)
        content = await self._store.thumbnail(file)
        if content is None:
            raise NotFound
        return send_thumbnail(content)

    @endpoint(
        "POST",
        "/api/messages/{message_id}/attachments/{place}/retry",
        access=Access.OPERATOR,
        response=AttachmentRead,
        errors=[AttachmentNotFailed],
    )
    async def retry(self, principal: Principal, message_id: ObjectId, place: int) -> RawDocument:
        """Try again to fetch a message's file that could not be had; `place` counts from 0."""
        return await self._fetching.retry(principal.organization_id, message_id, place)


class LinkRoutes:
    """Files by signed addresses: anybody who has one may fetch what it names, until its time is over."""

    def __init__(self, *, store: FileStore, links: Links) -> None:
        self._store = store
        self._links = links

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the public routes."""
        return [web.get("/files/{token}", self.read)]

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Give out what the token names; a wrong one, one whose time is over and a file that is gone are alike."""
        linked = self._links.read(request.match_info["token"])
        try:
            if linked is None:
                raise NotFound
            file = await self._store.linked(linked.file_id)
            if not linked.thumbnail:
                return await send_file(request, self._store, file, headers=_LINK_HEADERS)
            content = await self._store.thumbnail(file)
            if content is None:
                raise NotFound
            return send_thumbnail(content, _LINK_HEADERS)
        except DomainError as error:
            return problem_response(error)
        except ConnectionError:
            raise
        except Exception as error:
            _log.error("a signed link failed: %s", type(error).__name__)
            return problem_response(Unavailable())


# A chat stands on the company's own site: its pictures come from another one, ours.
_LINK_HEADERS = {
    **SAFE_HEADERS,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",  # who has the address may read it; no cookie opens anything
    "Referrer-Policy": "no-referrer",
}


def _read(file: File) -> RawDocument:
    metadata = file["metadata"]
    return {
        "id": file["_id"],
        "kind": metadata["kind"],
        "name": file["filename"],
        "mime": metadata["mime"],
        "size": file["length"],
        "thumbnail": metadata["thumbnail"],
        "state": metadata["state"],
    }
