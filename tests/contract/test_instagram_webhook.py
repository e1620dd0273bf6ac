"""Meta's calls: handshake, signatures, several accounts in one body, redelivery, echoes."""

import json
import logging
from dataclasses import replace

import aiohttp
import pytest

from connectors.base.meta_webhook import MAX_BODY
from connectors.instagram import InstagramConnector
from crm.contract import Echo, OutboundMessage, Reaction, ReadMark, Sender
from tests.contract.conftest import make_connection
from tests.contract.instagram_events import IGNORED, MALFORMED
from tests.contract.instagram_platform import VERIFY_TOKEN, Instagram, connection_of
from tests.fakes.instagram_api import APP_SECRET, FakeAccount
from tests.fakes.instagram_server import CUSTOMER

OTHER_SECRET = "f" * 32


async def test_the_handshake(instagram: Instagram, client: aiohttp.ClientSession) -> None:
    assert await instagram.server.set_webhook(instagram.webhook_url, VERIFY_TOKEN) == 200
    assert await instagram.server.set_webhook(instagram.webhook_url, "wrong") == 403
    assert await instagram.server.set_webhook(instagram.webhook_url, "") == 403
    elsewhere = instagram.webhook_url.replace(instagram.connection.id, "6a1b2c3d4e5f60718293a400")
    assert await instagram.server.set_webhook(elsewhere, VERIFY_TOKEN) == 404
    async with client.get(instagram.webhook_url) as answer:
        assert answer.status == 403
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "<b>"}
    async with client.get(instagram.webhook_url, params=query) as answer:
        assert answer.content_type == "text/plain"


async def test_a_message_arrives(instagram: Instagram) -> None:
    await instagram.set_webhook()
    await instagram.server.say("Сәлем")
    (received,) = instagram.inbox.received
    assert (received.text, received.chat_id) == ("Сәлем", CUSTOMER)


@pytest.mark.parametrize(
    "signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "sha256", "ғ", "=" * 99]
)
async def test_a_wrong_signature(instagram: Instagram, signature: str) -> None:
    await instagram.set_webhook()
    body = await instagram.server.say("Сәлем")
    instagram.inbox.received.clear()
    before = instagram.inbox.deliveries
    assert await instagram.server.deliver(body, signature=signature) == 401
    assert instagram.inbox.deliveries == before


async def test_the_signature_is_of_the_raw_body(instagram: Instagram) -> None:
    await instagram.set_webhook()
    spaced = json.dumps(
        {"entry": [instagram.server.entry(instagram.server.account)], "object": "instagram"},
        indent=3,
        ensure_ascii=True,
    ).encode()
    assert await instagram.server.deliver(spaced) == 200
    assert await instagram.server.deliver(spaced, secret=OTHER_SECRET) == 401


async def test_a_second_secret_signs_as_well(instagram: Instagram) -> None:
    await instagram.set_webhook()
    instagram.change(meta_app_secret=OTHER_SECRET)
    item = instagram.server.item(message={"mid": "M1", "text": "Сәлем"})
    body = {
        "object": "instagram",
        "entry": [instagram.server.entry(instagram.server.account, item)],
    }
    assert await instagram.server.deliver(body, secret=OTHER_SECRET) == 200
    assert len(instagram.inbox.received) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"object": 1', b"[" * 100_000])
async def test_a_malformed_body(instagram: Instagram, body: bytes) -> None:
    await instagram.set_webhook()
    assert await instagram.server.deliver(body) == 400
    assert await instagram.server.deliver(body, secret=OTHER_SECRET) == 401
    assert instagram.inbox.deliveries == 0


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_body_that_is_none(instagram: Instagram, name: str) -> None:
    await instagram.set_webhook()
    assert await instagram.server.deliver(json.dumps(MALFORMED[name]).encode()) == 400


@pytest.mark.parametrize("name", IGNORED)
async def test_what_says_nothing_is_acknowledged(instagram: Instagram, name: str) -> None:
    await instagram.set_webhook()
    assert await instagram.server.deliver(json.dumps(IGNORED[name]).encode()) == 200
    assert instagram.inbox.deliveries == 0


async def test_a_body_that_is_too_large(
    instagram: Instagram, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_BODY >= 3_000_000  # what Meta may send
    monkeypatch.setattr("connectors.base.meta_webhook.MAX_BODY", 1000)
    await instagram.set_webhook()
    assert await instagram.server.deliver(b" " * 1001) == 413
    assert instagram.inbox.deliveries == 0


async def test_what_people_write_is_not_logged(
    instagram: Instagram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "connectors")
    await instagram.set_webhook()
    instagram.inbox.unavailable = True
    body = await instagram.server.say("менің құпиям")
    assert await instagram.server.deliver(body, secret=OTHER_SECRET) == 401
    assert len(caplog.records) >= 2
    for words in ("құпия", VERIFY_TOKEN, APP_SECRET, CUSTOMER):
        assert words not in caplog.text


# Several accounts of one app


def both(instagram: Instagram) -> dict[str, object]:
    """One body that tells of both accounts."""
    server = instagram.server
    return {
        "object": "instagram",
        "entry": [
            server.entry(account, server.item(account=account, message={"mid": mid, "text": mid}))
            for account, mid in ((server.account, "M1"), (server.page_account, "M2"))
        ],
    }


async def test_each_entry_goes_to_its_own_connection(instagram: Instagram) -> None:
    await instagram.set_webhook()
    body = both(instagram)
    for _ in range(2):
        assert await instagram.server.deliver(body) == 200
    assert [(connection_id, one.external_id) for connection_id, one in instagram.inbox.routed] == [
        (instagram.connection.id, "M1"),
        (instagram.page_connection.id, "M2"),
    ] * 2
    assert len(instagram.inbox.received) == 2


async def test_nobody_speaks_for_an_account_of_another_app(instagram: Instagram) -> None:
    await instagram.set_webhook()
    page = instagram.page_connection
    instagram.inbox.connections[page.id] = replace(
        page, config={**page.config, "app_secret": OTHER_SECRET}
    )
    assert await instagram.server.deliver(both(instagram)) == 200
    assert [received.text for received in instagram.inbox.received] == ["M1"]


async def test_an_address_that_has_gone_serves_those_who_share_it(instagram: Instagram) -> None:
    await instagram.set_webhook()
    del instagram.inbox.connections[instagram.connection.id]
    assert await instagram.server.deliver(both(instagram)) == 200
    assert [received.text for received in instagram.inbox.received] == ["M2"]
    assert await instagram.server.deliver(both(instagram), secret=OTHER_SECRET) == 401


async def test_an_unknown_connection(instagram: Instagram, client: aiohttp.ClientSession) -> None:
    instagram.inbox.connections.clear()
    other = make_connection("webchat", id="6a1b2c3d4e5f60718293a4ff")
    instagram.inbox.connections[other.id] = other
    for connection_id in ("6a1b2c3d4e5f60718293a400", other.id, "..%2Fadmin"):
        url = f"{instagram.url}/webhooks/instagram/{connection_id}"
        async with client.post(url, json=both(instagram)) as answer:
            assert answer.status == 404
    assert instagram.inbox.deliveries == 0


async def test_an_account_connected_a_moment_ago_loses_nothing(instagram: Instagram) -> None:
    await instagram.set_webhook()
    assert await instagram.server.deliver(both(instagram)) == 200  # the accounts are known now
    new = FakeAccount(ig_id="17841400000000003", token="IGAA" + "n" * 30)
    item = instagram.server.item(account=new, message={"mid": "M3", "text": "Сәлем"})
    body = {"object": "instagram", "entry": [instagram.server.entry(new, item)]}
    connection = connection_of(new, 3)
    instagram.inbox.connections[connection.id] = connection
    assert await instagram.server.deliver(body) == 200
    assert instagram.inbox.routed[-1][0] == connection.id


async def test_only_accounts_that_a_body_names_are_looked_up(instagram: Instagram) -> None:
    await instagram.set_webhook()
    inbox, server = instagram.inbox, instagram.server
    inbox.asked_for.clear()
    await server.say("Сәлем")
    assert inbox.asked_for == []  # the address's own account needs no look
    assert await server.deliver(both(instagram)) == 200
    assert inbox.asked_for == [{server.page_account.ig_id}]


async def test_who_signs_nothing_learns_nothing_and_makes_us_look_for_little(
    instagram: Instagram,
) -> None:
    await instagram.set_webhook()
    server = instagram.server
    instagram.inbox.asked_for.clear()
    entry = server.entry(server.page_account)
    forged = {"object": "instagram", "entry": [{**entry, "id": str(n)} for n in range(5_000)]}
    assert await server.deliver(forged, secret=OTHER_SECRET) == 401
    assert await server.deliver(forged, signature="") == 401
    assert await server.deliver(forged) == 200  # signed by the app, and far from what Meta sends
    assert [len(asked) for asked in instagram.inbox.asked_for] == [1_000] * 3
    assert instagram.inbox.deliveries == 0


async def test_half_an_emoji_costs_no_message(instagram: Instagram) -> None:
    await instagram.set_webhook()
    item = instagram.server.item(message={"mid": "M1", "text": "X"})
    told = {
        "object": "instagram",
        "entry": [instagram.server.entry(instagram.server.account, item)],
    }
    raw = json.dumps(told).encode().replace(b'"X"', rb'"\ud83d\ud83d\ude00\ude00"')
    assert await instagram.server.deliver(raw) == 200
    assert [one.text for one in instagram.inbox.received] == ["\ufffd😀\ufffd"]


# Echoes, and what customers do besides writing


async def send(instagram: Instagram, text: str) -> str:
    message = OutboundMessage(id="m", chat_id=CUSTOMER, text=text, author_kind="bot")
    (part,) = instagram.connector.render(instagram.connection, message)
    result = await instagram.connector.send(instagram.connection, message, part)
    await instagram.server.settle()
    assert result.platform_id
    return result.platform_id


async def test_our_own_echo_is_known_by_its_id(instagram: Instagram) -> None:
    await instagram.set_webhook()
    server = instagram.server
    here = instagram.connector
    instagram.connector = InstagramConnector(api_url=server.url, graph_api_url=server.graph_url)
    platform_id = await send(instagram, "Сәлем")  # another process has sent it
    await instagram.connector.close()
    instagram.connector = here
    (echo,) = instagram.inbox.events
    assert isinstance(echo, Echo)
    assert (echo.platform_id, echo.chat_id) == (platform_id, CUSTOMER)
    assert echo.addressee == Sender(external_id=CUSTOMER)
    assert instagram.inbox.received == []


async def test_the_app_is_learned_from_the_first_echo_of_our_own(instagram: Instagram) -> None:
    await instagram.set_webhook()
    await send(instagram, "Сәлем")
    assert instagram.inbox.events == []
    # What was sent, and never confirmed to us, comes back from the same app.
    lost = {
        "mid": "M-lost",
        "is_echo": True,
        "text": "?",
        "app_id": instagram.server.account.app_id,
    }
    recipient = {"id": CUSTOMER}
    account = instagram.server.account
    item = instagram.server.item(message=lost) | {
        "sender": {"id": account.ig_id},
        "recipient": recipient,
    }
    body = {"object": "instagram", "entry": [instagram.server.entry(account, item)]}
    assert await instagram.server.deliver(body) == 200
    assert instagram.inbox.events == []
    await instagram.server.write_from_phone("Қазір қараймын")
    item["message"] = {**lost, "mid": "M-other", "app_id": "263902037430900"}
    assert await instagram.server.deliver(body) == 200
    assert [type(one) for one in instagram.inbox.events] == [Echo, Echo]


async def test_our_own_echo_is_known_by_the_app(instagram: Instagram) -> None:
    await instagram.set_webhook()
    instagram.change(app_id=instagram.server.account.app_id)
    await send(instagram, "Сәлем")
    assert instagram.inbox.events == []
    await instagram.server.write_from_phone("Қазір қараймын")
    (echo,) = instagram.inbox.events
    assert isinstance(echo, Echo)
    assert (echo.text, echo.chat_id) == ("Қазір қараймын", CUSTOMER)


async def test_by_hand(instagram: Instagram, client: aiohttp.ClientSession) -> None:
    await instagram.set_webhook()
    platform_id = await send(instagram, "Сәлем")
    instagram.inbox.events.clear()
    deeds = {
        "say": {"text": "Қанша?"},
        "mention": {},
        "tap": {"title": "Тапсырыс", "payload": "/place_order"},
        "react": {},
        "seen": {},
        "phone": {"text": "Қазір"},
    }
    for deed, given in deeds.items():
        async with client.post(f"{instagram.server.url}/fake/{deed}", json=given) as answer:
            assert answer.status == 200, deed
    texts = [(one.text, one.payload, one.kind.value) for one in instagram.inbox.received]
    assert texts == [
        ("Қанша?", None, "text"),
        ("", None, "image"),
        ("Тапсырыс", "/place_order", "text"),
    ]
    reaction, read, echo = instagram.inbox.events
    assert isinstance(reaction, Reaction)
    assert isinstance(read, ReadMark)
    assert isinstance(echo, Echo)
    assert reaction.platform_id == read.platform_id == platform_id
    (story,) = instagram.inbox.received[1].attachments
    async with instagram.connector.open_media(instagram.connection, story.ref) as stream:
        assert b"".join([chunk async for chunk in stream.chunks]) == b"\xff\xd8\xff story"
    async with client.get(f"{instagram.server.url}/fake/sent") as answer:
        assert len(await answer.json()) == 1


async def test_a_file_that_a_customer_sends(instagram: Instagram) -> None:
    await instagram.set_webhook()
    await instagram.server.send("audio", b"voice", mime="audio/mp4")
    (received,) = instagram.inbox.received
    (voice,) = received.attachments
    async with instagram.connector.open_media(instagram.connection, voice.ref) as stream:
        assert b"".join([chunk async for chunk in stream.chunks]) == b"voice"
