"""What Instagram delivers as events of the contract. Pure: no network, no clock.

https://developers.facebook.com/docs/instagram-platform/webhooks/examples. An entry belongs to one account
and comes in two shapes: ``messaging`` (a list of events) and ``changes`` (each a field and the event as
its value). Events in ``standby`` are heard while another app holds the conversation: they are shown, and
not answered.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.base.values import id_of, listed, mapping, moment, written
from connectors.base.webhooks import MalformedError
from connectors.instagram.content import content_of, referral_of
from crm.contract import (
    Deletion,
    Echo,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Reaction,
    ReadMark,
    Sender,
)

FIELDS: Final = (
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "message_reactions",
    "messaging_referral",
    "message_edit",
    "standby",
)
"""What is to be subscribed to; all else (comments, hand-overs) is passed over."""
_FIELDS: Final = frozenset(FIELDS)
_EMOJI: Final = {
    "love": "❤️",
    "like": "👍",
    "laugh": "😆",
    "haha": "😆",
    "wow": "😮",
    "sad": "😢",
    "angry": "😠",
    "dislike": "👎",
}
_OTHER_EMOJI: Final = "✨"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was delivered for one account."""

    account_id: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Myself:
    """The account, by all ids it goes by; ``app_id`` the app through which we send, where known.

    ``loopback``: files on this machine are taken for Instagram's (the platform is a fake).
    """

    ids: frozenset[str]
    app_id: str | None = None
    loopback: bool = False


def entries_of(raw: Any) -> list[Entry]:
    """The entries of a body, in order; none when it is about something else than Instagram.

    Raises:
        MalformedError: it is not an object with a list of entries.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("entry"), list):
        raise MalformedError("a body is an object with entries")
    if raw.get("object") != "instagram":
        return []
    return [
        Entry(account_id, entry)
        for entry in raw["entry"]
        if isinstance(entry, Mapping) and (account_id := id_of(entry.get("id")))
    ]


def app_of(entry: Entry, sent: Container[str]) -> str | None:
    """The app through which we send, as the echo of something that we ``sent`` tells it."""
    for item, _ in _items(entry.raw):
        message = mapping(item.get("message"))
        if message.get("is_echo") is True and id_of(message.get("mid")) in sent:
            return id_of(message.get("app_id"))
    return None


def events_of(entry: Entry, myself: Myself) -> list[InboundEvent]:
    """The events of an entry, in order. Never raises, whatever people and Instagram put into it."""
    return [
        event
        for item, standby in _items(entry.raw)
        if (event := _event(item, myself, standby=standby)) is not None
    ]


def _items(entry: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """The events in both shapes, and whether another app holds the conversation."""
    for item in listed(entry.get("messaging")):
        yield mapping(item), False
    for item in listed(entry.get("standby")):
        yield mapping(item), True
    for change in listed(entry.get("changes")):
        named = written(mapping(change).get("field"))
        if named in _FIELDS:
            yield mapping(mapping(change).get("value")), named == "standby"


def _event(item: Mapping[str, Any], myself: Myself, *, standby: bool) -> InboundEvent | None:
    sender = id_of(mapping(item.get("sender")).get("id"))
    if sender is None:
        return None
    found: InboundEvent | None = None
    if "message" in item:
        found = _message(item, sender, myself, standby=standby)
    elif sender in myself.ids:  # what we did ourselves, other than writing, tells nothing
        found = None
    elif "postback" in item:
        found = _postback(item, sender, standby=standby)
    elif "message_edit" in item:
        found = _edit(item, sender, standby=standby)
    elif "reaction" in item:
        found = _reaction(item, sender)
    elif "read" in item:
        found = _read(item, sender)
    elif "referral" in item:
        found = _referral(item, sender)
    return found


def _message(
    item: Mapping[str, Any], sender: str, myself: Myself, *, standby: bool
) -> InboundEvent | None:
    message = mapping(item.get("message"))
    mid = id_of(message.get("mid")) or _without_mid("message", item, sender)
    if message.get("is_echo") is True or sender in myself.ids:
        return _echo(item, message, mid, myself)
    if message.get("is_deleted") is True:
        return Deletion(external_id=f"deleted:{mid}", chat_id=sender, platform_id=mid)
    content = content_of(message, loopback=myself.loopback)
    content.referral = content.referral or referral_of(item.get("referral"))
    if message.get("is_self") is True:  # the owner tries out how it is to write to the account
        content.data["self"] = True
    return InboundMessage(
        external_id=mid,
        platform_id=mid,
        chat_id=sender,
        sender=Sender(external_id=sender, phone=content.own_phone),
        kind=content.kind,
        text=content.text,
        payload=content.payload,
        attachments=content.attachments,
        reply_to=content.reply_to,
        referral=content.referral,
        sent_at=moment(item.get("timestamp")),
        answerable=not standby,
        data=content.data | ({"standby": True} if standby else {}),
    )


def _echo(
    item: Mapping[str, Any], message: Mapping[str, Any], mid: str, myself: Myself
) -> InboundEvent | None:
    """Our side wrote: from the phone, from Meta's own inbox, or through the API (known by its ``mid``)."""
    customer = id_of(mapping(item.get("recipient")).get("id"))
    if customer is None or customer in myself.ids:
        return None
    if message.get("is_deleted") is True:
        return Deletion(external_id=f"deleted:{mid}", chat_id=customer, platform_id=mid)
    if myself.app_id is not None and id_of(message.get("app_id")) == myself.app_id:
        return None
    content = content_of(message, loopback=myself.loopback)
    return Echo(
        external_id=f"echo:{mid}",
        chat_id=customer,
        platform_id=mid,
        kind=content.kind,
        text=content.text,
        attachments=content.attachments,
        addressee=Sender(external_id=customer),
        sent_at=moment(item.get("timestamp")),
    )


def _postback(item: Mapping[str, Any], sender: str, *, standby: bool) -> InboundMessage:
    """A tap on a question the chat opened with, on the menu, or on a button of a card."""
    tap = mapping(item.get("postback"))
    mid = id_of(tap.get("mid"))
    payload = written(tap.get("payload"))
    return InboundMessage(
        external_id=mid or _without_mid("postback", item, sender),
        platform_id=mid,
        chat_id=sender,
        sender=Sender(external_id=sender),
        text=written(tap.get("title")) or payload,
        payload=payload or None,
        referral=referral_of(tap.get("referral")) or referral_of(item.get("referral")),
        sent_at=moment(item.get("timestamp")),
        answerable=not standby,
        data={"standby": True} if standby else {},
    )


def _edit(item: Mapping[str, Any], sender: str, *, standby: bool) -> InboundMessage | None:
    """A new wording. ``num_edit`` 0 comes with a message that was not edited at all."""
    edit = mapping(item.get("message_edit"))
    mid, number = id_of(edit.get("mid")), id_of(edit.get("num_edit")) or "1"
    text = written(edit.get("text"))
    if mid is None or number == "0" or not text:
        return None
    return InboundMessage(
        external_id=f"edit:{mid}:{number}",
        chat_id=sender,
        sender=Sender(external_id=sender),
        text=text,
        edit_of=mid,
        sent_at=moment(item.get("timestamp")),
        answerable=not standby,
    )


def _reaction(item: Mapping[str, Any], sender: str) -> Reaction | None:
    told = mapping(item.get("reaction"))
    mid = id_of(told.get("mid"))
    if mid is None:
        return None
    taken_back = written(told.get("action")) == "unreact"
    emoji = written(told.get("emoji")) or _EMOJI.get(written(told.get("reaction")), _OTHER_EMOJI)
    return Reaction(
        external_id=_without_mid(f"reaction:{mid}:{'off' if taken_back else emoji}", item, sender),
        chat_id=sender,
        platform_id=mid,
        emoji=None if taken_back else emoji,
        at=moment(item.get("timestamp")),
    )


def _read(item: Mapping[str, Any], sender: str) -> ReadMark:
    read = mapping(item.get("read"))
    mid = id_of(read.get("mid"))
    return ReadMark(
        external_id=f"read:{mid}" if mid else _without_mid("read", item, sender),
        chat_id=sender,
        platform_id=mid,
        until=None if mid else moment(read.get("watermark")) or moment(item.get("timestamp")),
    )


def _referral(item: Mapping[str, Any], sender: str) -> InboundMessage | None:
    """Somebody came back through a link or an advertisement, and has said nothing yet."""
    referral = referral_of(item.get("referral"))
    if referral is None:
        return None
    return InboundMessage(
        external_id=_without_mid("referral", item, sender),
        chat_id=sender,
        sender=Sender(external_id=sender),
        kind=MessageKind.TEXT,
        referral=referral,
        sent_at=moment(item.get("timestamp")),
        answerable=False,
        data={"type": "referral"},
    )


def _without_mid(kind: str, item: Mapping[str, Any], sender: str) -> str:
    """An id for an event to which Instagram gives none: the same for each delivery of it."""
    return f"{kind}:{sender}:{id_of(item.get('timestamp')) or '0'}"
