"""Connections, with a messenger that accepts one token."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web
from bson import ObjectId
from pydantic import BaseModel, Field, SecretStr

from connectors.base import Capabilities, Connector
from crm.contract import (
    Account,
    AuthenticationFailedError,
    Connection,
    Inbox,
    OutboundMessage,
    RejectedError,
    RetryableError,
    SendResult,
)
from crm.core.feature import Core
from crm.services import Services
from tests.support.console import Console

GOOD = "the-right-token"


class Config(BaseModel):
    token: SecretStr = Field(min_length=3)
    password: SecretStr | None = None
    delivery: str = "auto"


class Messenger:
    """Knows one token; refuses to connect or disconnect when told to."""

    channel = "messenger"
    title = "Messenger"
    config_model: type[BaseModel] = Config
    capabilities = Capabilities(max_text=100, max_buttons=3)

    def __init__(self) -> None:
        self.connected: dict[str, Connection] = {}
        self.failure: Exception | None = None

    async def verify(self, config: BaseModel) -> Account:
        assert isinstance(config, Config)
        match config.token.get_secret_value():
            case "away":
                raise RetryableError("unreachable", "no answer")
            case token if not token.startswith(GOOD):
                raise AuthenticationFailedError("token_unknown", "who is that?")
        number = config.token.get_secret_value().removeprefix(GOOD)
        return Account(external_id=f"account{number}", name="@shop")

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.connected[connection.id] = connection

    async def disconnect(self, connection: Connection) -> None:
        if self.failure is not None:
            raise self.failure
        self.connected.pop(connection.id, None)

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        return []

    def render(self, connection: Connection, message: OutboundMessage) -> list[str]:
        return [message.text]

    async def send(self, connection: Connection, message: OutboundMessage, part: str) -> SendResult:
        return SendResult(platform_id="1")

    async def close(self) -> None: ...


@pytest.fixture
def messenger() -> Messenger:
    return Messenger()


@pytest.fixture
def connectors(messenger: Messenger) -> dict[str, Connector]:
    return {"messenger": messenger}


async def connect(console: Console, **config: Any) -> Any:
    body = {"channel": "messenger", "name": "Shop", "config": {"token": GOOD, **config}}
    return await console.post("/api/connections", body)


async def test_channels_tell_their_form(viewer: Console) -> None:
    (channel,) = await viewer.get("/api/channels")
    assert channel["channel"] == "messenger"
    assert channel["json_schema"]["properties"]["token"]["writeOnly"]
    assert channel["capabilities"]["max_buttons"] == 3


async def test_credentials_are_tested_kept_and_never_shown(
    admin: Console, messenger: Messenger, core: Core, services: Services
) -> None:
    made = await connect(admin, delivery="webhook")
    assert made["status"] == "active"
    assert made["config"] == {"delivery": "webhook"}
    assert made["credentials"] == ["token"]
    assert made["external_account"]["name"] == "@shop"
    assert list(messenger.connected) == [made["id"]]
    assert messenger.connected[made["id"]].config["token"] == GOOD
    page = await admin.get("/api/connections")
    assert page["items"] == [made]
    stored = await core.database.collection("connections").find_one({})
    events = await core.events.read(admin.organization_id, 0)
    for place in (stored, events, page, await admin.get(f"/api/connections/{made['id']}")):
        assert GOOD not in str(place)
    loaded = await services.connection_records.load(ObjectId(made["id"]))
    assert loaded is not None
    assert loaded.config == {"delivery": "webhook", "token": GOOD}
    assert GOOD not in repr(loaded)
    assert loaded.webhook_secret not in str(page)


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("wrong", 422, "credentials_rejected"),
        ("away", 503, "platform_unreachable"),
        ("x", 422, "validation_failed"),
    ],
)
async def test_wrong_credentials_save_nothing(
    admin: Console, token: str, status: int, code: str
) -> None:
    body = {"channel": "messenger", "name": "Shop", "config": {"token": token}}
    problem = await admin.post("/api/connections", body, status=status)
    assert problem["code"] == code
    if code == "validation_failed":
        assert problem["errors"][0]["field"] == "config.token"
    assert (await admin.get("/api/connections"))["items"] == []


async def test_an_unknown_channel_is_told(admin: Console) -> None:
    body = {"channel": "fax", "name": "Fax", "config": {}}
    problem = await admin.post("/api/connections", body, status=422)
    assert problem["errors"][0]["code"] == "channel_unknown"


async def test_an_account_is_connected_once(admin: Console) -> None:
    await connect(admin)
    body = {"channel": "messenger", "name": "Again", "config": {"token": GOOD}}
    problem = await admin.post("/api/connections", body, status=409)
    assert problem["code"] == "account_connected"


async def test_a_change_keeps_credentials_that_are_not_typed(
    admin: Console, services: Services
) -> None:
    made = await connect(admin, password="hidden")
    path = f"/api/connections/{made['id']}"
    changed = await admin.patch(path, {"name": "New", "config": {"delivery": "polling"}})
    assert changed["name"] == "New"
    assert changed["credentials"] == ["password", "token"]
    loaded = await services.connection_records.load(ObjectId(made["id"]))
    assert loaded is not None
    assert loaded.config == {"delivery": "polling", "token": GOOD, "password": "hidden"}
    await admin.patch(path, {"config": {"token": "wrong"}}, status=422)
    await admin.patch(path, {"config": {"token": GOOD + "-2"}})
    loaded = await services.connection_records.load(ObjectId(made["id"]))
    assert loaded is not None
    assert loaded.config["token"] == GOOD + "-2"


async def test_pausing_resuming_and_removing(admin: Console, messenger: Messenger) -> None:
    made = await connect(admin)
    path = f"/api/connections/{made['id']}"
    assert (await admin.post(f"{path}/pause"))["status"] == "paused"
    assert list(messenger.connected) == [made["id"]]  # what comes in meanwhile is not lost
    assert (await admin.post(f"{path}/resume"))["status"] == "active"
    assert list(messenger.connected) == [made["id"]]
    await admin.delete(path)
    assert messenger.connected == {}
    await admin.get(path, status=404)


async def test_a_platform_that_refuses_keeps_nobody(admin: Console, messenger: Messenger) -> None:
    messenger.failure = RejectedError("webhook_refused", "no https")
    made = await connect(admin)
    assert made["status"] == "failing"
    assert made["last_error"]["code"] == "webhook_refused"
    path = f"/api/connections/{made['id']}"
    assert (await admin.post(f"{path}/pause"))["status"] == "paused"
    await admin.delete(path)


async def test_a_revoked_token_makes_the_connection_failing(
    admin: Console, services: Services
) -> None:
    made = await connect(admin)
    connection = await services.connection_records.load(ObjectId(made["id"]))
    assert connection is not None
    error = RetryableError("flood", "slow down")
    await services.connection_records.note_failure(connection, error)
    read = await admin.get(f"/api/connections/{made['id']}")
    assert (read["status"], read["last_error"]["code"]) == ("active", "flood")
    await services.connection_records.note_failure(
        connection, AuthenticationFailedError("token_revoked", "gone")
    )
    read = await admin.get(f"/api/connections/{made['id']}")
    assert (read["status"], read["last_error"]["code"]) == ("failing", "token_revoked")


async def test_a_lost_secret_key_is_told_and_mended(
    admin: Console, core: Core, services: Services
) -> None:
    made = await connect(admin)
    await core.database.collection("connections").update_one(
        {}, {"$set": {"credentials_encrypted": "damaged"}}
    )
    assert await services.connection_records.load(ObjectId(made["id"])) is None
    path = f"/api/connections/{made['id']}"
    read = await admin.get(path)
    assert (read["status"], read["credentials"]) == ("failing", [])
    assert read["last_error"]["code"] == "credentials_unreadable"
    mended = await admin.patch(path, {"config": {"token": GOOD}})
    assert (mended["status"], mended["last_error"]) == ("active", None)
