"""The demo shop's page in the web process; an installation without the demo has none."""

from crm.core.feature import Core, Feature
from crm.demo.company import OWNER_EMAIL, owner, webchat
from crm.demo.shop.routes import demo_routes
from crm.services import Services


def feature(core: Core, _services: Services) -> Feature:
    """Join the web process."""

    async def connection_id(name: str) -> str | None:
        users = core.database.collection("users")
        if await users.find_one({"email": OWNER_EMAIL}, {"_id": 1}) is None:
            return None
        principal = await owner(core.database)
        connection = await webchat(core.database, principal.organization_id, name)
        return str(connection["_id"]) if connection else None

    routes = demo_routes(connection_id) if core.settings.demo else ()
    return Feature(name="demo", public_routes=routes)
