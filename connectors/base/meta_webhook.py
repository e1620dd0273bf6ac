"""Meta's calls, which WhatsApp and Instagram take alike.

An app has one secret, and may carry many accounts: what comes to one connection's address may tell of
others. Each piece of a body goes to the connections of the account that it names, and only to those
whose own app signed the body: nobody speaks for an account of somebody else's app.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final, Protocol

from aiohttp import web

from connectors.base.meta import SIGNATURE_HEADER, account_ids, account_of, signing_secret
from connectors.base.webhooks import (
    MalformedError,
    RefusedError,
    parsed_json,
    read_body,
    webhook,
)
from crm.contract import Connection, InboundEvent, Inbox

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes. Meta's own limit is 3 MB."""
LARGE_BODY: Final = 100_000
"""Bytes. Reading more takes a thread, so that nobody else waits."""
_LONGEST_CHALLENGE: Final = 200
_MOST_NAMED: Final = 1_000
"""Other accounts that a body may name: Meta puts no more than so many events into one."""
_MOST_LOADED: Final = 10
"""Connections that are loaded for a body before it is known who signed it."""
_SECRETS: Final = ("app_secret", "meta_app_secret")


class Piece(Protocol):
    """What was delivered for one account."""

    @property
    def account_id(self) -> str:
        """By what Meta calls the account; one of ``account_ids``."""
        ...


class MetaWebhook[P: Piece]:
    """Both calls of ``/webhooks/<channel>/{connection_id}``.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started

    Args:
        channel: the connector's.
        inbox: where events go.
        pieces_of: a body's pieces, in order; raises MalformedError.
        events_of: the events of a piece for a connection, in order; never raises.
        receive: takes the events of a connection in; ``inbox.receive`` where nothing is given.
    """

    def __init__(
        self,
        *,
        channel: str,
        inbox: Inbox,
        pieces_of: Callable[[Any], Sequence[P]],
        events_of: Callable[[Connection, P], Sequence[InboundEvent]],
        receive: Callable[[Connection, Sequence[InboundEvent]], Awaitable[int]] | None = None,
    ) -> None:
        self._channel = channel
        self._inbox = inbox
        self._pieces_of = pieces_of
        self._events_of = events_of
        self._receive = receive or inbox.receive

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """The handshake and the deliveries."""
        path = f"/webhooks/{self._channel}/{{connection_id}}"
        return [
            web.get(path, webhook(self._channel, self._shake_hands), allow_head=False),
            web.post(path, webhook(self._channel, self._take)),
        ]

    async def _shake_hands(self, request: web.Request) -> web.Response:
        """Meta asks whether this address is ours, with the token that was typed in, or set, there."""
        connection = await self._addressed(request)
        if connection is None:
            raise RefusedError(404, "unknown_connection")
        token = request.query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
        known = hmac.compare_digest(token, connection.webhook_secret.encode())
        if request.query.get("hub.mode") != "subscribe" or not known:
            raise RefusedError(403, "wrong_verify_token")
        return web.Response(text=request.query.get("hub.challenge", "")[:_LONGEST_CHALLENGE])

    async def _take(self, request: web.Request) -> web.Response:
        """Answer 200 only after everything in the body is stored.

        Meta delivers a body again, for up to seven days, after any other answer; what was stored
        before is then recognised.
        """
        addressed = await self._addressed(request)
        own = {addressed.id: addressed} if addressed is not None else {}
        body = await read_body(request, limit=MAX_BODY)
        header = request.headers.get(SIGNATURE_HEADER)
        secret = await _aside(body, signing_secret, body, header, _secrets_of(own.values()))
        try:
            pieces = await _aside(body, self._by_account, body)
        except MalformedError:
            if secret is not None:
                raise
            pieces = {}
        # An account is one connection's alone; an alias (what it belongs to) may be many's.
        served = {account_of(one) for one in own.values()}
        others = [one for one in pieces if one and one not in served][:_MOST_NAMED]
        if secret is None:
            # The address may be of a connection that has gone: those who share its app do not.
            known = await self._inbox.connections_of(self._channel, others, limit=_MOST_LOADED)
            secret = await _aside(body, signing_secret, body, header, _secrets_of(known))
            if secret is None and addressed is None and not known:
                raise RefusedError(404, "unknown_connection")
        if secret is None:
            raise RefusedError(401, "wrong_signature")
        if others:
            found = await self._inbox.connections_of(self._channel, others)
            own |= {one.id: one for one in found}
        for connection in own.values():
            if secret in _secrets_of([connection]):
                events = await _aside(body, self._events, connection, pieces)
                if events:
                    await self._receive(connection, events)
        return web.Response()

    async def _addressed(self, request: web.Request) -> Connection | None:
        connection = await self._inbox.connection(request.match_info["connection_id"])
        return connection if connection and connection.channel == self._channel else None

    def _by_account(self, body: bytes) -> dict[str, list[tuple[int, P]]]:
        """A body's pieces with their places, by the account they are for."""
        found: dict[str, list[tuple[int, P]]] = {}
        for place, piece in enumerate(self._pieces_of(parsed_json(body))):
            found.setdefault(piece.account_id, []).append((place, piece))
        return found

    def _events(
        self, connection: Connection, pieces: Mapping[str, list[tuple[int, P]]]
    ) -> list[InboundEvent]:
        """What the body tells of a connection, in order."""
        its = chain.from_iterable(pieces.get(one, ()) for one in account_ids(connection))
        return [
            event
            for _, piece in sorted(its, key=itemgetter(0))
            for event in self._events_of(connection, piece)
        ]


def _secrets_of(connections: Iterable[Connection]) -> set[str]:
    """The secrets of these connections' apps: with Instagram's login an app has two."""
    given = (connection.config.get(name) for connection in connections for name in _SECRETS)
    return {str(secret) for secret in given if secret}


async def _aside[T](body: bytes, work: Callable[..., T], *given: Any) -> T:
    """Do what takes as long as the body is large: beside everything else, where that is long."""
    return work(*given) if len(body) <= LARGE_BODY else await asyncio.to_thread(work, *given)
