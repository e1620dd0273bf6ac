"""How a feature joins the service.

A feature is a package with a module `feature.py` and one function in it:

    def feature(core: Core, services: Services) -> Feature:
        return Feature(name="inbox", routes=[ConversationRoutes(...)], lifespan=background)

`crm.app` lists these functions. `routes` are objects with `@endpoint` methods, `public_routes` plain aiohttp routes
that anybody may call (webhooks, the widget), `lifespan` what runs beside the requests.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from crm.core.database import Database
from crm.core.event_hub import EventHub
from crm.core.events import EventLog
from crm.core.rate_limits import RateLimiter
from crm.core.secrets import SecretBox
from crm.core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """What every feature is given. The hub follows the log only where `EventHub.start` was called."""

    settings: Settings
    database: Database
    events: EventLog
    hub: EventHub
    secrets: SecretBox
    limits: RateLimiter

    @classmethod
    def build(cls, settings: Settings, database: Database) -> Self:
        """Put the parts together. Nothing is started and nothing is connected to."""
        events = EventLog(database)
        return cls(
            settings=settings,
            database=database,
            events=events,
            hub=EventHub(database, events),
            secrets=SecretBox(settings.secret_key),
            limits=RateLimiter(database),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What a feature adds to the web process."""

    name: str
    routes: Sequence[object] = ()
    public_routes: Sequence[web.AbstractRouteDef] = ()
    lifespan: Callable[[], AbstractAsyncContextManager[Any]] | None = None
