"""One phone a messenger, over the fakes of the platforms: what its people write, see, tap."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, Final, Self

from tests.fakes import whatsapp_api
from tests.fakes.instagram_server import InstagramServer
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.whatsapp_server import WhatsAppServer
from tests.support.mail_servers import OURS, PASSWORD, MailServers, MailServersMissingError

NAMES: Final = ("Айгүл Серікқызы", "Берік Ахметов", "Анна Ким")
TEMPLATES: Final = tuple(
    {
        "id": str(77_001 + number),
        "name": "order_ready",
        "language": language,
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": text}],
    }
    for number, (language, text) in enumerate(
        (
            ("ru", "{{1}}, ваш заказ готов. Ждём вас в магазине Tau Demo."),
            ("kk", "{{1}}, тапсырысыңыз дайын. Сізді Tau Demo дүкенінде күтеміз."),
            ("en", "{{1}}, your order is ready. We are waiting for you at Tau Demo."),
        )
    )
)
WAITING, TAKEN = "waiting", "taken in"


@dataclass
class Entry:
    """A line of a thread as the page shows it."""

    id: str
    mine: bool
    text: str
    choices: list[str] = field(default_factory=list)
    picture: str | None = None
    state: str = ""
    reaction: str | None = None
    reacts: bool = False


class Phone:
    """A messenger's people and their threads with the company."""

    name: str
    title: str
    missing: str | None = None
    reacts = True

    def __init__(self, people: dict[str, str]) -> None:
        self.people = people
        self.entries: defaultdict[str, list[Entry]] = defaultdict(list)
        self.sent: dict[str, dict[str, Any]] = {}
        """What the company sent, as the platform took it, by the entry's id."""
        self._seen = 0
        self._number = 0

    def told(self) -> dict[str, Any]:
        """What the page shows of it."""
        people = [{"id": key, "name": name} for key, name in self.people.items()]
        named = {"name": self.name, "title": self.title}
        return {**named, "people": people, "missing": self.missing}

    def config(self) -> dict[str, Any]:
        """The account's credentials, as the console's form asks for them."""
        raise NotImplementedError

    def set_webhook(self, url: str) -> None:
        """What an admin types into the platform's dashboard, where there is one."""

    async def thread(self, person: str) -> list[dict[str, Any]]:
        """All lines of one person's thread."""
        await self.look()
        return [asdict(entry) for entry in self.entries[person]]

    async def look(self) -> None:
        """Take over what the company has sent meanwhile."""
        everything = self.outbound()
        for told in everything[self._seen :]:
            person, entry = self.entry(told)
            entry.reacts = self.reacts
            self.sent[entry.id] = told
            self.entries[person].append(entry)
        self._seen = len(everything)

    def outbound(self) -> list[dict[str, Any]]:
        """All that the company has sent, oldest first."""
        raise NotImplementedError

    def entry(self, told: dict[str, Any]) -> tuple[str, Entry]:
        """The person to whom it went, and how it looks."""
        raise NotImplementedError

    def note(self, person: str, text: str, *, picture: str | None = None, state: str) -> None:
        """A line of the person's own."""
        self._number += 1
        own = Entry(f"own{self._number}", True, text, picture=picture, state=state)
        self.entries[person].append(own)

    async def say(self, person: str, text: str) -> None:
        """A person writes."""
        raise NotImplementedError

    async def send_picture(self, person: str, content: bytes, name: str, mime: str) -> None:
        """A person sends a picture."""
        raise NotImplementedError

    async def tap(self, person: str, entry_id: str, title: str) -> None:
        """A person taps a button."""
        raise NotImplementedError

    async def react(self, person: str, entry_id: str, emoji: str) -> None:
        """A person reacts to a message of the company."""
        await self.tell_reaction(person, self.sent[entry_id], emoji)
        for entry in self.entries[person]:
            if entry.id == entry_id:
                entry.reaction = emoji

    async def tell_reaction(self, person: str, told: dict[str, Any], emoji: str) -> None:
        """Deliver a reaction."""
        raise NotImplementedError


class TelegramPhone(Phone):
    """People in private chats with the bot."""

    name, title = "telegram", "Telegram"

    def __init__(self, port: int) -> None:
        super().__init__({str(501 + number): name for number, name in enumerate(NAMES)})
        self._server = TelegramServer(port=port)
        moment = int(time.time())
        self._server.bot.next_update_id = moment
        self._server.bot.people = {int(key): name for key, name in self.people.items()}
        self._server.bot.next_message_id = defaultdict(lambda: moment)

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    def config(self) -> dict[str, Any]:
        """See the base."""
        return {"token": self._server.bot.token}

    def outbound(self) -> list[dict[str, Any]]:
        """See the base."""
        return self._server.bot.sent

    def entry(self, told: dict[str, Any]) -> tuple[str, Entry]:
        """See the base."""
        markup = told.get("reply_markup") or {}
        rows = markup.get("inline_keyboard") or []
        choices = [one["text"] for row in rows for one in row if "callback_data" in one]
        kind = next((one for one in ("photo", "document", "video", "voice") if one in told), None)
        text = told.get("text") or told.get("caption") or ""
        person = str(told["chat"]["id"])
        # Telegram counts the messages of each chat by itself.
        entry_id = f"{person}.{told['message_id']}"
        return person, Entry(entry_id, False, text, choices, kind)

    async def _publish(self, person: str, **content: Any) -> None:
        server = self._server
        message = server.message(server.bot, int(person), **content)
        await server.publish(server.update(server.bot, message=message))

    async def say(self, person: str, text: str) -> None:
        """See the base."""
        content: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        await self._publish(person, **content)
        self.note(person, text, state="")

    async def send_picture(self, person: str, content: bytes, name: str, mime: str) -> None:
        """See the base."""
        await self._server.send("photo", content, chat_id=int(person))
        self.note(person, "", picture=name, state="")

    async def tap(self, person: str, entry_id: str, title: str) -> None:
        """See the base."""
        await self._server.tap(self.sent[entry_id], title)
        self.note(person, title, state="tapped")

    async def tell_reaction(self, person: str, told: dict[str, Any], emoji: str) -> None:
        """See the base."""
        server = self._server
        about = server.message(server.bot, int(person))
        reaction = {
            "chat": told["chat"],
            "user": about["from"],
            "message_id": told["message_id"],
            "date": int(time.time()),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}],
        }
        await server.publish(server.update(server.bot, message_reaction=reaction))


class WhatsAppPhone(Phone):
    """People who write to the company's number. What they get is told to be delivered and read."""

    name, title = "whatsapp", "WhatsApp"

    def __init__(self, port: int) -> None:
        super().__init__({f"7701000050{number}": name for number, name in enumerate(NAMES, 1)})
        self._server = WhatsAppServer(port=port)
        self._server.tells_statuses = True
        self._server.shakes_hands = False
        self._server.graph.next_id = int(time.time() * 10)
        self._server.graph.accounts[whatsapp_api.ACCOUNT_ID].templates.extend(TEMPLATES)

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    def config(self) -> dict[str, Any]:
        """See the base."""
        return dict(whatsapp_api.CONFIG)

    def outbound(self) -> list[dict[str, Any]]:
        """See the base."""
        return self._server.number.sent

    def _person(self, person: str) -> dict[str, Any]:
        told = whatsapp_api.customer(f"KZ.{person}", person)
        return {**told, "profile": {"name": self.people[person]}}

    def entry(self, told: dict[str, Any]) -> tuple[str, Entry]:
        """See the base."""
        kind = told.get("type", "text")
        content = told[kind]
        text, choices, picture = "", [], None
        if kind == "text":
            text = content["body"]
        elif kind == "interactive":
            text = content["body"]["text"]
            action = content["action"]
            rows = [row for one in action.get("sections", ()) for row in one["rows"]]
            choices = [one["title"] for one in rows]
            choices += [one["reply"]["title"] for one in action.get("buttons", ())]
        else:
            text, picture = content.get("caption", ""), kind
        whom = str(told.get("to") or told.get("recipient")).removeprefix("KZ.").lstrip("+")
        return whom, Entry(told["id"], False, text, choices, picture, state="read")

    def _state(self, before: int) -> str:
        return WAITING if len(self._server.undelivered) > before else TAKEN

    async def say(self, person: str, text: str) -> None:
        """See the base."""
        before = len(self._server.undelivered)
        await self._server.say(text, person=self._person(person))
        self.note(person, text, state=self._state(before))

    async def send_picture(self, person: str, content: bytes, name: str, mime: str) -> None:
        """See the base."""
        before = len(self._server.undelivered)
        await self._server.send("image", content, mime, person=self._person(person))
        self.note(person, "", picture=name, state=self._state(before))

    async def tap(self, person: str, entry_id: str, title: str) -> None:
        """See the base."""
        await self._server.tap(self.sent[entry_id], title, person=self._person(person))
        self.note(person, title, state="tapped")

    async def tell_reaction(self, person: str, told: dict[str, Any], emoji: str) -> None:
        """See the base."""
        who = self._person(person)
        reaction = {"message_id": told["id"], "emoji": emoji}
        message = whatsapp_api.message(self._server.graph.new_id(), who, reaction=reaction)
        await self._server.tell(message, person=who)


class InstagramPhone(Phone):
    """People who write to the company's account."""

    name, title = "instagram", "Instagram"

    def __init__(self, port: int) -> None:
        people = {f"50120030040050{number}": name for number, name in enumerate(NAMES)}
        super().__init__(people)
        self._server = InstagramServer(port=port)
        self._server.begin_at(int(time.time()))
        self._server.account.people = people

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    def config(self) -> dict[str, Any]:
        """See the base."""
        account = self._server.account
        credentials = {"access_token": account.token, "app_secret": account.app_secret}
        return {"login": account.login, **credentials}

    def set_webhook(self, url: str) -> None:
        """See the base."""
        self._server.webhook = url

    def outbound(self) -> list[dict[str, Any]]:
        """See the base."""
        return self._server.account.sent

    def entry(self, told: dict[str, Any]) -> tuple[str, Entry]:
        """See the base."""
        message = told["message"]
        replies = [one for one in message.get("quick_replies", ()) if "title" in one]
        text, picture = message.get("text", ""), None
        if attachment := message.get("attachment"):
            payload = attachment["payload"]
            picture = None if attachment["type"] == "template" else attachment["type"]
            elements = payload.get("elements") or [payload]
            text = str(elements[0].get("title") or payload.get("text") or "")
            replies = [one for one in elements[0].get("buttons", ()) if one["type"] == "postback"]
        choices = [one["title"] for one in replies]
        person = str(told["recipient"]["id"])
        return person, Entry(told["message_id"], False, text, choices, picture)

    def _state(self) -> str:
        return TAKEN if self._server.statuses[-1:] == [200] else WAITING

    async def say(self, person: str, text: str) -> None:
        """See the base."""
        await self._server.say(text, customer=person)
        self.note(person, text, state=self._state())

    async def send_picture(self, person: str, content: bytes, name: str, mime: str) -> None:
        """See the base."""
        await self._server.send("image", content, mime=mime, customer=person)
        self.note(person, "", picture=name, state=self._state())

    async def tap(self, person: str, entry_id: str, title: str) -> None:
        """See the base."""
        message = self.sent[entry_id]["message"]
        for reply in message.get("quick_replies", ()):
            if reply.get("title") == title:
                payload = {"payload": reply["payload"]}
                await self._server.say(title, customer=person, quick_reply=payload)
        if attachment := message.get("attachment"):
            elements = attachment["payload"].get("elements") or [attachment["payload"]]
            button = next(one for one in elements[0]["buttons"] if one["title"] == title)
            tap = {"mid": self._server.mid(), "title": title, "payload": button["payload"]}
            await self._server.publish(self._server.item(customer=person, postback=tap))
        self.note(person, title, state="tapped")

    async def tell_reaction(self, person: str, told: dict[str, Any], emoji: str) -> None:
        """See the base."""
        name = {"action": "react", "reaction": "love" if emoji == "❤" else "other"}
        reaction = {"mid": told["message_id"], **name, "emoji": emoji}
        await self._server.publish(self._server.item(customer=person, reaction=reaction))


class MailPhone(Phone):
    """People with mailboxes at the machine's own mail servers, where those are installed."""

    name, title = "email", "E-mail"
    reacts = False

    def __init__(self) -> None:
        super().__init__({"aigul@customer.test": NAMES[0], "berik@customer.test": NAMES[1]})
        self._begun = int(time.time())
        self._last: dict[str, EmailMessage] = {}
        self._read: dict[bytes, str] = {}
        self._servers: MailServers | None = None

    async def __aenter__(self) -> Self:
        try:
            self._servers = MailServers()
            await asyncio.to_thread(self._servers.start)
        except (MailServersMissingError, RuntimeError, OSError) as error:
            self.missing = str(error)
            await self.__aexit__()
        return self

    async def __aexit__(self, *_: object) -> None:
        servers, self._servers = self._servers, None
        if servers is not None:
            await asyncio.to_thread(servers.stop)

    def config(self) -> dict[str, Any]:
        """See the base."""
        assert self._servers is not None
        ports = self._servers.ports
        return {
            "address": OURS,
            "password": PASSWORD,
            "imap_host": "localhost",
            "imap_port": ports.imap,
            "imap_security": "none",
            "smtp_host": "localhost",
            "smtp_port": ports.smtp,
            "smtp_security": "none",
        }

    async def look(self) -> None:
        """See the base."""
        assert self._servers is not None
        for person in self.people:
            for raw in self._servers.mails(person):
                if raw not in self._read:
                    self._read[raw] = person
                    mail = BytesParser(policy=default).parsebytes(raw)
                    self._last[person] = mail
                    words = mail.get_body(("plain",))
                    text = words.get_content() if words is not None else ""
                    shown = f"{mail['Subject']}\n\n{text.strip()}"
                    self.entries[person].append(Entry(f"mail{len(self._read)}", False, shown))

    async def say(self, person: str, text: str) -> None:
        """See the base."""
        await self._drop(person, text)
        self.note(person, text, state="")

    async def send_picture(self, person: str, content: bytes, name: str, mime: str) -> None:
        """See the base."""
        await self._drop(person, "", content, name, mime)
        self.note(person, "", picture=name, state="")

    async def _drop(self, person: str, text: str, *file: Any) -> None:
        assert self._servers is not None
        self._number += 1
        mail = EmailMessage()
        mail["From"], mail["To"] = f"{self.people[person]} <{person}>", OURS
        mail["Message-ID"] = f"<{self._begun}.{self._number}@customer.test>"
        if (last := self._last.get(person)) is not None:
            mail["Subject"] = str(last["Subject"])
            mail["In-Reply-To"] = mail["References"] = str(last["Message-ID"])
        else:
            mail["Subject"] = "Сұрақ"
        mail.set_content(text)
        if file:
            content, name, mime = file
            main, _, sub = mime.partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
        await asyncio.to_thread(self._servers.drop, OURS, mail.as_bytes())
