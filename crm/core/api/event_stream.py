"""The WebSocket of numbered events."""

import asyncio
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import Field

from crm.core.api.endpoints import endpoint
from crm.core.api.fields import RequestModel
from crm.core.api.principal import Access, Authenticator, Principal
from crm.core.api.replies import dump_json
from crm.core.errors import UpgradeRequired
from crm.core.event_hub import EventHub
from crm.core.events import EventLog, Reset

SIGNED_OUT = 4401
"""Close code: the session has ended or the person is no longer a member."""
RECHECK_SECONDS = 5.0
HEARTBEAT_SECONDS = 30.0


class EventQuery(RequestModel):
    """Where to go on."""

    after: int | None = Field(default=None, ge=0, description="The last number already seen.")


class EventRoutes:
    """Sends each organization's events to the consoles of its people."""

    def __init__(self, *, events: EventLog, hub: EventHub, authenticator: Authenticator) -> None:
        self._events = events
        self._hub = hub
        self._authenticator = authenticator
        self._sockets: WeakSet[web.WebSocketResponse] = WeakSet()

    @endpoint("GET", "/api/events", access=Access.VIEWER, websocket=True, errors=[UpgradeRequired])
    async def follow(
        self, principal: Principal, request: web.Request, query: EventQuery
    ) -> web.StreamResponse:
        """Follow what happens (WebSocket).

        First comes {"type": "hello", "seq": N}, then every event after `after` (after N without it) as
        {seq, type, at, subject_id, actor, data}. {"type": "reset", "seq": N} means that the place is too old: fetch
        afresh, the events after N follow.
        """
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=4096)
        if not socket.can_prepare(request).ok:
            raise UpgradeRequired
        await socket.prepare(request)
        self._sockets.add(socket)
        sender = asyncio.create_task(self._send(socket, principal, query.after))
        guard = asyncio.create_task(self._guard(socket, request, principal))
        try:
            async for message in socket:  # clients have nothing to say; reading notices their end
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            for task in (sender, guard):
                task.cancel()
                with suppress(asyncio.CancelledError, ConnectionError):
                    await task
        return socket

    async def close(self, _: Any = None) -> None:
        """Say goodbye to all consoles; they come back to another process and resume."""
        for socket in set(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _send(
        self, socket: web.WebSocketResponse, principal: Principal, after: int | None
    ) -> None:
        organization_id = principal.organization_id
        newest = await self._events.last_seq(organization_id)
        await socket.send_frame(dump_json({"type": "hello", "seq": newest}), WSMsgType.TEXT)
        events = self._hub.subscribe(organization_id, newest if after is None else after)
        async for event in events:
            data = (
                {"type": "reset", "seq": event.seq} if isinstance(event, Reset) else event.public()
            )
            await socket.send_frame(dump_json(data), WSMsgType.TEXT)

    async def _guard(
        self, socket: web.WebSocketResponse, request: web.Request, principal: Principal
    ) -> None:
        """Close the socket of a person who has been signed out or taken out, or who acts elsewhere now."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            present = await self._authenticator.authenticate(request)
            if present is None or present.organization_id != principal.organization_id:
                await socket.close(code=SIGNED_OUT)
                return
