"""A flood over all five channels with kill -9 in between: each message once and in order, each reply once.

Most chats are a person's, whose replies go out meanwhile; some are the bot's. E-mail and the web chat have a smaller
share: a mailbox is read by one session, and a visitor may write once a second.
"""

import asyncio
import itertools
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import aiohttp
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from crm.cli.supervisor import Supervisor
from tests.fakes import whatsapp_api
from tests.fakes.instagram_server import InstagramServer
from tests.fakes.telegram_api import TOKEN
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.whatsapp_server import WhatsAppServer
from tests.faults.customers import WebVisitor
from tests.faults.stage import Stage
from tests.product.office import Office
from tests.product.running import running_product
from tests.support.mail_servers import OURS, PASSWORD, MailServers

SHARES = {"telegram": 0.32, "whatsapp": 0.32, "instagram": 0.31, "webchat": 0.04, "email": 0.01}
CHATS = {"telegram": 40, "whatsapp": 40, "instagram": 40, "webchat": 12, "email": 4}
BOT_CHATS = {"telegram": 2, "whatsapp": 2, "instagram": 2, "webchat": 1, "email": 1}
BOT_EVERY_SECONDS = 5.0
REPLIES_A_SECOND = 5.0
AGAIN_SECONDS = 0.3
DELIVERY_SECONDS = 20.0
SETTLE_SECONDS = 150.0
PROBLEMS_SHOWN = 20
MAILBOXES = ("aigul@customer.test", "berik@customer.test")

type Json = dict[str, Any]
type Deliver = Callable[[str], Awaitable[bool]]


@dataclass(slots=True)
class Chat:
    """One person's thread: what they said, in order, as it was acknowledged."""

    channel: str
    name: str
    deliver: Deliver
    by_bot: bool
    said: list[str] = field(default_factory=list)
    conversation_id: ObjectId | None = None

    async def say(self, waits: list[float]) -> None:
        """Write the next message; it is delivered again until it is acknowledged, every tenth twice at once."""
        number = len(self.said)
        text = f"Спасибо {self.name}-{number}" if self.by_bot else f"хат {self.name}-{number}"
        began = time.monotonic()
        times = 2 if number % 10 == 5 and self.channel not in {"webchat", "email"} else 1
        while not any(await asyncio.gather(*(self._try(text) for _ in range(times)))):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(AGAIN_SECONDS)
        waits.append(time.monotonic() - began)
        self.said.append(text)

    async def _try(self, text: str) -> bool:
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                return await self.deliver(text)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False


@dataclass(slots=True)
class Flood:
    """How it went."""

    seconds: float
    delivered: int = 0
    bodies_a_second: float = 0.0
    waits: list[float] = field(default_factory=list)
    replies: int = 0
    bot_answers: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    doubles: int = 0
    settled_after: float = 0.0
    problems: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """The outcome in lines for a person."""
        waits = sorted(self.waits) or [0.0]
        p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        kills = ", ".join(f"{name} {count}" for name, count in self.kills.items())
        return "\n".join(
            [
                f"{self.delivered} messages over five channels in {self.seconds:.0f} s: {self.bodies_a_second:.0f}/s",
                f"killed: {kills}",
                f"acknowledged after: median {p50 * 1000:.0f} ms, 99 % {p99 * 1000:.0f} ms, longest {waits[-1]:.1f} s",
                f"{self.replies} replies of people, {self.bot_answers} of the bot; all settled {self.settled_after:.0f} s after the last",
                f"on the wire at a kill: {self.in_flight}, of which came twice: {self.doubles}",
                f"problems: {len(self.problems)}",
                *(f"  {problem}" for problem in self.problems[:PROBLEMS_SHOWN]),
            ]
        )


@dataclass(slots=True, kw_only=True)
class Floor:
    """The product with all five channels connected, and the platforms around it."""

    product: Supervisor
    office: Office
    database: AsyncDatabase[Json]
    http: aiohttp.ClientSession
    telegram: TelegramServer
    whatsapp: WhatsAppServer
    instagram: InstagramServer
    mail: MailServers
    webchat_id: str
    visitors: list[WebVisitor] = field(default_factory=list)

    def chat(self, channel: str, number: int, *, by_bot: bool) -> Chat:
        """Somebody new."""
        make = {
            "telegram": self._of_telegram,
            "whatsapp": self._of_whatsapp,
            "instagram": self._of_instagram,
            "webchat": self._of_webchat,
            "email": self._of_email,
        }[channel]
        return Chat(channel, f"{channel[:2]}{number}", make(number), by_bot)

    def _of_telegram(self, number: int) -> Deliver:
        api, chat_id, ids = self.telegram, 60_000 + number, dict[str, Json]()

        async def deliver(text: str) -> bool:
            if text not in ids:
                message = api.message(api.bot, chat_id, text=text)
                ids[text] = api.update(api.bot, message=message)
            return await api.deliver(ids[text]) == 200

        return deliver

    def _of_whatsapp(self, number: int) -> Deliver:
        server, ids = self.whatsapp, dict[str, Json]()
        person = whatsapp_api.customer(f"KZ.{77020000000 + number}", str(77020000000 + number))

        async def deliver(text: str) -> bool:
            if text not in ids:
                words = {"body": text}
                told = whatsapp_api.message(server.graph.new_id(), person, text=words)
                ids[text] = whatsapp_api.said(told, person=person)
            return await server.deliver(ids[text]) == 200

        return deliver

    def _of_instagram(self, number: int) -> Deliver:
        server, ids, person = self.instagram, dict[str, Json](), str(601200300400000 + number)

        async def deliver(text: str) -> bool:
            if text not in ids:
                message = {"mid": server.mid(), "text": text}
                item = server.item(customer=person, message=message)
                entry = server.entry(server.account, item)
                ids[text] = {"object": "instagram", "entry": [entry]}
            server.account.last_inbound[person] = time.time()
            return await server.deliver(ids[text]) == 200

        return deliver

    def _of_webchat(self, _: int) -> Deliver:
        visitor = WebVisitor(self.http, self.product.settings.public_url, self.webchat_id)
        self.visitors.append(visitor)
        under_way: dict[str, asyncio.Task[None]] = {}

        async def deliver(text: str) -> bool:
            if text not in under_way:
                under_way[text] = asyncio.create_task(visitor.say(text))
            await asyncio.shield(under_way[text])  # the visitor tries again by themselves
            return True

        return deliver

    def _of_email(self, number: int) -> Deliver:
        sender, last = MAILBOXES[number % 2], list[str]()

        async def deliver(text: str) -> bool:
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = sender, OURS, f"Хат {number}"
            mail["Message-ID"] = f"<load-{number}-{len(last)}@customer.test>"
            if last:
                mail["In-Reply-To"], mail["References"] = last[-1], " ".join(last[-5:])
            mail.set_content(text)
            await asyncio.to_thread(self.mail.drop, OURS, mail.as_bytes())
            last.append(str(mail["Message-ID"]))
            return True

        return deliver

    def arrived(self) -> Counter[str]:
        """How often each text of ours arrived, over all platforms."""
        texts = [str(one.get("text")) for one in self.telegram.bot.sent]
        texts += [one["text"]["body"] for one in self.whatsapp.number.sent if "text" in one]
        texts += [str(one["message"].get("text")) for one in self.instagram.account.sent]
        texts += [one.text for visitor in self.visitors for one in visitor.screen.messages]
        for raw in itertools.chain.from_iterable(self.mail.mails(one) for one in MAILBOXES):
            words = BytesParser(policy=default).parsebytes(raw).get_body(("plain",))
            texts.append(words.get_content().strip() if words is not None else "")
        return Counter(texts)


@asynccontextmanager
async def floored() -> AsyncIterator[Floor]:
    """Start it all."""
    async with AsyncExitStack() as held:
        telegram = await held.enter_async_context(TelegramServer())
        whatsapp = await held.enter_async_context(WhatsAppServer())
        instagram = await held.enter_async_context(InstagramServer())
        mail = MailServers()
        held.callback(mail.stop)
        await asyncio.to_thread(mail.start)
        product = await held.enter_async_context(
            running_product(
                bot_answers_limit=1_000_000,
                telegram_api_url=telegram.url,
                graph_api_url=whatsapp.url,
                instagram_api_url=instagram.url,
            )
        )
        settings = product.settings
        assert settings.mongodb_uri is not None
        office = await held.enter_async_context(await Office.open(settings.public_url, "Flood"))
        uri = settings.mongodb_uri.get_secret_value()
        client = await held.enter_async_context(AsyncMongoClient[Json](uri, tz_aware=True))
        http = await held.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        await office.connect_telegram(TOKEN)
        await _connect(office, "whatsapp", whatsapp_api.CONFIG)
        account = instagram.account
        login = {"login": account.login, "access_token": account.token}
        made = await _connect(office, "instagram", {**login, "app_secret": account.app_secret})
        database = client[settings.mongodb_database]
        stored = await database["connections"].find_one({"_id": ObjectId(made["id"])})
        assert stored is not None
        url = f"{settings.public_url}/webhooks/instagram/{made['id']}"
        assert await instagram.set_webhook(url, stored["webhook_secret"]) == 200
        await _connect(office, "email", _mailbox(mail))
        floor = Floor(
            product=product,
            office=office,
            database=database,
            http=http,
            telegram=telegram,
            whatsapp=whatsapp,
            instagram=instagram,
            mail=mail,
            webchat_id=(await office.connect_webchat())["id"],
        )
        try:
            yield floor
        finally:
            await asyncio.gather(*(visitor.close() for visitor in floor.visitors))


async def _connect(office: Office, channel: str, config: Json) -> Json:
    body = {"channel": channel, "name": channel, "config": config}
    return await office.post("/api/connections", body)


def _mailbox(mail: MailServers) -> Json:
    return {
        "address": OURS,
        "password": PASSWORD,
        "imap_host": "localhost",
        "imap_port": mail.ports.imap,
        "imap_security": "none",
        "smtp_host": "localhost",
        "smtp_port": mail.ports.smtp,
        "smtp_security": "none",
    }


async def flood(floor: Floor, *, seconds: float, rate: float, victims: Sequence[str]) -> Flood:
    """Let the bodies come at this rate, kill the victims at even distances, and compare afterwards."""
    outcome = Flood(seconds)
    chats = [
        floor.chat(channel, number, by_bot=number >= count)
        for channel, count in CHATS.items()
        for number in range(count + BOT_CHATS[channel])
    ]
    await asyncio.gather(*(chat.say([]) for chat in chats))
    await _take_over(floor, chats)
    began = time.monotonic()
    replies: list[str] = []
    ended = asyncio.Event()
    replying = asyncio.create_task(_reply(floor, chats, replies, ended))
    killing = asyncio.create_task(_kill(floor, seconds, victims, outcome))
    await asyncio.gather(*(_write(chat, seconds, rate, outcome) for chat in chats))
    outcome.bodies_a_second = outcome.delivered / (time.monotonic() - began)
    ended.set()
    await asyncio.gather(replying, killing)
    outcome.replies = len(replies)
    last = time.monotonic()
    await _settle(floor, chats, outcome)
    outcome.settled_after = time.monotonic() - last
    await _compare(floor, chats, replies, outcome)
    return outcome


async def _take_over(floor: Floor, chats: Sequence[Chat]) -> None:
    """All chats but the bot's become a person's."""
    async with asyncio.timeout(120):
        for chat in chats:
            while chat.conversation_id is None:
                first = await floor.database["messages"].find_one({"text": chat.said[0]})
                chat.conversation_id = first["conversation_id"] if first else None
                await asyncio.sleep(0 if first else 0.1)
    for chat in chats:
        if not chat.by_bot:
            await floor.office.post(f"/api/conversations/{chat.conversation_id}/take-over", {})


async def _write(chat: Chat, seconds: float, rate: float, outcome: Flood) -> None:
    """Write at even distances; who was held up catches up."""
    count = CHATS[chat.channel]
    every = BOT_EVERY_SECONDS if chat.by_bot else count / (rate * SHARES[chat.channel])
    began = time.monotonic() + every * (hash(chat.name) % 100) / 100
    for number in itertools.count():
        due = began + number * every
        if due - began > seconds:
            return
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        await chat.say(outcome.waits)
        outcome.delivered += 1


async def _reply(
    floor: Floor, chats: Sequence[Chat], replies: list[str], ended: asyncio.Event
) -> None:
    """People answer in one chat after the other, at an even pace, however long each answer takes to be accepted."""
    taken = [chat for chat in chats if not chat.by_bot]
    async with asyncio.TaskGroup() as group:
        for number, chat in enumerate(itertools.cycle(taken)):
            if ended.is_set():
                return
            text = f"жауап {chat.name}-{number}"
            replies.append(text)
            group.create_task(_reply_once(floor, chat, text, f"flood-{number:06d}"))
            await asyncio.sleep(1 / REPLIES_A_SECOND)


async def _reply_once(floor: Floor, chat: Chat, text: str, client_id: str) -> None:
    """What was not accepted is sent again under its id."""
    body = {"text": text, "client_id": client_id}
    path = f"/api/conversations/{chat.conversation_id}/messages"
    while True:
        try:
            await floor.office.post(path, body)
        except (aiohttp.ClientError, OSError, AssertionError):
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


async def _kill(floor: Floor, seconds: float, victims: Sequence[str], outcome: Flood) -> None:
    stage = Stage(
        product=floor.product,
        office=floor.office,
        api=None,  # type: ignore[arg-type] # only its signals are used
        database=floor.database,
        http=floor.http,
        telegram_id="",
        webchat_id=floor.webchat_id,
    )
    pause = seconds / (len(victims) + 1)
    for name in victims:
        await asyncio.sleep(pause)
        pid = stage.signal(name, signal.SIGKILL)
        sending = {"state": "sending", "channel": {"$ne": "webchat"}}
        outcome.in_flight += await floor.database["messages"].count_documents(sending)
        outcome.kills[name] += 1
        await stage.until_back(name, pid)


async def _settle(floor: Floor, chats: Sequence[Chat], outcome: Flood) -> None:
    """Wait until all that was said is stored, and nothing waits to be answered or sent."""
    said = sum(len(chat.said) for chat in chats)
    messages = floor.database["messages"]
    unfinished = {"state": {"$in": ["received", "queued", "sending"]}}
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            while await messages.count_documents({"direction": "in"}) < said:  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.5)
            while await messages.find_one(unfinished, {"_id": 1}):  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.5)
    except TimeoutError:
        outcome.problems.append(f"not settled after {SETTLE_SECONDS:.0f} s")
        shown = ("channel", "direction", "state", "attempts", "next_attempt_at", "error", "text")
        async for one in messages.find(unfinished).limit(5):
            outcome.problems.append(str({name: one.get(name) for name in shown}))
    await asyncio.sleep(3)  # the last mails are on their way


async def _compare(
    floor: Floor, chats: Sequence[Chat], replies: Sequence[str], outcome: Flood
) -> None:
    ours: Counter[str] = Counter()
    for chat in chats:
        key = {"conversation_id": chat.conversation_id, "kind": {"$ne": "event"}}
        cursor = floor.database["messages"].find(key).sort([("created_at", 1), ("_id", 1)])
        stored = await cursor.to_list()
        heard = [one["text"] for one in stored if one["direction"] == "in"]
        if heard != chat.said:
            lost = list((Counter(chat.said) - Counter(heard)).elements())
            double = list((Counter(heard) - Counter(chat.said)).elements())
            why = f"lost {lost[:5]}, doubled {double[:5]}" if lost or double else f"order {heard}"
            outcome.problems.append(f"{chat.name}: {why}")
        sent = [one for one in stored if one["direction"] == "out"]
        unsent = [
            (one["text"], one["state"], (one.get("error") or {}).get("code"))
            for one in sent
            if one["state"] not in {"sent", "delivered", "read"}
            and not (one["state"] == "cancelled" and not chat.by_bot)  # silenced by the take-over
        ]
        if unsent:
            outcome.problems.append(f"{chat.name}: not sent {unsent[:5]}")
        if chat.by_bot:
            answered = {(one["trace"] or {}).get("in_reply_to") for one in sent}
            silent = [
                one["text"]
                for one in stored
                if one["direction"] == "in"
                and str(one["_id"]) not in answered
                and not one["data"].get("automatic")  # too many mails at once: a loop of machines
            ]
            if silent:
                outcome.problems.append(f"{chat.name}: never answered {silent[:5]}")
            outcome.bot_answers += len(sent)
        ours.update(one["text"] for one in sent)
    wanted = Counter({text: ours[text] for text in replies})
    if any(count != 1 for count in wanted.values()):
        outcome.problems.append("a reply of a person is not stored exactly once")
    arrived = floor.arrived()
    missing = [text for text in wanted if not arrived[text]]
    if missing:
        outcome.problems.append(f"{len(missing)} replies never arrived: {missing[:5]}")
    outcome.doubles = sum(max(0, arrived[text] - 1) for text in wanted)
    if outcome.doubles > outcome.in_flight:
        outcome.problems.append(
            f"{outcome.doubles} replies came twice, {outcome.in_flight} were on the wire at a kill"
        )


async def run_flood(*, seconds: float, rate: float, victims: Sequence[str]) -> Flood:
    """The whole of it."""
    async with floored() as floor:
        return await flood(floor, seconds=seconds, rate=rate, victims=victims)
