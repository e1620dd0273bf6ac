"""A company that uses the product: its owner signed in, its channels connected, through the API."""

from typing import Any, Self

import aiohttp

PASSWORD = "a long enough password"

Json = dict[str, Any]


class Office:
    """The owner of one organization. ``async with await Office.open(address, "Tau") as office``."""

    def __init__(self, session: aiohttp.ClientSession, signed_in: Json) -> None:
        self._session = session
        self.organization_id: str = signed_in["organization"]["id"]
        self._headers = {"X-CSRF-Token": signed_in["csrf_token"]}

    @classmethod
    async def open(cls, address: str, name: str) -> Self:
        """Sign a new company up."""
        # Cookies of an address without a name are refused otherwise.
        jar = aiohttp.CookieJar(unsafe=True)
        session = aiohttp.ClientSession(address, cookie_jar=jar)
        owner = {
            "email": f"{name.lower()}@bench.example",
            "password": PASSWORD,
            "name": "Owner",
            "organization_name": name,
            "language": "ru",
        }
        async with session.post("/api/auth/sign-up", json=owner) as answer:
            assert answer.status in {200, 201}, await answer.text()
        async with session.get("/api/session") as answer:
            return cls(session, await answer.json())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    @property
    def cookie(self) -> str:
        """The session as a request's header carries it."""
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in self._session.cookie_jar)

    async def get(self, path: str, **query: str) -> Json:
        async with self._session.get(path, params=query) as answer:
            return await self._read(answer)

    async def post(self, path: str, body: Json) -> Json:
        async with self._session.post(path, json=body, headers=self._headers) as answer:
            return await self._read(answer)

    async def patch(self, path: str, body: Json) -> Json:
        async with self._session.patch(path, json=body, headers=self._headers) as answer:
            return await self._read(answer)

    async def connect_telegram(self, token: str) -> Json:
        """Connect a bot that is called by webhook."""
        config = {"token": token, "delivery": "webhook"}
        return await self.post(
            "/api/connections", {"channel": "telegram", "name": "Telegram", "config": config}
        )

    async def connect_webchat(self) -> Json:
        """Connect a web chat that any site may show."""
        return await self.post(
            "/api/connections", {"channel": "webchat", "name": "Site", "config": {}}
        )

    @staticmethod
    async def _read(answer: aiohttp.ClientResponse) -> Json:
        assert answer.status < 300, f"{answer.url.path}: {answer.status} {await answer.text()}"
        found: Json = await answer.json() if answer.status != 204 else {}
        return found
