"""Updates become messages; nothing a person or the platform sends breaks the parser."""

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Update

from connectors.telegram import inbound
from connectors.telegram.inbound import MalformedUpdateError, parse_update, plain_update
from connectors.telegram.mentions import Myself
from crm.contract import InboundMessage
from tests.contract.telegram_updates import (
    BOT_ID,
    CONTENTS,
    EVENTS,
    IGNORED,
    MALFORMED,
    PERSON,
    USERNAME,
    mention,
    message,
)

MYSELF = Myself(BOT_ID, USERNAME)


def only(update: dict[str, Any]) -> InboundMessage:
    """The message of an update that holds nothing else."""
    (found,) = parse_update(update, MYSELF)
    assert isinstance(found, InboundMessage)
    return found


@pytest.mark.parametrize("name", CONTENTS)
def test_content(name: str) -> None:
    update, expected = CONTENTS[name]
    found = only(update)
    chat_id = expected.get("chat_id", "501")
    assert found.external_id == f"update:{BOT_ID}:9001"
    assert found.chat_id == chat_id
    if found.data.get("type") != "unreadable":
        assert found.platform_id == expected.get("platform_id", f"{chat_id}:77")
    assert found.sender.external_id == "501"
    assert found.kind == expected.get("kind", "text")
    assert found.text == expected.get("text", "")
    assert found.payload == expected.get("payload")
    assert found.sender.phone == expected.get("phone")
    assert (found.reply_to, found.edit_of) == (expected.get("reply_to"), expected.get("edit_of"))
    assert (found.referral.ref if found.referral else None) == expected.get("ref")
    data: dict[str, Any] = expected.get("data", {})
    assert {key: found.data.get(key) for key in data} == data
    if "file" in expected:
        (file,) = found.attachments
        told = {**asdict(file), "id": file.ref["file_id"]}
        assert {key: told[key] for key in expected["file"]} == expected["file"]


def test_each_bot_numbers_its_updates_by_itself() -> None:
    update = message(text="сәлем")
    other = Myself(987654321, "another_bot")
    mine, theirs = only(update), parse_update(update, other)[0]
    assert mine.external_id != theirs.external_id
    assert theirs.external_id == "update:987654321:9001"
    (unread,) = plain_update(update, other)
    assert unread.external_id == theirs.external_id, "one that was not stored is the same one"


@pytest.mark.parametrize("query", [[1], "x", 7, {"from": 1}])
def test_a_strange_tap_beside_a_message_is_no_failure(query: object) -> None:
    update = {**message(text="сәлем"), "callback_query": query}
    parse_update(update, MYSELF)
    plain_update(update, MYSELF)


@pytest.mark.parametrize("name", EVENTS)
def test_events(name: str) -> None:
    update, expected = EVENTS[name]
    assert parse_update(update, MYSELF) == expected


@pytest.mark.parametrize("name", IGNORED)
def test_ignored(name: str) -> None:
    assert parse_update(IGNORED[name], MYSELF) == []


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name: str) -> None:
    with pytest.raises(MalformedUpdateError):
        parse_update(MALFORMED[name], MYSELF)


def test_the_sender_is_told_of() -> None:
    found = only(message(text="Сәлем"))
    assert found.sender.name == "Айгүл Серікқызы"
    assert found.sender.username == "aigul_s"
    assert found.sender.language == "kk"


def test_a_foreign_language_is_not_guessed() -> None:
    found = only(message(text="hei", sender={**PERSON, "language_code": "fi"}))
    assert found.sender.language is None


def test_a_mention_counts_in_utf_16_units() -> None:
    text = f"👨‍👩‍👧 @{USERNAME} баға?"
    update = mention(text, f"@{USERNAME}")
    update["message"]["entities"][0]["offset"] = (
        len(text[: text.index("@")].encode("utf-16-le")) // 2
    )
    found = only(update)
    assert found.text == "👨‍👩‍👧 баға?"


@pytest.mark.parametrize(
    "person",
    [
        PERSON,
        {"id": 7, "is_bot": False, "first_name": "A"},
        {"id": 7, "is_bot": False, "first_name": "", "last_name": "B", "language_code": "en-GB"},
        {"id": 7, "is_bot": False, "first_name": "A", "language_code": "de", "username": "u"},
    ],
)
@pytest.mark.parametrize("text", ["Сәлем", "👋" * 4096, "  spaces ", "a\x00b", "\u202eRTL"])
def test_the_short_way_says_what_the_long_way_says(person: dict[str, Any], text: str) -> None:
    update = message(text=text, sender=person)
    quick = inbound._plain_text(update, f"update:{BOT_ID}:9001")
    assert quick is not None
    assert [quick] == inbound._events_of(Update.de_json(update), f"update:{BOT_ID}:9001", MYSELF)


def test_the_short_way_leaves_the_rest_to_the_long_way() -> None:
    plain = {"text", "link in a text"}
    for name, (update, _) in CONTENTS.items():
        found = inbound._plain_text(update, f"update:{BOT_ID}:9001")
        assert name in plain or found is None, name


def test_the_short_way_goes_round_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, other = message(text="Сәлем"), CONTENTS["photo"][0]
    usual = [parse_update(update, MYSELF) for update in (plain, other)]
    monkeypatch.setattr(inbound, "Update", None)
    assert parse_update(plain, MYSELF) == usual[0]
    assert parse_update(other, MYSELF) != usual[1]


KINDS = [
    "message",
    "edited_message",
    "callback_query",
    "channel_post",
    "business_message",
    "message_reaction",
    "my_chat_member",
]
_SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "text", "chat", "from", "date", "message_id", "is_bot"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    [
        "text",
        "entities",
        "photo",
        "voice",
        "contact",
        "location",
        "venue",
        "sticker",
        "dice",
        "document",
        "caption",
        "chat",
        "from",
        "date",
        "message_id",
        "reply_to_message",
        "forward_origin",
        "sender_chat",
        "new_chat_members",
    ]
)


@settings(max_examples=1500, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    changes=st.dictionaries(_FIELDS, _SCRAPS, max_size=4),
    whole=st.booleans(),
)
def test_nothing_breaks_the_parser(kind: str, changes: dict[str, Any], whole: bool) -> None:
    update = message(kind=kind, **changes) if whole else {"update_id": 1, kind: changes}
    found = parse_update(update, MYSELF)
    assert len(found) <= 1
