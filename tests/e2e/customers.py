"""Customers of the company in all messengers, each by the fake or the mailbox of their platform."""

import asyncio
import re
import time
from collections.abc import Sequence
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from tests.e2e.people import eventually
from tests.fakes import whatsapp_api
from tests.fakes.instagram_server import InstagramServer
from tests.fakes.telegram_api import FakeBot
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.whatsapp_server import WhatsAppServer
from tests.support.mail_servers import CUSTOMER, OURS, MailServers

Json = dict[str, Any]


class Customer:
    """Somebody at a messenger. What they got is read off the platform."""

    channel: str

    async def say(self, text: str) -> None:
        """Write to the company."""
        raise NotImplementedError

    def got(self) -> list[Json]:
        """All that the company sent to this customer, as the platform took it."""
        raise NotImplementedError

    def words(self, sent: Json) -> str:
        """What stands in a message."""
        raise NotImplementedError

    async def hears(self, *patterns: str, since: int = 0) -> None:
        """Wait until what came, from number `since` on, holds each of the regular expressions."""

        async def look() -> bool:
            return all(re.search(one, self.heard(since), re.IGNORECASE) for one in patterns)

        try:
            await eventually(look, f"message with {patterns}")
        except AssertionError as error:
            raise AssertionError(f"{error} in {self.channel}: {self.heard(since)!r}") from None

    def heard(self, since: int = 0) -> str:
        """The words of all that came, from number `since` on."""
        return "\n".join(self.words(one) for one in self.got()[since:])

    async def ask(self, text: str, *patterns: str) -> None:
        """Write, and wait for an answer with each of the regular expressions."""
        before = len(self.got())
        await self.say(text)
        await self.hears(*patterns, since=before)


class TelegramCustomer(Customer):
    """In a private chat with a bot."""

    channel = "telegram"

    def __init__(self, server: TelegramServer, bot: FakeBot, chat_id: int) -> None:
        self.server, self.bot, self.chat_id = server, bot, chat_id

    async def say(self, text: str) -> None:
        await self.tell(text=text)

    async def tell(self, **content: Any) -> Json:
        """Send what the Bot API calls so; returns the message."""
        message = self.server.message(self.bot, self.chat_id, **content)
        update = self.server.update(self.bot, message=message)
        assert await self.server.publish(update, bot=self.bot) == 200
        return message

    async def edit(self, message: Json, text: str) -> None:
        edited = {**message, "text": text, "edit_date": int(time.time())}
        update = self.server.update(self.bot, edited_message=edited)
        assert await self.server.publish(update, bot=self.bot) == 200

    async def send_voice(self, content: bytes) -> None:
        told = {"mime_type": "audio/ogg"}
        await self.server.send("voice", content, chat_id=self.chat_id, bot=self.bot, **told)

    async def tap(self, title: str) -> None:
        """Tap a button under the newest message that has it."""
        for sent in reversed(self.got()):
            rows = (sent.get("reply_markup") or {}).get("inline_keyboard", [])
            if any(button["text"] == title for row in rows for button in row):
                await self.server.tap(sent, title, bot=self.bot)
                return
        raise AssertionError(f"there is no button {title!r}")

    def got(self) -> list[Json]:
        return [one for one in self.bot.sent if one["chat"]["id"] == self.chat_id]

    def words(self, sent: Json) -> str:
        return str(sent.get("text") or sent.get("caption") or "")


class WhatsAppCustomer(Customer):
    """Who writes to the company's number."""

    channel = "whatsapp"

    def __init__(self, server: WhatsAppServer, user_id: str, phone: str) -> None:
        self.server, self.user_id = server, user_id
        self.person = whatsapp_api.customer(user_id, phone)

    async def say(self, text: str) -> None:
        await self.server.say(text, person=self.person)

    async def send_picture(self, content: bytes) -> None:
        await self.server.send("image", content, "image/png", person=self.person)

    async def tap(self, title: str) -> None:
        """Tap a button under the newest message that has it."""
        for sent in reversed(self.got()):
            if title in str(sent.get("interactive", "")):
                await self.server.tap(sent, title, person=self.person)
                return
        raise AssertionError(f"there is no button {title!r}")

    def got(self) -> list[Json]:
        return [one for one in self.server.number.sent if one.get("recipient") == self.user_id]

    def words(self, sent: Json) -> str:
        content = sent[sent["type"]]
        body = content.get("body", content.get("caption", ""))
        return str(body["text"] if isinstance(body, dict) else body)


class InstagramCustomer(Customer):
    """Who writes to the company's account."""

    channel = "instagram"

    def __init__(self, server: InstagramServer, igsid: str) -> None:
        self.server, self.igsid = server, igsid

    async def say(self, text: str) -> None:
        await self.server.say(text, customer=self.igsid)
        assert self.server.undelivered == []

    def wrote_hours_ago(self, hours: float) -> None:
        """Let the platform think so: outside 24 hours it takes answers of people only, with their tag."""
        self.server.account.last_inbound[self.igsid] = time.time() - hours * 3600

    def got(self) -> list[Json]:
        sent = self.server.account.sent
        return [one for one in sent if one["recipient"]["id"] == self.igsid]

    def words(self, sent: Json) -> str:
        message = sent["message"]
        payload = (message.get("attachment") or {}).get("payload", {})
        elements = payload.get("elements") or [payload]
        return str(message.get("text") or payload.get("text") or elements[0].get("title") or "")


class MailCustomer(Customer):
    """Who has a mailbox at the machine's own mail servers."""

    channel = "email"

    def __init__(self, servers: MailServers) -> None:
        self.servers = servers
        self._number = 0

    async def say(self, text: str) -> None:
        await self.write(text)

    async def write(self, text: str, files: Sequence[tuple[str, str, bytes]] = ()) -> None:
        """Write a mail, as an answer to the newest of the company's, with files (name, type, content)."""
        self._number += 1
        mail = EmailMessage()
        mail["From"], mail["To"] = f"Анна Ким <{CUSTOMER}>", OURS
        mail["Message-ID"] = f"<day-{self._number}@customer.test>"
        mail["Subject"] = "Доставка"
        if got := self.got():
            mail["In-Reply-To"] = mail["References"] = str(got[-1]["mail"]["Message-ID"])
        mail.set_content(text)
        for name, mime, content in files:
            main, _, sub = mime.partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
        await asyncio.to_thread(self.servers.drop, OURS, mail.as_bytes())

    def got(self) -> list[Json]:
        parser = BytesParser(policy=default)
        return [{"mail": parser.parsebytes(raw)} for raw in self.servers.mails(CUSTOMER)]

    def words(self, sent: Json) -> str:
        body = sent["mail"].get_body(("plain",))
        return str(body.get_content()) if body is not None else ""

    def files(self) -> dict[str, bytes]:
        """The files of all mails, by name."""
        return {
            str(part.get_filename()): part.get_payload(decode=True)
            for one in self.got()
            for part in one["mail"].iter_attachments()
        }
