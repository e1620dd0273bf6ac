"""What goes out: rendering, cutting, pace, and what each refusal means."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardMarkup, ReplyKeyboardMarkup

from connectors.telegram.limits import paces
from connectors.telegram.outbound import MAX_CALLBACK_BYTES, render, utf16_length
from crm.contract import (
    AuthenticationFailedError,
    Button,
    ConnectorError,
    MessageKind,
    OutboundFile,
    OutboundMessage,
    RejectedError,
    RetryableError,
    SendResult,
)
from tests.contract.conftest import Telegram

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")


def outbound(text: str, *buttons: Button, chat_id: str = "501", id: str = "m1") -> OutboundMessage:  # noqa: A002
    return OutboundMessage(id=id, chat_id=chat_id, text=text, author_kind="bot", buttons=buttons)


def test_a_short_text_is_one_part() -> None:
    assert [part.text for part in render(outbound("Сәлем"))] == ["Сәлем"]


def test_emoji_count_twice() -> None:
    parts = render(outbound("😀" * 3000))
    assert [utf16_length(part.text) for part in parts] == [4096, 1904]


def test_a_long_text_is_cut_between_sentences() -> None:
    sentence = "Жеткізу Астана бойынша екі күн алады. "
    parts = render(outbound(sentence * 200))
    assert len(parts) == 2
    assert all(part.text.endswith("алады.") for part in parts)


@given(st.text(alphabet=st.sampled_from("аб 😀ғ.\n"), min_size=1, max_size=9000))
def test_no_letter_is_lost(text: str) -> None:
    if not text.strip():
        return
    parts = [part.text for part in render(outbound(text))]
    assert all(0 < utf16_length(part) <= 4096 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_buttons_hang_under_the_last_part() -> None:
    parts = render(outbound("Сөз. " * 1000, Button(title="Иә", payload="/affirm")))
    assert [part.keyboard is not None for part in parts] == [False, True]


def test_short_buttons_stand_in_pairs_and_long_ones_alone() -> None:
    yes, no = Button(title="Иә", payload="/affirm"), Button(title="Жоқ", payload="/deny")
    long = Button(title="Маман маған қайта қоңырау шалсын", payload="/book_callback")
    pair, alone = (
        render(outbound("?", *buttons))[0].keyboard for buttons in ((yes, no), (yes, long))
    )
    assert isinstance(pair, InlineKeyboardMarkup)
    assert isinstance(alone, InlineKeyboardMarkup)
    assert [len(row) for row in pair.inline_keyboard] == [2]
    assert [len(row) for row in alone.inline_keyboard] == [1, 1]


def test_a_payload_that_does_not_fit_becomes_a_list() -> None:
    payload = "ә" * (MAX_CALLBACK_BYTES // 2 + 1)
    parts = render(outbound("?", Button(title="Иә", payload=payload)))
    assert parts[0].text == "?\n\n1. Иә"
    assert parts[0].keyboard is None


def test_marks_become_entities_in_utf_16_units() -> None:
    (part,) = render(outbound("😀 **Сәлем**, [сайт](https://a.kz)"))
    assert part.text == "😀 Сәлем, сайт"
    assert [(e.type, e.offset, e.length, e.url) for e in part.entities] == [
        ("bold", 3, 5, None),
        ("text_link", 10, 4, "https://a.kz"),
    ]


def test_a_phone_is_asked_for_by_a_keyboard() -> None:
    share, later = (
        Button(title="Нөмірімді беру", share="phone"),
        Button(title="Кейін", payload="/x"),
    )
    keyboard = render(outbound("?", share, later))[0].keyboard
    assert isinstance(keyboard, ReplyKeyboardMarkup)
    first, second = (key for row in keyboard.keyboard for key in row)
    assert (first.request_contact, second.request_contact) == (True, False)


def test_an_address_opens_from_its_button() -> None:
    keyboard = render(outbound("?", Button(title="Сайт", url="https://a.kz")))[0].keyboard
    assert isinstance(keyboard, InlineKeyboardMarkup)
    assert keyboard.inline_keyboard[0][0].url == "https://a.kz"


def file(
    kind: MessageKind, mime: str, content: bytes = b"x", size: int | None = None
) -> OutboundFile:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return OutboundFile(
        id="f1",
        kind=kind,
        name="счёт.bin",
        mime=mime,
        size=len(content) if size is None else size,
        url="https://aitys.example.kz/files/soon-over",
        link="https://aitys.example.kz/files/token",
        open=chunks,
    )


@pytest.mark.parametrize(
    ("kind", "mime", "size", "method"),
    [
        (MessageKind.IMAGE, "image/jpeg", 1, "photo"),
        (MessageKind.IMAGE, "image/gif", 1, "document"),
        (MessageKind.IMAGE, "image/jpeg", 11_000_000, "document"),
        (MessageKind.VIDEO, "video/mp4", 1, "video"),
        (MessageKind.AUDIO, "audio/ogg", 1, "voice"),
        (MessageKind.AUDIO, "audio/mpeg", 1, "audio"),
        (MessageKind.DOCUMENT, "application/pdf", 1, "document"),
    ],
)
async def test_files_arrive_as_what_they_are(
    telegram: Telegram, kind: MessageKind, mime: str, size: int, method: str
) -> None:
    message = replace(outbound("Міне"), attachments=[file(kind, mime, b"bytes", size)])
    await send_all(telegram, message)
    (sent,) = telegram.server.bot.sent
    assert sent["caption"] == "Міне"
    assert method in sent
    assert list(telegram.server.bot.uploads.values()) == [b"bytes"]


async def test_a_file_that_is_too_large_goes_as_a_link(telegram: Telegram) -> None:
    large = file(MessageKind.VIDEO, "video/mp4", size=60_000_000)
    await send_all(telegram, replace(outbound("Міне"), attachments=[large]))
    texts = [sent["text"] for sent in telegram.server.bot.sent]
    assert texts == ["Міне", "счёт.bin: https://aitys.example.kz/files/token"]


async def test_a_long_text_does_not_fit_under_a_picture(telegram: Telegram) -> None:
    picture = file(MessageKind.IMAGE, "image/png")
    message = replace(
        outbound("Сөз. " * 300, Button(title="Иә", payload="/affirm")), attachments=[picture]
    )
    await send_all(telegram, message)
    first, second = telegram.server.bot.sent
    assert "photo" in first
    assert "caption" not in first
    assert "reply_markup" in second


async def test_an_answer_quotes_what_it_answers(telegram: Telegram) -> None:
    await send_all(telegram, replace(outbound("иә"), reply_to="501:70"))
    assert telegram.server.bot.sent[0]["reply_to"] == 70


async def test_an_answer_in_the_owners_own_account(telegram: Telegram) -> None:
    await send_all(telegram, outbound("иә", chat_id="business:BC7:501"))
    assert telegram.server.bot.sent[0]["business_connection_id"] == "BC7"
    assert telegram.server.bot.sent[0]["chat"]["id"] == 501


async def send_all(telegram: Telegram, message: OutboundMessage) -> list[SendResult]:
    """Every part, as the CRM sends them."""
    connector, connection = telegram.connector, telegram.connection
    parts = connector.render(connection, message)
    return [await connector.send(connection, message, part) for part in parts]


async def test_parts_arrive_in_order(telegram: Telegram) -> None:
    results = await send_all(
        telegram, outbound("Бір. " * 1500, Button(title="Иә", payload="/affirm"))
    )
    sent = telegram.server.bot.sent
    assert len(sent) == 2
    assert "reply_markup" not in sent[0]
    assert sent[1]["reply_markup"]["inline_keyboard"] == [
        [{"text": "Иә", "callback_data": "/affirm"}]
    ]
    assert [result.platform_id for result in results] == [
        f"501:{one['message_id']}" for one in sent
    ]


@pytest.mark.parametrize(
    ("status", "description", "kind", "code"),
    [
        (429, "", RetryableError, "rate_limited"),
        (403, "", RejectedError, "blocked_by_customer"),
        (403, "Forbidden: user is deactivated", RejectedError, "customer_gone"),
        (403, "Forbidden: bot was kicked from the group chat", RejectedError, "removed_from_group"),
        (400, "Bad Request: chat not found", RejectedError, "customer_gone"),
        (400, "Bad Request: can't parse entities", RejectedError, "bad_request"),
        (401, "", AuthenticationFailedError, "token_rejected"),
        (404, "Not Found", AuthenticationFailedError, "token_rejected"),
        (500, "", RetryableError, "platform_unavailable"),
        (502, "Bad Gateway", RetryableError, "platform_unavailable"),
        (0, "", RetryableError, "platform_unavailable"),
    ],
)
async def test_errors(
    telegram: Telegram, status: int, description: str, kind: type[ConnectorError], code: str
) -> None:
    retry_after = 37 if status == 429 else None
    telegram.server.bot.fail("sendMessage", status, description, retry_after=retry_after)
    with pytest.raises(kind) as caught:
        await send_all(telegram, outbound("Сәлем"))
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert getattr(caught.value, "retry_after", None) == retry_after
    assert telegram.server.bot.token not in str(caught.value)


@pytest.mark.parametrize(
    ("chat_id", "account_wide"), [("501", True), ("business:BC7:501", True), ("-1001", False)]
)
async def test_a_flood_is_the_groups_or_the_bots(
    telegram: Telegram, chat_id: str, account_wide: bool
) -> None:
    telegram.server.bot.fail("sendMessage", 429, retry_after=37)
    message = OutboundMessage(id="1", chat_id=chat_id, text="Сәлем", author_kind="bot")
    with pytest.raises(RetryableError) as caught:
        await send_all(telegram, message)
    assert (caught.value.retry_after, caught.value.account_wide) == (37, account_wide)


def test_nothing_to_send() -> None:
    with pytest.raises(RejectedError):
        render(outbound("  "))


def test_a_chats_pace_and_the_bots() -> None:
    bot, chat = paces("c1", "501")
    assert (bot.interval, bot.burst) == (1 / 30, 30)
    assert (chat.interval, chat.burst) == (1, 3)
    _, group = paces("c1", "-100")
    assert 60 / group.interval + group.burst == 20
    assert len({bot.key, chat.key, group.key}) == 3
