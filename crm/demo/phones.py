"""Connects the demo company to the messengers' fakes of `make run DEMO=channels`.

The fakes forget everything when they end, and listen elsewhere the next time: so at each start the connections
are tested and connected anew, through the same service as an admin's.
"""

import aiohttp
from bson import ObjectId

from connectors.base import NeedsWebhook
from crm.channels.connectors import connectors_of
from crm.channels.schemas import ConnectionCreate, ConnectionUpdate
from crm.core.database import Database
from crm.core.settings import Settings
from crm.demo.company import owner
from crm.services import Services, build_services, open_core

NAME = "Tau Demo (phones)"


async def connect_phones(settings: Settings, database: Database, url: str) -> list[str]:
    """Connect every account that the phones at this address have; return their channels.

    Safe to repeat. A channel that cannot be connected is shown as failing in the console.
    """
    async with aiohttp.ClientSession(raise_for_status=True, trust_env=False) as session:
        async with session.get(f"{url}/api/accounts") as answer:
            accounts = await answer.json()
        core = await open_core(settings, database)
        connectors = connectors_of(settings)
        services = build_services(core, connectors)
        try:
            for channel, config in accounts.items():
                connection_id = await _connect(services, database, channel, config)
                connector = connectors[channel]
                connection = await services.inbox.gateway.connection(str(connection_id))
                if isinstance(connector, NeedsWebhook) and connection is not None:
                    webhook = connector.webhook(connection, public_url=settings.public_url)
                    told = {"messenger": channel, "url": webhook.url}
                    async with session.post(f"{url}/api/webhook", json=told):
                        pass
        finally:
            await services.inbox.close()
            for connector in connectors.values():
                await connector.close()
    return list(accounts)


async def _connect(
    services: Services, database: Database, channel: str, config: dict[str, object]
) -> ObjectId:
    principal = await owner(database)
    key = {"organization_id": principal.organization_id, "channel": channel, "name": NAME}
    stored = await database.collection("connections").find_one(key, {"_id": 1})
    if stored is None:
        asked = ConnectionCreate(channel=channel, name=NAME, config=config)
        made = await services.connections.create(principal.organization_id, asked, principal.actor)
        return ObjectId(made["id"])
    change = ConnectionUpdate(config=config)
    await services.connections.change(
        principal.organization_id, stored["_id"], change, principal.actor
    )
    connection_id: ObjectId = stored["_id"]
    return connection_id
