"""Answers of a site's chat that its visitor has not seen: once by mail, and answered by mail."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from aiohttp import FormData
from bson import ObjectId

from connectors.base import Connector
from connectors.base.addresses import any_address
from connectors.email import EmailConnector
from connectors.webchat import WebchatConnector
from crm.contract import Connection, InboundMessage, RejectedError, Sender
from crm.core.clock import utc_now
from crm.core.database import Database
from crm.inbox.away import MAILS_A_DAY, Away
from crm.services import Services
from tests.integration.email.conftest import letter
from tests.integration.email.conftest import settings as mail_settings
from tests.support.console import Console
from tests.support.mail_servers import CUSTOMER, OURS, MailServers
from tests.support.patience import PATIENCE_SECONDS, ended, until

SHOP = "https://tau.kz"


@pytest.fixture
def connectors(servers: MailServers) -> dict[str, Connector]:
    trusted = ssl.create_default_context(cafile=str(servers.certificate))
    mail = EmailConnector(addresses_of=any_address, tls=trusted, idle_seconds=5)
    return {"webchat": WebchatConnector(), "email": mail}


@dataclass
class Site:
    """A company with a chat on its site; its visitors close the page as soon as they have written."""

    owner: Console
    services: Services
    database: Database
    servers: MailServers
    chat: Connection
    chat_id: str = "visitor"

    async def connect_mail(self) -> Connection:
        body = {"channel": "email", "name": "Mail", "config": mail_settings(self.servers)}
        made = await self.owner.post("/api/connections", body)
        return await self.loaded(made["id"])

    async def loaded(self, connection_id: str) -> Connection:
        found = await self.services.inbox.gateway.connection(connection_id)
        assert found is not None
        return found

    async def says(
        self, text: str, *, email: str | None = CUSTOMER, page: str | None = None, number: int = 1
    ) -> None:
        message = InboundMessage(
            external_id=f"{self.chat_id}:{number}",
            chat_id=self.chat_id,
            sender=Sender(external_id=self.chat_id, email=email, language="kk"),
            text=text,
            answerable=False,
            data={"page": page} if page else {},
        )
        await self.services.inbox.gateway.receive(self.chat, [message])
        await self.settle()

    async def settle(self) -> None:
        await ended(self.services.inbox.background._tasks)

    async def conversation(self, channel: str = "webchat") -> dict[str, Any]:
        found = [one for one in await self.conversations() if one["channel"] == channel]
        assert len(found) == 1
        return found[0]

    async def conversations(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.owner.get("/api/conversations?view=all"))[
            "items"
        ]
        return listed

    async def answer(self, *texts: str) -> None:
        """The owner takes the conversation over and writes."""
        path = f"/api/conversations/{(await self.conversation())['id']}"
        await self.owner.post(f"{path}/take-over")
        for text in texts:
            await self.owner.post(f"{path}/messages", {"text": text})
        await self.settle()

    async def thread(self, channel: str = "webchat") -> list[dict[str, Any]]:
        path = f"/api/conversations/{(await self.conversation(channel))['id']}/messages"
        items: list[dict[str, Any]] = (await self.owner.get(path))["items"]
        return items[::-1]

    async def wait(self) -> None:
        """Nobody looks at the chat for a quarter of an hour."""
        messages = self.services.inbox.store.messages
        ago = utc_now() - timedelta(minutes=15)
        chat = {"organization_id": self.owner.organization_id, "channel": "webchat"}
        await messages.update_many(chat, {"$set": {"created_at": ago}})
        waits = {**chat, "follow_at": {"$exists": True}}
        await messages.update_many(waits, {"$set": {"follow_at": ago}})

    async def sweep(self) -> int:
        found = await self.services.inbox.away.sweep()
        await self.settle()
        return found

    def mails(self, address: str = CUSTOMER) -> list[EmailMessage]:
        return [BytesParser(policy=default).parsebytes(one) for one in self.servers.mails(address)]

    async def arrived(self, count: int = 1) -> list[EmailMessage]:
        await until(lambda: len(self.servers.mails(CUSTOMER)) >= count)
        await asyncio.sleep(0.2)
        assert len(self.mails()) == count
        return self.mails()


@pytest.fixture
async def site(
    owner: Console, services: Services, database: Database, servers: MailServers
) -> Site:
    body = {"channel": "webchat", "name": "Tau", "config": {"allowed_origins": [SHOP]}}
    made = await owner.post("/api/connections", body)
    chat = await services.inbox.gateway.connection(made["id"])
    assert chat is not None
    return Site(owner, services, database, servers, chat)


def words_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


async def test_all_unseen_answers_go_in_one_mail(site: Site) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?", page=f"{SHOP}/tents?x=1")
    await site.answer("Иә, бар.", "Бағасы 90 000 ₸.")
    assert await site.sweep() == 0, "they may be looking still"
    await site.wait()
    assert await site.sweep() == 1
    (mail,) = await site.arrived()
    words = words_of(mail)
    assert words.index("Иә, бар.") < words.index("Бағасы 90 000 ₸.")
    assert "хатпен жауап береміз" in words, "in the visitor's language"
    assert f"{SHOP}/tents?x=1" in words
    assert mail["Subject"] == "Чаттағы сұрағыңызға жауап: Tau"
    assert mail["From"].addresses[0].addr_spec == OURS
    assert mail["Auto-Submitted"] is None, "a person has written it"
    assert "қосылды" not in words, "that somebody joined is of no interest now"
    by_mail = await site.conversation("email")
    marks = [one["data"].get("by_email") for one in await site.thread() if one["kind"] == "text"]
    told = [mark for mark in marks if mark]
    assert len(told) == 2
    assert {one["address"] for one in told} == {CUSTOMER}
    assert {one["conversation_id"] for one in told} == {by_mail["id"]}
    for _ in range(3):
        await site.wait()
        await site.sweep()
    await site.arrived(1)
    # what is answered later goes in a second mail of the same thread
    await site.answer("Жеткізу тегін.")
    await site.wait()
    await site.sweep()
    later = next(one for one in await site.arrived(2) if one["Message-ID"] != mail["Message-ID"])
    assert "Жеткізу тегін." in words_of(later)
    assert "Иә, бар." not in words_of(later)
    assert later["References"] == mail["Message-ID"]


async def test_the_bots_answer_is_marked_as_a_machines(site: Site) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?")
    store = site.services.inbox.store
    row = await store.conversations.find_one({"organization_id": site.owner.organization_id})
    assert row is not None
    answer = store.outbound(row, "Иә, **бар**.", author={"kind": "bot"})
    await store.messages.insert_one(answer | {"state": "sent"})
    await site.wait()
    await site.sweep()
    (mail,) = await site.arrived()
    assert "Иә, бар." in words_of(mail)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert (await site.conversation("email"))["owner"] == "bot"


async def test_files_go_with_them(site: Site) -> None:
    await site.connect_mail()
    await site.says("Бағасы?")
    form = FormData()
    form.add_field(
        "file", b"%PDF-1.4\n%%EOF\n", filename="price.pdf", content_type="application/pdf"
    )
    upload = await site.owner.call("POST", "/api/files", data=form)
    path = f"/api/conversations/{(await site.conversation())['id']}"
    await site.owner.post(f"{path}/take-over")
    await site.owner.post(f"{path}/messages", {"text": "", "attachments": [upload["id"]]})
    await site.settle()
    await site.wait()
    await site.sweep()
    (mail,) = await site.arrived()
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("price.pdf", b"%PDF-1.4\n%%EOF\n")


async def test_an_answer_by_mail_goes_on_in_the_same_hands(site: Site) -> None:
    connection = await site.connect_mail()
    await site.says("Шатыр бар ма?")
    await site.answer("Иә, бар.")
    await site.wait()
    await site.sweep()
    (mail,) = await site.arrived()
    web = await site.conversation()
    connector = site.services.connectors["email"]
    assert isinstance(connector, EmailConnector)
    task = asyncio.create_task(connector.poll(connection, site.services.inbox.gateway))
    try:
        answer = letter("Алам!", In_Reply_To=str(mail["Message-ID"]), Subject="Re: x")
        site.servers.drop(OURS, answer.as_bytes())
        inbox = site.services.inbox

        query = {"organization_id": site.owner.organization_id, "text": "Алам!", "fresh": None}
        await until_found(inbox.store.messages, query)
        await site.settle()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    thread = await site.thread("email")
    assert [(one["kind"], one["data"].get("event")) for one in thread[:1]] == [
        ("event", "from_webchat")
    ]
    assert thread[0]["data"]["conversation_id"] == web["id"]
    assert thread[-1]["text"] == "Алам!"
    by_mail = await site.conversation("email")
    assert by_mail["contact_id"] == web["contact_id"]
    assert (by_mail["owner"], by_mail["assignee_id"]) == ("operator", web["assignee_id"])
    assert by_mail["unread"] == 1


async def until_found(collection: Any, query: dict[str, Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await collection.find_one(query) is None:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.05)


async def test_two_workers_send_one_mail(site: Site) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?")
    await site.answer("Иә, бар.")
    await site.wait()
    inbox = site.services.inbox
    others = [
        Away(
            store=inbox.store,
            connections=inbox.connections,
            connectors=site.services.connectors,
            deliver_soon=inbox.deliver_soon,
        )
        for _ in range(4)
    ]
    await asyncio.gather(*(other.sweep() for other in others))
    await site.settle()
    await site.sweep()
    await site.arrived(1)
    events = [one for one in await site.thread("email") if one["kind"] == "event"]
    assert len(events) == 1


async def test_a_worker_that_dies_leaves_all_or_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?")
    await site.answer("Иә, бар.")
    await site.wait()
    inbox = site.services.inbox

    async def dies(*given: object, **more: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:  # in the middle of the transaction
        patch.setattr(inbox.store.events, "append", dies)
        await site.sweep()
    assert len(await site.conversations()) == 1
    assert not any(one["data"].get("by_email") for one in await site.thread())
    await site.wait()
    with monkeypatch.context() as patch:  # right behind it
        patch.setattr(inbox.away, "_deliver_soon", lambda conversation_id: None)
        await site.sweep()
    assert site.mails() == []
    messages = {"organization_id": site.owner.organization_id, "state": "queued"}
    await inbox.store.messages.update_many(messages, {"$set": {"next_attempt_at": utc_now()}})
    await inbox.outbox.sweep()
    await site.arrived(1)
    assert (await site.thread("email"))[-1]["state"] == "sent"


async def test_what_was_seen_is_not_mailed(site: Site) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?")
    await site.answer("Көрді", "Көрмеді")
    seen = next(one for one in await site.thread() if one["text"] == "Көрді")
    await site.services.inbox.gateway.seen(site.chat, seen["id"])
    await site.wait()
    await site.sweep()
    (mail,) = await site.arrived()
    assert "Көрді" not in words_of(mail)
    assert "Көрмеді" in words_of(mail)
    assert await site.sweep() == 0


async def test_who_is_answering_still_is_waited_for(site: Site) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?")
    await site.answer("Иә")
    await site.wait()
    await site.answer("Бағасы 90 000 ₸")
    await site.sweep()
    assert len(await site.conversations()) == 1
    await site.wait()
    await site.sweep()
    (mail,) = await site.arrived()
    assert "Бағасы 90 000 ₸" in words_of(mail)


async def test_without_a_mailbox_nothing_is_promised_and_nothing_happens(site: Site) -> None:
    gateway = site.services.inbox.gateway
    await site.says("Шатыр бар ма?")
    await site.answer("Иә")
    assert not (await gateway.attendance(site.chat, site.chat_id)).follows
    await site.wait()
    await site.sweep()
    assert len(await site.conversations()) == 1
    assert await site.sweep() == 0, "it is looked at once"
    mail = await site.connect_mail()
    assert (await gateway.attendance(site.chat, site.chat_id)).follows
    await site.owner.post(f"/api/connections/{mail.id}/pause")
    assert not (await gateway.attendance(site.chat, site.chat_id)).follows


@pytest.mark.parametrize("email", [None, "", OURS])
async def test_who_has_left_no_address_is_not_followed(site: Site, email: str | None) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?", email=email)
    await site.answer("Иә")
    await site.wait()
    await site.sweep()
    assert len(await site.conversations()) == 1


async def test_a_chat_that_asks_for_no_address_mails_nobody(site: Site) -> None:
    await site.connect_mail()
    path = f"/api/connections/{site.chat.id}"
    config = {"allowed_origins": [SHOP], "offline": False}
    await site.owner.patch(path, {"config": config})
    await site.says("Шатыр бар ма?")
    await site.answer("Иә")
    site.services.inbox.connections.forget(site.chat.id)
    await site.wait()
    await site.sweep()
    assert len(await site.conversations()) == 1


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.test/login",
        f"{SHOP}.evil.test/",
        "https://tau.kz@evil.test/",
        "javascript:x",
        f"{SHOP}/ https://evil.test",
    ],
)
async def test_no_strangers_page_stands_in_our_mail(site: Site, page: str) -> None:
    """Anybody may say of themselves where they are, and whose address is theirs."""
    await site.connect_mail()
    await site.says("Шатыр бар ма?", page=page)
    await site.answer("Иә")
    await site.wait()
    await site.sweep()
    (mail,) = await site.arrived()
    assert "evil" not in words_of(mail)
    assert "javascript" not in words_of(mail)
    assert "Шатыр бар ма?" not in words_of(mail), "nor what they wrote themselves"


async def test_nobodys_mailbox_is_filled(site: Site) -> None:
    """Anybody may type anybody's address into any number of chats."""
    await site.connect_mail()
    for number in range(MAILS_A_DAY + 2):
        site.chat_id = f"visitor-{number}"
        typed = CUSTOMER[:number].upper() + CUSTOMER[number:]  # one mailbox however it is typed
        await site.says("Бар ма?", email=typed)
        chat = {"organization_id": site.owner.organization_id, "chat_id": site.chat_id}
        row = await site.services.inbox.store.conversations.find_one(chat)
        assert row is not None
        path = f"/api/conversations/{ObjectId(row['_id'])}"
        await site.owner.post(f"{path}/take-over")
        await site.owner.post(f"{path}/messages", {"text": f"№{number}"})
        await site.settle()
        await site.wait()
        await site.sweep()
    count = {"organization_id": site.owner.organization_id, "channel": "email", "kind": "text"}
    assert await site.services.inbox.store.messages.count_documents(count) == MAILS_A_DAY


async def test_an_answer_of_the_bot_that_no_server_takes_is_shown_as_not_delivered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.connect_mail()
    await site.says("Шатыр бар ма?")
    store = site.services.inbox.store
    row = await store.conversations.find_one({"organization_id": site.owner.organization_id})
    assert row is not None
    answer = store.outbound(row, "Иә, бар.", author={"kind": "bot"})
    await store.messages.insert_one(answer | {"state": "sent"})

    async def refuses(*given: object, **more: object) -> None:
        raise RejectedError("no_such_address", "There is no such mailbox.")

    monkeypatch.setattr(EmailConnector, "send", refuses)
    await site.wait()
    await site.sweep()
    mail = (await site.thread("email"))[-1]
    assert (mail["state"], mail["error"]["code"]) == ("failed", "no_such_address")


async def test_a_chat_that_cannot_be_followed_keeps_no_other_from_being(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is looked at again, but not before all others."""
    await site.connect_mail()
    await site.says("Шатыр бар ма?")
    await site.answer("Иә", "бар")
    chat_with = EmailConnector.chat_with

    def fails(*given: object, **more: object) -> None:
        raise ValueError

    monkeypatch.setattr(EmailConnector, "chat_with", fails)
    await site.wait()
    assert await site.sweep() == 1
    assert await site.sweep() == 0, "later"
    monkeypatch.setattr(EmailConnector, "chat_with", chat_with)
    await site.wait()
    await site.sweep()
    await site.arrived(1)
