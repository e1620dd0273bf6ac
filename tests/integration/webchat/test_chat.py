"""The chat over the real CRM: settings in the console, files kept and shown, what operators see."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from PIL import Image

from connectors.base import Connector
from connectors.webchat import WebchatConnector
from crm.core.database import Database
from crm.services import Services
from tests.support.console import Console
from tests.support.patience import PATIENCE_SECONDS

SECRET = "an-identity-secret-of-32-letters"


@pytest.fixture
def connectors() -> dict[str, Connector]:
    return {"webchat": WebchatConnector()}


@pytest.fixture
async def connection(owner: Console) -> str:
    config = {"title": "Tau", "identity_secret": SECRET, "prechat": {"name": "required"}}
    body = {"channel": "webchat", "name": "Tau", "config": config}
    made = await owner.post("/api/connections", body)
    assert SECRET not in str(await owner.get(f"/api/connections/{made['id']}"))
    return str(made["id"])


class Widget:
    """A visitor's browser, as far as the server can tell."""

    def __init__(self, console: Console, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.console, self.socket = console, socket
        self.welcome: dict[str, Any] = {}

    async def next(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame: dict[str, Any] = await self.socket.receive_json()
                if frame["type"] == kind:
                    return frame


@pytest.fixture
async def widget(visitor: Console, connection: str) -> AsyncIterator[Widget]:
    socket = await visitor.client.ws_connect(f"/webchat/{connection}/socket")
    widget = Widget(visitor, socket)
    await socket.send_json({"type": "hello", "language": "ru"})
    widget.welcome = await widget.next("welcome")
    yield widget
    await socket.close()


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (640, 320), "red").save(made, "PNG")
    return made.getvalue()


async def upload(widget: Widget, connection: str, content: bytes, name: str) -> tuple[int, Any]:
    response = await widget.console.client.request(
        "POST",
        f"/webchat/{connection}/files",
        data=content,
        headers={"Authorization": f"Bearer {widget.welcome['token']}", "X-File-Name": name},
    )
    return response.status, await response.json()


async def test_a_visitors_picture_comes_back_by_a_signed_link(
    widget: Widget, connection: str, services: Services, database: Database, owner: Console
) -> None:
    status, told = await upload(widget, connection, picture(), "tent.png")
    assert (status, told["kind"], told["mime"]) == (201, "image", "image/png")
    files = [{"id": told["id"], "name": "tent.png", "mime": "image/png", "size": told["size"]}]
    await widget.socket.send_json(
        {"type": "message", "id": "client-id-1", "text": "", "files": files}
    )
    await widget.next("ack")
    async with asyncio.timeout(PATIENCE_SECONDS):
        shown: list[Any] = []
        while not shown:
            await services.files.fetching.sweep()
            shown = (await widget.next("message"))["message"]["files"]
    (file,) = shown
    assert (file["name"], file["kind"]) == ("tent.png", "image")
    for address in (file["url"], file["thumbnail"]):
        path = "/files/" + address.rsplit("/", 1)[1]
        response = await widget.console.client.request("GET", path)
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    (conversation,) = (await owner.get("/api/conversations?view=all"))["items"]
    thread = await owner.get(f"/api/conversations/{conversation['id']}/messages")
    attached = [one for item in thread["items"] for one in item["attachments"]]
    assert [(one["name"], one["state"]) for one in attached] == [("tent.png", "stored")]


async def test_what_may_not_be_kept_is_refused(widget: Widget, connection: str) -> None:
    for content, name, code in (
        (b"MZ" + b"\0" * 200, "tent.exe", "file_type_not_allowed"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            "a.svg",
            "file_type_not_allowed",
        ),
    ):
        status, told = await upload(widget, connection, content, name)
        assert (status, told["code"]) == (415, code)


async def test_the_form_stands_in_the_thread_and_the_bot_is_not_asked(
    widget: Widget, owner: Console
) -> None:
    form = {"type": "form", "id": "client-id-1", "text": "Имя: Айдана", "name": "Айдана"}
    form["email"] = "aidana@mail.kz"
    await widget.socket.send_json({**form, "consent": True})
    await widget.next("ack")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := (await owner.get("/api/conversations?view=all"))["items"]):  # noqa: ASYNC110 - the API tells by being asked
            await asyncio.sleep(0.05)
        texts: list[str] = []
        while "Имя: Айдана" not in texts:
            thread = await owner.get(f"/api/conversations/{found[0]['id']}/messages")
            texts = [item["text"] for item in thread["items"]]
            await asyncio.sleep(0.05)
        contact: dict[str, Any] = {"email": None}
        while contact["email"] is None:
            await asyncio.sleep(0.05)
            contact = (await owner.get(f"/api/conversations/{found[0]['id']}"))["contact"]
    assert contact["email"] == "aidana@mail.kz"
    assert contact["identities"][0]["profile_name"] == "Айдана"
    assert all(item["author"]["kind"] == "contact" for item in thread["items"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"identity_secret": "short"},
        {"avatar_url": "javascript:alert(1)"},
        {"prechat": {"privacy_url": "http://tau.kz"}},
        {"proactive": {"paths": ["catalog"]}},
        {"proactive": {"after_seconds": -1}},
        {"accent": "red"},
        {"max_megabytes": 0},
        {"allowed_origins": ["shop.kz"]},
    ],
)
async def test_wrong_settings_are_refused(owner: Console, wrong: dict[str, Any]) -> None:
    body = {"channel": "webchat", "name": "Tau", "config": wrong}
    await owner.call("POST", "/api/connections", body, status=422)
