import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from actions.crm_client import CrmClient, CrmRejected, CrmUnavailable
from tests.support.patience import PATIENCE_SECONDS


class Crm:
    """Answers with the statuses it is given, then with 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.seen: list[web.Request] = []
        self.delay = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        await asyncio.sleep(self.delay)
        return web.json_response(
            {"open_now": True}, status=self.statuses.pop(0) if self.statuses else 200
        )


@pytest_asyncio.fixture
async def served() -> AsyncIterator[tuple[Crm, CrmClient]]:
    crm = Crm()
    app = web.Application()
    app.router.add_route("*", "/internal/{path:.*}", crm.handle)
    async with TestServer(app) as server:
        client = CrmClient(str(server.make_url("")).rstrip("/"), "secret", deadline_seconds=20.0)
        yield crm, client
        await client.close()


async def ask(client: CrmClient) -> dict[str, object]:
    return await client.request_handoff("org", "conv", reason="asked", source_key="m:handoff")


async def test_a_call_names_the_organization_and_carries_the_token(
    served: tuple[Crm, CrmClient],
) -> None:
    crm, client = served
    assert await ask(client) == {"open_now": True}
    [request] = crm.seen
    assert request.path == "/internal/conversations/conv/handoff"
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["X-Aitys-Organization"] == "org"


async def test_server_errors_are_tried_again(served: tuple[Crm, CrmClient]) -> None:
    crm, client = served
    crm.statuses = [503, 429]
    assert await ask(client) == {"open_now": True}
    assert len(crm.seen) == 3


async def test_at_the_deadline_it_gives_up(
    served: tuple[Crm, CrmClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    crm, client = served
    monkeypatch.setattr(client, "_deadline", 1.0)
    crm.statuses = [500] * 10_000
    with pytest.raises(CrmUnavailable):
        await asyncio.wait_for(ask(client), PATIENCE_SECONDS)


@pytest.mark.parametrize("status", [401, 404, 422])
async def test_a_refusal_is_not_tried_again(served: tuple[Crm, CrmClient], status: int) -> None:
    crm, client = served
    crm.statuses = [status]
    with pytest.raises(CrmRejected):
        await ask(client)
    assert len(crm.seen) == 1


async def test_nobody_there_is_unavailable() -> None:
    client = CrmClient("http://127.0.0.1:9", "secret", deadline_seconds=0.3)
    with pytest.raises(CrmUnavailable):
        await ask(client)
    await client.close()
