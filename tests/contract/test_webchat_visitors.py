"""Who a visitor is, what they tell of themselves, and who answers: over the real socket."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from connectors.base import MarksRead
from connectors.webchat.visitors import signature_of, signed_visitor
from crm.contract import Attendance, Button, ChatQuote, MessageKind
from tests.contract.conftest import Webchat, make_connection
from tests.contract.test_webchat_socket import Door, Screen
from tests.support.patience import until

SECRET = "an-identity-secret-of-32-letters"
USER: dict[str, Any] = {
    "user_id": "user-42",
    "signature": signature_of(SECRET, "user-42"),
    "name": "Айдана",
    "email": "aidana@mail.kz",
}


@pytest.fixture
def door(client: aiohttp.ClientSession, webchat: Webchat) -> Door:
    webchat.configure(identity_secret=SECRET)
    return Door(client, webchat)


async def refused(screen: Screen, identity: dict[str, Any]) -> None:
    await screen.socket.send_json({"type": "hello", "identity": identity})
    assert await screen.next() == {"type": "error", "code": "wrong_signature"}
    assert await screen.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_signed_visitor_has_one_chat_on_all_devices(webchat: Webchat, door: Door) -> None:
    phone = await (await door.open()).hello(identity=USER)
    assert phone.welcome["user"] is True
    await phone.say("телефоннан")
    await phone.next("ack")
    laptop = await (await door.open()).hello(identity=USER)
    assert laptop.visitor == phone.visitor
    assert [message["text"] for message in laptop.welcome["history"]] == ["телефоннан"]
    sender = webchat.inbox.received[0].sender
    assert (sender.username, sender.name, sender.email) == ("user-42", "Айдана", "aidana@mail.kz")
    other = {**USER, "user_id": "user-43", "signature": signature_of(SECRET, "user-43")}
    stranger = await (await door.open()).hello(identity=other)
    assert stranger.visitor != phone.visitor
    assert stranger.welcome["history"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "0" * 64},
        {"signature": ""},
        {"signature": USER["signature"][:-1]},
        {"signature": "ы" * 64},
        {"user_id": "user-43"},
        {"user_id": "user-42 "},
        {"signature": signature_of("another-secret-of-the-same-length", "user-42")},
    ],
)
async def test_a_wrong_signature_is_refused(
    webchat: Webchat, door: Door, changes: dict[str, Any]
) -> None:
    await refused(await door.open(), {**USER, **changes})
    assert webchat.inbox.received == []


async def test_without_a_secret_nobody_is_signed_in(webchat: Webchat, door: Door) -> None:
    webchat.configure(identity_secret=None)
    await refused(await door.open(), {**USER, "signature": signature_of("", "user-42")})


async def test_an_anonymous_token_opens_no_users_chat(webchat: Webchat, door: Door) -> None:
    """What was written before signing in stays apart, and the token of one is none of the other's."""
    anonymous = await (await door.open()).hello()
    await anonymous.say("кім екенім белгісіз")
    await anonymous.next("ack")
    signed = await (await door.open()).hello(
        token=anonymous.token, identity=USER, after=webchat.inbox.received[0].external_id
    )
    assert signed.visitor == signed_visitor(webchat.connection, "user-42") != anonymous.visitor
    assert signed.welcome["history"] == []
    assert signed.welcome["resumed"] is False
    elsewhere = make_connection("webchat", id="6a1b2c3d4e5f60718293a4ff")
    assert signed_visitor(elsewhere, "user-42") != signed.visitor


async def test_details_go_with_every_message(webchat: Webchat, door: Door) -> None:
    told = {"name": " Ерлан ", "phone": "8 (701) 123-45-67", "email": "erlan@mail.kz"}
    screen = await (await door.open()).hello(details=told)
    await screen.say("Сәлем")
    await screen.next("ack")
    sender = webchat.inbox.received[0].sender
    assert (sender.name, sender.phone, sender.email) == ("Ерлан", "+77011234567", "erlan@mail.kz")


async def test_a_signed_visitors_name_is_not_overwritten(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello(
        identity=USER, details={"name": "Басқа", "email": "other@mail.kz", "phone": "+77010000000"}
    )
    await screen.say("Сәлем")
    await screen.next("ack")
    sender = webchat.inbox.received[0].sender
    assert (sender.name, sender.email, sender.phone) == ("Айдана", "aidana@mail.kz", "+77010000000")


@pytest.mark.parametrize(
    "details",
    [
        {"email": "nobody"},
        {"email": "a@b"},
        {"email": "a@b.kz\nBcc: c@d.kz"},
        {"email": f"{'a' * 300}@b.kz"},
        {"phone": "12"},
        {"phone": "+7701abc"},
        {"phone": "1" * 20},
        {"name": "x" * 101},
        {"name": {"$gt": ""}},
    ],
)
async def test_details_of_no_sense(webchat: Webchat, door: Door, details: dict[str, Any]) -> None:
    """A site that knows a wrong phone still has a chat; what a visitor types wrong is refused."""
    screen = await (await door.open()).hello(details=details, identity={**USER, **details})
    await screen.say("Сәлем")
    await screen.next("ack")
    sender = webchat.inbox.received[0].sender
    assert all(getattr(sender, name) is None for name in details)
    form = {"type": "form", "id": "client-id-2", "text": "x", "consent": True, **details}
    await screen.socket.send_json(form)
    assert (await screen.next("error"))["code"] == "malformed"


async def test_the_form_before_the_chat(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    form = {
        "type": "form",
        "id": "client-id-1",
        "text": "Имя: Ерлан\nНомер заказа: 17",
        "name": "Ерлан",
        "email": "erlan@mail.kz",
        "answer": "17",
        "consent": True,
    }
    await screen.socket.send_json({**form, "consent": False})
    assert (await screen.next())["code"] == "malformed"
    await screen.socket.send_json(form)
    await screen.next("ack")
    await screen.say("Когда привезёте?", "client-id-2")
    await screen.next("ack")
    told, asked = webchat.inbox.received
    assert told.answerable is False
    assert told.data["form"] == {"answer": "17", "consent": True}
    assert asked.answerable is True
    assert asked.sender.name == told.sender.name == "Ерлан"
    assert asked.sender.email == "erlan@mail.kz"


async def test_a_phone_and_an_email_on_request(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    await screen.socket.send_json(
        {"type": "phone", "id": "client-id-1", "phone": "+7 701 123 45 67"}
    )
    await screen.socket.send_json({"type": "email", "id": "client-id-2", "email": "a@b.kz"})
    await screen.next("ack")
    await screen.next("ack")
    phone, mail = webchat.inbox.received
    assert (phone.kind, phone.text, phone.data["own"]) == (
        MessageKind.CONTACT,
        "+77011234567",
        True,
    )
    assert phone.answerable is True
    assert (mail.text, mail.data["offline_email"], mail.answerable) == ("a@b.kz", "a@b.kz", False)
    assert (mail.sender.phone, mail.sender.email) == ("+77011234567", "a@b.kz")


async def test_who_answers_is_told_when_it_changes(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    assert screen.welcome["attendance"] == {"answers": "bot", "opens_at": None, "follows": False}
    opens_at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    gone = Attendance(answers="nobody", opens_at=opens_at, follows=True)
    webchat.inbox.attendances[screen.visitor] = gone
    await screen.say("Адам керек")
    frame = await screen.next("attendance")
    assert frame["attendance"] == {
        "answers": "nobody",
        "opens_at": opens_at.isoformat(),
        "follows": True,
    }
    webchat.inbox.attendances[screen.visitor] = Attendance(answers="people")
    webchat.inbox.reply(webchat.connection, screen.visitor, "Айдана", author_kind="system")
    assert (await screen.next("attendance"))["attendance"]["answers"] == "people"
    webchat.configure(offline=False)
    quiet = await (await door.open()).hello(token=screen.token)
    assert quiet.welcome["attendance"] is None


async def test_what_was_read_is_shown_on_open_screens(webchat: Webchat, door: Door) -> None:
    assert isinstance(webchat.connector, MarksRead)
    screen = await (await door.open()).hello()
    await screen.say("Сәлем")
    await screen.next("ack")
    (message,) = webchat.inbox.received
    await webchat.connector.mark_read(
        webchat.connection, screen.visitor, platform_id=message.external_id
    )
    assert await screen.next("read") == {"type": "read", "id": "client-id-1"}
    await webchat.connector.mark_read(webchat.connection, "nobody", platform_id="x")


async def test_arrived_and_read_are_two_things(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    ours = webchat.inbox.reply(webchat.connection, screen.visitor, "Сәлем")
    await screen.next("message")
    await screen.socket.send_json({"type": "seen", "id": ours.id})
    await until(lambda: webchat.inbox.shown)
    assert webchat.inbox.read == []
    await screen.socket.send_json({"type": "seen", "id": ours.id, "read": True})
    await until(lambda: webchat.inbox.read)
    assert webchat.inbox.read == [ours.id]


async def test_older_pages_and_nobody_elses(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    for number in range(120):
        webchat.inbox.reply(webchat.connection, screen.visitor, f"№{number}")
    stranger = webchat.inbox.reply(webchat.connection, "somebody", "құпия")
    back = await (await door.open()).hello(token=screen.token)
    texts = [message["text"] for message in back.welcome["history"]]
    assert (texts[0], len(texts), back.welcome["more"]) == ("№70", 50, True)
    before = back.welcome["history"][0]["id"]
    for first, more in (("№20", True), ("№0", False)):
        await back.socket.send_json({"type": "older", "before": before})
        page = await back.next("older")
        assert (page["history"][0]["text"], page["more"]) == (first, more)
        before = page["history"][0]["id"]
    for unknown in (stranger.id, "nonsense"):
        await back.socket.send_json({"type": "older", "before": unknown})
        assert (await back.next("older"))["history"] == []
    webchat.inbox.unavailable = True
    await back.socket.send_json({"type": "older", "before": before})
    assert (await back.next())["code"] == "unavailable"


async def test_quotes_and_links_on_buttons(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    quote = ChatQuote(id="1", author_kind="contact", text="Қашан?")
    link = Button(title="Сайт", url="https://tau.kz")
    ask = Button(title="Нөмір", share="phone")
    webchat.inbox.reply(
        webchat.connection, screen.visitor, "Ертең", reply_to=quote, buttons=[link, ask]
    )
    shown = (await screen.next("message"))["message"]
    assert shown["quote"] == {"id": "1", "author": "contact", "text": "Қашан?"}
    assert [(b["url"], b["share"]) for b in shown["buttons"]] == [
        ("https://tau.kz", None),
        (None, "phone"),
    ]


async def test_scrolling_up_has_its_limit(webchat: Webchat, door: Door) -> None:
    screen = await (await door.open()).hello()
    for _ in range(40):
        await screen.socket.send_json({"type": "older", "before": "x"})
    frames = [await screen.next() for _ in range(40)]
    assert {"type": "error", "code": "too_fast"} in frames
    await asyncio.sleep(0)
    assert not screen.socket.closed
