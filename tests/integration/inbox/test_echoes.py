"""What our side wrote elsewhere, and what a platform echoes of what we sent ourselves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from crm.contract import Echo, InboundEvent, RetryableError, Sender, StatusUpdate
from crm.core.clock import utc_now
from crm.inbox import echoes
from tests.integration.inbox.conftest import Bench

LONG = "Your order is ready and waits for you at the counter"
LATE = RetryableError("platform_timeout", "The platform did not answer in time.")


def echo(text: str = "I'll do it myself", platform_id: str = "page-1", **more: Any) -> Echo:
    values = {"external_id": f"echo:{platform_id}", "chat_id": "chat", **more}
    return Echo(platform_id=platform_id, text=text, **values)


async def tell(bench: Bench, *events: InboundEvent) -> None:
    await bench.inbox.gateway.receive(bench.connection, events)
    await bench.settle()


async def sweep_events(bench: Bench) -> None:
    await bench.database.db["channel_events"].update_many(
        {}, {"$set": {"next_attempt_at": utc_now()}}
    )
    await bench.inbox.channel_events.sweep()
    await bench.settle()


async def newest(bench: Bench, **match: Any) -> dict[str, Any]:
    found = await bench.inbox.store.messages.find_one(
        {"direction": "out", "kind": "text", **match}, sort=[("created_at", -1), ("_id", -1)]
    )
    assert found is not None
    return found


async def written_elsewhere(bench: Bench) -> int:
    return await bench.inbox.store.messages.count_documents({"data.echo": True})


@pytest.fixture
async def answered(bench: Bench) -> Bench:
    """A customer was told two things: the disclosure (out-1) and the answer (out-2)."""
    await bench.say("1", "hello")
    return bench


@pytest.fixture
async def waiting(answered: Bench) -> Bench:
    """The answer to a second message waits for its next try: the platform did not say that it has it."""
    answered.connector.failures = [LATE]
    await answered.say("2", LONG)
    assert (await newest(answered))["state"] == "queued"
    return answered


OWN = f"echo: {LONG}"
"""What the bot of the bench answers."""


async def test_an_echo_is_an_operators_message_and_silences_the_bot(answered: Bench) -> None:
    await tell(answered, echo())
    await tell(answered, echo())
    conversation = await answered.conversation()
    assert conversation["owner"] == "operator"
    message = await newest(answered, **{"author.kind": "operator"})
    assert (message["text"], message["state"]) == ("I'll do it myself", "sent")
    said = len(answered.connector.sent)
    await answered.say("2", "thanks")
    assert len(answered.connector.sent) == said, "the bot is silent"
    assert await written_elsewhere(answered) == 1


async def test_an_echo_of_what_we_sent_changes_nothing(answered: Bench) -> None:
    await tell(answered, echo("x", "out-2"))
    assert (await answered.conversation())["owner"] == "bot"
    assert await written_elsewhere(answered) == 0


async def test_an_echo_waits_while_a_delivery_is_under_way(answered: Bench) -> None:
    messages = answered.inbox.store.messages
    message = await newest(answered)
    under_way = {"state": "sending", "next_attempt_at": utc_now() + timedelta(seconds=30)}
    await messages.update_one(
        {"_id": message["_id"]}, {"$set": under_way, "$unset": {"platform_ids": ""}}
    )
    await tell(answered, echo("echo: hello", "out-2"))
    assert (await answered.conversation())["owner"] == "bot", "it may be our own"
    await messages.update_one(
        {"_id": message["_id"]}, {"$set": {"state": "sent", "platform_ids": ["out-2"]}}
    )
    await sweep_events(answered)
    assert (await answered.conversation())["owner"] == "bot"
    assert await written_elsewhere(answered) == 0


async def test_who_is_written_to_first_has_a_conversation_and_a_contact(bench: Bench) -> None:
    person = Sender(external_id="new", name="Aigerim", phone="+77010000501")
    first = echo("Your order is ready", chat_id="new", addressee=person)
    await tell(bench, first)
    await tell(bench, replace(first, external_id="again"))
    conversation = await bench.conversation("new")
    assert (conversation["owner"], conversation["contact_name"]) == ("operator", "Aigerim")
    contact = await bench.inbox.store.contacts.find_one({"_id": conversation["contact_id"]})
    assert contact is not None
    assert (contact["phone"], contact["identities"][0]["external_id"]) == ("+77010000501", "new")
    await tell(bench, replace(bench.message("1", "thanks", "new"), sender=person))
    messages = bench.inbox.store.messages
    thread = messages.find({"kind": "text"}).sort([("created_at", 1), ("_id", 1)])
    assert [(one["direction"], one["text"]) async for one in thread] == [
        ("out", "Your order is ready"),
        ("in", "thanks"),
    ]
    assert await bench.inbox.store.contacts.count_documents({}) == 1
    assert await bench.inbox.store.conversations.count_documents({}) == 1


async def test_without_an_addressee_it_waits_for_the_customer(bench: Bench) -> None:
    await tell(bench, echo())
    assert await bench.inbox.store.conversations.count_documents({}) == 0
    await bench.say("1", "hello")
    await sweep_events(bench)
    assert await written_elsewhere(bench) == 1


async def test_the_echo_of_a_send_that_timed_out_is_that_message(waiting: Bench) -> None:
    tried = len(waiting.connector.sent)
    await tell(waiting, echo(OWN, "late-1"))
    message = await newest(waiting)
    assert (message["state"], message["error"]) == ("sent", None)
    assert message["platform_ids"] == ["late-1"]
    assert message["parts"] == [{"platform_id": "late-1", "state": "sent"}]
    await waiting.sweep()
    assert len(waiting.connector.sent) == tried, "it is not sent again"
    assert (await waiting.conversation())["owner"] == "bot"
    assert await written_elsewhere(waiting) == 0
    await waiting.say("3", "more")
    assert waiting.connector.sent[-1].text == "echo: more", "the chat goes on"


async def test_an_echo_after_the_second_try_is_of_the_same_message(waiting: Bench) -> None:
    await waiting.sweep()
    assert (await newest(waiting))["state"] == "sent"
    await tell(waiting, echo(OWN, "late-1"))
    message = await newest(waiting)
    assert (message["state"], len(message["parts"])) == ("sent", 1)
    assert message["platform_ids"][-1] == "late-1"
    assert await written_elsewhere(waiting) == 0
    assert (await waiting.conversation())["owner"] == "bot"


async def test_a_status_of_a_second_copy_changes_nothing(waiting: Bench) -> None:
    await test_an_echo_after_the_second_try_is_of_the_same_message(waiting)
    await tell(waiting, StatusUpdate(external_id="s", platform_id="late-1", state="failed"))
    assert (await newest(waiting))["state"] == "sent"
    event = await waiting.database.db["channel_events"].find_one({"kind": "status"})
    assert event is not None
    assert (event["state"], event["applied"]) == ("done", True)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
async def test_what_was_given_up_arrived_after_all(waiting: Bench, state: str) -> None:
    message = await newest(waiting)
    await waiting.inbox.store.messages.update_one(
        {"_id": message["_id"]}, {"$set": {"state": state, "updated_at": utc_now()}}
    )
    await tell(waiting, echo(OWN, "late-1"))
    assert (await newest(waiting))["state"] == "sent"
    assert await written_elsewhere(waiting) == 0


async def test_a_message_whose_process_died_while_sending_is_known_by_its_echo(
    waiting: Bench,
) -> None:
    message = await newest(waiting)
    dead = {"state": "sending", "next_attempt_at": utc_now() - timedelta(seconds=1)}
    await waiting.inbox.store.messages.update_one({"_id": message["_id"]}, {"$set": dead})
    await tell(waiting, echo(OWN, "late-1"))
    assert (await newest(waiting))["state"] == "sent"
    assert await written_elsewhere(waiting) == 0


async def test_of_several_parts_only_the_others_are_sent(answered: Bench) -> None:
    second = "The second half of it tells how to get to us"
    answered.connector.failures = [LATE]
    await answered.say("2", f"{LONG}\n{second}")
    before = len(answered.connector.parts)
    await tell(answered, echo(OWN, "late-1"))
    message = await newest(answered)
    assert (message["state"], len(message["parts"])) == ("queued", 1)
    await answered.sweep()
    assert answered.connector.parts[before:] == [second]
    message = await newest(answered)
    assert (message["state"], len(message["parts"])) == ("sent", 2)
    assert await written_elsewhere(answered) == 0


async def test_a_short_last_part_is_known_by_its_place(answered: Bench) -> None:
    send = answered.connector.send

    async def late_for_the_last(connection: Any, message: Any, part: str) -> Any:
        if part == "Bye!" and late:
            raise late.pop()
        return await send(connection, message, part)

    late = [LATE]
    answered.connector.send = late_for_the_last  # type: ignore[method-assign]
    await answered.say("2", f"{LONG}\nBye!")
    assert (await newest(answered))["state"] == "queued"
    await tell(answered, echo("Bye!", "late-1"))
    await answered.sweep()
    message = await newest(answered)
    assert (message["state"], message["parts"][-1]["platform_id"]) == ("sent", "late-1")
    assert "Bye!" not in answered.connector.parts
    assert await written_elsewhere(answered) == 0


async def test_marks_and_listed_choices_are_no_difference(waiting: Bench) -> None:
    message = await newest(waiting)
    changes = {
        "text": "**Ready** at [the counter](https://example.kz)",
        "buttons": [
            {"title": "Yes", "payload": "/yes"},
            {"title": "Site", "url": "https://example.kz"},
            {"title": "No", "payload": "/no"},
        ],
    }
    await waiting.inbox.store.messages.update_one({"_id": message["_id"]}, {"$set": changes})
    listed = (
        "Ready at the counter (https://example.kz)\n\n1. Yes\n2. No\n\nSite: https://example.kz"
    )
    await tell(waiting, echo(listed, "late-1"))
    assert (await newest(waiting))["state"] == "sent"


async def test_a_first_copy_is_known_after_a_person_sent_it_again(waiting: Bench) -> None:
    message, outbox = await newest(waiting), waiting.inbox.outbox
    await waiting.inbox.store.messages.update_one(
        {"_id": message["_id"]}, {"$set": {"state": "failed"}}
    )
    await outbox.resend(waiting.organization_id, message["_id"])
    tried = len(waiting.connector.sent)
    await tell(waiting, echo(OWN, "late-1"))
    await waiting.sweep()
    assert (await newest(waiting))["platform_ids"] == ["late-1"]
    assert len(waiting.connector.sent) == tried
    assert await written_elsewhere(waiting) == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Something else"),
        ({}, "ready"),  # too short a piece to tell anything
        ({"attempts": 0}, OWN),  # never tried: it cannot have arrived
        ({"attempts": 0, "due_since": timedelta()}, OWN),  # its channel was paused
        ({"updated_at": -2 * echoes.LATELY}, OWN),
        ({"created_at": timedelta(minutes=10)}, OWN),
        ({"state": "failed", "parts": [{"platform_id": "f", "state": "failed"}]}, OWN),
        ({"chat_id": "other"}, OWN),
        ({"organization_id": ObjectId()}, OWN),
    ],
)
async def test_a_persons_words_stay_a_persons(
    waiting: Bench, changes: dict[str, Any], said: str
) -> None:
    message, moment = await newest(waiting), utc_now()
    stored = {
        name: moment + value if isinstance(value, timedelta) else value
        for name, value in changes.items()
    }
    await waiting.inbox.store.messages.update_one({"_id": message["_id"]}, {"$set": stored})
    await tell(waiting, echo(said, "page-1"))
    assert (await waiting.conversation())["owner"] == "operator"
    assert await written_elsewhere(waiting) == 1


async def test_what_was_sent_at_the_first_try_is_not_taken_for_an_echo(answered: Bench) -> None:
    await tell(answered, echo("echo: hello", "page-1"))
    assert (await answered.conversation())["owner"] == "operator", "a person said the same"


async def test_of_two_alike_each_echo_is_another(waiting: Bench) -> None:
    waiting.connector.failures = [LATE]
    store = waiting.inbox.store
    first = await newest(waiting)
    await tell(waiting, echo(OWN, "late-1"))
    again = {**first, "_id": ObjectId(), "created_at": utc_now(), "platform_ids": []}
    await store.messages.insert_one(again)
    await tell(waiting, echo(OWN, "late-2"))
    states = [one async for one in store.messages.find({"text": OWN}).sort("created_at", 1)]
    assert [one["platform_ids"] for one in states] == [["late-1"], ["late-2"]]


async def test_what_was_written_long_ago_takes_the_conversation_from_nobody(
    answered: Bench,
) -> None:
    await tell(answered, echo(sent_at=utc_now() - timedelta(days=2)))
    await tell(answered, echo(sent_at=utc_now() - timedelta(days=2), external_id="again"))
    conversation = await answered.conversation()
    assert conversation["owner"] == "bot"
    assert conversation["unrecorded"] == 1, "the engine is told of it"
    assert (await newest(answered))["text"] == "I'll do it myself"
    assert await written_elsewhere(answered) == 1
