"""What Meta's platforms do alike."""

import hashlib
import hmac
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from connectors.base.meta import seconds_to_wait, signing_secret, usage_of
from connectors.base.meta_webhook import LARGE_BODY, MetaWebhook
from crm.contract import Account, Connection, InboundEvent, InboundMessage, Sender
from tests.contract.inbox import InboxDouble
from tests.support.growth import assert_gentle_growth

SECRET, OTHER_SECRET = "a" * 32, "b" * 32


@dataclass(frozen=True)
class Piece:
    account_id: str
    text: str


class Ground:
    """A platform of Meta's whose pieces are ``{account: text}``; notes in which threads it was read."""

    def __init__(self, *connections: Connection) -> None:
        self.inbox = InboxDouble(*connections)
        self.threads: set[int] = set()
        self.webhook = MetaWebhook(
            channel="meta", inbox=self.inbox, pieces_of=self.pieces_of, events_of=self.events_of
        )

    def pieces_of(self, raw: Any) -> list[Piece]:
        self.threads.add(threading.get_ident())
        return [Piece(account, text) for account, text in raw["pieces"]]

    def events_of(self, connection: Connection, piece: Piece) -> Sequence[InboundEvent]:
        self.threads.add(threading.get_ident())
        key = f"{connection.id}:{piece.text}"
        return [
            InboundMessage(
                external_id=key, chat_id="c", sender=Sender(external_id="c"), text=piece.text
            )
        ]

    async def post(
        self, *pieces: tuple[str, str], to: str = "1", secret: str = SECRET, more: str = ""
    ) -> int:
        body = orjson.dumps({"pieces": pieces, "more": more})
        made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        app = web.Application(client_max_size=0)
        app.add_routes(self.webhook.routes())
        async with TestClient(TestServer(app)) as client:
            headers = {"X-Hub-Signature-256": f"sha256={made}"}
            found = await client.post(f"/webhooks/meta/{to}", data=body, headers=headers)
            return found.status

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.inbox.received]


def connection(key: str, *accounts: str, secret: str = SECRET) -> Connection:
    return Connection(
        id=key,
        organization_id="o",
        channel="meta",
        name=key,
        config={"app_secret": secret},
        webhook_secret="verify",
        account=Account(external_id=accounts[0], name=key, aliases=accounts[1:]),
    )


async def test_a_connection_gets_its_pieces_in_order_by_whatever_id_they_name_it() -> None:
    ground = Ground(connection("1", "number", "account"))
    assert await ground.post(("account", "a"), ("number", "b"), ("x", "-"), ("account", "c")) == 200
    assert ground.texts == ["a", "b", "c"]


async def test_a_piece_for_a_shared_account_goes_to_all_of_the_same_app() -> None:
    ground = Ground(
        connection("1", "n1", "shared"),
        connection("2", "n2", "shared"),
        connection("3", "n3", "shared", secret=OTHER_SECRET),
    )
    assert await ground.post(("shared", "news"), ("n2", "b"), ("n3", "c")) == 200
    assert [one.external_id for one in ground.inbox.received] == ["1:news", "2:news", "2:b"]
    assert ground.inbox.asked_for == [{"shared", "n2", "n3"}]


async def test_the_secret_is_that_of_who_gets_it_and_not_of_who_is_called() -> None:
    ground = Ground(connection("1", "n1"), connection("2", "n2", secret=OTHER_SECRET))
    assert await ground.post(("n2", "x")) == 200  # signed well, and for nobody of this app
    assert await ground.post(("n2", "x"), secret=OTHER_SECRET) == 200  # its app calls elsewhere
    assert await ground.post(("n1", "x"), secret=OTHER_SECRET) == 401
    assert await ground.post(("n1", "x"), secret="c" * 32) == 401
    assert await ground.post(("x", "x"), to="9", secret=OTHER_SECRET) == 404
    assert ground.texts == ["x"]


async def test_who_has_not_signed_makes_us_load_few(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground(*(connection(str(n), f"n{n}", secret=OTHER_SECRET) for n in range(20)))
    loaded: list[int] = []
    connections_of = ground.inbox.connections_of

    async def noted(*given: Any, **limits: Any) -> Sequence[Connection]:
        found = await connections_of(*given, **limits)
        loaded.append(len(found))
        return found

    monkeypatch.setattr(ground.inbox, "connections_of", noted)
    named = [(f"n{n}", "x") for n in range(20)]
    assert await ground.post(*named, to="gone") == 401
    assert loaded == [10]
    assert await ground.post(*named, to="gone", secret=OTHER_SECRET) == 200
    assert loaded == [10, 10, 20]


def test_a_signature_is_of_these_bytes_under_one_of_these_secrets_by_sha256() -> None:
    made = hmac.new(SECRET.encode(), b"body", hashlib.sha256).hexdigest()
    assert signing_secret(b"body", f"sha256={made}", [OTHER_SECRET, SECRET]) == SECRET
    assert signing_secret(b"body", f"sha256={made}", [OTHER_SECRET]) is None
    assert signing_secret(b"body", f"sha256={made}", []) is None
    for header in (f"sha1={made}", made, f"={made}", f"sha256={made}0", "", None):
        assert signing_secret(b"body", header, [SECRET]) is None


async def test_a_large_body_is_read_beside_everything_else() -> None:
    ground = Ground(connection("1", "n1"))
    assert await ground.post(("n1", "small")) == 200
    assert ground.threads == {threading.get_ident()}
    assert await ground.post(("n1", "large"), more="x" * LARGE_BODY) == 200
    assert len(ground.threads) > 1
    assert ground.texts == ["small", "large"]


def test_many_accounts_in_one_body_cost_no_more_than_many_accounts() -> None:
    mine = connection("1", "a0")
    ground = Ground(mine)

    def work(body: bytes) -> None:
        pieces = ground.webhook._by_account(body)
        for one in pieces:
            ground.webhook._events(connection("1", one), pieces)

    def body(size: int) -> bytes:
        return orjson.dumps({"pieces": [(f"a{n}", "x") for n in range(size)]})

    assert_gentle_growth(work, body, 4_000)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "9" * 9}, 86_400),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "٣"}, None),
        ({"X-Business-Use-Case-Usage": "{"}, None),
        ({"X-Business-Use-Case-Usage": "[]"}, None),
        (
            {
                "Retry-After": "17",
                "X-Business-Use-Case-Usage": orjson.dumps(
                    {"1": [{"estimated_time_to_regain_access": 3}, "x"], "2": 5}
                ).decode(),
            },
            180,
        ),
        (
            {"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": true}]}'},
            None,
        ),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers) == seconds


def test_how_much_is_used_up() -> None:
    told = '{"1": [{"call_count": 12, "total_time": 40.5, "total_cputime": "x"}]}'
    assert usage_of({"X-Business-Use-Case-Usage": told}) == 40.5
    assert usage_of({}) is None
