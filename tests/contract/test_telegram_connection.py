"""Connecting, webhook and polling, against the fake Bot API."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest
from pydantic import ValidationError

from connectors.base import Polls, ShowsTyping, public_schema
from connectors.telegram import polling
from connectors.telegram.commands import COMMANDS
from connectors.telegram.config import TelegramConfig
from connectors.telegram.polling import REFUSALS
from connectors.telegram.webhook import MAX_BODY, SECRET_HEADER
from crm.contract import (
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    InboundEvent,
    RejectedError,
    RetryableError,
)
from tests.contract.conftest import SECRET, Telegram, make_connection
from tests.contract.telegram_updates import GROUP, MALFORMED, USERNAME, mention, message
from tests.fakes.telegram_api import TOKEN
from tests.support.patience import until

SECRETS = {SECRET_HEADER: SECRET}


@pytest.mark.parametrize(
    "token",
    ["", "123", "123456789:short", "abc:" + "A" * 35, TOKEN + "\n!", "123456789 " + "A" * 35],
)
def test_a_token_has_a_shape(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TelegramConfig.model_validate({"token": token})
    if len(token) > 10:
        assert token not in repr(caught.value.errors(include_input=False))


def test_a_pasted_token_may_have_spaces_around() -> None:
    config = TelegramConfig.model_validate({"token": f"  {TOKEN}\n"})
    assert config.token.get_secret_value() == TOKEN
    assert config.bot_id == 123456789
    assert TOKEN not in repr(config)


def test_the_form_is_drawn_from_the_schema() -> None:
    schema = public_schema(TelegramConfig)
    token = schema["properties"]["token"]
    assert token["writeOnly"] is True
    assert set(token["x-labels"]) == {"ru", "kk", "en"}


async def test_verify(telegram: Telegram) -> None:
    account = await telegram.connector.verify(TelegramConfig.model_validate({"token": TOKEN}))
    assert (account.external_id, account.name) == ("123456789", f"@{USERNAME}")
    unknown = TelegramConfig.model_validate({"token": "987654321:" + "A" * 35})
    with pytest.raises(AuthenticationFailedError):
        await telegram.connector.verify(unknown)
    telegram.server.bot.fail("getMe", 502)
    with pytest.raises(RetryableError):
        await telegram.connector.verify(TelegramConfig.model_validate({"token": TOKEN}))


@pytest.mark.parametrize(
    ("public_url", "delivery", "polled"),
    [
        ("https://chat.example.kz", "auto", False),
        ("https://chat.example.kz:8443", "auto", False),
        ("https://8.8.8.8", "auto", False),
        ("https://chat.example.kz:9000", "auto", True),
        ("http://chat.example.kz", "auto", True),
        ("http://127.0.0.1:8080", "auto", True),
        ("https://localhost", "auto", True),
        ("https://127.0.0.1", "auto", True),
        ("https://192.168.1.5", "auto", True),
        ("https://[::1]", "auto", True),
        ("https://printer.local", "auto", True),
        ("https://chat.example.kz", "polling", True),
        ("http://127.0.0.1:8080", "webhook", False),
    ],
)
async def test_connect(telegram: Telegram, public_url: str, delivery: str, polled: bool) -> None:
    connection = make_connection("telegram", config={"token": TOKEN, "delivery": delivery})
    assert telegram.connector.wants_polling(connection, public_url=public_url) is polled
    for _ in range(2):  # safe to repeat
        await telegram.connector.connect(connection, public_url=public_url)
    webhook = telegram.server.bot.webhook
    if polled:
        assert webhook == {}
        return
    assert webhook["url"] == f"{public_url}/webhooks/telegram/{connection.id}"
    assert webhook["secret_token"] == SECRET
    assert set(webhook["allowed_updates"]) >= {"message", "callback_query", "my_chat_member"}
    await telegram.connector.disconnect(connection)
    assert telegram.server.bot.webhook == {}


async def test_a_revoked_token_can_be_disconnected(telegram: Telegram) -> None:
    telegram.server.bot.fail("deleteWebhook", 401)
    await telegram.connector.disconnect(telegram.connection)


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", "ғ"])
async def test_a_wrong_secret(
    telegram: Telegram, client: aiohttp.ClientSession, secret: str
) -> None:
    headers = {SECRET_HEADER: secret} if secret else {}
    async with client.post(telegram.webhook_url, json=message(text="x"), headers=headers) as answer:
        assert answer.status == 401
    assert telegram.inbox.deliveries == 0


async def test_an_unknown_connection(telegram: Telegram, client: aiohttp.ClientSession) -> None:
    other: Connection = make_connection("webchat", id="6a1b2c3d4e5f60718293a4ff")
    telegram.inbox.connections[other.id] = other
    for connection_id in ("6a1b2c3d4e5f60718293a400", other.id, "..%2Fadmin"):
        url = f"{telegram.url}/webhooks/telegram/{connection_id}"
        async with client.post(url, json=message(text="x"), headers=SECRETS) as answer:
            assert answer.status == 404
    assert telegram.inbox.deliveries == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"update_id": 1', b"[" * 100_000])
async def test_a_malformed_body(
    telegram: Telegram, client: aiohttp.ClientSession, body: bytes
) -> None:
    async with client.post(telegram.webhook_url, data=body, headers=SECRETS) as answer:
        assert answer.status == 400
    assert telegram.inbox.deliveries == 0


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_body_that_is_no_update(
    telegram: Telegram, client: aiohttp.ClientSession, name: str
) -> None:
    async with client.post(telegram.webhook_url, json=MALFORMED[name], headers=SECRETS) as answer:
        assert answer.status == 400


async def test_a_body_that_is_too_large(telegram: Telegram, client: aiohttp.ClientSession) -> None:
    body = b'{"update_id": 1, "x": "' + b"x" * MAX_BODY + b'"}'

    async def pieces() -> object:
        for place in range(0, len(body), 65536):
            yield body[place : place + 65536]

    for data in (body, pieces()):
        with contextlib.suppress(aiohttp.ClientOSError):  # the server may hang up while we send
            async with client.post(telegram.webhook_url, data=data, headers=SECRETS) as answer:
                assert answer.status == 413
    assert telegram.inbox.deliveries == 0


async def test_what_people_write_is_not_logged(
    telegram: Telegram, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "connectors")
    telegram.inbox.unavailable = True
    secret_words = "менің құпиям"
    for update in (message(text=secret_words), message(text=secret_words, photo="broken")):
        async with client.post(telegram.webhook_url, json=update, headers=SECRETS) as answer:
            assert answer.status == 503
    async with client.post(telegram.webhook_url, json=message(text=secret_words)) as answer:
        assert answer.status == 401
    assert len(caplog.records) >= 3
    assert secret_words not in caplog.text
    assert SECRET not in caplog.text


async def test_a_mention_in_a_group_is_heard(
    telegram: Telegram, client: aiohttp.ClientSession
) -> None:
    update = mention(f"@{USERNAME} баға?", f"@{USERNAME}")
    chatter = message(9002, chat=GROUP, text="кім барады?")
    for body in (update, update, chatter):
        async with client.post(telegram.webhook_url, json=body, headers=SECRETS) as answer:
            assert answer.status == 200
    assert [received.text for received in telegram.inbox.received] == ["баға?"]


async def test_the_menu_is_set_in_every_language(telegram: Telegram) -> None:
    await telegram.connector.connect(telegram.connection, public_url="https://chat.example.kz")
    menus = telegram.server.bot.commands
    assert set(menus) == {"", "ru", "kk", "en"}
    assert {command["command"] for command in menus["kk"]} == set(COMMANDS)
    assert menus["kk"] != menus["ru"]


async def test_a_file_is_fetched(telegram: Telegram) -> None:
    telegram.set_webhook()
    await telegram.server.send("document", b"%PDF-1.7", file_name="a.pdf")
    (received,) = telegram.inbox.received
    (attachment,) = received.attachments
    async with telegram.connector.open_media(telegram.connection, attachment.ref) as stream:
        content = b"".join([chunk async for chunk in stream.chunks])
    assert content == b"%PDF-1.7"


@pytest.mark.parametrize(
    ("fails", "kind", "code"),
    [
        ((400, "Bad Request: file is too big"), RejectedError, "media_too_large"),
        ((400, "Bad Request: wrong file_id"), RejectedError, "media_gone"),
        ((502, "Bad Gateway"), RetryableError, "platform_unavailable"),
        ((401, ""), AuthenticationFailedError, "token_rejected"),
    ],
)
async def test_a_file_that_cannot_be_had(
    telegram: Telegram, fails: tuple[int, str], kind: type[ConnectorError], code: str
) -> None:
    telegram.server.bot.fail("getFile", *fails)
    with pytest.raises(kind) as refused:
        async with telegram.connector.open_media(telegram.connection, {"file_id": "X"}):
            pass
    assert refused.value.code == code
    assert TOKEN not in str(refused.value)


async def test_a_person_is_told_of(telegram: Telegram) -> None:
    profile = await telegram.connector.profile(telegram.connection, "501")
    assert profile.name == "Айгүл Серікқызы"
    assert profile.picture == {"file_id": "AVATAR"}


async def test_health(telegram: Telegram) -> None:
    public_url = "https://chat.example.kz"
    missing = await telegram.connector.health(telegram.connection, public_url=public_url)
    assert missing.warnings == ["webhook_missing"]
    await telegram.connector.connect(telegram.connection, public_url=public_url)
    telegram.server.bot.webhook["last_error_message"] = "Connection refused"
    failing = await telegram.connector.health(telegram.connection, public_url=public_url)
    assert failing.warnings == ["webhook_errors"]


def test_a_link_tells_where_it_was_found(telegram: Telegram) -> None:
    link = telegram.connector.link
    assert link(telegram.connection, ref="insta_07") == f"https://t.me/{USERNAME}?start=insta_07"
    with pytest.raises(RejectedError):
        link(telegram.connection, ref="инста 07")


async def test_a_tap_is_acknowledged(telegram: Telegram) -> None:
    telegram.set_webhook()
    bot = telegram.server.bot
    keyboard = {"inline_keyboard": [[{"text": "Адам", "callback_data": "/ask_human"}]]}
    bot_message = {**telegram.server.message(bot, 501, text="?"), "reply_markup": keyboard}
    update = await telegram.server.tap(bot_message, "Адам")
    assert telegram.inbox.received[0].payload == "/ask_human"
    await until(lambda: bot.calls[-1:] and bot.calls[-1][0] == "answerCallbackQuery")
    assert bot.calls[-1][1]["callback_query_id"] == int(update["callback_query"]["id"])


async def test_polling_confirms_only_what_is_stored(telegram: Telegram) -> None:
    assert isinstance(telegram.connector, Polls)
    telegram.server.bot.webhook = {"url": "https://old.example.kz"}
    telegram.inbox.unavailable = True
    polling = asyncio.create_task(telegram.connector.poll(telegram.connection, telegram.inbox))
    try:
        await until(lambda: not telegram.server.bot.webhook)
        await telegram.server.say("бір")
        await until(lambda: telegram.inbox.deliveries)
        assert len(telegram.server.bot.queue) == 1
        telegram.inbox.unavailable = False
        await until(lambda: telegram.inbox.received)
        server = telegram.server
        await server.publish(server.update(server.bot, message="broken"))
        await server.say("екі")
        await until(lambda: len(telegram.inbox.received) == 2 and not server.bot.queue)
        assert [received.text for received in telegram.inbox.received] == ["бір", "екі"]
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)


class PickyInbox:
    """Refuses events that hold a word, as a database refuses what it cannot encode."""

    def __init__(self, telegram: Telegram, *words: str) -> None:
        self._receive, self._words = telegram.inbox.receive, words
        self.refused: list[str] = []
        telegram.inbox.receive = self.receive  # type: ignore[method-assign]

    async def receive(self, connection: Connection, events: Sequence[InboundEvent]) -> int:
        for event in events:
            if any(word in repr(event) for word in self._words):
                self.refused.append(event.external_id)
                raise UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed")
        return await self._receive(connection, events)


@contextlib.asynccontextmanager
async def polled(telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(polling, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(polling, "LONGEST_PAUSE_SECONDS", 0.05)
    assert isinstance(telegram.connector, Polls)
    task = asyncio.create_task(telegram.connector.poll(telegram.connection, telegram.inbox))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_update_that_cannot_be_stored_stands_in_nobodys_way(
    telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    picky = PickyInbox(telegram, "poison")
    received = telegram.inbox.received
    async with polled(telegram, monkeypatch):
        await telegram.server.say("poison")
        await until(lambda: len(picky.refused) > REFUSALS)
        assert len(telegram.server.bot.queue) == 1, "alone it may be the inbox that fails"
        await telegram.server.say("бір", chat_id=502)
        await until(lambda: [one.text for one in received] == ["бір"])
        await until(lambda: not telegram.server.bot.queue)
        await telegram.server.say("екі", chat_id=502)
        await until(lambda: len(received) == 2 and not telegram.server.bot.queue)
    assert [one.text for one in received] == ["бір", "екі"], "its words cannot be kept"


async def test_what_cannot_be_stored_is_shown_as_unsupported_where_it_can(
    telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    PickyInbox(telegram, "Скан")
    server, received = telegram.server, telegram.inbox.received
    async with polled(telegram, monkeypatch):
        poison = server.message(
            server.bot, 501, document={"file_id": "F", "file_unique_id": "f", "file_name": "Скан"}
        )
        await server.publish(server.update(server.bot, message=poison))
        await server.say("бір", chat_id=502)
        await until(lambda: len(received) == 2 and not server.bot.queue)
    assert {(one.chat_id, one.kind) for one in received} == {
        ("501", "unsupported"),
        ("502", "text"),
    }


async def test_an_inbox_that_is_away_costs_no_words(
    telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.inbox.unavailable = True
    async with polled(telegram, monkeypatch):
        for text in ("бір", "екі", "үш"):
            await telegram.server.say(text)
        await until(lambda: telegram.inbox.deliveries > 8 * REFUSALS)
        telegram.inbox.unavailable = False
        await until(lambda: not telegram.server.bot.queue)
    assert [(one.text, one.kind) for one in telegram.inbox.received] == [
        ("бір", "text"),
        ("екі", "text"),
        ("үш", "text"),
    ]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationFailedError), (409, RetryableError), (0, RetryableError)],
)
async def test_polling_tells_why_it_ends(
    telegram: Telegram, status: int, kind: type[Exception]
) -> None:
    telegram.server.bot.fail("getUpdates", status)
    with pytest.raises(kind):
        async with asyncio.timeout(5):
            await telegram.connector.poll(telegram.connection, telegram.inbox)


async def test_typing_is_shown(telegram: Telegram) -> None:
    assert isinstance(telegram.connector, ShowsTyping)
    await telegram.connector.show_typing(telegram.connection, "501", answering=None)
    assert telegram.server.bot.calls[-1] == ("sendChatAction", {"chat_id": 501, "action": "typing"})
