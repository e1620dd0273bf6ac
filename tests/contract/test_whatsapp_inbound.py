"""What Meta delivers, read."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base.forms import is_well_formed
from connectors.base.values import moment, plain
from connectors.base.webhooks import MalformedError
from connectors.whatsapp import inbound
from connectors.whatsapp.inbound import FIELDS, changes_of
from crm.contract import ConsentChange, Echo, InboundEvent, InboundMessage, MessageKind, Sender
from tests.contract.whatsapp_bodies import EVENTS, MALFORMED, MESSAGES, USER_ID
from tests.fakes.whatsapp_api import ACCOUNT_ID, NUMBER_ID, body, customer, message, said, value
from tests.support.growth import assert_gentle_growth


def events_of(told: Any) -> list[InboundEvent]:
    return [event for change in changes_of(told) for event in inbound.events_of(change)]


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str) -> None:
    told, expected = MESSAGES[name]
    (received,) = events_of(told)
    assert isinstance(received, InboundMessage)
    assert received.external_id == received.platform_id == "wamid.A"
    for field, wanted in expected.items():
        if field == "file":
            (attachment,) = received.attachments
            assert attachment.kind is received.kind
            assert {n: getattr(attachment, n) for n in wanted} == wanted
        elif field.startswith("data."):
            assert received.data[field.removeprefix("data.")] == wanted, field
        else:
            assert getattr(received, field) == wanted, field


@pytest.mark.parametrize("name", EVENTS)
def test_other_events(name: str) -> None:
    told, expected = EVENTS[name]
    events = events_of(told)
    assert len(events) == len(expected)
    for event, wanted in zip(events, expected, strict=True):
        if isinstance(wanted, dict):
            assert {field: getattr(event, field) for field in wanted} == wanted
        else:
            assert event == wanted


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_body(name: str) -> None:
    with pytest.raises(MalformedError):
        changes_of(MALFORMED[name])


def test_a_shared_number_of_ones_own_is_known_also_where_it_is_hidden() -> None:
    hidden = customer(wa_id=None)
    card = {"phones": [{"phone": "+77010000501"}]}
    told = said(
        message(person=hidden, contacts=[card], origin="contact_request/other"), person=hidden
    )
    (received,) = events_of(told)
    assert isinstance(received, InboundMessage)
    assert received.sender.phone == "+77010000501"
    assert received.data["own"] is True


@pytest.mark.parametrize("text", ["STOP", "стоп!", " Отписаться ", "Тоқтату"])
def test_a_word_of_refusal_ends_advertising_and_is_answered_all_the_same(text: str) -> None:
    received, refusal = events_of(said(message(text={"body": text})))
    assert isinstance(received, InboundMessage)
    assert received.answerable
    assert received.data["consent"] == {"purpose": "marketing", "granted": False}
    assert isinstance(refusal, ConsentChange)
    assert (refusal.chat_id, refusal.granted) == (USER_ID, False)


@pytest.mark.parametrize("text", ["стоп, а цена?", "stopwatch", "Не отписаться ли мне", ""])
def test_other_words_refuse_nothing(text: str) -> None:
    (received,) = events_of(said(message(text={"body": text})))
    assert "consent" not in received.data  # type: ignore[union-attr]


def test_changes_keep_their_number_and_their_order() -> None:
    first = value(
        "100000001", contacts=[customer()], messages=[message("wamid.1", text={"body": "1"})]
    )
    other = value(
        "100000002", contacts=[customer()], messages=[message("wamid.2", text={"body": "2"})]
    )
    third = value(
        "100000001", contacts=[customer()], messages=[message("wamid.3", text={"body": "3"})]
    )
    fourth = body({"event": "APPROVED"}, field="message_template_status_update")
    told = body(first, other, third)
    told["entry"] += fourth["entry"]
    changes = changes_of(told)
    assert [change.account_id for change in changes] == [
        "100000001",
        "100000002",
        "100000001",
        ACCOUNT_ID,
    ]
    ids = [event.external_id for change in changes for event in inbound.events_of(change)]
    assert ids[:3] == ["wamid.1", "wamid.2", "wamid.3"]


def test_several_people_in_one_change_are_told_apart() -> None:
    other = customer("KZ.9", "77010000509")
    other["profile"] = {"name": "Бауыржан"}
    told = body(
        value(
            NUMBER_ID,
            contacts=[customer(), other],
            messages=[
                message("wamid.1", other, text={"body": "мен"}),
                message("wamid.2", text={"body": "жоқ, мен"}),
            ],
        )
    )
    names = [event.sender.name for event in events_of(told) if isinstance(event, InboundMessage)]
    assert names == ["Бауыржан", "Айгүл Серікқызы"]


def test_the_id_tells_people_apart_before_the_number_does() -> None:
    first, second = customer("KZ.1"), customer("KZ.2")  # a number that has another owner now
    second["profile"] = {"name": "Бауыржан"}
    told = body(
        value(
            NUMBER_ID,
            contacts=[first, second],
            messages=[message("wamid.1", second, text={"body": "мен"})],
        )
    )
    (received,) = events_of(told)
    assert isinstance(received, InboundMessage)
    assert (received.sender.external_id, received.sender.name) == ("KZ.2", "Бауыржан")


def test_what_is_written_into_a_group_is_written_to_nobody_in_particular() -> None:
    echo = {"to": "77010000501", "to_user_id": USER_ID, "id": "wamid.E", "group_id": "G"}
    written = echo | {"type": "text", "text": {"body": "Бәріне"}}
    (event,) = events_of(body(value(message_echoes=[written]), field="smb_message_echoes"))
    assert isinstance(event, Echo)
    assert (event.chat_id, event.addressee) == ("group:G", None)


def test_many_people_in_one_change_cost_no_more_than_many_people() -> None:
    def change(size: int) -> inbound.Change:
        people = [customer(f"KZ.{n}", str(77_010_000_000 + n)) for n in range(size)]
        said_by = [message(f"wamid.{n}", who, text={"body": "x"}) for n, who in enumerate(people)]
        told = body(value(NUMBER_ID, contacts=people, messages=said_by))
        return changes_of(told)[0]

    (one,) = inbound.events_of(change(1))
    assert isinstance(one, InboundMessage)
    assert one.sender.external_id == "KZ.0"
    assert_gentle_growth(inbound.events_of, change, 4_000)


def test_nobody_gets_anothers_name() -> None:
    stranger = {"user_id": "KZ.9"}
    (received,) = events_of(said(message(person=stranger, text={"body": "?"})))
    assert isinstance(received, InboundMessage)
    assert received.sender == Sender(external_id="KZ.9")


def test_one_unreadable_message_costs_no_other() -> None:
    told = said(
        message("wamid.1", text={"body": "бір"}),
        message("wamid.2", type="image", image={"id": "1", "mime_type": 7, "caption": ["x"]}),
        message("wamid.3", type=["x"]),
        message("wamid.4", text={"body": "екі"}),
    )
    kinds = [(event.external_id, event.kind) for event in events_of(told)]  # type: ignore[union-attr]
    assert kinds == [
        ("wamid.1", MessageKind.TEXT),
        ("wamid.2", MessageKind.IMAGE),
        ("wamid.3", MessageKind.UNSUPPORTED),
        ("wamid.4", MessageKind.TEXT),
    ]


def test_a_notice_is_known_again_when_it_is_delivered_again() -> None:
    told, _ = EVENTS["a template was refused"]
    (first,), (again,) = events_of(told), events_of(json.loads(json.dumps(told, sort_keys=True)))
    changed = json.loads(json.dumps(told).replace("REJECTED", "APPROVED"))
    (other,) = events_of(changed)
    assert first.external_id == again.external_id != other.external_id


@pytest.mark.parametrize(
    "given_time", ["", "x", "-5", "9" * 30, 2**63, 1e30, True, None, [], "٣", "253402300800"]
)
def test_no_moment(given_time: Any) -> None:
    assert moment(given_time) is None


def test_what_is_stored_of_unknown_shape_is_bounded() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"$a.b\0": [deep]}
    stored = plain({"deep": deep, "long": "ұ" * 99_999, "big": 2**62, "many": list(range(999))})
    assert len(str(stored)) < 6_000
    assert stored["big"] == str(2**62)
    assert list(stored["deep"]) == ["a_b"]


def test_all_that_is_read_is_subscribed_to() -> None:
    assert {"messages", "smb_message_echoes", "account_alerts"} <= set(FIELDS)


SCRAPS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
BODIES = [told for told, _ in (*MESSAGES.values(), *EVENTS.values())]


@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(BODIES), st.lists(st.tuples(st.integers(0, 10_000), SCRAPS), max_size=4))
def test_no_body_is_too_strange(told: Any, changes: list[tuple[int, Any]]) -> None:
    """Real bodies with anything in any place, as JSON can hold it."""
    changed = orjson.loads(orjson.dumps(told))
    for place, scrap in changes:
        _put(changed["entry"][0], place, scrap)
    for event in events_of(orjson.loads(orjson.dumps(changed))):
        assert is_well_formed(event)


def _put(node: Any, place: int, scrap: Any) -> None:
    """Replace one value somewhere in a tree."""
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[place % len(keys)]
        place //= len(keys)
        if place == 0 or not isinstance(node[key], dict | list) or not node[key]:
            node[key] = scrap
            return
        node = node[key]
