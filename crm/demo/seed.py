"""Fills an empty database with the demo company.

The steps that are done are written down in `demo_steps`: a start that was broken off goes on where it stopped, and a
database that people work with is never touched.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crm.channels.connectors import connectors_of
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.core.feature import Core
from crm.core.settings import Settings
from crm.demo.company import (
    OWNER_EMAIL,
    connect_webchat,
    connect_workshop,
    found_company,
    hire_operator,
)
from crm.demo.documents import add_documents
from crm.demo.stories import tell_stories
from crm.demo.suite import add_suite
from crm.services import Services, build_services, open_core

STEPS_COLLECTION = "demo_steps"
SHOP_PATH = "/demo"

type Step = Callable[[Core, Services, str], Awaitable[None]]

STEPS: tuple[tuple[str, Step], ...] = (
    ("company", found_company),
    ("operator", hire_operator),
    ("webchat", connect_webchat),
    ("workshop", connect_workshop),
    ("documents", add_documents),
    ("stories", tell_stories),
    ("suite", add_suite),
)


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How to get into the demo.

    Attributes:
        email: the owner's sign-in.
        password: the owner's first password; the same over restarts, another one on each installation.
        shop_path: path of the demo shop's page on the product's address.
    """

    email: str
    password: str
    shop_path: str = SHOP_PATH


async def seed_demo(settings: Settings, database: Database) -> DemoAccess | None:
    """Make the demo company where the database is empty, and return how to get in.

    Returns None where the database holds an organization that is not the demo's.
    """
    steps = database.collection(STEPS_COLLECTION)
    done = {step["_id"] async for step in steps.find({}, {"_id": 1})}
    if not done and await database.collection("organizations").find_one({}, {"_id": 1}):
        return None
    access = DemoAccess(OWNER_EMAIL, settings.derive_secret("demo-password")[:12])
    missing = [(name, step) for name, step in STEPS if name not in done]
    if not missing:
        return access
    core = await open_core(settings, database)
    connectors = connectors_of(settings)
    services = build_services(core, connectors)
    try:
        for name, step in missing:
            await step(core, services, access.password)
            await steps.insert_one({"_id": name, "at": utc_now()})
    finally:
        await services.inbox.close()
        for connector in connectors.values():
            await connector.close()
    return access
