"""Meta's calls: https://developers.facebook.com/docs/graph-api/webhooks/getting-started.

An app has one address for all its accounts, so a body that comes to one connection's address may tell of
others. Each entry goes to the connection of its account, and only when that connection's own app signed
the body: nobody may speak for an account of somebody else's app.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import orjson
from aiohttp import web

from connectors.base.webhooks import (
    Handle,
    MalformedError,
    RefusedError,
    check_secret,
    check_signature,
    read_body,
    webhook,
)
from connectors.instagram.inbound import Entry, MalformedBodyError, entries_of
from crm.contract import Connection, InboundEvent, Inbox

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
MAX_BODY: Final = 3_145_728
"""Bytes; Meta's bodies hold up to 3 MB."""
_MAX_CHALLENGE: Final = 200
_REMEMBERED_SECONDS: Final = 3.0

type Parse = Callable[[Connection, Entry], Sequence[InboundEvent]]


class Webhook:
    """Both calls of ``/webhooks/instagram/{connection_id}``."""

    def __init__(
        self,
        *,
        channel: str,
        inbox: Inbox,
        parse: Parse,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = channel
        self._inbox = inbox
        self._parse = parse
        self._clock = clock
        self._accounts: Sequence[Connection] = ()
        self._listed_at = float("-inf")
        self._asked: set[str] = set()
        """Account ids that this list was asked for, there or not."""
        self._listing = asyncio.Lock()
        self.shake_hands: Handle = webhook(channel, self._shake_hands)
        self.take: Handle = webhook(channel, self._take)

    async def _shake_hands(self, request: web.Request) -> web.Response:
        """Meta asks whether this address is ours, with the token an admin typed in there."""
        connection = await self._inbox.connection(request.match_info["connection_id"])
        if connection is None or connection.channel != self._channel:
            raise RefusedError(404, "unknown_connection")
        if request.query.get("hub.mode") != "subscribe":
            raise RefusedError(400, "wrong_mode")
        check_secret(request.query.get("hub.verify_token"), connection.webhook_secret)
        return web.Response(text=request.query.get("hub.challenge", "")[:_MAX_CHALLENGE])

    async def _take(self, request: web.Request) -> web.Response:
        """Answer 200 only after the events are stored; Meta delivers again after anything else."""
        body = await read_body(request, limit=MAX_BODY)
        header = request.headers.get(SIGNATURE_HEADER)
        addressed = await self._inbox.connection(request.match_info["connection_id"])
        if addressed is not None and addressed.channel != self._channel:
            addressed = None
        signed = (
            [addressed] if addressed is not None and _is_signed(addressed, body, header) else []
        )
        entries = _entries(body) if signed else _entries_if_any(body)
        asked = {entry.account_id for entry in entries if not _of(entry, signed)}
        if not signed or asked:
            # An account that shares the app, or whose app still calls an address that has gone.
            known = await self._list(asked if signed else set())
            others = [one for one in known if ids_of(one) & asked and one not in signed]
            signed += [one for one in others if _is_signed(one, body, header)]
            if not signed and addressed is None and not others:
                raise RefusedError(404, "unknown_connection")
        if not signed:
            raise RefusedError(401, "wrong_signature")
        for connection in signed:
            events = [
                event
                for entry in entries
                if _is_account(connection, entry)
                for event in self._parse(connection, entry)
            ]
            if events:
                await self._inbox.receive(connection, events)
        return web.Response()

    async def _list(self, asked: set[str]) -> Sequence[Connection]:
        """All Instagram accounts, remembered for some seconds.

        They are listed anew when one is asked for that may have been connected since. Only what
        Meta has signed may ask: nobody else can make us list them more often.
        """
        came_at = self._clock()
        fresh = came_at - self._listed_at < _REMEMBERED_SECONDS
        if fresh and asked <= self._asked:
            return self._accounts
        async with self._listing:
            if self._listed_at <= came_at:  # else another call has done it meanwhile
                listed_at = self._clock()
                self._accounts = await self._inbox.connections(self._channel)
                self._listed_at = listed_at
            self._asked = self._asked | asked if fresh else asked
        return self._accounts


def ids_of(connection: Connection) -> frozenset[str]:
    """All ids that Meta may call the account by."""
    account = connection.account
    if account is None:
        return frozenset()
    others = (account.data.get(name) for name in ("app_scoped_id", "page_id"))
    return frozenset({account.external_id, *(str(one) for one in others if one)})


def _is_signed(connection: Connection, body: bytes, header: str | None) -> bool:
    """Whether the connection's own app signed the body."""
    secrets = (connection.config.get(name) for name in ("app_secret", "meta_app_secret"))
    try:
        check_signature(body, header, [str(secret) for secret in secrets if secret])
    except RefusedError:
        return False
    return True


def _entries(body: bytes) -> list[Entry]:
    try:
        return entries_of(orjson.loads(body))
    except (orjson.JSONDecodeError, MalformedBodyError) as error:
        raise MalformedError from error


def _entries_if_any(body: bytes) -> list[Entry]:
    """Of a body that is not proven to be Meta's: whose it claims to be."""
    try:
        return _entries(body)
    except MalformedError:
        return []


def _of(entry: Entry, connections: Iterable[Connection]) -> bool:
    return any(_is_account(connection, entry) for connection in connections)


def _is_account(connection: Connection, entry: Entry) -> bool:
    return entry.account_id in ids_of(connection)
