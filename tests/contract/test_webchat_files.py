"""Visitors' files: over real HTTP, into the inbox, and out of nobody else's reach."""

import asyncio
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from connectors.webchat.uploads import AT_ONCE
from connectors.webchat.visitors import sealed_file, token_of
from crm.contract import FileRefusedError, MessageKind
from tests.contract.conftest import Webchat, make_connection
from tests.contract.test_webchat_socket import Door, Screen
from tests.support.patience import until

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 5000


@pytest.fixture
def door(client: aiohttp.ClientSession, webchat: Webchat) -> Door:
    return Door(client, webchat)


class Sender:
    """Sends files as the widget does."""

    def __init__(self, client: aiohttp.ClientSession, webchat: Webchat) -> None:
        self._client, self._webchat = client, webchat

    @property
    def url(self) -> str:
        return f"{self._webchat.url}/webchat/{self._webchat.connection.id}/files"

    async def send(
        self, token: str, body: Any = PNG, *, name: str = "шатыр.png", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        sent = {
            "Authorization": f"Bearer {token}",
            "X-File-Name": quote(name),
            "Content-Type": "image/png",
            **headers,
        }
        async with self._client.post(self.url, data=body, headers=sent) as answer:
            return answer.status, await answer.json()


@pytest.fixture
def sender(client: aiohttp.ClientSession, webchat: Webchat) -> Sender:
    return Sender(client, webchat)


async def say(screen: Screen, files: list[dict[str, Any]], text: str = "") -> None:
    frame = {"type": "message", "id": "client-id-1", "text": text, "files": files}
    await screen.socket.send_json(frame)


async def test_a_picture_goes_with_a_message(webchat: Webchat, door: Door, sender: Sender) -> None:
    screen = await (await door.open()).hello()
    status, told = await sender.send(screen.token)
    assert (status, told["name"], told["kind"], told["size"]) == (
        201,
        "шатыр.png",
        "image",
        len(PNG),
    )
    await say(screen, [{name: told[name] for name in ("id", "name", "mime", "size")}])
    await screen.next("ack")
    (message,) = webchat.inbox.received
    (attachment,) = message.attachments
    assert message.kind is attachment.kind is MessageKind.IMAGE
    assert attachment.file_id is not None
    assert webchat.inbox.files[attachment.file_id][1] == PNG
    back = await (await door.open()).hello(token=screen.token)
    (shown,) = back.welcome["history"][0]["files"]
    assert shown["thumbnail"] == shown["url"]
    assert shown["url"].startswith(webchat.url)


async def test_nobody_sends_anothers_file(webchat: Webchat, door: Door, sender: Sender) -> None:
    owner = await (await door.open()).hello()
    thief = await (await door.open()).hello()
    _, told = await sender.send(owner.token)
    bare, _, seal = told["id"].partition(".")
    elsewhere = make_connection("webchat", id="6a1b2c3d4e5f60718293a4ff")
    for sealed in (
        told["id"],
        bare,
        f"{bare}.{'0' * 64}",
        f"{'0' * 24}.{seal}",
        sealed_file(elsewhere, thief.visitor, bare),
        "",
    ):
        await say(thief, [{"id": sealed}])
        assert (await thief.next())["code"] == "file_unknown"
    assert webchat.inbox.received == []


@pytest.mark.parametrize("token", ["", "x", f"{'a' * 22}.{'0' * 64}"])
async def test_who_is_unknown_sends_nothing(webchat: Webchat, sender: Sender, token: str) -> None:
    status, told = await sender.send(token)
    assert (status, told["code"]) == (401, "unknown_visitor")
    assert webchat.inbox.files == {}


async def test_a_token_of_another_chat_sends_nothing(webchat: Webchat, sender: Sender) -> None:
    other = make_connection("webchat", webhook_secret="another")
    status, _ = await sender.send(token_of(other, "a" * 22))
    assert status == 401


async def test_what_is_too_large_is_refused(webchat: Webchat, door: Door, sender: Sender) -> None:
    webchat.configure(max_megabytes=1)
    screen = await (await door.open()).hello()

    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 65_536

    for body in (b"x" * 1_100_000, endless()):
        status, told = await sender.send(screen.token, body)
        assert (status, told["code"]) == (413, "file_too_large")
    assert webchat.inbox.files == {}


@pytest.mark.parametrize(
    ("code", "status"),
    [("file_too_large", 413), ("file_type_not_allowed", 415), ("file_infected", 422)],
)
async def test_refusals_of_the_store_are_told(
    webchat: Webchat, door: Door, sender: Sender, code: str, status: int
) -> None:
    async def refuse(_connection: Any, chunks: Any, **_: Any) -> Any:
        async for _chunk in chunks:
            pass
        raise FileRefusedError(code, "No.")

    webchat.inbox.keep_file = refuse  # type: ignore[method-assign, assignment]
    screen = await (await door.open()).hello()
    assert await sender.send(screen.token) == (status, {"code": code, "detail": "No."})


async def test_an_unavailable_store_is_told(webchat: Webchat, door: Door, sender: Sender) -> None:
    screen = await (await door.open()).hello()
    webchat.inbox.unavailable = True
    status, told = await sender.send(screen.token)
    assert (status, told["code"]) == (503, "unavailable")


async def test_where_no_files_are_taken(webchat: Webchat, door: Door, sender: Sender) -> None:
    screen = await (await door.open()).hello()
    webchat.configure(files=False)
    status, told = await sender.send(screen.token)
    assert (status, told["code"]) == (403, "files_off")


async def test_a_flood_of_files_is_slowed(webchat: Webchat, door: Door, sender: Sender) -> None:
    screen = await (await door.open()).hello()
    for _ in range(20):
        assert (await sender.send(screen.token, b"x"))[0] == 201
    status, told = await sender.send(screen.token, b"x")
    assert (status, told["code"]) == (429, "too_many_files")
    webchat.clock.ahead += 60
    assert (await sender.send(screen.token, b"x"))[0] == 201


async def test_an_address_has_its_limit(webchat: Webchat, door: Door, sender: Sender) -> None:
    answers = []
    for _ in range(6):
        screen = await (await door.open()).hello()
        answers += [(await sender.send(screen.token, b"x"))[0] for _ in range(19)]
    assert answers.count(429) > 5
    assert answers[:95] == [201] * 95


async def test_few_at_a_time(webchat: Webchat, door: Door, sender: Sender) -> None:
    """Slow uploads of one visitor do not pile up; a cancelled one makes room."""
    screen = await (await door.open()).hello()
    going = asyncio.Event()

    async def slow() -> Any:
        yield b"x"
        await going.wait()

    under_way = [asyncio.create_task(sender.send(screen.token, slow())) for _ in range(AT_ONCE)]
    uploads = webchat.connector._uploads
    await until(lambda: sum(uploads._under_way.values()) == AT_ONCE)
    assert (await sender.send(screen.token))[0] == 429
    cancelled = under_way.pop()
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    await until(lambda: sum(uploads._under_way.values()) < AT_ONCE)
    assert (await sender.send(screen.token))[0] == 201
    going.set()
    assert [status for status, _ in await asyncio.gather(*under_way)] == [201, 201]
    await until(lambda: not uploads._under_way)


@pytest.mark.parametrize(
    ("origin", "welcome"), [("https://shop.kz", True), ("https://x.kz", False)]
)
async def test_origins_and_preflight(
    webchat: Webchat,
    client: aiohttp.ClientSession,
    door: Door,
    sender: Sender,
    origin: str,
    *,
    welcome: bool,
) -> None:
    screen = await (await door.open()).hello()
    webchat.configure(allowed_origins=["https://shop.kz"])
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    async with client.options(sender.url, headers=asks) as answer:
        assert answer.status == (204 if welcome else 403)
        if welcome:
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    headers = {"Authorization": f"Bearer {screen.token}", "Origin": origin}
    async with client.post(sender.url, data=PNG, headers=headers) as answer:
        assert answer.status == (201 if welcome else 403)
        if welcome:
            assert answer.headers["Access-Control-Allow-Origin"] == origin


async def test_an_empty_message_is_none(door: Door) -> None:
    screen = await (await door.open()).hello()
    await say(screen, [])
    assert (await screen.next())["code"] == "malformed"
    await say(screen, [{"id": "x"}] * 11)
    assert (await screen.next())["code"] == "malformed"
