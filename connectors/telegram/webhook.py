"""Telegram's calls: https://core.telegram.org/bots/api#setwebhook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from aiohttp import web

from connectors.base.webhooks import (
    Handle,
    MalformedError,
    RefusedError,
    check_secret,
    parsed_json,
    read_body,
    webhook,
)
from connectors.telegram.inbound import MalformedUpdateError
from crm.contract import Connection, InboundEvent, Inbox

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
MAX_BODY: Final = 1_048_576
"""Bytes. The largest updates seen are some tens of kilobytes."""

type Parse = Callable[[Connection, Any], Sequence[InboundEvent]]
type Acknowledge = Callable[[Connection, Sequence[InboundEvent]], None]


def webhook_handler(
    *, channel: str, inbox: Inbox, parse: Parse, acknowledge: Acknowledge
) -> Handle:
    """The handler of ``POST /webhooks/telegram/{connection_id}``.

    It answers 200 only after the events are stored. Telegram delivers an update again after any
    other answer.
    """

    async def handle(request: web.Request) -> web.Response:
        connection = await inbox.connection(request.match_info["connection_id"])
        if connection is None or connection.channel != channel:
            raise RefusedError(404, "unknown_connection")
        check_secret(request.headers.get(SECRET_HEADER), connection.webhook_secret)
        update = parsed_json(await read_body(request, limit=MAX_BODY))
        try:
            events = parse(connection, update)
        except MalformedUpdateError as error:
            raise MalformedError from error
        if events:
            await inbox.receive(connection, events)
            acknowledge(connection, events)
        return web.Response()

    return webhook(channel, handle)
