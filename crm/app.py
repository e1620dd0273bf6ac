"""The web process's application: all features behind one address.

A feature joins by a module `crm/<feature>/feature.py` with one function,

    def feature(core: Core, services: Services) -> Feature

listed in `FEATURES`. It is called inside the running event loop, so that it may make client sessions and the like;
what it opens it closes in its `lifespan`. Routes are objects with `@endpoint` methods; a route that was added to the
aiohttp application in any other way makes the start fail, because nobody would guard it.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from connectors.base import Connector
from crm import __version__
from crm.assistant.feature import feature as assistant
from crm.bot_api.feature import feature as bot_api
from crm.channels.routes import ChannelRoutes
from crm.console_files import ConsoleFiles
from crm.contacts.routes import ContactRoutes
from crm.core.api import ApiApplication
from crm.core.api.event_stream import EventRoutes
from crm.core.api.system import SystemRoutes
from crm.core.clients import client_address
from crm.core.database import Database
from crm.core.feature import Core, Feature
from crm.core.settings import Settings
from crm.deals.routes import DealRoutes, PipelineRoutes
from crm.demo.feature import feature as demo
from crm.files.routes import FileRoutes, LinkRoutes
from crm.inbox.feature import feature as inbox
from crm.providers.feature import feature as providers
from crm.services import Services, build_services, open_core
from crm.tasks.routes import TaskRoutes
from crm.team.passwords import DEFAULT_ROUNDS
from crm.team.routes import AuthRoutes, MemberRoutes, OrganizationRoutes

type MakeFeature = Callable[[Core, Services], Feature]

FEATURES: tuple[MakeFeature, ...] = (inbox, bot_api, assistant, providers, demo)

API = web.AppKey("api", ApiApplication)
CORE = web.AppKey("core", Core)
SERVICES = web.AppKey("services", Services)


async def create_app(
    settings: Settings,
    database: Database,
    *,
    connectors: Mapping[str, Connector],
    features: Sequence[MakeFeature] = FEATURES,
    password_rounds: int = DEFAULT_ROUNDS,
    check_responses: bool = False,
) -> web.Application:
    """Open the core over a connected, migrated database and compose the application; see `compose_app`."""
    core = await open_core(settings, database)
    return compose_app(
        core,
        connectors=connectors,
        features=features,
        password_rounds=password_rounds,
        check_responses=check_responses,
    )


def compose_app(
    core: Core,
    *,
    connectors: Mapping[str, Connector],
    features: Sequence[MakeFeature] = FEATURES,
    password_rounds: int = DEFAULT_ROUNDS,
    check_responses: bool = False,
) -> web.Application:
    """Put the web application together. The database stays the caller's to close.

    Args:
        core: what every feature is given.
        connectors: the messengers of this installation by their channel; closed with the application.
        features: what joins beyond the built-in features.
        password_rounds: the cost of a password's hash.
        check_responses: compare each answer with its declared type, and each error with the declared ones.
    """
    settings = core.settings
    services = build_services(core, connectors, password_rounds=password_rounds)
    api = ApiApplication(
        authenticator=services.sessions,
        internal_token=settings.internal_token,
        public_url=settings.public_url,
        trusted_proxy_hops=settings.trusted_proxy_hops,
        check_responses=check_responses,
    )
    files = services.files
    events = EventRoutes(events=core.events, hub=core.hub, authenticator=services.sessions)
    api.add(
        AuthRoutes(accounts=services.accounts, sessions=services.sessions, limits=core.limits),
        OrganizationRoutes(organizations=services.organizations),
        MemberRoutes(members=services.members),
        ContactRoutes(contacts=services.contacts, duplicates=services.duplicates),
        PipelineRoutes(pipelines=services.pipelines),
        DealRoutes(deals=services.deals),
        TaskRoutes(tasks=services.tasks),
        ChannelRoutes(
            connections=services.connections,
            health=services.connection_health,
            templates=services.templates,
        ),
        FileRoutes(store=files.store, keeping=files.keeping, fetching=files.fetching),
        events,
    )
    api.add_public(LinkRoutes(store=files.store, links=files.links).routes())
    middlewares = [ConsoleFiles().middleware()]
    if core.settings.trusted_proxy_hops:
        middlewares.insert(0, _behind_proxies(core.settings.trusted_proxy_hops))
    app = web.Application(middlewares=middlewares)
    app[API], app[CORE], app[SERVICES] = api, core, services

    async def run_hub(_: web.Application) -> AsyncIterator[None]:
        await core.hub.start()
        yield
        await core.hub.stop()

    async def drain_turns(_: web.Application) -> None:
        await services.inbox.background.close()

    async def close_connectors(_: web.Application) -> None:
        for connector in connectors.values():
            await connector.close()

    app.cleanup_ctx.append(run_hub)
    # Open sockets would keep the server waiting: they are told to go as soon as it begins to stop,
    # but not before what is being sent has been sent.
    app.on_shutdown.extend([events.close, drain_turns, close_connectors])
    for make in features:
        joining = make(core, services)
        api.add(*joining.routes)
        api.add_public(joining.public_routes)
        if joining.lifespan is not None:
            app.cleanup_ctx.append(_lifespan(joining.lifespan))
    api.add(SystemRoutes(database=core.database, api=api, version=__version__))
    api.install(app)
    return app


def _behind_proxies(hops: int) -> Middleware:
    """Let `request.remote` be the caller's address, also for connectors, which limit by it."""

    @web.middleware
    async def tell_caller(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(remote=client_address(request, hops)))

    return tell_caller


def _lifespan(
    lifespan: Callable[[], AbstractAsyncContextManager[Any]],
) -> Callable[[web.Application], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_: web.Application) -> AsyncIterator[None]:
        async with lifespan():
            yield

    return run
