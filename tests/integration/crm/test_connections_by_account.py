"""Which connections a platform's call is for: found by the ids it names, and nothing else looked at."""

from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest
from bson import ObjectId

from connectors.base import Connector
from crm.channels.records import ConnectionRecords
from crm.contract import Account
from crm.core.feature import Core
from crm.core.migration_steps import connections_by_account
from crm.core.secrets import SecretBox
from crm.inbox import gateway
from crm.services import Services
from tests.support.console import Console
from tests.support.full_messenger import GOOD, FullMessenger, Platform


class Aliased(FullMessenger):
    """Its accounts belong to something that its platform may name, too."""

    async def verify(self, config: Any) -> Account:
        account = await super().verify(config)
        return Account(external_id=account.external_id, name=account.name, aliases=["page-1"])


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform().serving() as platform:
        platform.tokens["other"] = {"id": "shop-2", "name": "@two"}
        yield platform


@pytest.fixture
def connectors(platform: Platform) -> dict[str, Connector]:
    return {"full": Aliased(platform)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What the database was asked for."""
    found: list[set[str]] = []
    of_accounts = ConnectionRecords.of_accounts

    async def noted(self: ConnectionRecords, channel: str, account_ids: Collection[str]) -> Any:
        found.append(set(account_ids))
        return await of_accounts(self, channel, account_ids)

    monkeypatch.setattr(ConnectionRecords, "of_accounts", noted)
    return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was decrypted."""
    found: list[str] = []
    decrypt = SecretBox.decrypt

    def noted(self: SecretBox, sealed: str) -> str:
        found.append(sealed)
        return decrypt(self, sealed)

    monkeypatch.setattr(SecretBox, "decrypt", noted)
    return found


async def connect(console: Console, token: str = GOOD) -> str:
    body = {"channel": "full", "name": "Shop", "config": {"token": token}}
    made = await console.post("/api/connections", body)
    return str(made["id"])


async def test_an_account_is_found_by_its_id_and_by_what_it_belongs_to(
    asked: list[set[str]], admin: Console, services: Services
) -> None:
    one, two = await connect(admin), await connect(admin, "other")
    inbox = services.inbox.gateway

    async def found(*ids: str) -> list[str]:
        return sorted(connection.id for connection in await inbox.connections_of("full", ids))

    assert await found("shop-1") == [one]
    assert await found("shop-2", "shop-1") == sorted([one, two])
    assert await found("page-1") == sorted([one, two])
    assert len(await inbox.connections_of("full", ["page-1"], limit=1)) == 1
    assert await found() == []
    assert await inbox.connections_of("whatsapp", ["shop-1"]) == []
    assert asked == [{"shop-1"}, {"shop-2"}, {"page-1"}, {"shop-1"}]


async def test_what_is_not_here_costs_one_look_and_no_decryption(
    asked: list[set[str]],
    opened: list[str],
    admin: Console,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await connect(admin)
    inbox = services.inbox.gateway
    opened.clear()
    for _ in range(5):
        assert await inbox.connections_of("full", ["nobody"]) == []
    assert asked == [{"nobody"}]
    assert opened == []
    monkeypatch.setattr(gateway, "KNOWN_ACCOUNTS", 3)
    await inbox.connections_of("full", [f"n{n}" for n in range(10)])
    await inbox.connections_of("full", ["nobody"])
    assert asked[2:] == [{"nobody"}]  # what is remembered is bounded


async def test_the_look_is_into_an_index(admin: Console, core: Core) -> None:
    await connect(admin)
    query = {"channel": "full", "account_ids": {"$in": ["shop-1", "page-1"]}}
    plan = await core.database.collection("connections").find(query).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
    assert plan["executionStats"]["totalDocsExamined"] == 1


async def test_connections_from_before_are_found_too(admin: Console, core: Core) -> None:
    made = {"_id": ObjectId(await connect(admin))}
    connections = core.database.collection("connections")
    before = {"id": "100000001", "name": "Shop", "data": {"page_id": "P", "app_scoped_id": "S"}}
    await connections.update_one(
        made, {"$set": {"external_account": before}, "$unset": {"account_ids": ""}}
    )
    for _ in range(2):  # again is safe
        await connections_by_account.run(core.database)
    stored = await connections.find_one(made)
    assert stored is not None
    assert stored["account_ids"] == ["100000001", "P", "S"]
    assert stored["external_account"]["aliases"] == ["P", "S"]
    config = {"external_account": {**before, "data": {}}, "config": {"waba_id": "W"}}
    await connections.update_one(made, {"$set": config, "$unset": {"account_ids": ""}})
    await connections_by_account.run(core.database)
    stored = await connections.find_one(made)
    assert stored is not None
    assert stored["account_ids"] == ["100000001", "W"]
