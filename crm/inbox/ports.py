"""What sending needs of other parts: connections, and files to send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bson import ObjectId

from crm.contract import Connection, ConnectorError, OutboundFile


class Connections(Protocol):
    """Where connections come from."""

    async def connection(self, connection_id: str) -> Connection | None:
        """The connection with its credentials, or None when it is gone."""
        ...

    async def failed(self, connection: Connection, error: ConnectorError) -> None:
        """Note that the platform refused us."""
        ...


class OutboundFiles(Protocol):
    """Where files to send come from."""

    async def outbound(
        self, organization_id: ObjectId, ids: Sequence[ObjectId]
    ) -> Sequence[OutboundFile]:
        """The files, in this order.

        Raises:
            RejectedError: one is gone.
        """
        ...
