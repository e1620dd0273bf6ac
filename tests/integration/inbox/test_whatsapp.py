"""A WhatsApp number in the whole product: connected by the API, written to, answered, told of."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.base import Connector
from connectors.whatsapp import WhatsAppConnector
from crm.core.secrets import SecretBox
from crm.core.settings import Settings
from tests.conftest import free_port
from tests.fakes.whatsapp_api import ACCOUNT_ID, CONFIG, customer, message, said
from tests.fakes.whatsapp_server import WhatsAppServer, signed
from tests.support.console import Console

USER_ID = "KZ.13491208655302741918"


@pytest.fixture
async def graph() -> AsyncIterator[WhatsAppServer]:
    async with WhatsAppServer() as graph:
        yield graph


@pytest.fixture
def settings(settings: Settings) -> Settings:
    port = free_port()
    return settings.model_copy(update={"port": port, "public_url": f"http://127.0.0.1:{port}"})


@pytest.fixture
async def connectors(graph: WhatsAppServer) -> AsyncIterator[dict[str, Connector]]:
    connector = WhatsAppConnector(api_url=graph.url)
    yield {"whatsapp": connector}
    await connector.close()


@pytest.fixture
async def server(app: web.Application, settings: Settings) -> AsyncIterator[TestServer]:
    """Where the settings say that it is: Meta calls it there."""
    server = TestServer(app, host="127.0.0.1", port=settings.port)
    await server.start_server()
    yield server
    await server.close()


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """What is found once it is there."""
    for _ in range(1_200):  # a minute
        if found := await look():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen in time")


async def test_a_number_in_the_whole_product(
    admin: Console, operator: Console, graph: WhatsAppServer
) -> None:
    made = await admin.post(
        "/api/connections", {"channel": "whatsapp", "name": "Tau", "config": dict(CONFIG)}
    )
    assert (made["status"], made["last_error"]) == ("active", None)
    shown = await admin.get(f"/api/connections/{made['id']}")
    assert graph.number.override == shown["webhook"]["url"]  # the handshake was passed
    assert shown["link"] == "https://wa.me/77273555010"
    checked = await admin.post(f"/api/connections/{made['id']}/check")
    assert checked["health"]["warnings"] == []

    await graph.say("Сәлем! #ref-insta_07")
    assert graph.undelivered == []

    async def conversations() -> Any:
        return (await operator.get("/api/conversations"))["items"]

    (conversation,) = await until(conversations)
    path = f"/api/conversations/{conversation['id']}"
    assert conversation["contact_name"] == "Айгүл Серікқызы"

    async def window() -> Any:
        return (await operator.get(path))["reach"]["open"]

    await until(window)
    await operator.post(f"{path}/take-over", {})
    await operator.post(f"{path}/messages", {"text": "**Сәлеметсіз бе!**"})

    async def sent() -> Any:
        return [one for one in graph.number.sent if "Сәлеметсіз" in one["text"]["body"]]

    (answer,) = await until(sent)
    assert answer["text"]["body"] == "*Сәлеметсіз бе!*"
    assert answer["recipient"] == USER_ID
    pricing = {"billable": False, "category": "service", "type": "free_customer_service"}
    await graph.progress(answer["id"], "read", "sent", pricing=pricing)

    async def read() -> Any:
        messages = (await operator.get(f"{path}/messages"))["items"]
        return [one for one in messages if one["state"] == "read"]

    (delivered,) = await until(read)
    assert delivered["cost"] == {"category": "service", "billable": False}

    await graph.tell(
        {
            "from": "77010000501",
            "id": "wamid.NEW",
            "type": "system",
            "from_user_id": USER_ID,
            "system": {"type": "user_changed_user_id", "user_id": "KZ.2"},
        }
    )
    await graph.say("Нөмірім басқа", person=customer("KZ.2", "77010000502"))

    async def again() -> Any:
        messages = (await operator.get(f"{path}/messages"))["items"]
        return [one for one in messages if one["text"] == "Нөмірім басқа"]

    await until(again)
    assert len(await conversations()) == 1

    await admin.delete(f"/api/connections/{made['id']}")
    assert graph.number.override is None
    assert graph.graph.accounts[ACCOUNT_ID].override is None


async def test_a_person_known_by_the_number_stays_one_when_meta_begins_to_tell_the_id(
    admin: Console, operator: Console, graph: WhatsAppServer
) -> None:
    await admin.post(
        "/api/connections", {"channel": "whatsapp", "name": "Tau", "config": dict(CONFIG)}
    )
    number = "77010000501"
    await graph.say("Сәлем", person={"profile": {"name": "Айгүл"}, "wa_id": number})

    async def begun() -> Any:
        return (await operator.get("/api/conversations"))["items"]

    (before,) = await until(begun)
    await operator.post(f"/api/conversations/{before['id']}/take-over", {})
    await graph.say("Мен ғой", person=customer(USER_ID, number))

    async def heard() -> Any:
        messages = await operator.get(f"/api/conversations/{before['id']}/messages")
        return [one for one in messages["items"] if one["text"] == "Мен ғой"]

    await until(heard)
    (after,) = await begun()
    assert (after["id"], after["owner"]) == (before["id"], "operator")
    (contact,) = (await operator.get("/api/contacts"))["items"]
    assert contact["id"] == before["contact_id"]
    await operator.post(f"/api/conversations/{after['id']}/messages", {"text": "Тыңдап тұрмын"})

    async def reached() -> Any:
        return [one for one in graph.number.sent if one.get("recipient") == USER_ID]

    await until(reached)


async def test_strangers_of_the_webhook_cost_no_look_at_our_connections(
    admin: Console, graph: WhatsAppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await admin.post(
        "/api/connections", {"channel": "whatsapp", "name": "Tau", "config": dict(CONFIG)}
    )
    opened: list[str] = []
    decrypt = SecretBox.decrypt

    def noted(self: SecretBox, sealed: str) -> str:
        opened.append(sealed)
        return decrypt(self, sealed)

    await graph.say("Сәлем")  # the address's own connection is remembered from here on
    monkeypatch.setattr(SecretBox, "decrypt", noted)
    shown = await admin.get(f"/api/connections/{made['id']}")
    opened.clear()
    address = shown["webhook"]["url"].removesuffix(made["id"])
    payload = json.dumps(said(message(text={"body": "x"}), number_id="999999999")).encode()
    async with aiohttp.ClientSession() as client:
        for to, header in ((made["id"], {}), ("6a1b2c3d4e5f60718293a400", {}), ("x", {})):
            async with client.post(address + to, data=payload, headers=header) as answer:
                assert answer.status in {401, 404}
        own = signed(payload)  # of this app, for a number that nobody has
        async with client.post(address + made["id"], data=payload, headers=own) as answer:
            assert answer.status == 200
    assert opened == []
