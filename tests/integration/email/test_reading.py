"""Every mail once, whatever happens to the servers, the line and the inbox."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import IO, Any

import pytest

from connectors.email import EmailConnector, reception
from connectors.email.imap import ImapSession
from connectors.email.mail import Mail, read_mail
from connectors.email.mailbox import Desk
from crm.contract import (
    AuthenticationFailedError,
    ChatTraffic,
    Echo,
    MessageKind,
    RejectedError,
    RetryableError,
)
from tests.integration.email.conftest import Post, letter, settings
from tests.support.mail_servers import CUSTOMER, OURS
from tests.support.patience import until


async def test_a_mail_comes_in_at_once(post: Post) -> None:
    async with post.polling():
        post.drop(letter("Сәлем! Бір велосипед керек.\n\n--\nАйгүл"))
        (message,) = await post.received()
    assert message.text == "Сәлем! Бір велосипед керек."
    assert message.sender.external_id == CUSTOMER
    assert message.sender.name == "Айгүл Серікова"
    assert message.platform_id == "m1@customer.test"
    assert message.answerable
    assert message.data["subject"] == "Велосипед"
    assert message.chat_id.endswith(f":{CUSTOMER}")


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
async def test_all_ways_of_encryption(post: Post, security: str) -> None:
    ports = post.servers.ports
    imap = ports.imaps if security == "tls" else ports.imap
    smtp = ports.smtps if security == "tls" else ports.smtp
    post.configure(imap_port=imap, imap_security=security, smtp_port=smtp, smtp_security=security)
    account = await post.connector.verify(
        post.connector.config_model.model_validate(dict(post.connection.config))
    )
    assert account.name == OURS
    async with post.polling():
        post.drop(letter("Сәлем"))
        assert (await post.received())[0].text == "Сәлем"


async def test_old_mails_stay_where_they_are(post: Post) -> None:
    for number in range(300):
        post.drop(letter(f"ескі {number}", Message_ID=f"<old{number}@customer.test>"))
    async with post.polling():
        post.drop(letter("жаңа"))
        (message,) = await post.received()
    assert message.text == "жаңа"


async def test_earlier_mails_are_taken_in_when_asked_for_and_not_answered(post: Post) -> None:
    post.drop(letter("кешегі", Message_ID="<old@customer.test>"))
    post.configure(history="week")
    async with post.polling():
        await post.received(1)
        post.drop(letter("бүгінгі"))
        old, new = await post.received(2)
    assert (old.text, old.answerable, old.data["automatic"]) == ("кешегі", False, "old")
    assert (new.text, new.answerable) == ("бүгінгі", True)


async def test_nothing_is_lost_between_the_check_and_the_first_look(post: Post) -> None:
    config = post.connector.config_model.model_validate(dict(post.connection.config))
    post.drop(letter("бұрын", Message_ID="<before@customer.test>"))
    account = await post.connector.verify(config)
    post.connection = replace(post.connection, account=account)
    _wait_long(post)
    post.drop(letter("дәл арасында"))
    async with post.polling():
        assert [one.text for one in await post.received()] == ["дәл арасында"]


async def test_reading_goes_on_where_it_stopped(post: Post) -> None:
    async with post.polling():
        post.drop(letter("бір", Message_ID="<1@customer.test>"))
        await post.received(1)
    post.drop(letter("екі", Message_ID="<2@customer.test>"))
    post.drop(letter("үш", Message_ID="<3@customer.test>"))
    async with post.polling():
        await post.received(3)
    assert [one.text for one in post.inbox.received] == ["бір", "екі", "үш"]
    assert post.inbox.deliveries == 3


async def test_a_server_that_restarts_loses_nothing(post: Post) -> None:
    async with post.polling():
        post.drop(letter("бір", Message_ID="<1@customer.test>"))
        await post.received(1)
        await asyncio.to_thread(post.servers.stop_dovecot)
        post.drop(letter("екі", Message_ID="<2@customer.test>"))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(post.servers.start_dovecot)
        await post.received(2)
    assert [one.text for one in post.inbox.received] == ["бір", "екі"]


async def test_a_dead_session_is_followed_by_another(post: Post) -> None:
    async with post.polling():
        await asyncio.sleep(0.3)
        assert post.servers.kill_sessions() > 0
        post.drop(letter("тірі"))
        await post.received(1)


async def test_new_numbers_of_a_moved_mailbox_change_nothing(post: Post) -> None:
    post.drop(letter("бұрынғы", Message_ID="<0@customer.test>", Date=_days_ago(30)))
    async with post.polling():
        post.drop(letter("бір", Message_ID="<1@customer.test>"))
        await post.received(1)
        await asyncio.to_thread(post.servers.renumber, OURS)
        post.drop(letter("екі", Message_ID="<2@customer.test>"))
        await post.received(2)
        await asyncio.sleep(0.5)
    assert [one.text for one in post.inbox.received] == ["бір", "екі"]


async def test_what_comes_while_others_are_read_is_not_waited_for(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_long(post)
    receive = post.inbox.receive

    async def slow(*given: Any) -> int:
        if not post.inbox.received:
            post.drop(letter("үш", Message_ID="<3@customer.test>"))
        return await receive(*given)

    monkeypatch.setattr(post.inbox, "receive", slow)
    post.configure(history="day")
    post.drop(letter("бір", Message_ID="<1@customer.test>"))
    post.drop(letter("екі", Message_ID="<2@customer.test>"))
    async with post.polling():
        await post.received(3)


async def test_a_mail_delivered_twice_is_one(post: Post) -> None:
    async with post.polling():
        post.drop(letter("бір"))
        post.drop(letter("бір"))
        post.drop(letter("екі", Message_ID="<2@customer.test>"))
        await post.received(2)


async def test_nobody_hides_a_mail_by_its_id(post: Post) -> None:
    async with post.polling():
        post.drop(letter("бірінші", From="evil@elsewhere.test"))
        post.drop(letter("шынайы"))
        await post.received(2)
    one, two = post.inbox.received
    assert one.chat_id != two.chat_id


async def test_what_the_inbox_did_not_take_is_offered_again(post: Post) -> None:
    async with post.polling():
        post.inbox.unavailable = True
        mail = letter("шыда")
        mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="счёт.pdf")
        post.drop(mail)
        await asyncio.sleep(2)
        assert post.inbox.received == []
        post.inbox.unavailable = False
        (message,) = await post.received()
    assert message.text == "шыда"
    (attachment,) = message.attachments
    assert (attachment.name, attachment.size) == ("счёт.pdf", 8)


async def test_a_server_without_idle_is_asked_again_and_again(post: Post) -> None:
    post.servers.idle = False
    try:
        await asyncio.to_thread(post.servers.restart_dovecot)
        async with post.polling():
            for number in range(3):
                post.drop(letter(str(number), Message_ID=f"<{number}@customer.test>"))
                await post.received(number + 1)
    finally:
        post.servers.idle = True
        await asyncio.to_thread(post.servers.restart_dovecot)


async def test_a_mail_over_the_limit_shows_its_beginning(post: Post) -> None:
    post.configure(max_megabytes=1)
    mail = letter("Бұл үлкен хат")
    mail.add_attachment(os.urandom(1_500_000), maintype="video", subtype="mp4", filename="тау.mp4")
    async with post.polling():
        post.drop(mail)
        (message,) = await post.received()
    assert message.text == "Бұл үлкен хат"
    (attachment,) = message.attachments
    assert attachment.error is not None
    assert attachment.error["code"] == "mail_too_large"
    assert attachment.file_id is None
    assert attachment.name == "тау.mp4"


async def test_large_mails_come_whole(post: Post) -> None:
    content = os.urandom(3_300_000)
    mail = letter("Видео")
    mail.add_attachment(content, maintype="video", subtype="mp4", filename="тау.mp4")
    async with post.polling():
        post.drop(mail)
        (message,) = await post.received()
    (attachment,) = message.attachments
    assert attachment.kind is MessageKind.VIDEO
    assert attachment.file_id is not None
    assert post.inbox.files[attachment.file_id][1] == content


async def test_a_refused_file_is_shown_with_the_reason(post: Post) -> None:
    post.inbox.max_file_bytes = 100
    mail = letter("Файлдар")
    mail.add_attachment(b"x" * 101, maintype="application", subtype="zip", filename="a.zip")
    mail.add_attachment(b"x" * 99, maintype="application", subtype="zip", filename="b.zip")
    async with post.polling():
        post.drop(mail)
        (message,) = await post.received()
    first, second = message.attachments
    assert first.error is not None
    assert (first.error["code"], first.file_id) == ("file_too_large", None)
    assert second.error is None
    assert second.file_id is not None


async def test_a_poison_mail_stops_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong with one mail, it is shown as unreadable, and the next one is read."""

    def fails(raw: bytes, **given: Any) -> Mail:
        if b"poison" in raw:
            raise MemoryError
        return read_mail(raw, **given)

    monkeypatch.setattr(reception, "read_mail", fails)
    async with post.polling():
        post.drop(letter("poison", Subject="Тақырып"))
        post.drop(letter("таза", Message_ID="<2@customer.test>"))
        one, two = await post.received(2)
    assert (one.kind, one.answerable, one.text) == (MessageKind.UNSUPPORTED, False, "Тақырып")
    assert one.sender.external_id == CUSTOMER
    assert two.text == "таза"


async def test_a_mail_that_breaks_the_line_is_passed_over(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = ImapSession.copy
    tried: list[int] = []

    async def breaks(self: ImapSession, uid: int, file: IO[bytes], *, limit: int) -> bool:
        found = await copy(self, uid, file, limit=limit)
        file.seek(0)
        if b"cursed" in file.read():
            tried.append(uid)
            raise EOFError
        return found

    monkeypatch.setattr(ImapSession, "copy", breaks)
    async with post.polling():
        post.drop(letter("cursed"))
        post.drop(letter("жақсы", Message_ID="<2@customer.test>"))
        one, two = await post.received(2)
    assert one.kind is MessageKind.UNSUPPORTED
    assert two.text == "жақсы"
    assert len(tried) == 4


async def test_a_mail_made_to_be_dear_is_shown_unopened(post: Post) -> None:
    """Parts within parts, hundreds deep: a person opens the file, and the next mail is read."""
    depths = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(300)
    )
    head = (
        f"From: {CUSTOMER}\r\nTo: {OURS}\r\nSubject: Deep\r\nMessage-ID: <deep@customer.test>\r\n"
    )
    mail = (head + depths + "Content-Type: text/plain\r\n\r\n" + "-\r\n" * 1_000).encode()
    async with post.polling():
        post.drop(mail)
        post.drop(letter("таза", Message_ID="<2@customer.test>"))
        one, two = await post.received(2)
    assert (one.text, one.answerable, one.data["unsupported"]) == ("Deep", False, ["too_complex"])
    (file,) = one.attachments
    kept, content = post.inbox.files[str(file.file_id)]
    assert (kept.name, content.replace(b"\r\n", b"\n")) == (
        "message.eml",
        mail.replace(b"\r\n", b"\n"),
    )
    assert two.text == "таза"


async def test_a_mail_larger_than_memory_should_hold_comes_in_whole(post: Post) -> None:
    content = b"0123456789abcdef" * 200_000
    mail = letter("Үлкен файл")
    mail.add_attachment(content, maintype="application", subtype="zip", filename="a.zip")
    async with post.polling():
        post.drop(mail)
        (message,) = await post.received()
    (file,) = message.attachments
    assert post.inbox.files[str(file.file_id)][1] == content


async def test_few_mails_are_open_at_a_time(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever number of mailboxes has news: what is open takes memory."""
    desk = Desk(small=2, large=1)
    open_now = most = opened = 0
    take_in = reception.take_in

    async def counted(raw: bytes, **given: Any) -> None:
        nonlocal open_now, most, opened
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.05)
        await take_in(raw, **given)
        open_now -= 1
        opened += 1

    monkeypatch.setattr("connectors.email.mailbox.take_in", counted)
    monkeypatch.setattr(post.connector, "_desk", desk)
    post.configure(history="day")
    for number in range(3):
        post.drop(letter(str(number), Message_ID=f"<{number}@customer.test>"))
    others = [
        EmailConnector.poll(post.connector, replace(post.connection, id=f"{n:024x}"), post.inbox)
        for n in range(5)
    ]
    tasks = [asyncio.create_task(one) for one in others]
    await until(lambda: opened == 15)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 2


async def test_another_folder(post: Post) -> None:
    post.configure(folder="Клиенты & заявки")
    async with post.polling() as task:
        await until(lambda: post.inbox.failures)
        assert post.inbox.failures[0].code == "folder_missing"
        assert not task.done()
        folder = post.servers.maildir(OURS) / ".&BBoEOwQ4BDUEPQRCBEs- &- &BDcEMARPBDIEOgQ4-"
        await asyncio.to_thread(_make_folder, folder)
        await until(lambda: post.begun)
        mail = letter("Осы қалтада").as_bytes()
        await asyncio.to_thread((folder / "new" / "1.test").write_bytes, mail)
        await asyncio.to_thread((folder / "new" / "1.test").chmod, 0o644)
        assert (await post.received())[0].text == "Осы қалтада"


async def test_wrong_credentials_end_the_reading_after_some_tries(post: Post) -> None:
    post.configure(password="wrong")
    async with asyncio.timeout(30):
        with pytest.raises(AuthenticationFailedError) as raised:
            await post.connector.poll(post.connection, post.inbox)
    assert raised.value.code == "imap_login_rejected"


async def test_what_people_write_elsewhere_is_an_echo(post: Post) -> None:
    async with post.polling():
        post.drop(letter("Сұрақ"))
        (question,) = await post.received()
        await asyncio.to_thread(
            _put_into_sent,
            post,
            letter(
                "Жауап\n\nOn Mon, 2 Mar 2026 at 10:00, Айгүл <aigul@customer.test> wrote:\n> Сұрақ",
                From=f"Болат <{OURS}>",
                To=CUSTOMER,
                Subject="Re: Велосипед",
                Message_ID="<echo@shop.test>",
                In_Reply_To="<m1@customer.test>",
            ),
        )
        await asyncio.to_thread(
            _put_into_sent,
            post,
            letter("Жеке хат", From=OURS, To="wife@home.test", Message_ID="<private@shop.test>"),
        )
        await until(lambda: post.inbox.events)
        await asyncio.sleep(0.5)
    (echo,) = post.inbox.events
    assert isinstance(echo, Echo)
    assert (echo.chat_id, echo.text, echo.author_name) == (question.chat_id, "Жауап", "Болат")
    assert echo.platform_id == "echo@shop.test"


async def test_our_own_mails_come_back_unseen(post: Post) -> None:
    async with post.polling():
        await post.send("Өзімізге", chat_id=post.chat(OURS))
        await until(lambda: post.servers.mails(OURS))
        post.drop(letter("Сырттан"))
        assert [one.text for one in await post.received()] == ["Сырттан"]


async def test_a_loop_of_two_machines_ends(post: Post) -> None:
    async with post.polling():
        post.drop(letter("Сәлем"))
        (first,) = await post.received()
        post.inbox.traffics[first.chat_id] = ChatTraffic(received=10, answered=10)
        post.drop(letter("Тағы", Message_ID="<2@customer.test>", In_Reply_To="<m1@customer.test>"))
        _, second = await post.received(2)
    assert second.chat_id == first.chat_id
    assert (second.answerable, second.data["automatic"]) == (False, "loop")


async def test_verify_says_which_server_refuses(post: Post) -> None:
    model = post.connector.config_model
    wrong: list[tuple[dict[str, Any], type[Exception], tuple[str, ...]]] = [
        ({"password": "x"}, AuthenticationFailedError, ("IMAP", "SMTP")),
        ({"imap_port": 1}, RetryableError, ("IMAP",)),
        ({"smtp_port": 1}, RetryableError, ("SMTP",)),
        ({"imap_host": "127.0.0.1"}, RejectedError, ("IMAP", "certificate")),
        ({"smtp_host": "127.0.0.1"}, RejectedError, ("SMTP", "certificate")),
        ({"folder": "жоқ"}, RejectedError, ("folder",)),
        ({"imap_port": post.servers.ports.imap}, Exception, ("IMAP",)),
    ]
    for changes, kind, words in wrong:
        config = model.model_validate(settings(post.servers, **changes))
        async with asyncio.timeout(40):
            with pytest.raises(kind) as raised:
                await post.connector.verify(config)
        for word in words:
            assert word in str(raised.value), (changes, raised.value)


async def test_health_tells_how_full_the_mailbox_is(post: Post) -> None:
    async with post.polling():
        post.drop(letter("Сәлем"))
        await post.received()
        health = await post.connector.health(post.connection, public_url="http://localhost")
    quotas = {quota.name: quota for quota in health.quotas}
    assert quotas["mailbox_bytes"].limit == 100 * 1024 * 1024
    assert quotas["mailbox_bytes"].used is not None
    assert quotas["last_uid"].value == "1"
    assert health.warnings == []


def _wait_long(post: Post) -> None:
    """Nothing is found only because a wait for news happens to end."""
    post.configure(watch_sent=False)
    post.connector._idle_seconds = 120


def _days_ago(days: int) -> str:
    return format_datetime(datetime.now(UTC) - timedelta(days=days))


def _make_folder(folder: Path) -> None:
    for path in (folder, *(folder / name for name in ("tmp", "new", "cur"))):
        path.mkdir()
        path.chmod(0o777)


def _put_into_sent(post: Post, mail: EmailMessage) -> None:
    folder = post.servers.maildir(OURS) / ".Sent"
    name = f"{abs(hash(str(mail)))}.test"
    path = folder / "new" / name
    path.write_bytes(mail.as_bytes())
    path.chmod(0o644)
