"""What every webhook does alike: read a body of limited size, check a secret, answer.

Nothing of what people write is logged.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from aiohttp import web

_log = logging.getLogger(__name__)

_SURROGATES: Final = re.compile(
    rb"\\\\|(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""Escaped backslashes and escaped pairs, which stay, and escaped halves of pairs, which no text can hold."""

type Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RefusedError(Exception):
    """A call is answered with this status and word, and changes nothing."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class MalformedError(ValueError):
    """A body is not what the platform sends: answered with 400."""


def webhook(channel: str, handle: Handle) -> Handle:
    """Answer refusals with their status, and anything unforeseen with 503.

    A platform delivers again after any answer but 2xx, so what could not be stored is put off.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        place = request.match_info.get("connection_id", "")
        try:
            return await handle(request)
        except RefusedError as refusal:
            _log.warning("%s webhook of %.40r refused: %s", channel, place, refusal.why)
            return web.Response(status=refusal.status, text=refusal.why)
        except MalformedError:
            _log.warning("%s webhook of %.40r refused: malformed", channel, place)
            return web.Response(status=400, text="malformed")
        except Exception as error:  # whatever is wrong on our side: come again
            _log.error("%s webhook of %.40r put off: %s", channel, place, type(error).__name__)
            return web.Response(status=503, text="unavailable", headers={"Retry-After": "5"})

    return answer


async def read_body(request: web.Request, *, limit: int) -> bytes:
    """The raw body, of at most ``limit`` bytes.

    Raises:
        RefusedError: it is larger (413).
    """
    if (request.content_length or 0) > limit:
        raise RefusedError(413, "too_large")
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > limit:
            raise RefusedError(413, "too_large")
    return bytes(body)


def parsed_json(body: bytes) -> Any:
    """A body's JSON. Half an emoji, which platforms escape as it came, costs that letter only.

    Raises:
        MalformedError: it is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return orjson.loads(_SURROGATES.sub(_whole, body))
    except orjson.JSONDecodeError as error:
        raise MalformedError from error


def _whole(found: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if found[1] is None and found[0] != rb"\\" else found[0]


def check_secret(given: str | None, known: str) -> None:
    """Compare a secret that a call carries, in constant time.

    Raises:
        RefusedError: it is missing or wrong (401).
    """
    if not hmac.compare_digest((given or "").encode("utf-8", "surrogateescape"), known.encode()):
        raise RefusedError(401, "wrong_secret")
