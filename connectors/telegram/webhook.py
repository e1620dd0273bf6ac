"""Telegram's calls: https://core.telegram.org/bots/api#setwebhook.

Nothing of what people write is logged.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from aiohttp import web

from connectors.telegram.inbound import MalformedUpdateError
from crm.contract import Connection, InboundMessage, Inbox

_log = logging.getLogger(__name__)

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
MAX_BODY: Final = 1_048_576
"""Bytes. The largest updates seen are some tens of kilobytes."""

type Parse = Callable[[Connection, Any], Awaitable[InboundMessage | None]]
type Acknowledge = Callable[[Connection, InboundMessage], None]


def webhook_handler(
    *, channel: str, inbox: Inbox, parse: Parse, acknowledge: Acknowledge
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of ``POST /webhooks/telegram/{connection_id}``.

    It answers 200 only after the message is stored. Telegram delivers an update again after any
    other answer, so 503 is the answer when it could not be stored.
    """

    async def admitted(request: web.Request) -> Connection:
        connection_id = request.match_info["connection_id"]
        connection = await inbox.connection(connection_id)
        if connection is None or connection.channel != channel:
            raise _RefusedError(404, "unknown_connection")
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(
            given.encode("utf-8", "surrogateescape"), connection.webhook_secret.encode()
        ):
            raise _RefusedError(401, "wrong_secret")
        return connection

    async def handle(request: web.Request) -> web.Response:
        connection_id = request.match_info["connection_id"]
        try:
            connection = await admitted(request)
            message = await parse(connection, orjson.loads(await _body(request)))
            if message is not None:
                await inbox.receive(connection, [message])
                acknowledge(connection, message)
        except _RefusedError as refusal:
            return _refused(refusal.status, connection_id, refusal.why)
        except (orjson.JSONDecodeError, MalformedUpdateError):
            return _refused(400, connection_id, "malformed")
        except Exception as error:  # whatever is wrong on our side: come again
            return _unavailable(connection_id, error)
        return web.Response()

    return handle


class _RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise _RefusedError(413, "too_large")
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > MAX_BODY:
            raise _RefusedError(413, "too_large")
    return bytes(body)


def _refused(status: int, connection_id: str, why: str) -> web.Response:
    _log.warning("telegram webhook of %.40r refused: %s", connection_id, why)
    return web.Response(status=status, text=why)


def _unavailable(connection_id: str, error: Exception) -> web.Response:
    _log.error("telegram webhook of %.40r put off: %s", connection_id, type(error).__name__)
    return web.Response(status=503, text="unavailable", headers={"Retry-After": "5"})
