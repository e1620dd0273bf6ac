"""A WhatsApp number in the whole product: connected by the API, written to, answered, told of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.base import Connector
from connectors.whatsapp import WhatsAppConnector
from crm.core.settings import Settings
from tests.conftest import free_port
from tests.fakes.whatsapp_api import ACCOUNT_ID, CONFIG, customer
from tests.fakes.whatsapp_server import WhatsAppServer
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
    for _ in range(100):
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
