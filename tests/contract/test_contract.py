"""What every connector promises, whatever its messenger. A new connector adds a platform here."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, Protocol

import aiohttp
import pytest

from connectors.base import Connector, public_schema
from connectors.registry import build_connectors
from connectors.telegram.webhook import SECRET_HEADER
from crm.contract import Connection, OutboundMessage
from tests.contract.conftest import SECRET, Telegram, Webchat, WhatsApp
from tests.contract.inbox import InboxDouble
from tests.contract.instagram_platform import Instagram
from tests.contract.platforms.instagram import InstagramPlatform
from tests.contract.telegram_updates import message
from tests.contract.test_webchat_socket import Screen
from tests.contract.whatsapp_bodies import USER_ID
from tests.fakes.whatsapp_api import message as whatsapp_message
from tests.fakes.whatsapp_api import said

CHANNELS = ["instagram", "telegram", "webchat", "whatsapp"]
TEXTS = {
    "kazakh": "Сәлеметсіз бе! Астанаға жеткізу қанша тұрады? Ұй, ғұмыр, һәм",
    "emoji": "👨‍👩‍👧‍👦 👍🏽 🇰🇿",
    "emoji only": "👍",
    "right to left": "\u202eשלום عليكم",
    "null byte": "a\x00b",
    "markup": "<script>alert(1)</script> {{x}} ${y} *b* `c`",
    "slash": "/ask_human",
    "lines": "бір\n\n\nекі\r\nүш",
    "4,096 letters": "ұ" * 4096,
}


class Platform(Protocol):
    """A messenger as its customers use it: the same key is the same message, delivered again."""

    connector: Connector
    connection: Connection
    inbox: InboxDouble
    chat_id: str

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        """Whether it was acknowledged."""
        ...


class TelegramPlatform:
    def __init__(self, telegram: Telegram, client: aiohttp.ClientSession) -> None:
        self.connector: Connector = telegram.connector
        self.connection, self.inbox = telegram.connection, telegram.inbox
        self.chat_id = "501"
        self._url, self._client = telegram.webhook_url, client

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        headers = {SECRET_HEADER: SECRET}
        update = message(key, text=text)
        async with self._client.post(self._url, json=update, headers=headers) as answer:
            assert answer.status in {200, 503}
            return answer.status == 200


class WhatsAppPlatform:
    def __init__(self, whatsapp: WhatsApp) -> None:
        self.connector: Connector = whatsapp.connector
        self.connection, self.inbox = whatsapp.connection, whatsapp.inbox
        self.chat_id = USER_ID
        self._server = whatsapp.server

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        told = said(whatsapp_message(f"wamid.{key}", text={"body": text}))
        status = await self._server.deliver(told)
        assert status in {200, 503}
        return status == 200


class WebchatPlatform:
    def __init__(self, webchat: Webchat, screen: Screen, client: aiohttp.ClientSession) -> None:
        self.connector: Connector = webchat.connector
        self.connection, self.inbox = webchat.connection, webchat.inbox
        self.chat_id = screen.visitor
        self._url, self._client, self._screen = webchat.socket_url, client, screen

    async def deliver(self, text: str, *, key: int = 1) -> bool:
        frame = {"type": "message", "id": f"client-id-{key}", "text": text}
        await self._screen.socket.send_json(frame)
        while True:
            answer = await self._screen.next()
            if answer["type"] in {"ack", "error"}:
                return bool(answer["type"] == "ack")


@pytest.fixture(params=CHANNELS)
async def platform(
    request: pytest.FixtureRequest,
    telegram: Telegram,
    webchat: Webchat,
    whatsapp: WhatsApp,
    instagram: Instagram,
    client: aiohttp.ClientSession,
) -> AsyncIterator[Platform]:
    if request.param == "telegram":
        yield TelegramPlatform(telegram, client)
    elif request.param == "instagram":
        yield InstagramPlatform(instagram)
    elif request.param == "whatsapp":
        yield WhatsAppPlatform(whatsapp)
    else:
        screen = await Screen(await client.ws_connect(webchat.socket_url)).hello()
        yield WebchatPlatform(webchat, screen, client)
        await screen.socket.close()


async def test_a_message_is_acknowledged_when_it_is_stored(platform: Platform) -> None:
    assert await platform.deliver("Сәлем")
    (received,) = platform.inbox.received
    assert received.chat_id == platform.chat_id
    assert received.payload is None


async def test_redelivery_changes_nothing(platform: Platform) -> None:
    assert await platform.deliver("Сәлем")
    assert await platform.deliver("Сәлем")
    assert await platform.deliver("Тағы", key=2)
    assert [received.text for received in platform.inbox.received] == ["Сәлем", "Тағы"]
    assert platform.inbox.deliveries == 3


async def test_what_is_not_stored_is_not_acknowledged(platform: Platform) -> None:
    platform.inbox.unavailable = True
    assert not await platform.deliver("Сәлем")
    platform.inbox.unavailable = False
    assert await platform.deliver("Сәлем")
    assert [received.text for received in platform.inbox.received] == ["Сәлем"]


@pytest.mark.parametrize("name", TEXTS)
async def test_texts_arrive_as_they_were_written(platform: Platform, name: str) -> None:
    assert await platform.deliver(TEXTS[name])
    assert platform.inbox.received[0].text == TEXTS[name]
    assert platform.inbox.received[0].payload is None


async def test_nothing_of_the_content_is_logged(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "connectors")
    platform.inbox.unavailable = True
    await platform.deliver("менің құпиям")
    assert caplog.records
    for words in ("құпия", platform.connection.webhook_secret):
        assert words not in caplog.text


async def test_a_message_of_ours_gets_an_id(platform: Platform) -> None:
    outbound = OutboundMessage(id="m1", chat_id=platform.chat_id, text="Сәлем", author_kind="bot")
    (part,) = platform.connector.render(platform.connection, outbound)
    result = await platform.connector.send(platform.connection, outbound, part)
    assert result.platform_id
    assert result.state in {"sent", "delivered"}


async def test_connecting_and_closing_are_safe_to_repeat(platform: Platform) -> None:
    for _ in range(2):
        await platform.connector.connect(platform.connection, public_url="https://a.example.kz")
    for _ in range(2):
        await platform.connector.disconnect(platform.connection)
    for _ in range(2):
        await platform.connector.close()


@pytest.fixture
async def registered() -> AsyncIterator[dict[str, Connector]]:
    connectors = build_connectors(telegram_api_url="http://127.0.0.1:9")
    yield connectors
    await asyncio.gather(*(connector.close() for connector in connectors.values()))


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_form_speaks_three_languages(registered: dict[str, Connector], channel: str) -> None:
    schema: dict[str, Any] = public_schema(registered[channel].config_model)
    assert set(schema["x-guide"]) == {"ru", "kk", "en"}
    for name, field in schema["properties"].items():
        assert set(field["x-labels"]) == {"ru", "kk", "en"}, name
        assert all(label["title"] for label in field["x-labels"].values()), name


async def test_every_connector_is_registered_under_its_channel(
    registered: dict[str, Connector],
) -> None:
    assert set(CHANNELS) <= set(registered)
    assert all(name == connector.channel for name, connector in registered.items())
    paths = [
        (route.method, route.path)  # type: ignore[attr-defined]
        for connector in registered.values()
        for route in connector.routes(InboxDouble())
    ]
    assert len(paths) == len(set(paths))
