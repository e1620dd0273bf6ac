"""What goes out: rendering, cutting, pace, and what each refusal means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.telegram.limits import SendLimiter
from connectors.telegram.outbound import MAX_CALLBACK_BYTES, render, utf16_length
from crm.contract import (
    AuthenticationFailedError,
    Button,
    ConnectorError,
    OutboundMessage,
    RejectedError,
    RetryableError,
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
    assert pair is not None
    assert alone is not None
    assert [len(row) for row in pair.inline_keyboard] == [2]
    assert [len(row) for row in alone.inline_keyboard] == [1, 1]


def test_a_payload_that_does_not_fit_becomes_a_list() -> None:
    payload = "ә" * (MAX_CALLBACK_BYTES // 2 + 1)
    parts = render(outbound("?", Button(title="Иә", payload=payload)))
    assert parts[0].text == "?\n\n1. Иә"
    assert parts[0].keyboard is None


async def test_parts_arrive_in_order(telegram: Telegram) -> None:
    result = await telegram.connector.send(
        telegram.connection, outbound("Бір. " * 1500, Button(title="Иә", payload="/affirm"))
    )
    sent = telegram.server.bot.sent
    assert len(sent) == 2
    assert "reply_markup" not in sent[0]
    assert sent[1]["reply_markup"]["inline_keyboard"] == [
        [{"text": "Иә", "callback_data": "/affirm"}]
    ]
    assert result.external_id == f"501:{sent[1]['message_id']}"


async def test_a_second_try_goes_on_after_the_first(telegram: Telegram) -> None:
    message = outbound("Бір. " * 700 + "Екі. " * 700)
    first, second = (part.text for part in render(message)[:2])
    original = telegram.connector._limiter.wait
    calls = 0

    async def wait(bot_id: int, chat_id: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            telegram.server.bot.fail("sendMessage", 500)
        await original(bot_id, chat_id)

    telegram.connector._limiter.wait = wait  # type: ignore[method-assign]
    with pytest.raises(RetryableError):
        await telegram.connector.send(telegram.connection, message)
    await telegram.connector.send(telegram.connection, message)
    texts = [sent["text"] for sent in telegram.server.bot.sent]
    assert texts[:2] == [first, second]
    assert len(texts) == len(set(texts)) == len(render(message))


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
        await telegram.connector.send(telegram.connection, outbound("Сәлем"))
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert getattr(caught.value, "retry_after", None) == retry_after
    assert telegram.server.bot.token not in str(caught.value)


async def test_after_429_the_chat_rests_and_others_do_not(telegram: Telegram) -> None:
    telegram.server.bot.fail("sendMessage", 429, retry_after=30)
    with pytest.raises(RetryableError):
        await telegram.connector.send(telegram.connection, outbound("a"))
    with pytest.raises(RetryableError) as caught:
        await telegram.connector.send(telegram.connection, outbound("b", id="m2"))
    assert caught.value.retry_after is not None
    assert 29 < caught.value.retry_after <= 30
    await telegram.connector.send(telegram.connection, outbound("c", chat_id="502", id="m3"))
    assert [sent["text"] for sent in telegram.server.bot.sent] == ["c"]


async def test_nothing_to_send(telegram: Telegram) -> None:
    with pytest.raises(RejectedError):
        await telegram.connector.send(telegram.connection, outbound("  "))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def _moments(chat_of: list[str], longest_wait: float = 1000.0) -> list[float]:
    clock = Clock()
    limiter = SendLimiter(longest_wait=longest_wait, clock=clock, sleep=clock.sleep)
    moments = []
    for chat in chat_of:
        await limiter.wait(1, chat)
        moments.append(round(clock.now - 100, 3))
    return moments


async def test_a_chat_gets_a_short_burst_and_then_one_a_second() -> None:
    assert await _moments(["501"] * 6) == [0, 0, 0, 1, 2, 3]


async def test_a_group_gets_twenty_a_minute() -> None:
    assert sum(moment < 60 for moment in await _moments(["-100"] * 30)) in {19, 20}


async def test_a_bot_sends_thirty_a_second() -> None:
    moments = await _moments([str(chat) for chat in range(90)])
    assert moments[29] == 0
    assert moments[30] > 0
    assert moments[89] == pytest.approx(2, abs=0.05)


async def test_nobody_waits_long() -> None:
    with pytest.raises(RetryableError) as caught:
        await _moments(["501"] * 4, longest_wait=0.5)
    assert caught.value.retry_after == pytest.approx(1)
