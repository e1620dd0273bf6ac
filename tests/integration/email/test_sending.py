"""Mails as customers get them, through a real server, and what servers report of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from connectors.email import outbound, sending
from connectors.email.threads import our_token, token_of
from crm.contract import (
    Button,
    MessageKind,
    OutboundFile,
    OutboundMessage,
    RejectedError,
    RetryableError,
)
from tests.integration.email.conftest import Post, letter
from tests.support.mail_servers import CUSTOMER, OURS
from tests.support.patience import until


def parts_of(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


async def test_an_answer_joins_its_thread(post: Post) -> None:
    async with post.polling():
        post.drop(
            letter(
                "Қанша тұрады?",
                References="<a@customer.test> <b@customer.test>",
                Subject="Отв: Велосипед 🚲",
            )
        )
        (question,) = await post.received()
        (result,) = await post.send(
            "**120 000 ₸**, _жеткізумен_.\n\nТолығырақ: [сайт](https://tau.kz/bike?a=1&b=2)",
            chat_id=question.chat_id,
            thread=question.data["thread"],
            buttons=[Button(title="Иә", payload="/yes"), Button(title="Жоқ", payload="/no")],
        )
        (mail,) = await post.arrived()
        assert result.platform_id is not None
        assert mail["Message-ID"] == f"<{result.platform_id}>"
        assert our_token(post.connection, result.platform_id) == token_of(question.chat_id)
        assert mail["Subject"] == "Re: Велосипед 🚲"
        assert mail["In-Reply-To"] == "<m1@customer.test>"
        assert mail["References"].split() == [
            "<a@customer.test>",
            "<b@customer.test>",
            "<m1@customer.test>",
        ]
        assert mail["Auto-Submitted"] == "auto-replied"
        assert mail["X-Auto-Response-Suppress"] == "All"
        assert mail["From"] == f"Tau Demo <{OURS}>"
        assert mail["To"] == CUSTOMER
        plain, html = parts_of(mail)
        assert (
            plain
            == "120 000 ₸, жеткізумен.\n\nТолығырақ: сайт (https://tau.kz/bike?a=1&b=2)\n\n1. Иә\n2. Жоқ\n"
        )
        assert "<strong>120 000 ₸</strong>, <em>жеткізумен</em>." in html
        assert '<a href="https://tau.kz/bike?a=1&amp;b=2">сайт</a>' in html
        # and the customer's answer to it, from a program that keeps nothing but References
        post.drop(
            letter(
                "1\n\n> 1. Иә",
                Message_ID="<m2@customer.test>",
                Subject="",
                References=mail["Message-ID"],
            )
        )
        _, answer = await post.received(2)
    assert (answer.chat_id, answer.text) == (question.chat_id, "1")


async def test_a_persons_mail_is_no_automatic_one(post: Post) -> None:
    post.configure(
        from_name="ТОО «Тау»", signature="Тау дүкені\n+7 701 000 00 00", aliases=["sales@shop.test"]
    )
    thread = {"subject": "", "message_id": "m1@customer.test", "from": "sales@shop.test"}
    await post.send(
        "Сәлем", chat_id=post.chat(), author_kind="operator", author_name="Айдана", thread=thread
    )
    (mail,) = await post.arrived()
    assert mail["Auto-Submitted"] is None
    assert mail["From"].addresses[0].display_name == "Айдана, ТОО «Тау»"
    assert mail["From"].addresses[0].addr_spec == "sales@shop.test"
    assert mail["Reply-To"].addresses[0].addr_spec == OURS
    assert mail["Subject"] == "Re:"
    plain, html = parts_of(mail)
    assert plain.endswith("\n\n-- \nТау дүкені\n+7 701 000 00 00\n")
    assert "Тау дүкені<br>" in html


async def test_the_same_message_goes_out_once(post: Post) -> None:
    for _ in range(3):
        await post.send("Бір рет", chat_id=post.chat())
    other = await post.send("Екінші", chat_id=post.chat(), message_id="6a1b2c3d4e5f60718293a4c2")
    first, second = await post.arrived(count=2)
    assert first["Message-ID"] != second["Message-ID"] == f"<{other[0].platform_id}>"


async def test_files_go_with_it(post: Post) -> None:
    content = os.urandom(2_000_000)
    files = [
        file("Счёт № 1, «Тау».pdf", content, "application/pdf"),
        file("а.png", b"\x89PNG", "image/png"),
    ]
    await post.send("Файлдар", chat_id=post.chat(), attachments=files)
    (mail,) = await post.arrived()
    first, second = mail.iter_attachments()
    assert (first.get_filename(), first.get_content_type()) == (
        "Счёт № 1, «Тау».pdf",
        "application/pdf",
    )
    assert first.get_content() == content
    assert (second.get_filename(), second.get_content_type()) == ("а.png", "image/png")


async def test_many_files_go_in_several_mails(post: Post) -> None:
    files = [file(f"{n}.bin", os.urandom(9_000_000), "application/octet-stream") for n in range(3)]
    results = await post.send("Көп", chat_id=post.chat(), attachments=files)
    assert len({result.platform_id for result in results}) == 2
    by_id = {mail["Message-ID"]: mail for mail in await post.arrived(count=2)}
    first, second = (by_id[f"<{result.platform_id}>"] for result in results)
    assert [len(list(mail.iter_attachments())) for mail in (first, second)] == [2, 1]
    assert second["References"] == first["Message-ID"]


async def test_a_mail_over_the_servers_limit_is_refused(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (outbound, sending):
        monkeypatch.setattr(module, "MAX_FILE_BYTES", 30_000_000)
    files = [file("үлкен.bin", os.urandom(20_000_000), "application/octet-stream")]
    with pytest.raises(RejectedError) as raised:
        await post.send("Үлкен", chat_id=post.chat(), attachments=files)
    assert raised.value.code == "message_too_large"


async def test_a_file_over_our_limit_goes_as_a_link(post: Post) -> None:
    large = file("кино.mp4", b"", "video/mp4", size=50_000_000)
    await post.send("Міне", chat_id=post.chat(), attachments=[large], language="kk")
    (mail,) = await post.arrived()
    assert "кино.mp4 https://files.shop.test/1" in parts_of(mail)[0]


async def test_reply_tokens_find_the_thread_alone(post: Post) -> None:
    post.configure(reply_tokens=True)
    chat_id = post.chat()
    async with post.polling():
        await post.send("Сәлем", chat_id=chat_id)
        (mail,) = await post.arrived()
        reply_to = mail["Reply-To"].addresses[0].addr_spec
        assert reply_to.startswith("info+")
        async with aiosmtplib.SMTP(
            hostname="localhost", port=post.servers.ports.smtp, start_tls=False
        ) as smtp:
            await smtp.login(CUSTOMER, str(post.connection.config["password"]))
            answer = letter(
                "Жауап", To=reply_to, Subject="Мүлде басқа тақырып", Message_ID="<x@customer.test>"
            )
            await smtp.send_message(answer)
        (message,) = await post.received()
    assert message.chat_id == chat_id


async def test_an_unknown_recipient_is_refused_in_words(post: Post) -> None:
    with pytest.raises(RejectedError) as raised:
        await post.send("Сәлем", chat_id=post.chat("nobody@customer.test"))
    assert raised.value.code == "recipient_unknown"
    assert "nobody@customer.test" in raised.value.detail


@pytest.mark.parametrize(
    ("domain", "code", "words"),
    [
        ("gone.test", "recipient_unknown", "No such user"),
        ("full.test", "mailbox_full", "Mailbox is full"),
    ],
)
async def test_a_bounce_is_a_failed_status(
    post: Post, elsewhere: None, domain: str, code: str, words: str
) -> None:
    async with post.polling():
        (result,) = await post.send("Сәлем", chat_id=post.chat(f"who@{domain}"))
        await until(lambda: post.inbox.events)
    (status,) = post.statuses()
    assert (status.platform_id, status.state, status.code) == (result.platform_id, "failed", code)
    assert words in (status.detail or "")
    assert post.inbox.received == []


async def test_a_delay_is_no_failure(post: Post) -> None:
    async with post.polling():
        await post.send("Сәлем", chat_id=post.chat("who@slow.test"))
        await until(
            lambda: any(b"action: delayed" in one.lower() for one in post.servers.mails(OURS)),
        )
        post.drop(letter("Соңы"))
        (message,) = await post.received()
    assert message.text == "Соңы"
    assert post.statuses() == []


async def test_a_server_that_is_away_is_tried_again(post: Post) -> None:
    await asyncio.to_thread(post.servers.stop_postfix)
    try:
        with pytest.raises(RetryableError) as raised:
            await post.send("Сәлем", chat_id=post.chat())
        assert raised.value.code == "platform_unavailable"
    finally:
        await asyncio.to_thread(post.servers.start_postfix)
    await post.send("Сәлем", chat_id=post.chat())
    await post.arrived()


async def test_what_dies_after_the_servers_yes_is_not_sent_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits = aiosmtplib.SMTP.quit

    async def breaks(self: aiosmtplib.SMTP, **given: object) -> object:
        await quits(self)
        raise ConnectionResetError

    monkeypatch.setattr(aiosmtplib.SMTP, "quit", breaks)
    for _ in range(2):
        await post.send("Бір рет", chat_id=post.chat())
    await post.arrived(count=1)


@pytest.mark.parametrize(
    "text",
    [
        "Ұ" * 5_000,
        "\x00\ud83d жұп",
        "жол\n.\n..\n.нүкте",
        "👨‍👩‍👧‍👦 🇰🇿",
        "a" * 3_000,
        "<b>&amp;</b> {{x}}",
        "\u202eשלום",
    ],
)
async def test_all_letters_survive_the_way(post: Post, text: str) -> None:
    await post.send(text, chat_id=post.chat())
    (mail,) = await post.arrived()
    sent = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    assert parts_of(mail)[0] == f"{sent}\n"
    (raw,) = post.servers.mails(CUSTOMER)
    assert max(len(line) for line in raw.split(b"\n")) <= 998
    assert raw.isascii()


@pytest.mark.parametrize(
    "subject", ["Тақырып\nBcc: evil@x.test", "Ұ" * 400, "", "=?utf-8?q?a=0D=0ABcc:_e@x?="]
)
async def test_a_subject_adds_no_fields(post: Post, subject: str) -> None:
    thread = {
        "subject": subject,
        "message_id": "m1@customer.test",
        "references": ["x\r\nBcc: e@x", "ok@x"],
    }
    await post.send(
        "Сәлем",
        chat_id=post.chat(),
        thread=thread,
        author_name="Имя\r\nBcc: e@x",
        author_kind="operator",
    )
    (mail,) = await post.arrived()
    assert mail["Bcc"] is None
    assert " ".join(subject.split()) in mail["Subject"] or subject.startswith("=?") or not subject
    assert "<ok@x>" in mail["References"]


async def test_an_address_of_foreign_letters_needs_a_server_that_takes_it(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RejectedError) as raised:  # it takes them, and knows no such person
        await post.send("Сәлем", chat_id=post.chat("пошта@customer.test"))
    assert raised.value.code == "recipient_unknown"
    offers = aiosmtplib.SMTP.supports_extension
    monkeypatch.setattr(
        aiosmtplib.SMTP,
        "supports_extension",
        lambda self, name: name != "smtputf8" and offers(self, name),
    )
    with pytest.raises(RejectedError) as raised:
        await post.send("Сәлем", chat_id=post.chat("пошта@customer.test"))
    assert raised.value.code == "address_not_supported"


async def test_the_pace_is_shared(post: Post) -> None:
    paces = post.connector.paces(post.connection, "c")
    assert all(pace.key.startswith(post.connection.id) for pace in paces)


def file(name: str, content: bytes, mime: str, *, size: int | None = None) -> OutboundFile:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    return OutboundFile(
        id="1",
        kind=MessageKind.DOCUMENT,
        name=name,
        mime=mime,
        size=len(content) if size is None else size,
        url="https://files.shop.test/1",
        link="https://files.shop.test/1",
        open=chunks,
    )


def test_nothing_is_rejected(post: Post) -> None:
    message = OutboundMessage(id="1", chat_id=post.chat(), text=" ", author_kind="bot")
    with pytest.raises(RejectedError):
        post.connector.render(post.connection, message)
    nobody = OutboundMessage(id="1", chat_id="t:unknown@invalid", text="a", author_kind="bot")
    with pytest.raises(RejectedError):
        post.connector.render(post.connection, nobody)
