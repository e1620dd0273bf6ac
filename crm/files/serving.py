"""Sending a file over HTTP: whole, or the range a player asks for, and never so that a browser runs what is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from aiohttp import hdrs, web

from crm.core.api.downloads import send_chunks
from crm.core.api.replies import API_HEADERS
from crm.core.errors import NotFound
from crm.core.gridfs import FileDamagedError
from crm.files.errors import RangeNotSatisfiable
from crm.files.store import File, FileStore
from crm.files.types import SHOWN

# Opened by itself, a file is a page of nobody: it runs nothing, loads nothing, and belongs to no site.
_SANDBOX: Final = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
)
SAFE_HEADERS: Final[Mapping[str, str]] = {**API_HEADERS, "Content-Security-Policy": _SANDBOX}
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


async def send_file(
    request: web.Request,
    store: FileStore,
    file: File,
    *,
    download: bool = False,
    headers: Mapping[str, str] = SAFE_HEADERS,
) -> web.StreamResponse:
    """Stream a file that is ready.

    Raises:
        NotFound: it was removed just now.
        RangeNotSatisfiable: the range asked for begins behind its end.
    """
    size, tag = file["length"], f'"{file["metadata"]["sha256"]}"'
    chosen = _range(request, size, tag)
    start, stop = chosen or (0, size)
    response = web.StreamResponse(
        status=206 if chosen else 200,
        headers={
            **headers,
            hdrs.CONTENT_TYPE: _content_type(file["metadata"]["mime"]),
            hdrs.CONTENT_DISPOSITION: _disposition(file, download=download),
            hdrs.ACCEPT_RANGES: "bytes",
            hdrs.ETAG: tag,
            hdrs.CONTENT_LENGTH: str(stop - start),
        },
    )
    if chosen:
        response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{size}"
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    try:
        return await send_chunks(request, response, store.read(file, start, stop))
    except FileDamagedError:
        raise NotFound from None


def send_thumbnail(content: bytes, headers: Mapping[str, str] = SAFE_HEADERS) -> web.Response:
    """Answer with a thumbnail."""
    return web.Response(body=content, content_type="image/jpeg", headers=headers)


def _range(request: web.Request, size: int, tag: str) -> tuple[int, int] | None:
    """The one range that is asked for, as its first byte and the one behind its last.

    What is malformed, several ranges, and a range of another file's version are ignored, as RFC 9110 (14.2) allows: the
    answer is the whole file.
    """
    if request.headers.get(hdrs.IF_RANGE, tag) != tag:
        return None
    match = _RANGE.fullmatch(request.headers.get(hdrs.RANGE, "").strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= stop:
        raise RangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{size}"})
    return start, stop


def _content_type(mime: str) -> str:
    if mime in SHOWN:
        return mime
    # A text is a text, whatever its letters are; browsers would otherwise guess.
    return f"{mime}; charset=utf-8" if mime.startswith("text/") else mime


def _disposition(file: File, *, download: bool) -> str:
    shown = file["metadata"]["mime"] in SHOWN and not download
    name = quote(file["filename"], safe="")
    return f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}"
