"""Who people are: what platforms tell of them, what brought them, and who is here twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from bson import ObjectId
from PIL import Image

from connectors.base import Connector
from crm.contacts import facts
from crm.contacts.facts import PlatformFacts
from crm.contacts.models import new_contact
from crm.contract import Connection, ConsentChange, InboundMessage, Referral, Sender
from crm.core.clock import utc_now
from crm.core.events import Actor
from crm.core.feature import Core
from crm.core.migration_steps import contacts_in_depth
from crm.inbox.profiles import AGAIN_AFTER, FRESH
from crm.services import Services
from tests.support.console import Console
from tests.support.full_messenger import GOOD, FullMessenger, Platform
from tests.support.patience import ended

type Say = Callable[..., Awaitable[None]]


def picture(colour: str) -> bytes:
    held = BytesIO()
    Image.new("RGB", (40, 40), colour).save(held, "PNG")
    return held.getvalue()


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform().serving() as platform:
        yield platform


@pytest.fixture
def connectors(platform: Platform) -> dict[str, Connector]:
    return {"full": FullMessenger(platform)}


@pytest.fixture
async def connection(owner: Console, services: Services) -> Connection:
    body = {"channel": "full", "name": "Shop", "config": {"token": GOOD}}
    made = await owner.post("/api/connections", body)
    connection = await services.connection_records.load(ObjectId(made["id"]))
    assert connection is not None
    return connection


@pytest.fixture
def say(services: Services, connection: Connection) -> Say:
    """Somebody writes, and what goes on beside their turn comes to its end."""
    numbers = iter(range(1000))

    async def say(person: str = "p", referral: Referral | None = None, **sender: Any) -> None:
        message = InboundMessage(
            external_id=str(next(numbers)),
            chat_id=person,
            sender=Sender(external_id=person, **sender),
            text="Hello",
            referral=referral,
        )
        await services.inbox.gateway.receive(connection, [message])
        await ended(services.inbox.background._tasks)
        # No engine answers in these tests; the next message is not to wait for the one before.
        await services.inbox.store.messages.update_many(
            {"state": "received"}, {"$set": {"state": "handled"}}
        )

    return say


async def contacts(console: Console, **params: Any) -> Any:
    return (await console.get("/api/contacts", params={"sort": "created_at", **params}))["items"]


async def test_what_a_platform_tells_fills_a_new_contact(owner: Console, say: Say) -> None:
    await say(name="Aigul", username="aika", phone="77011234567", email="A@B.kz", language="kk-KZ")
    (contact,) = await contacts(owner)
    assert contact["name"] is None  # the name is how the platform calls them
    assert (contact["phone"], contact["email"]) == ("+77011234567", "a@b.kz")
    assert contact["language"] == "kk"
    (identity,) = contact["identities"]
    assert (identity["profile_name"], identity["username"]) == ("Aigul", "aika")
    assert (identity["phone"], identity["email"]) == ("+77011234567", "a@b.kz")


async def test_a_later_message_fills_what_is_lacking_and_replaces_nothing(
    owner: Console, say: Say
) -> None:
    await say(name="Aigul")
    await say(name="Aigul S.", phone="+77011234567")
    await say(name="Aigul S.", phone="+77770000000", email="wrong")
    (contact,) = await contacts(owner)
    assert (contact["phone"], contact["email"]) == ("+77011234567", None)
    assert contact["identities"][0]["profile_name"] == "Aigul S."
    assert contact["identities"][0]["phone"] == "+77770000000"
    (conversation,) = (await owner.get("/api/conversations"))["items"]
    assert conversation["contact_name"] == "Aigul S."


async def test_a_phone_of_somebody_else_is_a_proposal_and_no_merge(
    owner: Console, say: Say, core: Core
) -> None:
    known = await owner.post("/api/contacts", {"name": "Асель", "phone": "+77011234567"})
    await say(name="Assel", phone="77011234567")
    first, second = await contacts(owner)
    assert (first["id"], second["phone"]) == (known["id"], None)
    (proposal,) = (await owner.get(f"/api/contacts/{second['id']}/duplicates"))["items"]
    assert (proposal["contact"]["id"], proposal["reasons"]) == (known["id"], ["phone"])
    page = await owner.get("/api/contacts/duplicates")
    assert {one["id"] for one in page["items"][0]["contacts"]} == {first["id"], second["id"]}
    kinds = [event.type for event in await core.events.read(owner.organization_id, 0)]
    assert kinds.count("duplicate.found") == 1
    merged = await owner.post(f"/api/contacts/{known['id']}/merge", {"other_id": second["id"]})
    assert merged["source"]["source"] == "direct"
    assert len(merged["identities"]) == 1
    assert (await owner.get("/api/contacts/duplicates"))["items"] == []
    assert await core.database.collection("contact_duplicates").find_one({}) is None


async def test_a_phone_that_was_only_typed_goes_to_whom_the_platform_vouches_for(
    owner: Console, say: Say, core: Core, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = "+77011234567"
    await say("typist", name="Typist", phone=phone)
    await say("bot", name="Told the bot")
    typist, to_bot = await contacts(owner)
    assert typist["phone"] == phone
    await core.database.collection("contacts").update_one(
        {"_id": ObjectId(typist["id"])}, {"$set": {"identities.0.channel": "webchat"}}
    )
    monkeypatch.setattr(facts, "PROVEN_PHONES", frozenset({"full"}))
    await say("true", name="Асель", phone=phone)
    typist, _, true = await contacts(owner)
    assert (typist["phone"], true["phone"]) == (None, phone)
    assert typist["attributes"]["other_phone"] == phone, "what was typed is not lost"
    (proposal,) = (await owner.get(f"/api/contacts/{true['id']}/duplicates"))["items"]
    assert (proposal["contact"]["id"], proposal["reasons"]) == (typist["id"], ["phone"])
    lines = core.database.collection("messages").find({"data.event": "phone_taken"})
    (line,) = await lines.to_list()
    conversations = core.database.collection("conversations")
    theirs = await conversations.find_one({"contact_id": ObjectId(typist["id"])})
    assert theirs is not None
    assert (line["conversation_id"], line["data"]["phone"]) == (theirs["_id"], phone)
    # The platform's word stands against another platform's, and the bot's word is the customer's.
    await core.database.collection("contacts").update_one(
        {"_id": ObjectId(true["id"])},
        {"$set": {"phone_typed": True}},  # they had typed it before
    )
    await say("other", phone=phone)
    assert (await owner.get(f"/api/contacts/{true['id']}"))["phone"] == phone
    learned = {"phone": "+77017654321"}
    await services.contacts.learn(
        owner.organization_id, ObjectId(to_bot["id"]), learned, actor=Actor("bot")
    )
    await say("second", phone="77017654321")
    read = await contacts(owner)
    assert [one["phone"] for one in read if one["phone"]] == [phone, "+77017654321"]
    assert read[-1]["phone"] == "+77017654321"


async def test_what_the_team_wrote_down_stands(
    owner: Console, say: Say, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = "+77011234567"
    await say("typist", phone=phone)
    (typist,) = await contacts(owner)
    await core.database.collection("contacts").update_one(
        {"_id": ObjectId(typist["id"])}, {"$set": {"identities.0.channel": "webchat"}}
    )
    await owner.patch(f"/api/contacts/{typist['id']}", {"phone": "+77010000000"})
    await owner.patch(f"/api/contacts/{typist['id']}", {"phone": phone})
    monkeypatch.setattr(facts, "PROVEN_PHONES", frozenset({"full"}))
    await say("true", phone=phone)
    first, second = await contacts(owner)
    assert (first["phone"], second["phone"]) == (phone, None)


async def test_who_is_dismissed_comes_back_only_when_they_share_more(
    owner: Console, operator: Console, viewer: Console
) -> None:
    mail = {"email": "one@shop.kz"}
    one = await operator.post("/api/contacts", {"name": "One", **mail})
    two = await operator.post("/api/contacts", {"name": "Two", **mail})
    path = f"/api/contacts/{one['id']}/duplicates"
    assert (await viewer.get(path))["items"][0]["reasons"] == ["email"]
    await viewer.post(f"{path}/dismiss", {"other_id": two["id"]}, status=403)
    await operator.post(f"{path}/dismiss", {"other_id": two["id"]})
    assert (await viewer.get(path))["items"] == []
    await operator.patch(f"/api/contacts/{one['id']}", {"note": "Different people."})
    await operator.patch(f"/api/contacts/{two['id']}", {"phone": "+77010000002"})
    assert (await viewer.get("/api/contacts/duplicates"))["items"] == []
    await operator.patch(
        f"/api/contacts/{one['id']}", {"attributes": {"other_phone": "+77010000002"}}
    )
    (found,) = (await viewer.get(path))["items"]
    assert found["reasons"] == ["email", "phone"]
    # What they no longer share is no reason any more.
    await operator.patch(f"/api/contacts/{one['id']}", {"attributes": {}, "email": None})
    assert (await viewer.get(path))["items"] == []
    problem = await operator.post(f"{path}/dismiss", {"other_id": str(ObjectId())}, status=422)
    assert problem["errors"][0]["code"] == "not_proposed"


async def test_nothing_is_left_of_the_proposals_of_who_is_merged_or_deleted(
    owner: Console, core: Core
) -> None:
    one, two, three = [
        await owner.post("/api/contacts", {"name": name, "email": "a@b.kz"})
        for name in ("One", "Two", "Three")
    ]
    other = {"other_id": two["id"]}
    await owner.post(f"/api/contacts/{one['id']}/duplicates/dismiss", other)
    await owner.post(f"/api/contacts/{three['id']}/merge", other)
    pairs = core.database.collection("contact_duplicates")
    (left,) = await pairs.find({}).to_list()
    assert {str(one_id) for one_id in left["contact_ids"]} == {one["id"], three["id"]}
    await owner.delete(f"/api/contacts/{three['id']}")
    assert await pairs.find_one({}) is None


async def test_one_account_on_two_connections_is_one_person(
    owner: Console, say: Say, platform: Platform, services: Services
) -> None:
    platform.tokens["second"] = {"id": "shop-2", "name": "@two"}
    body = {"channel": "full", "name": "Two", "config": {"token": "second"}}
    made = await owner.post("/api/connections", body)
    second = await services.connection_records.load(ObjectId(made["id"]))
    assert second is not None
    await say("same")
    message = InboundMessage(
        external_id="x", chat_id="same", sender=Sender(external_id="same"), text="Hi"
    )
    await services.inbox.gateway.receive(second, [message])
    await ended(services.inbox.background._tasks)
    (pair,) = (await owner.get("/api/contacts/duplicates"))["items"]
    assert pair["reasons"] == ["account"]
    assert len(await contacts(owner, connection_id=made["id"])) == 1


async def test_proposals_are_paged_and_nobody_elses(
    owner: Console, stranger: Console, core: Core
) -> None:
    for number in range(3):
        for name in ("One", "Two"):
            mail = f"{number}@shop.kz"
            await owner.post("/api/contacts", {"name": name, "email": mail})
            await stranger.post("/api/contacts", {"name": name, "email": mail})
    first = await owner.get("/api/contacts/duplicates", params={"limit": 2})
    rest = await owner.get(
        "/api/contacts/duplicates", params={"limit": 2, "cursor": first["next_cursor"]}
    )
    mails = [one["contacts"][0]["email"] for one in first["items"] + rest["items"]]
    assert mails == ["2@shop.kz", "1@shop.kz", "0@shop.kz"]
    assert rest["next_cursor"] is None
    assert len((await stranger.get("/api/contacts/duplicates"))["items"]) == 3


async def test_the_first_referral_attributes_the_contact_and_the_conversation_keeps_all(
    owner: Console, say: Say
) -> None:
    await say("walker")
    await say("walker", referral=Referral(source="link", ref="poster"))
    await say("walker", referral=Referral(source="ad", ad_id="7", title="Sale"))
    await say("clicker", referral=Referral(source="ad", ad_id="9", ref="r", url="https://a.kz"))
    walker, clicker = await contacts(owner)
    assert (walker["source"]["source"], walker["source"]["ref"]) == ("link", "poster")
    assert (clicker["source"]["source"], clicker["source"]["ad_id"]) == ("ad", "9")
    assert clicker["source"]["channel"] == "full"
    assert [one["id"] for one in await contacts(owner, source="ad")] == [clicker["id"]]
    assert [one["id"] for one in await contacts(owner, ref="poster")] == [walker["id"]]
    assert [one["id"] for one in await contacts(owner, ad_id="9")] == [clicker["id"]]
    assert await contacts(owner, source="direct") == []
    (conversation,) = (await owner.get("/api/conversations", params={"contact_id": walker["id"]}))[
        "items"
    ]
    read = await owner.get(f"/api/conversations/{conversation['id']}")
    assert [one["source"] for one in read["referrals"]] == ["link", "ad"]
    assert read["referrals"][1]["title"] == "Sale"


async def test_a_profile_is_fetched_once_a_week_with_its_picture(
    owner: Console, say: Say, platform: Platform, core: Core
) -> None:
    platform.people["p"] = {
        "name": "Айгүл",
        "username": "aika",
        "language": "kk",
        "phone": "+77011234567",
        "picture": {"id": "face"},
    }
    platform.media["face"] = picture("red")
    await say()
    await say()
    assert platform.asked.count("people/p") == 1
    (contact,) = await contacts(owner)
    assert contact["identities"][0]["profile_name"] == "Айгүл"
    assert (contact["phone"], contact["language"]) == ("+77011234567", "kk")
    red = contact["avatar_file_id"]
    response = await owner.request("GET", f"/api/files/{red}")
    assert await response.read() == platform.media["face"]
    conversations = core.database.collection("conversations")

    async def a_week_passes() -> None:
        long_ago = utc_now() - timedelta(days=8)
        await conversations.update_many({}, {"$set": {"profile_at": long_ago}})

    await a_week_passes()
    await say()
    assert (await contacts(owner))[0]["avatar_file_id"] == red  # the same picture
    platform.media["face"] = picture("blue")
    await a_week_passes()
    await say()
    assert platform.asked.count("people/p") == 3
    (contact,) = await contacts(owner)
    assert contact["avatar_file_id"] != red
    # What nothing names any more goes with the next cleaning.
    files = core.database.collection("media.files")
    looked = {str(file["_id"]): file["metadata"]["look_at"] async for file in files.find({})}
    assert len(looked) == 3
    gone = [one for one, at in looked.items() if at <= utc_now()]
    assert red in gone
    assert contact["avatar_file_id"] not in gone


@pytest.mark.parametrize(
    ("person", "media"),
    [
        (None, None),
        ({"name": "A", "picture": {"id": "gone"}}, None),
        ({"name": "A", "picture": {"id": "face"}}, b"MZ\x90\x00" * 100),
    ],
)
async def test_a_profile_that_cannot_be_had_is_of_no_consequence(
    owner: Console,
    say: Say,
    platform: Platform,
    person: dict[str, Any] | None,
    media: bytes | None,
    core: Core,
) -> None:
    if person is not None:
        platform.people["p"] = person
    if media is not None:
        platform.media["face"] = media
    await say(name="B")
    (contact,) = await contacts(owner)
    assert contact["avatar_file_id"] is None
    assert contact["identities"][0]["profile_name"] == ("A" if person else "B")
    if person is None:  # it is asked again after an hour, not with every message
        await say(name="B")
        assert platform.asked.count("people/p") == 1
        await core.database.collection("conversations").update_many(
            {}, [{"$set": {"profile_at": {"$subtract": ["$profile_at", 2 * 60 * 60 * 1000]}}}]
        )
        platform.people["p"] = {"name": "Late"}
        await say(name="B")
        assert (await contacts(owner))[0]["identities"][0]["profile_name"] == "Late"
    (connection,) = (await owner.get("/api/connections"))["items"]
    assert (connection["status"], connection["last_error"]) == ("active", None)


async def test_who_was_not_asked_to_the_end_is_asked_again(
    say: Say, platform: Platform, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies over a profile leaves it to the next hour, not to the next week."""
    conversations = core.database.collection("conversations")

    async def dies(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    platform.people["p"] = {"name": "A"}
    with monkeypatch.context() as patched:
        patched.setattr(PlatformFacts, "take", dies)
        await say()
    found = await conversations.find_one({})
    assert found is not None
    assert found["profile_at"] < utc_now() - FRESH + 2 * AGAIN_AFTER
    hours = {"$subtract": ["$profile_at", 2 * 60 * 60 * 1000]}
    await conversations.update_many({}, [{"$set": {"profile_at": hours}}])
    await say()
    found = await conversations.find_one({})
    assert found is not None
    assert found["profile_at"] > utc_now() - AGAIN_AFTER
    assert platform.asked.count("people/p") == 2


async def test_consents_tell_where_and_how_they_were_given(
    owner: Console, operator: Console, say: Say, services: Services, connection: Connection
) -> None:
    await say()
    (contact,) = await contacts(owner)
    told = ConsentChange(
        external_id="c1",
        chat_id="p",
        sender=Sender(external_id="p"),
        purpose="marketing",
        granted=False,
        at=utc_now(),
    )
    await services.inbox.gateway.receive(connection, [told])
    await ended(services.inbox.background._tasks)
    read = await operator.post(
        f"/api/contacts/{contact['id']}/consents",
        {"kind": "marketing", "granted": True, "source": "form", "text": "Signed at the shop"},
    )
    refused, granted = read["consents"]
    assert (refused["granted"], refused["source"], refused["connection_id"]) == (
        False,
        "platform",
        connection.id,
    )
    assert (granted["granted"], granted["source"]) == (True, "form")
    assert granted["text"] == "Signed at the shop"


async def test_older_contacts_are_compared_when_the_database_is_brought_up_to_date(
    owner: Console, core: Core
) -> None:
    older = []
    for name, values in (("One", {}), ("Two", {"note": "older"})):
        contact = new_contact(owner.organization_id, name=name, email="a@b.kz", **values)
        for field in ("match_keys", "source", "avatar_file_id"):
            del contact[field]
        contact["identities"] = [
            {"connection_id": ObjectId(), "channel": "full", "external_id": name}
        ]
        contact["consents"] = [{"kind": "marketing", "granted": True, "at": utc_now()}]
        older.append(contact)
    await core.database.collection("contacts").insert_many(older)
    for _ in range(2):  # again is safe
        await contacts_in_depth.run(core.database)
    (pair,) = (await owner.get("/api/contacts/duplicates"))["items"]
    assert pair["reasons"] == ["email"]
    read = await owner.get(f"/api/contacts/{older[0]['_id']}")
    assert (read["source"], read["consents"][0]["source"]) == (None, None)
