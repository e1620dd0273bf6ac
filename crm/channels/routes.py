"""The addresses of channels and connections."""

from collections.abc import Sequence

from bson import ObjectId

from crm.channels.schemas import (
    ChannelRead,
    ConnectionCreate,
    ConnectionPage,
    ConnectionQuery,
    ConnectionRead,
    ConnectionUpdate,
)
from crm.channels.service import (
    AccountConnected,
    Connections,
    CredentialsRejected,
    PlatformUnreachable,
)
from crm.core.api import Access, Principal, endpoint
from crm.core.database import RawDocument

_SAVING = [AccountConnected, CredentialsRejected, PlatformUnreachable]


class ChannelRoutes:
    """Channels and connections."""

    def __init__(self, *, connections: Connections) -> None:
        self._connections = connections

    @endpoint("GET", "/api/channels", access=Access.VIEWER, response=list[ChannelRead])
    async def list_channels(self, principal: Principal) -> Sequence[RawDocument]:  # noqa: ARG002 - the same for all
        """List the channels that can be connected."""
        return self._connections.channels()

    @endpoint("GET", "/api/connections", access=Access.VIEWER, response=ConnectionPage)
    async def list(self, principal: Principal, query: ConnectionQuery) -> RawDocument:
        """List the connected channels."""
        return await self._connections.list(principal.organization_id, query)

    @endpoint(
        "POST",
        "/api/connections",
        access=Access.ADMIN,
        response=ConnectionRead,
        status=201,
        errors=_SAVING,
    )
    async def create(self, principal: Principal, body: ConnectionCreate) -> RawDocument:
        """Connect a channel; its credentials are tested first."""
        return await self._connections.create(principal.organization_id, body, principal.actor)

    @endpoint(
        "GET", "/api/connections/{connection_id}", access=Access.VIEWER, response=ConnectionRead
    )
    async def read(self, principal: Principal, connection_id: ObjectId) -> RawDocument:
        """Read a connection."""
        return await self._connections.read(principal.organization_id, connection_id)

    @endpoint(
        "PATCH",
        "/api/connections/{connection_id}",
        access=Access.ADMIN,
        response=ConnectionRead,
        errors=_SAVING,
    )
    async def update(
        self, principal: Principal, connection_id: ObjectId, body: ConnectionUpdate
    ) -> RawDocument:
        """Change a connection; new settings are tested first."""
        return await self._connections.change(
            principal.organization_id, connection_id, body, principal.actor
        )

    @endpoint("DELETE", "/api/connections/{connection_id}", access=Access.ADMIN)
    async def delete(self, principal: Principal, connection_id: ObjectId) -> None:
        """Disconnect a channel; its conversations stay."""
        await self._connections.delete(principal.organization_id, connection_id, principal.actor)

    @endpoint(
        "POST",
        "/api/connections/{connection_id}/pause",
        access=Access.ADMIN,
        response=ConnectionRead,
    )
    async def pause(self, principal: Principal, connection_id: ObjectId) -> RawDocument:
        """Stop receiving and sending."""
        return await self._connections.pause(
            principal.organization_id, connection_id, principal.actor
        )

    @endpoint(
        "POST",
        "/api/connections/{connection_id}/resume",
        access=Access.ADMIN,
        response=ConnectionRead,
    )
    async def resume(self, principal: Principal, connection_id: ObjectId) -> RawDocument:
        """Receive and send again."""
        return await self._connections.resume(
            principal.organization_id, connection_id, principal.actor
        )
