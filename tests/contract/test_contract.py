"""What every connector promises, whatever its messenger. A new connector adds a platform.

What a messenger has not got, its platform declares with the reason (``Platform.lacks``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from connectors.base import Connector, public_schema
from connectors.base.addresses import any_address
from connectors.base.forms import is_well_formed
from connectors.registry import build_connectors
from crm.contract import (
    AuthenticationFailedError,
    ConnectorError,
    Deletion,
    Echo,
    MessageKind,
    Reaction,
    RetryableError,
    StatusUpdate,
)
from tests.contract.conftest import Telegram, Webchat, WhatsApp
from tests.contract.inbox import InboxDouble
from tests.contract.instagram_platform import Instagram
from tests.contract.platforms.base import Platform, Trouble
from tests.contract.platforms.email import EmailPlatform
from tests.contract.platforms.instagram import InstagramPlatform
from tests.contract.platforms.telegram import TelegramPlatform
from tests.contract.platforms.webchat import WebchatPlatform
from tests.contract.platforms.whatsapp import WhatsAppPlatform
from tests.integration.email.conftest import Post, post, servers, started, tokens  # noqa: F401 - fixtures
from tests.support.patience import PATIENCE_SECONDS

CHANNELS = ["email", "instagram", "telegram", "webchat", "whatsapp"]
TEXTS = {
    "kazakh": "Сәлеметсіз бе! Астанаға жеткізу қанша тұрады? Ұй, ғұмыр, һәм",
    "emoji": "👨‍👩‍👧‍👦 👍🏽 🇰🇿",
    "emoji only": "👍",
    "right to left": "\u202eשלום عليكم",
    "null byte": "a\x00b",
    "markup": "<script>alert(1)</script> {{x}} ${y} *b* `c`",
    "slash": "/ask_human",
    "lines": "бір\n\n\nекі\r\nүш",
    "4,096 letters": "ұ" * 4096,
}
FILES = {
    MessageKind.IMAGE: (b"\x89PNG\r\n\x1a\n" + b"0" * 900, "image/png"),
    MessageKind.AUDIO: (b"OggS" + b"0" * 900, "audio/ogg"),
    MessageKind.VIDEO: (b"\x00\x00\x00\x18ftypmp42" + b"0" * 900, "video/mp4"),
    MessageKind.DOCUMENT: (b"%PDF-1.7" + b"0" * 900, "application/pdf"),
    MessageKind.STICKER: (b"RIFF\x00\x00\x00\x00WEBP" + b"0" * 900, "image/webp"),
}


@pytest.fixture
def telegram_platform(telegram: Telegram, client: aiohttp.ClientSession) -> TelegramPlatform:
    return TelegramPlatform(telegram, client)


@pytest.fixture
def whatsapp_platform(whatsapp: WhatsApp, client: aiohttp.ClientSession) -> WhatsAppPlatform:
    return WhatsAppPlatform(whatsapp, client)


@pytest.fixture
def instagram_platform(instagram: Instagram) -> InstagramPlatform:
    return InstagramPlatform(instagram)


@pytest.fixture
async def webchat_platform(
    webchat: Webchat, client: aiohttp.ClientSession
) -> AsyncIterator[WebchatPlatform]:
    async with WebchatPlatform(webchat, client) as platform:
        yield platform


@pytest.fixture
async def email_platform(post: Post) -> AsyncIterator[EmailPlatform]:  # noqa: F811 - the fixture
    async with EmailPlatform(post) as platform:
        yield platform


@pytest.fixture(params=CHANNELS)
def platform(request: pytest.FixtureRequest) -> Platform:
    found: Platform = request.getfixturevalue(f"{request.param}_platform")
    return found


def needs(platform: Platform, promise: str) -> None:
    """Leave out what the messenger has not got, and say why."""
    if promise in platform.lacks:
        pytest.skip(f"{platform.connector.channel}: {platform.lacks[promise]}")


# What comes in


async def test_a_message_is_acknowledged_when_it_is_stored(platform: Platform) -> None:
    assert await platform.deliver("Сәлем")
    (received,) = platform.inbox.received
    assert received.chat_id
    assert received.sender.external_id
    assert received.payload is None
    assert is_well_formed(received)


async def test_redelivery_changes_nothing(platform: Platform) -> None:
    assert await platform.deliver("Сәлем")
    assert await platform.deliver("Сәлем")
    assert await platform.deliver("Тағы", key=2)
    assert [received.text for received in platform.inbox.received] == ["Сәлем", "Тағы"]


async def test_two_deliveries_at_the_same_instant_are_one_message(platform: Platform) -> None:
    assert all(await platform.deliver_twice("Сәлем"))
    assert [received.text for received in platform.inbox.received] == ["Сәлем"]


async def test_an_old_request_that_is_replayed_changes_nothing(platform: Platform) -> None:
    for key in range(1, 6):
        assert await platform.deliver(f"{key}-ші", key=key)
    for key in (2, 1, 4):
        assert await platform.deliver(f"{key}-ші", key=key)
    assert [one.text for one in platform.inbox.received] == [f"{key}-ші" for key in range(1, 6)]


async def test_what_is_not_stored_is_not_acknowledged(platform: Platform) -> None:
    platform.inbox.unavailable = True
    assert not await platform.deliver("Сәлем")
    platform.inbox.unavailable = False
    for _ in range(50):  # what comes again by itself may take a moment
        if await platform.deliver("Сәлем"):
            break
        await asyncio.sleep(0.1)
    assert [received.text for received in platform.inbox.received] == ["Сәлем"]


@pytest.mark.parametrize("name", TEXTS)
async def test_texts_arrive_as_they_were_written(platform: Platform, name: str) -> None:
    if name == "null byte":
        needs(platform, "null bytes")
    assert await platform.deliver(TEXTS[name])
    assert platform.inbox.received[0].text == platform.as_arrived(TEXTS[name])
    assert platform.inbox.received[0].payload is None


@pytest.mark.parametrize("kind", FILES, ids=str)
async def test_files_come_with_their_message(platform: Platform, kind: MessageKind) -> None:
    needs(platform, "stickers" if kind is MessageKind.STICKER else "files")
    content, mime = FILES[kind]
    await platform.deliver_file(kind, content, mime)
    (received,) = platform.inbox.received
    (attachment,) = received.attachments
    assert attachment.kind is kind
    assert received.kind is (platform.carrier or kind)
    if attachment.file_id is None:
        assert await platform.fetch(attachment.ref) == content
    else:
        assert platform.inbox.files[attachment.file_id][1] == content


async def test_an_unknown_type_is_shown_as_such(platform: Platform) -> None:
    needs(platform, "unknown")
    await platform.deliver_unknown()
    (received,) = platform.inbox.received
    is_told = received.kind is MessageKind.UNSUPPORTED or received.data.get("unsupported")
    assert is_told
    assert await platform.deliver("Сәлем", key=7)
    assert [one.text for one in platform.inbox.received][1:] == ["Сәлем"]


async def test_an_edit_is_a_new_wording_of_its_message(platform: Platform) -> None:
    needs(platform, "edits")
    assert await platform.deliver("Алматыға")
    await platform.edit("Астанаға")
    await platform.edit("Астанаға")
    first, second = platform.inbox.received
    assert second.text == "Астанаға"
    assert second.edit_of == (first.platform_id or first.external_id)
    assert first.edit_of is None


async def test_a_reaction_names_its_message(platform: Platform) -> None:
    needs(platform, "reactions")
    (result,) = await platform.send(platform.message("Сәлем!"))
    assert result.platform_id is not None
    await platform.react(result.platform_id, "👍")
    (event,) = platform.inbox.events
    assert isinstance(event, Reaction)
    assert (event.platform_id, event.emoji) == (result.platform_id, "👍")
    assert event.chat_id == platform.chat_id
    assert platform.inbox.received == []


async def test_an_answer_names_what_it_answers(platform: Platform) -> None:
    needs(platform, "quotes")
    (result,) = await platform.send(platform.message("Қай түсі?"))
    assert result.platform_id is not None
    await platform.quote(result.platform_id, "Көгі")
    (received,) = platform.inbox.received
    assert received.text == "Көгі"
    assert received.reply_to == result.platform_id


async def test_a_tap_is_its_buttons_payload(platform: Platform) -> None:
    needs(platform, "taps")
    for _ in range(2):
        await platform.tap("/ask_human", "Адам шақыру")
    (received,) = platform.inbox.received
    assert (received.text, received.payload) == ("Адам шақыру", "/ask_human")


async def test_what_is_taken_back_is_no_message(platform: Platform) -> None:
    needs(platform, "deletions")
    assert await platform.deliver("Қателестім")
    for _ in range(2):
        await platform.take_back()
    (first,) = platform.inbox.received
    (event,) = platform.inbox.events
    assert isinstance(event, Deletion)
    assert event.platform_id == (first.platform_id or first.external_id)
    assert event.chat_id == first.chat_id


async def test_where_somebody_is_comes_as_numbers(platform: Platform) -> None:
    needs(platform, "locations")
    await platform.locate(43.238949, 76.889709)
    (received,) = platform.inbox.received
    assert received.kind is MessageKind.LOCATION
    place = (received.data["latitude"], received.data["longitude"])
    assert place == (43.238949, 76.889709)


async def test_what_is_written_from_the_phone_is_ours(platform: Platform) -> None:
    needs(platform, "echoes")
    await platform.write_from_phone("Қазір келемін")
    (event,) = platform.inbox.events
    assert isinstance(event, Echo)
    assert event.text == "Қазір келемін"
    assert event.platform_id
    assert "Қазір келемін" not in [one.text for one in platform.inbox.received]


async def test_statuses_come_through_once_in_whatever_order(platform: Platform) -> None:
    needs(platform, "statuses")
    (result,) = await platform.send(platform.message("Сәлем!"))
    assert result.platform_id is not None
    for state in ("read", "delivered", "read", "sent", "delivered"):
        await platform.tell_status(result.platform_id, state)
    told = [one for one in platform.inbox.events if isinstance(one, StatusUpdate)]
    assert [one.state for one in told] == ["read", "delivered", "sent"]
    assert {one.platform_id for one in told} == {result.platform_id}


@pytest.mark.parametrize("forgery", ["missing", "wrong", "another's"])
async def test_without_its_proof_nothing_is_taken(
    platform: Platform, forgery: str, caplog: pytest.LogCaptureFixture
) -> None:
    needs(platform, "signatures")
    caplog.set_level(logging.DEBUG)
    assert await platform.forge(forgery, "менің құпиям") in {401, 403}
    assert platform.inbox.deliveries == 0
    for words in ("құпия", *platform.secrets):
        assert words not in caplog.text


async def test_nothing_of_the_content_is_logged(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "connectors")
    platform.inbox.unavailable = True
    await platform.deliver("менің құпиям")
    assert caplog.records
    for words in ("құпия", platform.connection.webhook_secret, *platform.secrets):
        assert words not in caplog.text


# What goes out


async def test_a_message_of_ours_gets_an_id(platform: Platform) -> None:
    (result,) = await platform.send(platform.message("Сәлем"))
    assert result.platform_id
    assert result.state in {"sent", "delivered"}


async def test_a_long_text_arrives_whole_and_in_order(platform: Platform) -> None:
    needs(platform, "sending")
    sentences = [f"Бұл {number}-ші сөйлем 👨‍👩‍👧‍👦." for number in range(300)]
    results = await platform.send(platform.message(" ".join(sentences)))
    assert len({result.platform_id for result in results}) == len(results)
    sent = await platform.sent(len(results))
    assert len(sent) == len(results)
    assert " ".join(" ".join(sent).split()) == " ".join(sentences)


@pytest.mark.parametrize("trouble", [Trouble.CUT, Trouble.FAILING, Trouble.NONSENSE])
async def test_what_fails_for_a_moment_may_be_tried_again(
    platform: Platform, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    needs(platform, "sending")
    caplog.set_level(logging.DEBUG, "connectors")
    await platform.fail(trouble)
    for name, call in platform.calls().items():
        with pytest.raises(RetryableError) as raised:
            await call()
        assert raised.value.detail, name
        for words in platform.secrets:
            assert words not in raised.value.detail, name
    for words in platform.secrets:
        assert words not in caplog.text


async def test_a_platform_that_never_answers_is_left_in_time(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(platform, "sending")
    await platform.hurry(monkeypatch)
    await platform.fail(Trouble.SILENT)
    calls = platform.calls()
    async with asyncio.timeout(PATIENCE_SECONDS):
        found = await asyncio.gather(*(one() for one in calls.values()), return_exceptions=True)
    for name, told in zip(calls, found, strict=True):
        assert isinstance(told, RetryableError), name
        assert told.code in {"platform_timeout", "platform_unavailable"}, name


async def test_a_platform_that_asks_for_patience_says_how_much(platform: Platform) -> None:
    needs(platform, "sending")
    await platform.fail(Trouble.LIMIT)
    with pytest.raises(RetryableError) as raised:
        await platform.send(platform.message("Сәлем"))
    assert raised.value.retry_after == platform.retry_after


async def test_credentials_that_are_revoked_need_their_admin(platform: Platform) -> None:
    needs(platform, "sending")
    await platform.fail(Trouble.REVOKED)
    for name, call in platform.calls().items():
        if name == "media" and "private media" in platform.lacks:
            continue
        with pytest.raises(AuthenticationFailedError) as raised:
            await call()
        for words in platform.secrets:
            assert words not in raised.value.detail, name


async def test_a_token_revoked_in_mid_send_doubles_nothing(platform: Platform) -> None:
    needs(platform, "sending")
    first, second = (
        platform.message(text, message_id=f"6a1b2c3d4e5f60718293a4c{number}")
        for number, text in enumerate(("Бірінші", "Екінші"))
    )
    await platform.send(first)
    await platform.fail(Trouble.REVOKED)
    for _ in range(2):
        with pytest.raises(AuthenticationFailedError):
            await platform.send(second)
    assert await platform.sent(1) == ["Бірінші"]


# The rest


async def test_connecting_and_closing_are_safe_to_repeat(platform: Platform) -> None:
    for _ in range(2):
        await platform.connector.connect(platform.connection, public_url="https://a.example.kz")
    for _ in range(2):
        await platform.connector.disconnect(platform.connection)
    for _ in range(2):
        await platform.connector.close()


async def test_connecting_fails_in_the_contracts_words(platform: Platform) -> None:
    needs(platform, "sending")
    await platform.fail(Trouble.CUT)
    told = ""
    try:
        await platform.connector.connect(platform.connection, public_url="https://a.example.kz")
    except ConnectorError as error:
        told = error.detail
    assert not any(words in told for words in platform.secrets)


@pytest.fixture
async def registered() -> AsyncIterator[dict[str, Connector]]:
    connectors = build_connectors(telegram_api_url="http://127.0.0.1:9", addresses_of=any_address)
    yield connectors
    await asyncio.gather(*(connector.close() for connector in connectors.values()))


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_form_speaks_three_languages(registered: dict[str, Connector], channel: str) -> None:
    schema: dict[str, Any] = public_schema(registered[channel].config_model)
    assert set(schema["x-guide"]) == {"ru", "kk", "en"}
    for name, field in schema["properties"].items():
        assert set(field["x-labels"]) == {"ru", "kk", "en"}, name
        assert all(label["title"] for label in field["x-labels"].values()), name
        for choices in (
            field.get("x-options", {}).get(language) for language in ("ru", "kk", "en")
        ):
            assert set(choices or ()) == set(field.get("enum", ())), name


async def test_every_connector_is_registered_and_held_to_this(
    registered: dict[str, Connector],
) -> None:
    assert set(CHANNELS) == set(registered)
    assert all(name == connector.channel for name, connector in registered.items())
    paths = [
        (route.method, route.path)  # type: ignore[attr-defined]
        for connector in registered.values()
        for route in connector.routes(InboxDouble())
    ]
    assert len(paths) == len(set(paths))
