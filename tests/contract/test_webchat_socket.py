"""The web chat's socket: who reads what, nothing lost, nothing doubled, floods refused."""

import asyncio
from dataclasses import replace
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import WSMsgType

from connectors.base import Polls, ShowsTyping
from connectors.webchat.visitors import new_visitor, token_of, visitor_of
from crm.contract import Button, OutboundMessage
from tests.contract.conftest import Webchat, make_connection
from tests.support.patience import until

FRAMES_WAIT = 60.0


class Screen:
    """A widget that only knows frames."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}

    async def hello(self, **fields: Any) -> Self:
        await self.socket.send_json({"type": "hello", "language": "kk", **fields})
        self.welcome = await self.next("welcome")
        return self

    @property
    def token(self) -> str:
        return str(self.welcome["token"])

    @property
    def visitor(self) -> str:
        return self.token.partition(".")[0]

    async def say(self, text: str, client_id: str = "client-id-1") -> None:
        await self.socket.send_json({"type": "message", "id": client_id, "text": text})

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame, or the next of a kind."""
        async with asyncio.timeout(FRAMES_WAIT):
            while True:
                message = await self.socket.receive()
                assert message.type is WSMsgType.TEXT, message
                frame: dict[str, Any] = message.json()
                if kind is None or frame["type"] == kind:
                    return frame

    async def closed(self) -> int:
        async with asyncio.timeout(FRAMES_WAIT):
            while (await self.socket.receive()).type is WSMsgType.TEXT:
                pass
        assert self.socket.close_code is not None
        return self.socket.close_code


class Door:
    """Opens screens, and closes them at the end."""

    def __init__(self, client: aiohttp.ClientSession, webchat: Webchat) -> None:
        self._client, self._webchat = client, webchat

    async def open(self, **options: Any) -> Screen:
        return Screen(await self._client.ws_connect(self._webchat.socket_url, **options))


@pytest.fixture
def door(client: aiohttp.ClientSession, webchat: Webchat) -> Door:
    return Door(client, webchat)


async def test_a_message_is_stored_once_and_shown(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello(page="https://shop.kz/tents")
    for _ in range(3):
        await screen.say("  Сәлем 👋  ")
    assert [(await screen.next("ack"))["id"] for _ in range(3)] == ["client-id-1"] * 3
    (message,) = webchat.inbox.received
    assert message.text == "Сәлем 👋"
    assert message.chat_id == message.sender.external_id == screen.visitor
    assert message.sender.language == "kk"
    assert message.data == {"client_id": "client-id-1", "page": "https://shop.kz/tents"}


async def test_every_tab_shows_what_one_says(webchat: Webchat, door: Door) -> None:
    first = await (await door.open()).hello()
    second = await (await door.open()).hello(token=first.token)
    assert second.visitor == first.visitor
    await first.say("Сәлем")
    for screen in (first, second):
        shown = (await screen.next("message"))["message"]
        assert (shown["text"], shown["author"], shown["client_id"]) == (
            "Сәлем",
            "contact",
            "client-id-1",
        )


async def test_an_answer_with_buttons(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    yes = Button(title="Иә", payload="/affirm")
    webchat.inbox.reply(
        webchat.connection, screen.visitor, "Сәлем!", author_name="Aitys", buttons=[yes]
    )
    shown = (await screen.next("message"))["message"]
    assert shown["author"] == "bot"
    assert shown["name"] == "Aitys"
    button = {"title": "Иә", "payload": "/affirm", "url": None, "share": None}
    assert shown["buttons"] == [button]
    await screen.socket.send_json(
        {"type": "tap", "id": "client-id-2", "payload": "/affirm", "title": "Иә"}
    )
    await screen.next("ack")
    assert (webchat.inbox.received[0].text, webchat.inbox.received[0].payload) == ("Иә", "/affirm")


async def test_history_and_resuming(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    first = webchat.inbox.reply(webchat.connection, screen.visitor, "бір")
    await screen.next("message")
    await screen.socket.close()
    webchat.inbox.reply(webchat.connection, screen.visitor, "екі")
    resumed = await (await door.open()).hello(token=screen.token, after=first.id)
    assert resumed.welcome["resumed"] is True
    assert [message["text"] for message in resumed.welcome["history"]] == ["екі"]
    anew = await (await door.open()).hello(token=screen.token)
    assert [message["text"] for message in anew.welcome["history"]] == ["бір", "екі"]


async def test_what_came_while_listening_began_is_shown(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    missed = webchat.inbox._message("bot", "өткізіп алған")
    webchat.inbox.chats[webchat.connection.id, screen.visitor].append(missed)
    assert (await screen.next("message"))["message"]["id"] == missed.id


async def test_nobody_reads_anothers_chat(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    webchat.inbox.reply(webchat.connection, screen.visitor, "құпия")
    visitor, _, seal = screen.token.partition(".")
    other_connection = make_connection("webchat", id="6a1b2c3d4e5f60718293a4ff")
    other_secret = make_connection("webchat", webhook_secret="another")
    for token in (
        visitor,
        f"{visitor}.{'0' * 64}",
        f"{visitor}.{seal[:-1]}{'0' if seal[-1] != '0' else '1'}",
        f"{new_visitor()}.{seal}",
        token_of(other_connection, visitor),
        token_of(other_secret, visitor),
        "",
        "a.b.c",
    ):
        stranger = await (await door.open()).hello(token=token)
        assert stranger.visitor != visitor
        assert stranger.welcome["history"] == []
    assert visitor_of(webchat.connection, screen.token) == visitor


async def test_two_visitors_may_choose_the_same_id(webchat: Webchat, door: Door) -> None:
    for text in ("бір", "екі"):
        screen = await (await door.open()).hello()
        await screen.say(text)
        await screen.next("ack")
    assert [message.text for message in webchat.inbox.received] == ["бір", "екі"]


async def test_an_unavailable_inbox_is_told_and_the_message_may_come_again(
    webchat: Webchat, door: Door
) -> None:
    screen = await (await door.open()).hello()
    webchat.inbox.unavailable = True
    await screen.say("Сәлем")
    assert await screen.next() == {"type": "error", "code": "unavailable", "id": "client-id-1"}
    fresh = await door.open()
    await fresh.socket.send_json({"type": "hello"})
    assert await fresh.closed() == aiohttp.WSCloseCode.TRY_AGAIN_LATER
    webchat.inbox.unavailable = False
    await screen.say("Сәлем")
    await screen.next("ack")


async def test_a_flood_is_slowed(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    for number in range(11):
        await screen.say("x", f"client-id-{number}")
    frames = [await screen.next() for _ in range(21)]
    errors = [frame for frame in frames if frame["type"] == "error"]
    assert [(frame["code"], frame["id"]) for frame in errors] == [("too_fast", "client-id-10")]
    assert 0 < errors[0]["retry_after"] <= 1.2
    webchat.clock.ahead += 2
    await screen.say("x", "client-id-10")
    await screen.next("ack")
    assert len(webchat.inbox.received) == 11


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        '"hello"',
        '{"type": "order_pizza"}',
        '{"type": "message", "id": "client-id-1"}',
        '{"type": "message", "id": "client-id-1", "text": "   "}',
        '{"type": "message", "id": "client-id-1", "text": 5}',
        '{"type": "message", "id": "x", "text": "short id"}',
        '{"type": "message", "id": {"$gt": ""}, "text": "no id"}',
        '{"type": "tap", "id": "client-id-1", "payload": "", "title": "x"}',
        '{"type": "message", "id": "client-id-1", "text": "' + "x" * 10_001 + '"}',
        "[" * 5000,
    ],
)
async def test_a_frame_of_no_sense(webchat: Webchat, door: Door, text: str) -> None:
    screen = await (await door.open()).hello()
    await screen.socket.send_str(text)
    assert (await screen.next())["code"] == "malformed"
    await screen.say("Сәлем", "client-id-2")
    await screen.next("ack")
    assert len(webchat.inbox.received) == 1


async def test_who_makes_no_sense_for_long_is_sent_away(door: Door) -> None:
    screen = await (await door.open()).hello()
    for _ in range(12):
        await screen.socket.send_str("{")
    assert await screen.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_frame_that_is_too_large(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    await screen.say("x" * 140_000)
    assert await screen.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert webchat.inbox.received == []


async def test_hello_comes_first(door: Door) -> None:
    screen = await door.open()
    await screen.say("Сәлем")
    assert await screen.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION


@pytest.mark.parametrize("text", ["😀" * 10_000, "\u202eשלום", "a\x00b", "👨‍👩‍👧‍👦"])
async def test_unusual_texts_pass(webchat: Webchat, door: Door, text: str) -> None:
    screen = await (await door.open()).hello()
    await screen.say(text)
    await screen.next("ack")
    assert webchat.inbox.received[0].text == text


async def test_seen_counts_only_in_ones_own_chat(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    mine = webchat.inbox.reply(webchat.connection, screen.visitor, "сізге")
    others = webchat.inbox.reply(webchat.connection, new_visitor(), "басқаға")
    await screen.next("message")
    for message_id in (others.id, "nonsense", mine.id):
        await screen.socket.send_json({"type": "seen", "id": message_id})
    await until(lambda: webchat.inbox.shown)
    assert webchat.inbox.shown == [mine.id]


async def test_typing_both_ways(webchat: Webchat, door: Door) -> None:
    assert isinstance(webchat.connector, ShowsTyping)
    screen = await (await door.open()).hello()
    for _ in range(5):
        await screen.socket.send_json({"type": "typing"})
    await until(lambda: webchat.inbox.typed)
    assert webchat.inbox.typed == [screen.visitor]
    await webchat.connector.show_typing(webchat.connection, screen.visitor, answering=None)
    await screen.next("typing")
    webchat.inbox.show_typing(webchat.connection, screen.visitor)
    await screen.next("typing")


async def test_ping_and_language(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    await screen.socket.send_json({"type": "ping"})
    assert await screen.next() == {"type": "pong"}
    await screen.socket.send_json({"type": "language", "language": "en"})
    await screen.say("hello")
    await screen.next("ack")
    assert webchat.inbox.received[0].sender.language == "en"


@pytest.mark.parametrize(
    ("allowed", "origin", "welcome"),
    [
        ([], "https://any.kz", True),
        ([], None, True),
        (["https://shop.kz"], "https://shop.kz", True),
        (["https://shop.kz"], "https://SHOP.kz", True),
        (["https://shop.kz/"], "https://shop.kz", True),
        (["https://shop.kz"], "http://shop.kz", False),
        (["https://shop.kz"], "https://shop.kz:8443", False),
        (["https://shop.kz"], "https://evilshop.kz", False),
        (["https://shop.kz"], "https://shop.kz.evil.kz", False),
        (["https://*.shop.kz"], "https://www.shop.kz", True),
        (["https://*.shop.kz"], "https://evilshop.kz", False),
        (["https://shop.kz"], "null", False),
        (["https://shop.kz"], None, False),
        (["https://shop.kz"], "own", True),
    ],
)
async def test_origins(
    webchat: Webchat, client: aiohttp.ClientSession, allowed: list[str], origin: str, welcome: bool
) -> None:
    webchat.configure(allowed_origins=allowed)
    headers = {"Origin": webchat.url if origin == "own" else origin} if origin else {}
    config_url = f"{webchat.url}/webchat/{webchat.connection.id}/config"
    async with client.get(config_url, headers=headers) as answer:
        assert answer.status == (200 if welcome else 403)
    if welcome:
        await (await client.ws_connect(webchat.socket_url, headers=headers)).close()
    else:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect(webchat.socket_url, headers=headers)
        assert caught.value.status == 403


@pytest.mark.parametrize("changes", [{"channel": "telegram"}, {"status": "paused"}, {"id": "x"}])
async def test_no_such_chat(
    webchat: Webchat, client: aiohttp.ClientSession, changes: dict[str, Any]
) -> None:
    known = replace(webchat.connection, **changes)
    webchat.inbox.connections = {known.id: known}
    for path in ("socket", "config"):
        url = f"{webchat.url}/webchat/{webchat.connection.id}/{path}"
        async with client.get(url) as answer:
            assert answer.status == 404


async def test_the_settings_a_page_sees(webchat: Webchat, client: aiohttp.ClientSession) -> None:
    webchat.configure(
        title="",
        accent="#112233",
        allowed_origins=["https://shop.kz"],
        identity_secret="s" * 32,
    )
    headers = {"Origin": "https://shop.kz"}
    async with client.get(
        f"{webchat.url}/webchat/{webchat.connection.id}/config", headers=headers
    ) as a:
        told = await a.json()
        assert a.headers["Access-Control-Allow-Origin"] == "https://shop.kz"
    assert (told["title"], told["accent"], told["language"]) == ("Tau Demo", "#112233", "ru")
    assert told["greeting"] == {"ru": "", "kk": "", "en": ""}
    assert told["prechat"]["phone"] == "no"
    assert not {"identity_secret", "allowed_origins"} & set(told)


async def test_the_script_is_small_and_cached(
    webchat: Webchat, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{webchat.url}/widget.js") as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < 40_000
        etag = answer.headers["ETag"]
        assert "export " not in (await answer.text()).split("\n")[2]
    async with client.get(f"{webchat.url}/widget.js", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    plain = {"Accept-Encoding": "identity"}
    url = f"{webchat.url}/webchat/{webchat.connection.id}/widget.js"
    async with client.get(url, headers=plain) as answer:
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["ETag"] == etag


async def test_sending_and_the_rest_of_the_interface(webchat: Webchat) -> None:
    connector = webchat.connector
    assert not isinstance(connector, Polls)
    message = OutboundMessage(id="m1", chat_id="v", text="x", author_kind="bot")
    (part,) = connector.render(webchat.connection, message)
    result = await connector.send(webchat.connection, message, part)
    assert (result.platform_id, result.state) == ("m1", "sent")
    account = await connector.verify(connector.config_model.model_validate({"title": "Tau"}))
    assert account.name == "Tau"
    await connector.connect(webchat.connection, public_url="http://localhost:8080")
    await connector.disconnect(webchat.connection)


async def test_closing_asks_widgets_to_come_back(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    closing = asyncio.create_task(webchat.connector.close())
    assert await screen.closed() == aiohttp.WSCloseCode.GOING_AWAY
    await closing
    await until(lambda: not webchat.connector._screens)
