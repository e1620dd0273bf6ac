"""Instagram's events as the contract's, from the documented payloads."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base.webhooks import MalformedError
from connectors.instagram.inbound import Myself, entries_of, events_of
from crm.contract import Deletion, Echo, InboundEvent, InboundMessage, MessageKind
from tests.contract.instagram_events import (
    AT,
    CONTENTS,
    EVENTS,
    IG,
    IGNORED,
    MALFORMED,
    MID,
    OURS,
    PERSON,
    body,
    change,
    event,
    message,
)

APP = "905511223344556"
MYSELF = Myself(frozenset({IG}))


def parse(raw: Any, myself: Myself = MYSELF) -> list[InboundEvent]:
    return [found for entry in entries_of(raw) for found in events_of(entry, myself)]


def one(raw: Any, myself: Myself = MYSELF) -> InboundMessage:
    (found,) = parse(raw, myself)
    assert isinstance(found, InboundMessage)
    return found


@pytest.mark.parametrize("name", CONTENTS)
def test_what_customers_send(name: str) -> None:
    told, expected = CONTENTS[name]
    found = one(body(told))
    assert found.chat_id == found.sender.external_id == PERSON
    assert found.external_id == expected.get("external_id", MID)
    assert found.platform_id == expected.get("platform_id", MID)
    assert found.sent_at == AT
    assert found.answerable is expected.get("answerable", True)
    if "files" in expected:
        assert [(file.kind.value, file.ref["url"]) for file in found.attachments] == expected[
            "files"
        ]
    assert found.sender.phone == expected.get("phone")
    for field in ("text", "payload", "reply_to", "edit_of", "referral", "data"):
        if field in expected:
            assert getattr(found, field) == expected[field], field
    assert found.kind is MessageKind(expected.get("kind", "text"))


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_told_besides(name: str) -> None:
    told, expected = EVENTS[name]
    assert parse(body(told)) == [expected]


@pytest.mark.parametrize("name", IGNORED)
def test_what_says_nothing_to_us(name: str) -> None:
    assert parse(IGNORED[name]) == []


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_body(name: str) -> None:
    with pytest.raises(MalformedError):
        entries_of(MALFORMED[name])


@pytest.mark.parametrize("name", ["text", "image", "a question is tapped", "an edit"])
def test_both_shapes_say_the_same(name: str) -> None:
    told, _ = CONTENTS[name]
    field = {"an edit": "message_edit", "a question is tapped": "messaging_postbacks"}.get(name)
    assert parse(change(field or "messages", told)) == parse(body(told))


def test_a_change_tells_its_time_in_seconds() -> None:
    found = one(change("messages", {**message(text="Сәлем"), "timestamp": "1795000000"}))
    assert found.sent_at == datetime.fromtimestamp(1_795_000_000, UTC)


def test_events_keep_their_order() -> None:
    told = [message(text="1"), event(read={"mid": OURS}), event(postback={"title": "2"})]
    found = parse(body(*told))
    assert [getattr(each, "text", None) for each in found] == ["1", None, "2"]


def test_what_another_app_answers_is_shown_and_not_answered() -> None:
    for raw in (
        body(message(text="Сәлем"), key="standby"),
        change("standby", message(text="Сәлем")),
    ):
        found = one(raw)
        assert not found.answerable
        assert (found.text, found.data) == ("Сәлем", {"standby": True})
    tap = one(body(event(postback={"title": "Тапсырыс"}), key="standby"))
    assert not tap.answerable


def test_an_echo_of_our_own_app_is_passed_over() -> None:
    echo = {
        **message(text="Сәлем", is_echo=True, app_id=int(APP)),
        "sender": {"id": IG},
        "recipient": {"id": PERSON},
    }
    assert parse(body(echo), Myself(frozenset({IG}), app_id=APP)) == []
    for myself in (MYSELF, Myself(frozenset({IG}), app_id="1")):
        (found,) = parse(body(echo), myself)
        assert isinstance(found, Echo)
        assert (found.chat_id, found.platform_id) == (PERSON, MID)


def test_whoever_is_us_is_never_a_customer() -> None:
    scoped = "27841400000000001"
    own = {**message(text="Қазір"), "sender": {"id": scoped}, "recipient": {"id": PERSON}}
    (found,) = parse(body(own), Myself(frozenset({IG, scoped})))
    assert isinstance(found, Echo)


def test_a_deletion_is_no_message() -> None:
    (found,) = parse(body(message(is_deleted=True, text="x")))
    assert isinstance(found, Deletion)


def test_a_second_reaction_is_another_event() -> None:
    first = event(reaction={"mid": OURS, "action": "react", "emoji": "❤"})
    ids = [
        found.external_id
        for told in (first, {**first, "timestamp": first["timestamp"] + 1})
        for found in parse(body(told))
    ]
    assert len(set(ids)) == 2


def test_without_an_id_a_message_is_known_by_its_moment() -> None:
    told = event(message={"text": "Сәлем"})
    assert one(body(told)).external_id == one(body(told)).external_id
    assert one(body(told)).external_id != one(body({**told, "timestamp": 1})).external_id
