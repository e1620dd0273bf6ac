"""A mailbox as the contract suite uses it: a customer's mails lie in a real Dovecot."""

from __future__ import annotations

import asyncio
import imaplib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from connectors.email import client, imap
from connectors.email.threads import chat_id_of, new_token
from crm.contract import MessageKind, OutboundMessage, SendResult
from tests.contract.platforms.base import Platform, Trouble
from tests.integration.email.conftest import Post
from tests.support.mail_servers import CUSTOMER, OURS, PASSWORD
from tests.support.patience import until

MAILS = Path(__file__).parents[2] / "unit/connectors/email/mails"


class EmailPlatform(Platform):
    """Reads the mailbox meanwhile; use it as an asynchronous context."""

    lacks: ClassVar[Mapping[str, str]] = {
        "edits": "a mail that was sent cannot be changed",
        "reactions": "mail has none",
        "taps": "buttons are written out as links and a numbered list",
        "deletions": "a mail that was sent cannot be taken back",
        "locations": "mail has none",
        "statuses": "a server tells only of failures: test_sending.py has bounces",
        "stickers": "mail has none",
        "signatures": "nobody calls us: the mailbox's own login is the proof",
        "null bytes": "no mail may hold them (RFC 5322, 2.3)",
    }
    retry_after = 3600.0  # servers that have enough of an account do not say for how long
    carrier = MessageKind.TEXT  # a mail is words first
    secrets = (PASSWORD,)

    def __init__(self, post: Post) -> None:
        self.post = post
        self.connector = post.connector
        self.connection, self.inbox = post.connection, post.inbox
        self.chat_id = chat_id_of(new_token(post.connection, "first"), CUSTOMER)
        self._polling = post.polling()
        self._held = AsyncExitStack()
        self._sent = 0

    async def __aenter__(self) -> Self:
        await self._polling.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._polling.__aexit__(None, None, None)
        await self._held.aclose()
        # What is still on its way would lie in the next test's mailbox.
        await until(lambda: len(self.post.servers.mails(CUSTOMER)) >= self._sent)

    async def send(self, message: OutboundMessage) -> list[SendResult]:
        """See the base."""
        results = await super().send(message)
        self._sent += len(results)
        return results

    async def deliver(self, text: str, *, key: int = 1, seconds: float = 3.0) -> bool:
        """Whether the mail was taken in: its UID is noted, and it is not read again."""
        before = self._noted()
        self.post.drop(_mail(text, key))
        return await self._is_noted(before + 1, seconds)

    async def deliver_twice(self, text: str) -> list[bool]:
        """See the base."""
        before = self._noted()
        for _ in range(2):
            self.post.drop(_mail(text, 1))
        return [await self._is_noted(before + number, 5.0) for number in (1, 2)]

    async def deliver_file(self, kind: MessageKind, content: bytes, mime: str) -> None:
        """See the base."""
        mail = _mail("", 1)
        main, _, sub = mime.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename="file")
        before = self._noted()
        self.post.drop(mail)
        assert await self._is_noted(before + 1, 5.0)

    async def deliver_unknown(self) -> None:
        """See the base: encrypted for a key that we do not have."""
        before = self._noted()
        self.post.drop((MAILS / "pgp_encrypted.eml").read_bytes())
        assert await self._is_noted(before + 1, 5.0)

    async def quote(self, platform_id: str, text: str) -> None:
        """See the base."""
        before = self._noted()
        mail = _mail(text, 43)
        mail["In-Reply-To"] = platform_id
        self.post.drop(mail)
        assert await self._is_noted(before + 1, 5.0)

    async def write_from_phone(self, text: str) -> None:
        """See the base: another program puts it into the folder of sent mails."""
        assert await self.deliver("Сұрақ", key=41)
        self.chat_id = self.inbox.received[-1].chat_id
        mail = _mail(text, 42, sender=OURS, recipient=CUSTOMER)
        mail["In-Reply-To"] = "<m41@customer.test>"
        await asyncio.to_thread(self._put_into_sent, mail.as_bytes())
        await until(lambda: self.inbox.events)

    def as_arrived(self, text: str) -> str:
        """Lines end as ours do, and empty ones are no more than one."""
        return text.replace("\r\n", "\n").replace("\n\n\n", "\n\n")

    async def sent(self, count: int) -> list[str]:
        """See the base."""
        found = await self.post.arrived(count=count)
        return [str(one.get_body(("plain",)).get_content()).strip() for one in found]  # type: ignore[union-attr]

    async def fail(self, trouble: Trouble) -> None:
        """See the base."""
        if trouble is Trouble.REVOKED:
            self.post.configure(password="it was changed")
        else:
            imap, smtp = [await self._rude(_HABITS[name], trouble) for name in ("imap", "smtp")]
            self.post.configure(imap_port=imap, smtp_port=smtp)
            self.post.configure(imap_security="none", smtp_security="none")
        self.connection = self.post.connection

    async def _rude(self, habit: _Habit, trouble: Trouble) -> int:
        """A server that fails; its port."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                if trouble is Trouble.NONSENSE:
                    writer.write(b"<html>\r\n")
                elif trouble is Trouble.SILENT:
                    await reader.read()
                elif trouble is not Trouble.CUT:
                    await habit(reader, writer, trouble)
            except ConnectionError:
                pass
            finally:
                writer.close()

        server = await self._held.enter_async_context(
            await asyncio.start_server(serve, "127.0.0.1", 0)
        )
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """See the base."""
        for module, name in _PATIENCE:
            monkeypatch.setattr(module, name, 0.3)

    def _put_into_sent(self, mail: bytes) -> None:
        trusted = ssl.create_default_context(cafile=str(self.post.servers.certificate))
        port = self.post.servers.ports.imaps
        with imaplib.IMAP4_SSL("localhost", port, ssl_context=trusted) as client:
            client.authenticate("PLAIN", lambda _: f"\0{OURS}\0{PASSWORD}".encode())
            client.append("Sent", "\\Seen", None, mail)

    async def _is_noted(self, count: int, seconds: float) -> bool:
        for _ in range(int(seconds * 50)):
            if self._noted() >= count:
                return True
            await asyncio.sleep(0.02)
        return False

    def _noted(self) -> int:
        places = self.inbox.states.get(self.connection.id, {}).get("folders", ())
        return max((place["uid"] for place in places if place["name"].startswith("in:")), default=0)


def _mail(text: str, key: int, *, sender: str = CUSTOMER, recipient: str = OURS) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, recipient
    mail["Subject"], mail["Message-ID"] = "Сұрақ", f"<m{key}@customer.test>"
    mail.set_content(text)
    return mail


type _Habit = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Trouble], Awaitable[None]]


async def _imap(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble
) -> None:
    """RFC 3501; the codes are those of RFC 5530."""
    if trouble is Trouble.FAILING:
        writer.write(b"* BYE Internal server error\r\n")
        return
    writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while line := await reader.readline():
        tag = line.split(b" ")[0]
        writer.write(tag + b" NO [LIMIT] Too many connections\r\n")


async def _smtp(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble
) -> None:
    """RFC 5321; 4.5.3 is of RFC 3463."""
    if trouble is Trouble.FAILING:
        writer.write(b"421 4.3.2 Service not available\r\n")
        return
    writer.write(b"220 mx.test ESMTP\r\n")
    answers: Mapping[bytes, bytes] = {
        b"ehlo": b"250-mx.test\r\n250 AUTH PLAIN LOGIN",
        b"auth": b"235 2.7.0 Ok",
        b"mail": b"452 4.5.3 Too many messages, come back later",
        b"quit": b"221 2.0.0 Bye",
    }
    while line := (await reader.readline()).lower():
        writer.write(answers.get(line[:4], b"250 2.0.0 Ok") + b"\r\n")


_PATIENCE = (
    (client, "SMTP_CONNECT_SECONDS"),
    (client, "SMTP_COMMAND_SECONDS"),
    (imap, "CONNECT_SECONDS"),
    (imap, "COMMAND_SECONDS"),
)
_HABITS: Mapping[str, Any] = {"imap": _imap, "smtp": _smtp}
