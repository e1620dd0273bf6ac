"""Connecting a number, its webhook, files, health and links, against the fake Graph API."""

import contextlib
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from connectors.base import (
    FetchesMedia,
    HasTemplates,
    LimitsReach,
    LinksChats,
    MarksRead,
    NeedsWebhook,
    ReportsHealth,
    SetsPace,
    ShowsTyping,
)
from connectors.base.meta_webhook import MAX_BODY
from connectors.whatsapp import WhatsAppConnector
from connectors.whatsapp.config import WhatsAppConfig
from connectors.whatsapp.inbound import FIELDS
from crm.contract import (
    AuthenticationFailedError,
    ConnectorError,
    InboundMessage,
    RejectedError,
    RetryableError,
)
from tests.contract.conftest import SECRET, WhatsApp, make_connection, make_whatsapp
from tests.contract.whatsapp_bodies import MALFORMED, USER_ID
from tests.fakes.whatsapp_api import (
    ACCOUNT_ID,
    APP_SECRET,
    CONFIG,
    DISPLAY_NUMBER,
    NUMBER_ID,
    TOKEN,
    FakeToken,
    body,
    customer,
    message,
    said,
    value,
)
from tests.fakes.whatsapp_server import SIGNATURE_HEADER, signed

CONFIGURED = WhatsAppConfig.model_validate(CONFIG)


def encoded(told: Any) -> bytes:
    return json.dumps(told).encode()


def texts(whatsapp: WhatsApp) -> list[str]:
    return [received.text for received in whatsapp.inbox.received]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("app_id", "my app"),
        ("app_secret", APP_SECRET[:-1]),
        ("app_secret", APP_SECRET.replace("a", "ы")),
        ("access_token", "EAAG short"),
        ("waba_id", ""),
        ("phone_number_id", "+7 727 355 50 10"),
    ],
)
def test_every_field_has_a_shape(field: str, wrong: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WhatsAppConfig.model_validate({**CONFIG, field: wrong})
    assert {error["loc"] for error in caught.value.errors()} == {(field,)}
    if "secret" in field or "token" in field:
        assert wrong not in repr(caught.value.errors(include_input=False))


def test_what_is_pasted_may_have_spaces_around_and_is_kept_secret() -> None:
    config = WhatsAppConfig.model_validate({name: f" {known}\n" for name, known in CONFIG.items()})
    assert config == CONFIGURED
    assert TOKEN not in repr(config)
    assert APP_SECRET not in repr(config)


def test_what_whatsapp_can_do(whatsapp: WhatsApp) -> None:
    for can in (
        FetchesMedia,
        HasTemplates,
        LimitsReach,
        LinksChats,
        MarksRead,
        NeedsWebhook,
        ReportsHealth,
        SetsPace,
        ShowsTyping,
    ):
        assert isinstance(whatsapp.connector, can)


async def test_verify(whatsapp: WhatsApp) -> None:
    account = await whatsapp.connector.verify(CONFIGURED)
    assert account.external_id == NUMBER_ID
    assert account.aliases == [ACCOUNT_ID]
    assert account.name == f"Tau Demo ({DISPLAY_NUMBER})"
    assert account.data["throughput"] == 80


@pytest.mark.parametrize(
    ("changes", "token", "kind", "code"),
    [
        ({"app_secret": "f" * 32}, None, AuthenticationFailedError, "app_rejected"),
        (
            {"access_token": "EAAGunknown0123456789"},
            None,
            AuthenticationFailedError,
            "token_rejected",
        ),
        ({}, FakeToken(valid=False), AuthenticationFailedError, "token_rejected"),
        ({}, FakeToken(app_id="777777"), AuthenticationFailedError, "token_of_other_app"),
        ({}, FakeToken(scopes=("public_profile",)), RejectedError, "permission_missing"),
        ({}, FakeToken(accounts=("999",)), RejectedError, "permission_missing"),
        ({"waba_id": "102290129340399"}, None, RejectedError, "account_not_found"),
        ({"phone_number_id": "106540352242923"}, None, RejectedError, "number_not_in_account"),
    ],
)
async def test_verify_says_what_is_wrong(
    whatsapp: WhatsApp,
    changes: dict[str, str],
    token: FakeToken | None,
    kind: type[ConnectorError],
    code: str,
) -> None:
    if token is not None:
        whatsapp.server.graph.tokens[TOKEN] = token
    with pytest.raises(kind) as caught:
        await whatsapp.connector.verify(WhatsAppConfig.model_validate({**CONFIG, **changes}))
    assert caught.value.code == code
    assert TOKEN not in str(caught.value)
    if code == "number_not_in_account":
        assert f"{DISPLAY_NUMBER} → {NUMBER_ID}" in caught.value.detail
    if code == "permission_missing":
        assert "whatsapp_business_messaging" in caught.value.detail


@pytest.mark.parametrize("operation", ["debug_token", "phone_numbers"])
async def test_verify_tries_later(whatsapp: WhatsApp, operation: str) -> None:
    whatsapp.server.graph.fail(operation, 502, text="<html>Bad Gateway</html>")
    with pytest.raises(RetryableError):
        await whatsapp.connector.verify(CONFIGURED)


async def test_connect_registers_the_number_and_the_account(whatsapp: WhatsApp) -> None:
    account = whatsapp.server.graph.accounts[ACCOUNT_ID]

    def addresses() -> tuple[str | None, str | None]:
        return whatsapp.server.number.override, account.override

    assert addresses() == (whatsapp.webhook_url, whatsapp.webhook_url)
    assert account.verify_token == SECRET
    assert account.subscribed
    for _ in range(2):
        await whatsapp.connector.disconnect(whatsapp.connection)
    assert addresses() == (None, None)
    assert account.subscribed  # other numbers of it may be connected


async def test_disconnecting_one_number_leaves_the_accounts_address_of_another(
    whatsapp: WhatsApp,
) -> None:
    other = whatsapp.add_number("200000001", account_id=ACCOUNT_ID)
    await whatsapp.connector.connect(other, public_url=whatsapp.url)
    await whatsapp.connector.disconnect(whatsapp.connection)
    account = whatsapp.server.graph.accounts[ACCOUNT_ID]
    assert account.override == f"{whatsapp.url}/webhooks/whatsapp/{other.id}"
    assert account.numbers["200000001"].override == account.override


async def test_an_address_that_meta_cannot_reach_is_said_in_words(whatsapp: WhatsApp) -> None:
    with pytest.raises(RejectedError) as caught:
        await whatsapp.connector.connect(whatsapp.connection, public_url="http://aitys.example.kz")
    assert caught.value.code == "webhook_refused"
    assert "http://aitys.example.kz/webhooks/whatsapp/" in caught.value.detail


async def test_an_address_typed_in_by_hand_serves_as_well(whatsapp: WhatsApp) -> None:
    await whatsapp.connector.disconnect(whatsapp.connection)
    whatsapp.server.graph.app_callback = whatsapp.webhook_url
    whatsapp.server.graph.fail("subscribed_apps", 400, 2200, "Callback verification failed")
    await whatsapp.connector.connect(whatsapp.connection, public_url=whatsapp.url)
    assert whatsapp.server.number.override is None
    await whatsapp.server.say("Сәлем")
    assert texts(whatsapp) == ["Сәлем"]


async def test_revoked_credentials_can_be_disconnected(whatsapp: WhatsApp) -> None:
    whatsapp.server.graph.tokens.clear()
    await whatsapp.connector.disconnect(whatsapp.connection)
    with pytest.raises(AuthenticationFailedError):
        await whatsapp.connector.connect(whatsapp.connection, public_url=whatsapp.url)


def test_what_to_copy(whatsapp: WhatsApp) -> None:
    told = whatsapp.connector.webhook(whatsapp.connection, public_url="https://a.example.kz/")
    assert told.url == f"https://a.example.kz/webhooks/whatsapp/{whatsapp.connection.id}"
    assert told.verify_token == SECRET
    assert told.fields == FIELDS


HANDSHAKE = {"hub.mode": "subscribe", "hub.verify_token": SECRET, "hub.challenge": "1158201444"}


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, (200, "1158201444")),
        ({"hub.verify_token": "wrong"}, (403, "wrong_verify_token")),
        ({"hub.verify_token": "ғ"}, (403, "wrong_verify_token")),
        ({"hub.verify_token": ""}, (403, "wrong_verify_token")),
        ({"hub.mode": "unsubscribe"}, (403, "wrong_verify_token")),
    ],
)
async def test_the_handshake(
    whatsapp: WhatsApp,
    client: aiohttp.ClientSession,
    changes: dict[str, str],
    answer: tuple[int, str],
) -> None:
    async with client.get(whatsapp.webhook_url, params={**HANDSHAKE, **changes}) as found:
        assert (found.status, await found.text()) == answer
        assert found.content_type == "text/plain"


async def test_an_unknown_connection(whatsapp: WhatsApp, client: aiohttp.ClientSession) -> None:
    other = make_connection("webchat", id="6a1b2c3d4e5f60718293a4ff")
    whatsapp.inbox.connections = {other.id: other}
    payload = encoded(said(message(text={"body": "x"})))
    for connection_id in ("6a1b2c3d4e5f60718293a400", other.id, "..%2Fadmin"):
        url = f"{whatsapp.url}/webhooks/whatsapp/{connection_id}"
        async with client.post(url, data=payload, headers=signed(payload)) as answer:
            assert answer.status == 404
        async with client.get(url, params=HANDSHAKE) as answer:
            assert answer.status == 404
    assert whatsapp.inbox.deliveries == 0


async def test_an_address_that_has_gone_serves_the_numbers_that_share_its_app(
    whatsapp: WhatsApp, client: aiohttp.ClientSession
) -> None:
    other = whatsapp.add_number("200000001", account_id="102290129340400")
    del whatsapp.inbox.connections[whatsapp.connection.id]
    there = value("200000001", contacts=[customer()], messages=[message(text={"body": "Сәлем"})])
    payload = encoded(body(there))
    async with client.post(
        whatsapp.webhook_url, data=payload, headers=signed(payload, "f" * 32)
    ) as answer:
        assert answer.status == 401
    async with client.post(whatsapp.webhook_url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 200
    assert texts(whatsapp) == ["Сәлем"]
    assert whatsapp.inbox.asked_for == [{"200000001"}] * 3
    assert other.id in whatsapp.inbox.connections


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + "0" * 40,
        "ғ",
        "plain",
    ],
)
async def test_a_wrong_signature(
    whatsapp: WhatsApp, client: aiohttp.ClientSession, header: str | None
) -> None:
    payload = encoded(said(message(text={"body": "x"})))
    headers = {} if header is None else {SIGNATURE_HEADER: header}
    async with client.post(whatsapp.webhook_url, data=payload, headers=headers) as answer:
        assert answer.status == 401
    assert whatsapp.inbox.deliveries == 0


async def test_the_signature_is_of_these_bytes_and_of_this_app(
    whatsapp: WhatsApp, client: aiohttp.ClientSession
) -> None:
    payload = encoded(said(message(text={"body": "ә"})))
    spaced = payload.replace(b": ", b":")
    for sent, headers in (
        (spaced, signed(payload)),
        (payload, signed(payload, "f" * 32)),
        (payload, signed(payload, "")),
    ):
        async with client.post(whatsapp.webhook_url, data=sent, headers=headers) as answer:
            assert answer.status == 401
    async with client.post(whatsapp.webhook_url, data=spaced, headers=signed(spaced)) as answer:
        assert answer.status == 200
    assert texts(whatsapp) == ["ә"]


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff\xfe", b'{"object": 1', b"[" * 100_000])
async def test_a_malformed_body(
    whatsapp: WhatsApp, client: aiohttp.ClientSession, payload: bytes
) -> None:
    async with client.post(whatsapp.webhook_url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 400
    assert whatsapp.inbox.deliveries == 0


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_body_of_something_else(
    whatsapp: WhatsApp, client: aiohttp.ClientSession, name: str
) -> None:
    payload = encoded(MALFORMED[name])
    async with client.post(whatsapp.webhook_url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 400


async def test_half_an_emoji_costs_no_message(
    whatsapp: WhatsApp, client: aiohttp.ClientSession
) -> None:
    told = said(message("wamid.1", text={"body": "X"}), message("wamid.2", text={"body": "👍"}))
    payload = encoded(told).replace(b'"X"', rb'"\ud83d\ud83d\ude00\ude00"')
    async with client.post(whatsapp.webhook_url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 200
    assert texts(whatsapp) == ["\ufffd😀\ufffd", "👍"]


async def test_a_body_may_have_three_megabytes_and_not_much_more(
    whatsapp: WhatsApp, client: aiohttp.ClientSession
) -> None:
    messages = [message(f"wamid.{n}", text={"body": "ұ" * 1000}) for n in range(450)]
    payload = encoded(said(*messages))
    assert 2_700_000 < len(payload) < 3 * 1024 * 1024
    async with client.post(whatsapp.webhook_url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 200
    assert len(whatsapp.inbox.received) == 450
    large = b" " * (MAX_BODY + 1)
    with contextlib.suppress(aiohttp.ClientOSError):  # the server may hang up while we send
        async with client.post(whatsapp.webhook_url, data=large, headers=signed(large)) as answer:
            assert answer.status == 413
    assert whatsapp.inbox.deliveries == 1


async def test_200_messages_in_one_body_are_stored_at_once_and_in_order(whatsapp: WhatsApp) -> None:
    messages = [message(f"wamid.{n}", text={"body": str(n)}) for n in range(200)]
    await whatsapp.server.tell(*messages, messages[7])
    assert texts(whatsapp) == [str(n) for n in range(200)]
    assert whatsapp.inbox.deliveries == 1


async def test_one_body_for_several_numbers_of_one_app(
    whatsapp: WhatsApp, client: aiohttp.ClientSession
) -> None:
    other = whatsapp.add_number("200000001", account_id="102290129340400")
    third = whatsapp.add_number("200000002", account_id=ACCOUNT_ID)

    def to(number_id: str, message_id: str) -> dict[str, Any]:
        said_there = message(message_id, text={"body": message_id})
        return value(number_id, contacts=[customer()], messages=[said_there])

    told = body(to(NUMBER_ID, "wamid.1"), to("200000002", "wamid.2"), to("999999", "wamid.3"))
    told["entry"] += body(to("200000001", "wamid.4"), account_id="102290129340400")["entry"]
    told["entry"] += body({"event": "APPROVED"}, field="message_template_status_update")["entry"]
    shared: dict[str, list[str]] = {}
    receive = whatsapp.inbox.receive

    async def noted(connection: Any, events: Any) -> int:
        names = [getattr(event, "text", None) or event.topic for event in events]
        shared.setdefault(connection.id, []).extend(names)
        return await receive(connection, events)

    whatsapp.inbox.receive = noted  # type: ignore[method-assign]
    payload = encoded(told)
    async with client.post(whatsapp.webhook_url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 200
    assert shared == {
        whatsapp.connection.id: ["wamid.1", "templates"],
        third.id: ["wamid.2", "templates"],
        other.id: ["wamid.4"],
    }


async def test_nobody_reaches_a_number_of_another_app(
    whatsapp: WhatsApp, client: aiohttp.ClientSession
) -> None:
    """The secret of one's own app signs nothing for a stranger's number."""
    stranger = whatsapp.add_number(
        "200000003", account_id="102290129340401", config={"app_secret": "f" * 32}
    )
    told = body(
        value("200000003", contacts=[customer()], messages=[message(text={"body": "forged"})]),
        account_id="102290129340401",
    )
    payload = encoded(told)
    async with client.post(whatsapp.webhook_url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 200
    assert whatsapp.inbox.received == []
    url = f"{whatsapp.url}/webhooks/whatsapp/{stranger.id}"
    async with client.post(url, data=payload, headers=signed(payload)) as answer:
        assert answer.status == 401


async def test_what_people_write_is_not_logged(
    whatsapp: WhatsApp, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    whatsapp.inbox.unavailable = True
    words = "менің құпиям"
    for told in (said(message(text={"body": words})), said(message(type=[words], x=words))):
        payload = json.dumps(told, ensure_ascii=False).encode()
        async with client.post(
            whatsapp.webhook_url, data=payload, headers=signed(payload)
        ) as answer:
            assert answer.status == 503
        async with client.post(whatsapp.webhook_url, data=payload) as answer:
            assert answer.status == 401
    await whatsapp.connector.health(whatsapp.connection, public_url=whatsapp.url)
    assert len(caplog.records) >= 4
    for secret in (words, SECRET, TOKEN, APP_SECRET):
        assert secret not in caplog.text


async def test_a_file_is_fetched(whatsapp: WhatsApp) -> None:
    content = bytes(range(256)) * 1000
    await whatsapp.server.send("document", content, "application/pdf", filename="шот.pdf")
    (received,) = whatsapp.inbox.received
    (attachment,) = received.attachments
    assert attachment.name == "шот.pdf"
    async with whatsapp.connector.open_media(whatsapp.connection, attachment.ref) as stream:
        assert (stream.mime, stream.size) == ("application/pdf", len(content))
        assert b"".join([chunk async for chunk in stream.chunks]) == content


@pytest.mark.parametrize(
    ("operation", "fails", "kind", "code"),
    [
        ("media_url", {"status": 400, "code": 100, "subcode": 33}, RejectedError, "media_gone"),
        ("media_url", {"status": 400, "code": 131052}, RejectedError, "media_gone"),
        ("media_url", {"status": 401, "code": 190}, AuthenticationFailedError, "token_rejected"),
        ("media_url", {"status": 403, "code": 10}, RejectedError, "permission_missing"),
        ("media_url", {"status": 500, "code": 131000}, RetryableError, "platform_unavailable"),
        ("media_url", {"status": 0}, RetryableError, "platform_unavailable"),
        ("media_url", {"status": 200, "text": "[]"}, RetryableError, "platform_unavailable"),
        ("download", {"status": 404, "text": ""}, RejectedError, "media_gone"),
        ("download", {"status": 503, "text": ""}, RetryableError, "platform_unavailable"),
        ("download", {"status": 0}, RetryableError, "platform_unavailable"),
    ],
)
async def test_a_file_that_cannot_be_had(
    whatsapp: WhatsApp,
    operation: str,
    fails: dict[str, Any],
    kind: type[ConnectorError],
    code: str,
) -> None:
    whatsapp.server.graph.files["1"] = (b"x", "image/png")
    whatsapp.server.graph.fail(operation, **fails)
    with pytest.raises(kind) as refused:
        async with whatsapp.connector.open_media(whatsapp.connection, {"media_id": "1"}):
            pass
    assert refused.value.code == code
    assert TOKEN not in str(refused.value)


async def test_the_token_goes_to_no_open_address(whatsapp: WhatsApp) -> None:
    connector = WhatsAppConnector(api_url=whatsapp.server.url)
    whatsapp.server.graph.files["1"] = (b"x", "image/png")
    whatsapp.server.url = "http://127.0.0.2:9"  # where the file is said to be
    with pytest.raises(RejectedError) as refused:
        async with connector.open_media(whatsapp.connection, {"media_id": "1"}):
            pass
    assert refused.value.code == "media_gone"
    await connector.close()


async def test_typing_and_reading(whatsapp: WhatsApp) -> None:
    connector, connection = whatsapp.connector, whatsapp.connection
    await connector.show_typing(connection, USER_ID, answering="wamid.A")
    await connector.show_typing(connection, USER_ID, answering=None)
    await connector.mark_read(connection, USER_ID, platform_id="wamid.B")
    typing, read = whatsapp.server.number.marks
    assert (typing["message_id"], typing["typing_indicator"]) == ("wamid.A", {"type": "text"})
    assert (read["message_id"], read["status"]) == ("wamid.B", "read")
    assert "typing_indicator" not in read


async def test_health(whatsapp: WhatsApp) -> None:
    told = await whatsapp.connector.health(whatsapp.connection, public_url=whatsapp.url)
    assert told.warnings == []
    assert told.token_expires_at is None
    quotas = {quota.name: (quota.limit, quota.value) for quota in told.quotas}
    assert quotas == {
        "messaging_limit": (1000, "TIER_1K"),
        "throughput": (80, "STANDARD"),
        "quality": (None, "green"),
        "name_status": (None, "approved"),
    }


async def test_health_warns(whatsapp: WhatsApp) -> None:
    now = datetime.now(UTC)
    expires = int((now + timedelta(days=3)).timestamp())
    whatsapp.server.graph.tokens[TOKEN] = FakeToken(expires_at=expires, accounts=("1",))
    whatsapp.server.number.told = {
        "quality_rating": "RED",
        "status": "FLAGGED",
        "name_status": "DECLINED",
        "is_on_biz_app": True,
    }
    whatsapp.server.number.override = "https://elsewhere.example.kz/hook"
    told = await whatsapp.connector.health(whatsapp.connection, public_url=whatsapp.url)
    assert told.token_expires_at is not None
    assert int(told.token_expires_at.timestamp()) == expires
    assert told.warnings == [
        "token_expires_soon",
        "permission_missing",
        "webhook_missing",
        "quality_low",
        "number_not_connected",
        "name_not_approved",
    ]
    assert told.quotas[1].limit == 20


async def test_health_knows_whether_meta_delivers_to_us(whatsapp: WhatsApp) -> None:
    account, number = whatsapp.server.graph.accounts[ACCOUNT_ID], whatsapp.server.number
    number.override = None  # the account's own address is ours, too
    health = whatsapp.connector.health
    assert not (await health(whatsapp.connection, public_url=whatsapp.url)).warnings
    account.subscribed = False
    missing = await health(whatsapp.connection, public_url=whatsapp.url)
    assert missing.warnings == ["webhook_missing"]
    whatsapp.server.graph.tokens.clear()
    with pytest.raises(AuthenticationFailedError):
        await health(whatsapp.connection, public_url=whatsapp.url)


def test_links(whatsapp: WhatsApp) -> None:
    link = whatsapp.connector.link
    assert link(whatsapp.connection, ref=None) == "https://wa.me/77273555010"
    marked = link(make_whatsapp(language="en"), ref="insta_07")
    assert marked == "https://wa.me/77273555010?text=Hello%21%20%23ref-insta_07"
    assert link(make_whatsapp(account=None), ref=None) is None
    with pytest.raises(RejectedError):
        link(whatsapp.connection, ref="инста 07")


async def test_a_link_is_known_again_where_it_leads(whatsapp: WhatsApp) -> None:
    await whatsapp.server.say("Сәлеметсіз бе! #ref-insta_07")
    (received,) = whatsapp.inbox.received
    assert isinstance(received, InboundMessage)
    assert received.text == "Сәлеметсіз бе!"
    assert received.referral is not None
    assert (received.referral.source, received.referral.ref) == ("link", "insta_07")


async def test_closing_is_safe_to_repeat_and_a_later_call_opens_anew(whatsapp: WhatsApp) -> None:
    for _ in range(2):
        await whatsapp.connector.close()
    assert (await whatsapp.connector.verify(CONFIGURED)).external_id == NUMBER_ID
