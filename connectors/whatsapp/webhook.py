"""Meta's calls: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint.

An app has one secret, and may carry many numbers and accounts: what comes to one connection's
address may be another's. It is handed over to every connection whose own secret is the one it was
signed with, so that nobody reaches a number of another app.
"""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from aiohttp import web

from connectors.base.webhooks import (
    Handle,
    MalformedError,
    RefusedError,
    check_signature,
    read_body,
    webhook,
)
from connectors.whatsapp.inbound import Change, MalformedBodyError, parse_body
from crm.contract import Connection, InboundEvent, Inbox

_log = logging.getLogger(__name__)

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes. Meta's own limit is 3 MB."""
_LONGEST_CHALLENGE: Final = 200
_REMEMBERED_SECONDS: Final = 3.0
_SURROGATES: Final = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""Escaped pairs, which stay, and escaped halves of pairs, which no text can hold."""


def handshake_handler(*, channel: str, inbox: Inbox) -> Handle:
    """The handler of ``GET /webhooks/whatsapp/{connection_id}``: Meta asks whether we are we."""

    async def handle(request: web.Request) -> web.Response:
        connection = await _connection_of(request, channel, inbox)
        token = request.query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
        known = hmac.compare_digest(token, connection.webhook_secret.encode())
        if request.query.get("hub.mode") != "subscribe" or not known:
            raise RefusedError(403, "wrong_verify_token")
        return web.Response(text=request.query.get("hub.challenge", "")[:_LONGEST_CHALLENGE])

    return webhook(channel, handle)


def webhook_handler(
    *, channel: str, inbox: Inbox, clock: Callable[[], float] = time.monotonic
) -> Handle:
    """The handler of ``POST /webhooks/whatsapp/{connection_id}``.

    It answers 200 only after everything in the body is stored. Meta delivers a body again, for
    up to seven days, after any other answer; what was stored before is then recognised.
    """
    neighbours = Neighbours(channel=channel, inbox=inbox, clock=clock)

    async def handle(request: web.Request) -> web.Response:
        connection = await _connection_of(request, channel, inbox)
        body = await read_body(request, limit=MAX_BODY)
        secret = _secret_of(connection)
        check_signature(body, request.headers.get(SIGNATURE_HEADER), [secret] if secret else [])
        try:
            changes = parse_body(_loaded(body))
        except (orjson.JSONDecodeError, MalformedBodyError) as error:
            raise MalformedError from error
        for target, events in await neighbours.share_out(connection, changes):
            await inbox.receive(target, events)
        return web.Response()

    return webhook(channel, handle)


class Neighbours:
    """The connections of one app. They are asked for only when a body is not the address's own alone."""

    def __init__(self, *, channel: str, inbox: Inbox, clock: Callable[[], float]) -> None:
        self._channel = channel
        self._inbox = inbox
        self._clock = clock
        self._known: tuple[float, Sequence[Connection]] = (0.0, ())

    async def share_out(
        self, connection: Connection, changes: Sequence[Change]
    ) -> list[tuple[Connection, list[InboundEvent]]]:
        """Whose events are whose, in order. What belongs to no connection is passed over."""
        shared: dict[str, tuple[Connection, list[InboundEvent]]] = {}
        for change in changes:
            targets = await self._targets(connection, change)
            if not targets:
                _log.info("whatsapp: a change for a number that is not connected passed over")
            for target in targets:
                shared.setdefault(target.id, (target, []))[1].extend(change.events)
        return list(shared.values())

    async def _targets(self, connection: Connection, change: Change) -> list[Connection]:
        number = change.phone_number_id
        if number is not None and number == connection.config.get("phone_number_id"):
            return [connection]
        family = await self._family(connection)
        if number is not None:
            return [one for one in family if one.config.get("phone_number_id") == number]
        account = [one for one in family if one.config.get("waba_id") == change.account_id]
        return account if account or len(family) > 1 else [connection]

    async def _family(self, connection: Connection) -> list[Connection]:
        """All connections of the same app, this one among them."""
        until, known = self._known
        if until <= self._clock():
            known = await self._inbox.connections(self._channel)
            self._known = (self._clock() + _REMEMBERED_SECONDS, known)
        secret = _secret_of(connection)
        others = [one for one in known if one.id != connection.id and _secret_of(one) == secret]
        return [connection, *others]


def _loaded(body: bytes) -> Any:
    """The body's JSON. Half an emoji, which Meta escapes as it came, costs that letter only."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.loads(_SURROGATES.sub(lambda found: found[1] or rb"\ufffd", body))


async def _connection_of(request: web.Request, channel: str, inbox: Inbox) -> Connection:
    connection = await inbox.connection(request.match_info["connection_id"])
    if connection is None or connection.channel != channel:
        raise RefusedError(404, "unknown_connection")
    return connection


def _secret_of(connection: Connection) -> str:
    return str(connection.config.get("app_secret") or "")
