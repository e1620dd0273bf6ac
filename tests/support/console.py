"""A person with the console's side of the API: keeps the cookie, sends the CSRF token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
from aiohttp.test_utils import TestServer
from bson import ObjectId

PASSWORD = "correct horse battery"
MOVES = frozenset({"POST", "PATCH", "PUT", "DELETE"})


class Console:
    """Calls the API as one person."""

    def __init__(self, client: "Client") -> None:
        self.client = client
        self.csrf_token: str | None = None
        self.session: dict[str, Any] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, server: TestServer) -> AsyncIterator[Self]:
        # `unsafe` keeps cookies of an address without a name; closing it leaves the shared server running.
        client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        console = cls(Client(server, client))
        try:
            yield console
        finally:
            await client.close()

    @property
    def organization_id(self) -> ObjectId:
        return ObjectId(self.session["organization"]["id"])

    @property
    def user_id(self) -> ObjectId:
        return ObjectId(self.session["user"]["id"])

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        headers = dict(options.pop("headers", {}))
        if method in MOVES and self.csrf_token is not None:
            headers.setdefault("X-CSRF-Token", self.csrf_token)
        return await self.client.request(method, path, headers=headers, **options)

    async def call(
        self, method: str, path: str, json: Any = None, *, status: int | None = None, **options: Any
    ) -> Any:
        """Call and return the decoded body; the status must be the one given, or a success."""
        if json is not None:
            options["json"] = json
        response = await self.request(method, path, **options)
        body = await response.json(content_type=None) if response.status != 204 else None
        expected = {status} if status else {200, 201, 204}
        assert response.status in expected, f"{method} {path}: {response.status} {body}"
        return body

    async def get(self, path: str, **options: Any) -> Any:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        return await self.call("POST", path, json, **options)

    async def patch(self, path: str, json: Any, **options: Any) -> Any:
        return await self.call("PATCH", path, json, **options)

    async def delete(self, path: str, **options: Any) -> Any:
        return await self.call("DELETE", path, **options)

    async def sign_up(self, email: str, organization_name: str) -> None:
        body = {
            "email": email,
            "password": PASSWORD,
            "name": email.split("@", maxsplit=1)[0].title(),
            "organization_name": organization_name,
        }
        self.remember(await self.post("/api/auth/sign-up", body))

    async def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.remember(await self.post("/api/auth/sign-in", {"email": email, "password": password}))

    async def join(self, owner: "Console", email: str, role: str) -> None:
        name = email.split("@", maxsplit=1)[0].title()
        await owner.post(
            "/api/members", {"email": email, "name": name, "role": role, "password": PASSWORD}
        )
        await self.sign_in(email)

    def remember(self, session: dict[str, Any]) -> None:
        self.session = session
        self.csrf_token = session["csrf_token"]


class Client:
    """A client session with a server's address."""

    def __init__(self, server: TestServer, session: aiohttp.ClientSession) -> None:
        self._server = server
        self.session = session

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.session.request(method, self._server.make_url(path), **options)

    def ws_connect(self, path: str, **options: Any) -> Any:
        return self.session.ws_connect(self._server.make_url(path), **options)
