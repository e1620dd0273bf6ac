"""The inbox in the web process: its API, and the messengers' public addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crm.core.feature import Core, Feature
from crm.inbox.people import People
from crm.inbox.routes import InboxRoutes
from crm.services import Services


def feature(core: Core, services: Services) -> Feature:
    """Join the web process."""
    parts = services.inbox

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield
        await parts.close()

    return Feature(
        name="inbox",
        routes=[
            InboxRoutes(
                store=parts.store,
                desk=parts.desk,
                writing=parts.writing,
                handover=parts.handover,
                outbox=parts.outbox,
                signals=parts.signals,
                background=parts.background,
                people=People(database=core.database),
                deliver_soon=parts.deliver_soon,
            )
        ],
        public_routes=[
            route
            for connector in services.connectors.values()
            for route in connector.routes(parts.gateway)
        ],
        lifespan=lifespan,
    )
