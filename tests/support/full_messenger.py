"""A messenger that can do all that a connector may be able to, and its platform on loopback."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import BaseModel, Field, SecretStr

from connectors.base import Capabilities, MediaLimit
from crm.contract import (
    Account,
    AuthenticationFailedError,
    ChatState,
    Connection,
    Health,
    Inbox,
    MediaStream,
    MessageKind,
    OutboundMessage,
    Pace,
    Profile,
    Quota,
    Reach,
    RejectedError,
    RetryableError,
    SendResult,
    Template,
    Webhook,
)

GOOD = "a-good-token"


class Platform:
    """What the messenger's servers know. ``down`` is the status all is answered with."""

    def __init__(self) -> None:
        self.tokens = {GOOD: {"id": "shop-1", "name": "@shop"}}
        self.down: int | None = None
        self.health: dict[str, Any] = {}
        self.templates: list[dict[str, Any]] = []
        self.people: dict[str, dict[str, Any]] = {}
        self.media: dict[str, bytes] = {}
        self.webhooks: set[str] = set()
        self.renewed: list[str] = []
        self.asked: list[str] = []
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Platform"]:
        application = web.Application()
        application.router.add_route("*", "/{what}/{id}", self._answer)
        server = TestServer(application)
        await server.start_server()
        self.url = str(server.make_url("/"))
        yield self
        await server.close()

    async def _answer(self, request: web.Request) -> web.Response:  # noqa: PLR0911 - a table
        what, key = request.match_info["what"], request.match_info["id"]
        self.asked.append(f"{what}/{key}")
        if self.down is not None:
            return web.Response(status=self.down)
        account = self.tokens.get(request.headers["Authorization"].removeprefix("Bearer "))
        if account is None:
            return web.Response(status=401)
        match what:
            case "me":
                return web.json_response(account)
            case "health":
                return web.json_response(self.health)
            case "templates":
                return web.json_response(self.templates)
            case "people" if key in self.people:
                return web.json_response(self.people[key])
            case "media" if key in self.media:
                return web.Response(body=self.media[key], content_type="image/png")
            case "webhook":
                (self.webhooks.discard if request.method == "DELETE" else self.webhooks.add)(key)
                return web.json_response({})
        return web.Response(status=404)


class FullConfig(BaseModel):
    model_config = {
        "json_schema_extra": {"x-guide": {"ru": ["Раз."], "kk": ["Бір."], "en": ["One."]}}
    }

    token: SecretStr = Field(min_length=3)
    region: str = "kz"


class FullMessenger:
    """Speaks HTTP with its platform, as real connectors do."""

    channel = "full"
    title = "Full"
    config_model: type[BaseModel] = FullConfig
    capabilities = Capabilities(
        max_text=1000,
        max_buttons=3,
        max_list=10,
        replies=True,
        media={MessageKind.IMAGE: MediaLimit(max_bytes=5, mimes=frozenset({"image/png"}))},
    )

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.sent: list[OutboundMessage] = []
        self._client: aiohttp.ClientSession | None = None

    async def _call(self, token: str, path: str, method: str = "GET") -> aiohttp.ClientResponse:
        self._client = self._client or aiohttp.ClientSession()
        headers = {"Authorization": f"Bearer {token}"}
        try:
            response = await self._client.request(method, self.platform.url + path, headers=headers)
        except aiohttp.ClientError as error:
            raise RetryableError("unreachable", "No answer.") from error
        match response.status:
            case 401:
                raise AuthenticationFailedError("token_revoked", "The token was revoked.")
            case 404:
                raise RejectedError("unknown", "There is none such.")
            case status if status >= 500:
                raise RetryableError("platform_down", f"It answered {status}.")
        return response

    async def _json(self, connection: Connection, path: str, method: str = "GET") -> Any:
        response = await self._call(connection.config["token"], path, method)
        return await response.json()

    async def verify(self, config: BaseModel) -> Account:
        assert isinstance(config, FullConfig)
        told = await (await self._call(config.token.get_secret_value(), "me/me")).json()
        return Account(external_id=told["id"], name=told["name"])

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        await self._json(connection, f"webhook/{connection.id}", "PUT")

    async def disconnect(self, connection: Connection) -> None:
        await self._json(connection, f"webhook/{connection.id}", "DELETE")

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:
        return []

    def render(self, connection: Connection, message: OutboundMessage) -> list[str]:
        return [message.text]

    async def send(self, connection: Connection, message: OutboundMessage, part: str) -> SendResult:
        self.sent.append(message)
        return SendResult(platform_id=f"out-{len(self.sent)}")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    # What only some can do

    async def renew(self, connection: Connection, inbox: Inbox) -> None:
        for old in [one for one in self.platform.renewed if one == connection.config["token"]]:
            new = f"{old}-renewed"
            self.platform.tokens[new] = self.platform.tokens.pop(old)
            self.platform.renewed.remove(old)
            assert await inbox.renew(connection, {"token": new})

    async def health(self, connection: Connection, *, public_url: str) -> Health:
        told = await self._json(connection, "health/all")
        expires = told.get("expires")
        return Health(
            token_expires_at=datetime.fromtimestamp(expires, UTC) if expires else None,
            quotas=[Quota(**quota) for quota in told.get("quotas", ())],
            warnings=told.get("warnings", ()),
        )

    async def templates(self, connection: Connection) -> Sequence[Template]:
        return [Template(**one) for one in await self._json(connection, "templates/all")]

    async def profile(self, connection: Connection, external_id: str) -> Profile:
        return Profile(**await self._json(connection, f"people/{external_id}"))

    @asynccontextmanager
    async def open_media(
        self, connection: Connection, ref: Mapping[str, Any]
    ) -> AsyncIterator[MediaStream]:
        response = await self._call(connection.config["token"], f"media/{ref['id']}")
        yield MediaStream(
            chunks=response.content.iter_chunked(1024),
            mime=response.content_type,
            size=response.content_length,
        )

    def webhook(self, connection: Connection, *, public_url: str) -> Webhook:
        return Webhook(
            url=f"{public_url}/webhooks/full/{connection.id}",
            verify_token=connection.webhook_secret,
            fields=("messages",),
        )

    def link(self, connection: Connection, *, ref: str | None) -> str | None:
        if ref is not None and not ref.isalnum():
            raise RejectedError("bad_link_parameter", "Letters and digits only.")
        assert connection.account is not None
        return f"https://full.example/{connection.account.name}" + (f"?r={ref}" if ref else "")

    def reach(
        self, connection: Connection, chat: ChatState, *, author_kind: str, now: datetime
    ) -> Reach:
        return Reach(open=True)

    def paces(self, connection: Connection, chat_id: str) -> Sequence[Pace]:
        return []

    async def mark_read(self, connection: Connection, chat_id: str, *, platform_id: str) -> None:
        return None
