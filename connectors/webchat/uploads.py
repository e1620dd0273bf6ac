"""Files of visitors: sent by themselves over HTTP, before the message that names them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import hdrs, web

from connectors.webchat.config import WebchatConfig
from connectors.webchat.inbound import kind_of
from connectors.webchat.limits import Allowances, network_of
from connectors.webchat.visitors import sealed_file, visitor_of
from crm.contract import Connection, FileRefusedError, Inbox, Stranger

_log = logging.getLogger(__name__)

MEGABYTE: Final = 1024 * 1024
AT_ONCE: Final = 3
"""Uploads of one visitor under way at a time."""
_CHUNK: Final = 64 * 1024
_STATUS: Final = {"file_too_large": 413, "file_type_not_allowed": 415, "file_infected": 422}
_BEARER: Final = "Bearer "


class _TooLargeError(Exception):
    """More came than the connection takes."""


class Uploads:
    """Takes files in, within limits for a visitor and an address."""

    def __init__(self, *, allowances: Allowances) -> None:
        self._allowances = allowances
        self._under_way: Counter[tuple[str, str]] = Counter()

    async def take(
        self, request: web.Request, connection: Connection, inbox: Inbox
    ) -> web.Response:
        """Keep the body as a file of the visitor whose token the request carries.

        Answers 201 {id, name, mime, size, kind}; a refusal with {code, detail}, words for people
        being the widget's.
        """
        headers = cors(request)
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        visitor = visitor_of(connection, given.removeprefix(_BEARER))
        if visitor is None or not given.startswith(_BEARER):
            return _refusal(401, "unknown_visitor", "The token is not ours.", headers)
        config = WebchatConfig.model_validate(dict(connection.config))
        if not config.files:
            return _refusal(403, "files_off", "This chat takes no files.", headers)
        limit = config.max_megabytes * MEGABYTE
        if (request.content_length or 0) > limit:
            return _refusal(413, "file_too_large", "The file is too large.", headers)
        key = (connection.id, visitor)
        network = network_of(request.remote or "")
        wait = self._allowances.uploads.take(visitor) or self._allowances.uploads_of_address.take(
            network
        )
        if wait or self._under_way[key] >= AT_ONCE:
            headers[hdrs.RETRY_AFTER] = str(int(wait) + 1)
            return _refusal(429, "too_many_files", "Too many files at once.", headers)
        self._under_way[key] += 1
        try:
            stranger = Stranger(visitor=visitor, network=network)
            return await self._keep(request, connection, inbox, stranger, limit, headers)
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]

    async def _keep(
        self,
        request: web.Request,
        connection: Connection,
        inbox: Inbox,
        stranger: Stranger,
        limit: int,
        headers: dict[str, str],
    ) -> web.Response:
        name = unquote(request.headers.get("X-File-Name", ""))[:300]
        try:
            kept = await inbox.keep_file(
                connection,
                _chunks(request, limit),
                name=name or None,
                mime=request.content_type,
                promised=request.content_length,
                stranger=stranger,
            )
        except FileRefusedError as refusal:
            status = _STATUS.get(refusal.code, 422)
            return _refusal(status, refusal.code, refusal.detail, headers)
        except _TooLargeError:
            return _refusal(413, "file_too_large", "The file is too large.", headers)
        except ConnectionError:
            raise  # the visitor cancelled
        except Exception as error:  # the widget offers to try again
            _log.error("web chat file put off: %s", type(error).__name__)
            return _refusal(503, "unavailable", "Try again later.", headers)
        told = {
            "id": sealed_file(connection, stranger.visitor, kept.id),
            "name": kept.name,
            "mime": kept.mime,
            "size": kept.size,
            "kind": kind_of(kept.mime).value,
        }
        return web.json_response(told, status=201, headers=headers)


def cors(request: web.Request) -> dict[str, str]:
    """What lets a page whose origin was checked read the answer."""
    return {
        "Access-Control-Allow-Origin": request.headers.get(hdrs.ORIGIN, "*"),
        "Access-Control-Expose-Headers": "Retry-After",
        "Cache-Control": "no-store",
        "Vary": "Origin",
    }


def preflight(request: web.Request) -> web.Response:
    """The browser's question before an upload with progress."""
    return web.Response(
        status=204,
        headers={
            **cors(request),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, X-File-Name",
            "Access-Control-Max-Age": "600",
        },
    )


async def _chunks(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    taken = 0
    async for chunk in request.content.iter_chunked(_CHUNK):
        taken += len(chunk)
        if taken > limit:
            raise _TooLargeError
        yield chunk


def _refusal(status: int, code: str, detail: str, headers: dict[str, Any]) -> web.Response:
    return web.json_response({"code": code, "detail": detail}, status=status, headers=headers)
