"""Our messages as Instagram's: what is rendered, and what the fake Graph API takes of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import LimitsReach, SetsPace
from connectors.instagram import InstagramConnector
from connectors.instagram.outbound import CAPABILITIES, Part, bytes_of, render
from crm.contract import (
    AuthenticationFailedError,
    Button,
    ChatState,
    ConnectorError,
    MessageKind,
    OutboundFile,
    OutboundMessage,
    RejectedError,
    RetryableError,
    SendResult,
)
from tests.contract.instagram_platform import Instagram
from tests.fakes.instagram_server import CUSTOMER

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def outbound(text: str = "Сәлем", **changes: Any) -> OutboundMessage:
    values: dict[str, Any] = {"id": "m1", "chat_id": CUSTOMER, "author_kind": "bot", "text": text}
    return OutboundMessage(**{**values, **changes})


def file(kind: str = "image", mime: str = "image/jpeg", size: int = 5) -> OutboundFile:
    async def content() -> AsyncIterator[bytes]:
        yield b"12345"

    url = "https://chat.example.kz/files/signed"
    return OutboundFile(
        id="f1",
        kind=MessageKind(kind),
        name="a.bin",
        mime=mime,
        size=size,
        url=url,
        link=f"{url}?lasting",
        open=content,
    )


def choices(count: int, title: str = "Нұсқа") -> list[Button]:
    return [Button(title=f"{title} {n}", payload=f"/choose{{{n}}}") for n in range(1, count + 1)]


async def send(instagram: Instagram, message: OutboundMessage) -> list[SendResult]:
    parts = instagram.connector.render(instagram.connection, message)
    return [await instagram.connector.send(instagram.connection, message, part) for part in parts]


def sent(instagram: Instagram) -> list[dict[str, Any]]:
    return [body["message"] for body in instagram.server.account.sent]


async def test_a_text(instagram: Instagram) -> None:
    (result,) = await send(instagram, outbound("Сәлем"))
    (body,) = instagram.server.account.sent
    assert body["recipient"] == {"id": CUSTOMER}
    assert body["messaging_type"] == "RESPONSE"
    assert "tag" not in body
    assert body["message"] == {"text": "Сәлем"}
    assert result.platform_id == body["message_id"]
    assert result.state == "sent"


async def test_marks_are_bare_text(instagram: Instagram) -> None:
    await send(instagram, outbound("**Баға** _бүгін_ `A1`: [сайт](https://aitys.kz)"))
    assert sent(instagram) == [{"text": "Баға бүгін A1: сайт (https://aitys.kz)"}]


@pytest.mark.parametrize("letter", ["ұ", "a", "👍", "€"])
async def test_a_long_text_is_cut_by_bytes(instagram: Instagram, letter: str) -> None:
    text = " ".join([letter * 30 + "."] * 60)
    await send(instagram, outbound(text))
    texts = [body["text"] for body in sent(instagram)]
    assert len(texts) > 1
    assert all(bytes_of(piece) <= 1000 for piece in texts)
    assert all(piece.endswith(".") for piece in texts)  # between sentences
    assert " ".join(texts) == text


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=4000))
def test_no_letter_is_lost_or_cut(text: str) -> None:
    try:
        parts = render(outbound(text))
    except RejectedError:
        assert not text.strip()
        return
    assert all(0 < bytes_of(part.text) <= 1000 for part in parts)


async def test_choices_are_quick_replies(instagram: Instagram) -> None:
    await send(instagram, outbound("Қайсысы?", buttons=choices(13)))
    (message,) = sent(instagram)
    replies = message["quick_replies"]
    assert len(replies) == 13
    assert replies[0] == {"content_type": "text", "title": "Нұсқа 1", "payload": "/choose{1}"}


async def test_long_titles_are_cut(instagram: Instagram) -> None:
    await send(instagram, outbound(buttons=[Button(title="ұ" * 30, payload="/x")]))
    (message,) = sent(instagram)
    assert message["quick_replies"][0]["title"] == "ұ" * 19 + "…"


@pytest.mark.parametrize(
    "buttons", [choices(14), [Button(title="Иә", payload="x" * 1001)]], ids=["many", "long payload"]
)
async def test_what_does_not_fit_is_a_numbered_list(
    instagram: Instagram, buttons: list[Button]
) -> None:
    await send(instagram, outbound("Қайсысы?", buttons=buttons))
    (message,) = sent(instagram)
    assert message.keys() == {"text"}
    assert message["text"].startswith(f"Қайсысы?\n\n1. {buttons[0].title}")


async def test_an_address_makes_a_card(instagram: Instagram) -> None:
    link = Button(title="Сайтты ашу", url="https://aitys.kz")
    await send(instagram, outbound("Таңдаңыз", buttons=[link, *choices(2)]))
    (message,) = sent(instagram)
    card = message["attachment"]["payload"]
    assert card["template_type"] == "button"
    assert card["text"] == "Таңдаңыз"
    assert [button["type"] for button in card["buttons"]] == ["web_url", "postback", "postback"]


async def test_a_card_holds_less_text(instagram: Instagram) -> None:
    link = Button(title="Сайтты ашу", url="https://aitys.kz")
    text = " ".join(["Word."] * 150)  # 899 letters and bytes: a message, but not a card
    await send(instagram, outbound(text, buttons=[link]))
    first, last = sent(instagram)
    assert first.keys() == {"text"}
    assert f"{first['text']} {last['attachment']['payload']['text']}" == text


async def test_a_picture_with_a_short_text_and_an_address_is_one_card(instagram: Instagram) -> None:
    link = Button(title="Сайт", url="https://aitys.kz")
    await send(instagram, outbound("Шатыр", buttons=[link], attachments=[file()], reply_to="M1"))
    (message,) = sent(instagram)
    (element,) = message["attachment"]["payload"]["elements"]
    assert (element["title"], element["image_url"]) == ("Шатыр", file().url)
    assert [button["type"] for button in element["buttons"]] == ["web_url"]
    assert instagram.server.account.sent[0]["reply_to"] == {"mid": "M1"}
    await send(instagram, outbound("ұ" * 81, buttons=[link], attachments=[file()]))
    assert [one["attachment"]["type"] for one in sent(instagram)[1:]] == ["image", "template"]


async def test_more_than_a_card_holds_is_written_out(instagram: Instagram) -> None:
    link = Button(title="Сайт", url="https://aitys.kz")
    await send(instagram, outbound("Таңдаңыз", buttons=[link, *choices(3)]))
    (message,) = sent(instagram)
    assert message["text"] == "Таңдаңыз\n\nСайт: https://aitys.kz"
    assert len(message["quick_replies"]) == 3


async def test_the_phone_is_asked_for(instagram: Instagram) -> None:
    phone = Button(title="Нөмірді беру", share="phone")
    place = Button(title="Орынды беру", share="location")
    await send(instagram, outbound("Нөміріңіз?", buttons=[phone, place]))
    (message,) = sent(instagram)
    assert message["quick_replies"] == [{"content_type": "user_phone_number"}]


async def test_buttons_alone_stand_under_their_titles(instagram: Instagram) -> None:
    await send(instagram, outbound("", buttons=choices(2)))
    (message,) = sent(instagram)
    assert message["text"] == "Нұсқа 1\nНұсқа 2"
    assert len(message["quick_replies"]) == 2


@pytest.mark.parametrize(
    ("kind", "mime", "as_type"),
    [
        ("image", "image/png", "image"),
        ("video", "video/mp4", "video"),
        ("audio", "audio/mp4", "audio"),
        ("document", "application/pdf", "file"),
    ],
)
async def test_files_go_by_their_address(
    instagram: Instagram, kind: str, mime: str, as_type: str
) -> None:
    given_file = file(kind, mime)
    await send(instagram, outbound("Міне", attachments=[given_file], buttons=choices(1)))
    first, second = sent(instagram)
    assert first == {"attachment": {"type": as_type, "payload": {"url": given_file.url}}}
    assert (second["text"], len(second["quick_replies"])) == ("Міне", 1)


@pytest.mark.parametrize(
    "unfit",
    [
        file("image", "image/webp"),
        file("image", "image/jpeg", 8_000_001),
        file("video", "video/mp4", 25_000_001),
        file("audio", "audio/ogg"),
        file("document", "application/zip"),
        file("sticker", "image/webp"),
    ],
    ids=lambda one: f"{one.mime} {one.size}",
)
async def test_what_instagram_does_not_take_goes_as_a_link(
    instagram: Instagram, unfit: OutboundFile
) -> None:
    await send(instagram, outbound("", attachments=[unfit]))
    assert sent(instagram) == [{"text": f"a.bin: {unfit.link}"}]


async def test_an_answer_quotes(instagram: Instagram) -> None:
    await send(instagram, outbound("x " * 600, reply_to="MID1"))
    replies = [body.get("reply_to") for body in instagram.server.account.sent]
    assert replies == [{"mid": "MID1"}, None]


def test_nothing_cannot_be_sent() -> None:
    for text in ("", "  \n"):
        with pytest.raises(RejectedError) as refused:
            render(outbound(text))
        assert refused.value.code == "empty_message"


def test_rendering_is_always_the_same() -> None:
    message = outbound("Сәлем. " * 300, buttons=choices(3), attachments=[file()])
    assert render(message) == render(message)
    assert isinstance(render(message)[0], Part)


async def test_a_page_sends_through_its_own_host(instagram: Instagram) -> None:
    connector, connection = instagram.connector, instagram.page_connection
    (part,) = connector.render(connection, outbound())
    result = await connector.send(connection, outbound(), part)
    account = instagram.server.page_account
    assert result.platform_id == account.sent[0]["message_id"]
    assert instagram.server.account.sent == []
    assert "appsecret_proof" in account.calls[-1][2]


# Windows


@pytest.mark.parametrize(
    ("ago", "author", "expected"),
    [
        (timedelta(hours=23), "bot", (True, None, None)),
        (timedelta(hours=23), "operator", (True, None, None)),
        (timedelta(hours=24), "bot", (False, "window_closed", None)),
        (timedelta(hours=25), "system", (False, "window_closed", None)),
        (timedelta(hours=25), "operator", (False, "window_closed", "HUMAN_AGENT")),
        (timedelta(days=6, hours=23), "operator", (False, "window_closed", "HUMAN_AGENT")),
        (timedelta(days=7), "operator", (False, "window_closed", None)),
    ],
)
def test_the_windows(
    instagram: Instagram, ago: timedelta, author: str, expected: tuple[bool, str, str]
) -> None:
    assert isinstance(instagram.connector, LimitsReach)
    chat = ChatState(chat_id=CUSTOMER, last_inbound_at=NOW - ago)
    reach = instagram.connector.reach(instagram.connection, chat, author_kind=author, now=NOW)
    assert (reach.open, reach.code, reach.tag) == expected
    assert not reach.templates
    if reach.open:
        assert reach.until == NOW - ago + timedelta(hours=24)
    if reach.tag:
        assert reach.until == NOW - ago + timedelta(days=7)


def test_who_never_wrote_or_blocked_us_is_out_of_reach(instagram: Instagram) -> None:
    def code(**state: Any) -> tuple[bool, str | None]:
        chat = ChatState(chat_id=CUSTOMER, **state)
        reach = instagram.connector.reach(
            instagram.connection, chat, author_kind="operator", now=NOW
        )
        return reach.open, reach.code

    assert code(last_inbound_at=None) == (False, "window_closed")
    assert code(last_inbound_at=NOW, reachable=False) == (False, "blocked_by_customer")


@pytest.mark.parametrize(
    ("author", "tag", "carried"),
    [
        ("operator", "HUMAN_AGENT", "HUMAN_AGENT"),
        ("bot", "HUMAN_AGENT", None),
        ("system", "HUMAN_AGENT", None),
        ("operator", "CONFIRMED_EVENT_UPDATE", None),
        ("operator", None, None),
    ],
)
async def test_the_tag_is_for_people(
    instagram: Instagram, author: str, tag: str | None, carried: str | None
) -> None:
    await send(instagram, outbound(author_kind=author, tag=tag))
    (body,) = instagram.server.account.sent
    assert body.get("tag") == carried
    assert body["messaging_type"] == ("MESSAGE_TAG" if carried else "RESPONSE")


async def test_the_platform_knows_the_window_too(instagram: Instagram) -> None:
    instagram.server.account.last_inbound[CUSTOMER] = NOW.timestamp() - 1_000_000_000
    with pytest.raises(RejectedError) as refused:
        await send(instagram, outbound(author_kind="operator"))
    assert refused.value.code == "window_closed"


# Failures

FAILURES: list[tuple[dict[str, Any], type[ConnectorError], str]] = [
    ({"status": 400, "code": 10, "subcode": 2534022}, RejectedError, "window_closed"),
    (
        {"status": 400, "code": 10, "message": "(#10) sent outside of allowed window"},
        RejectedError,
        "window_closed",
    ),
    ({"status": 400, "code": 551}, RejectedError, "customer_unavailable"),
    ({"status": 400, "code": 100, "subcode": 2534014}, RejectedError, "customer_gone"),
    ({"status": 400, "code": 100, "subcode": 2534001}, RejectedError, "chat_archived"),
    ({"status": 400, "code": 100, "subcode": 2018047}, RejectedError, "media_refused"),
    ({"status": 400, "code": 100}, RejectedError, "bad_request"),
    ({"status": 403, "code": 200}, RejectedError, "permission_missing"),
    ({"status": 403, "code": 10}, RejectedError, "permission_missing"),
    (
        {"status": 400, "code": 10, "message": "(#10) Apply for Human Agent"},
        RejectedError,
        "tag_not_allowed",
    ),
    ({"status": 400, "code": 368}, RejectedError, "blocked_by_platform"),
    ({"status": 400, "code": 190}, AuthenticationFailedError, "token_rejected"),
    ({"status": 401, "code": 190, "subcode": 463}, AuthenticationFailedError, "token_expired"),
    *(
        ({"status": 400, "code": code}, RetryableError, "rate_limited")
        for code in (4, 17, 32, 613, 80001, 80002, 80006)
    ),
    ({"status": 400, "code": 1}, RetryableError, "platform_unavailable"),
    ({"status": 500, "code": 2}, RetryableError, "platform_unavailable"),
    ({"status": 503}, RetryableError, "platform_unavailable"),
    ({"status": 0}, RetryableError, "platform_unavailable"),
    ({"status": -1}, RetryableError, "platform_timeout"),
]


@pytest.mark.parametrize(("failure", "kind", "code"), FAILURES, ids=lambda one: str(one)[:60])
async def test_failures_in_the_contracts_words(
    instagram: Instagram, failure: dict[str, Any], kind: type[ConnectorError], code: str
) -> None:
    instagram.server.account.fail("messages", **{"message": "(#1) Told by Meta.", **failure})
    with pytest.raises(kind) as refused:
        await send(instagram, outbound())
    assert refused.value.code == code
    assert refused.value.detail
    assert instagram.server.account.token not in repr(refused.value)
    assert refused.value.__cause__ is None
    await send(instagram, outbound())  # and the next one goes


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (
            {
                "X-Business-Use-Case-Usage": '{"178": [{"type": "instagram", "call_count": 100, '
                '"estimated_time_to_regain_access": 5}]}'
            },
            300.0,
        ),
        ({"Retry-After": "17"}, 17.0),
        ({"X-Business-Use-Case-Usage": "broken"}, 60.0),
        ({"X-Business-Use-Case-Usage": '{"178": [{"estimated_time_to_regain_access": 0}]}'}, 60.0),
        ({}, 60.0),
    ],
)
@pytest.mark.parametrize("code", [4, 17, 613, 80002])
async def test_the_platforms_wait_is_told_and_is_the_whole_accounts(
    instagram: Instagram, code: int, headers: dict[str, str], seconds: float
) -> None:
    instagram.server.account.fail("messages", 400, code, headers=headers)
    with pytest.raises(RetryableError) as limited:
        await send(instagram, outbound())
    assert (limited.value.retry_after, limited.value.account_wide) == (seconds, True)


def test_paces_are_the_connections_own(instagram: Instagram) -> None:
    assert isinstance(instagram.connector, SetsPace)
    account, chat = instagram.connector.paces(instagram.connection, CUSTOMER)
    assert 1 / account.interval <= 300
    assert instagram.connection.id in account.key
    assert CUSTOMER in chat.key
    assert CAPABILITIES.max_text == InstagramConnector.capabilities.max_text == 1000
