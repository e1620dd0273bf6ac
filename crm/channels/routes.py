"""The addresses of channels and connections."""

from collections.abc import Sequence

from bson import ObjectId

from crm.channels.health import ConnectionHealth
from crm.channels.records import AccountConnected
from crm.channels.schemas import (
    ChannelRead,
    ConnectionCreate,
    ConnectionDetail,
    ConnectionPage,
    ConnectionQuery,
    ConnectionRead,
    ConnectionUpdate,
    LinkQuery,
    LinkRead,
    TemplatePage,
    TemplateQuery,
    TemplateSync,
)
from crm.channels.service import Connections, CredentialsRejected, PlatformUnreachable
from crm.channels.templates import NoTemplates, PlatformRefused, Templates
from crm.core.api import Access, Principal, endpoint
from crm.core.api.principal import Role
from crm.core.database import RawDocument

_SAVING = [AccountConnected, CredentialsRejected, PlatformUnreachable]


class ChannelRoutes:
    """Channels and connections."""

    def __init__(
        self, *, connections: Connections, health: ConnectionHealth, templates: Templates
    ) -> None:
        self._connections = connections
        self._health = health
        self._templates = templates

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
        "GET", "/api/connections/{connection_id}", access=Access.VIEWER, response=ConnectionDetail
    )
    async def read(self, principal: Principal, connection_id: ObjectId) -> RawDocument:
        """Read a connection, and how it does."""
        return await self._health.detail(
            principal.organization_id,
            connection_id,
            secrets=principal.role.includes(Role.ADMIN),
        )

    @endpoint(
        "POST",
        "/api/connections/{connection_id}/check",
        access=Access.ADMIN,
        response=ConnectionDetail,
        errors=[AccountConnected],
    )
    async def check(self, principal: Principal, connection_id: ObjectId) -> RawDocument:
        """Ask the platform now how the connection does."""
        await self._health.check(principal.organization_id, connection_id)
        return await self._health.detail(principal.organization_id, connection_id, secrets=True)

    @endpoint(
        "GET",
        "/api/connections/{connection_id}/link",
        access=Access.VIEWER,
        response=LinkRead,
    )
    async def link(
        self, principal: Principal, connection_id: ObjectId, query: LinkQuery
    ) -> RawDocument:
        """Make a link that opens a chat and tells where it was found."""
        return await self._connections.link(principal.organization_id, connection_id, query.ref)

    @endpoint(
        "GET",
        "/api/connections/{connection_id}/templates",
        access=Access.VIEWER,
        response=TemplatePage,
    )
    async def list_templates(
        self, principal: Principal, connection_id: ObjectId, query: TemplateQuery
    ) -> RawDocument:
        """List a connection's templates, as its platform told them last."""
        return await self._templates.list(principal.organization_id, connection_id, query)

    @endpoint(
        "POST",
        "/api/connections/{connection_id}/templates/sync",
        access=Access.ADMIN,
        response=TemplateSync,
        errors=[NoTemplates, CredentialsRejected, PlatformUnreachable, PlatformRefused],
    )
    async def sync_templates(self, principal: Principal, connection_id: ObjectId) -> RawDocument:
        """Take the templates over from the platform now."""
        return await self._templates.sync(principal.organization_id, connection_id)

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
        """Let the bot fall silent and send nothing; what comes in is kept, and shown to people."""
        return await self._connections.pause(
            principal.organization_id, connection_id, principal.actor
        )

    @endpoint(
        "POST",
        "/api/connections/{connection_id}/resume",
        access=Access.ADMIN,
        response=ConnectionRead,
        errors=[AccountConnected],
    )
    async def resume(self, principal: Principal, connection_id: ObjectId) -> RawDocument:
        """Answer and send again; what came in meanwhile is left to people."""
        return await self._connections.resume(
            principal.organization_id, connection_id, principal.actor
        )
