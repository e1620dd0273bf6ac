"""What Meta delivers as events of the contract. Pure: no network, no clock.

A body holds entries (accounts), each with changes; a change about messages names the number it is
about, others only the account:
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.base.values import mapping, mappings, moment, text, written
from connectors.base.webhooks import MalformedError
from connectors.whatsapp.content import Content, content_of, referral_of
from connectors.whatsapp.notices import NOTICES, alarms, notice
from connectors.whatsapp.people import GROUP, People, is_user_id, phone_of
from connectors.whatsapp.statuses import status_of
from connectors.whatsapp.wishes import consent_of, wish_of
from crm.contract import (
    ChatMove,
    ConsentChange,
    Deletion,
    Echo,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Notice,
    Reaction,
    Referral,
    Sender,
)

_log = logging.getLogger(__name__)

FIELDS: Final = (
    "messages",
    "smb_message_echoes",
    "user_preferences",
    "user_id_update",
    *NOTICES,
)
"""What an app has to be subscribed to."""
_MOVES: Final = frozenset(
    {"user_changed_number", "customer_changed_number", "user_changed_user_id"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """What was delivered of one kind for one number, or for a whole account."""

    account_id: str
    """The number's id; the account's where no number is named."""
    name: str
    value: Mapping[str, Any]
    entry: Mapping[str, Any]


def changes_of(raw: Any) -> list[Change]:
    """The changes of a body, in order.

    Raises:
        MalformedError: it is not an object of a WhatsApp account.
    """
    if not isinstance(raw, dict) or raw.get("object") != "whatsapp_business_account":
        raise MalformedError("a body is an object of a WhatsApp account")
    if not isinstance(raw.get("entry"), list):
        raise MalformedError("a body has entries")
    return [
        _change(entry, told)
        for entry in mappings(raw["entry"])
        for told in mappings(entry.get("changes"))
    ]


def _change(entry: Mapping[str, Any], told: Mapping[str, Any]) -> Change:
    value = mapping(told.get("value"))
    number = text(mapping(value.get("metadata")).get("phone_number_id"))
    account = text(mapping(value.get("waba_info")).get("waba_id")) or text(entry.get("id"))
    return Change(number or account or "", written(told.get("field")), value, entry)


def events_of(change: Change) -> list[InboundEvent]:
    """The events of a change, in order.

    Never raises: a message that is not understood becomes ``UNSUPPORTED`` when at least its id and
    sender can be told.
    """
    return _safely(change.name, lambda: _events_of(change.name, change.value, change.entry))


def _safely(name: str, read: Callable[[], Iterator[InboundEvent]]) -> list[InboundEvent]:
    """What could be read until something could not; one fault costs one change at most."""
    found: list[InboundEvent] = []
    try:
        found.extend(read())
    except Exception as error:  # nothing that is delivered may stop what comes beside it
        _log.warning("a change of %.40r not understood: %s", name, type(error).__name__)
    return found


def _events_of(
    name: str, value: Mapping[str, Any], entry: Mapping[str, Any]
) -> Iterator[InboundEvent]:
    if name in NOTICES:
        yield notice(name, value, entry)
    elif name in _READERS:
        yield from _READERS[name](value)
        yield from alarms(value, entry)
    else:  # an app's other subscriptions (flows, history): nothing that anybody said to us
        _log.debug("a change of %.40r passed over", name)


def _messages(value: Mapping[str, Any]) -> Iterator[InboundEvent]:
    people = People(value)
    for message in mappings(value.get("messages")):
        yield from _told(message, people)
    for status in mappings(value.get("statuses")):
        if (update := status_of(status)) is not None:
            yield update


def _told(message: Mapping[str, Any], people: People) -> list[InboundEvent]:
    """A message's events; what cannot be read at all is shown as unsupported, never lost."""
    try:
        return list(_message(message, people))
    except Exception as error:  # nothing that is delivered may stop what comes beside it
        _log.warning("a message not understood: %s", type(error).__name__)
    message_id, sender = text(message.get("id")), people.sender_of(message)
    if message_id is None or sender is None:
        return []
    return [
        InboundMessage(
            external_id=message_id,
            chat_id=_chat_of(message, sender),
            sender=sender,
            kind=MessageKind.UNSUPPORTED,
            data={"type": "unreadable"},
        )
    ]


def _message(message: Mapping[str, Any], people: People) -> Iterator[InboundEvent]:
    message_id, sender = text(message.get("id")), people.sender_of(message)
    if message_id is None:
        return
    kind = message.get("type")
    if kind == "system":
        yield from _system(message_id, message, sender)
    elif sender is None:
        _log.warning("a message without a sender passed over")
    elif kind == "reaction":
        yield from _reaction(message_id, message, sender)
    elif kind == "revoke":
        yield from _revoke(message_id, message, _chat_of(message, sender))
    elif kind == "edit":
        yield from _edit(message_id, message, sender)
    else:
        yield from _said(message_id, message, sender)


def _said(
    message_id: str, message: Mapping[str, Any], sender: Sender, *, edit_of: str | None = None
) -> Iterator[InboundEvent]:
    """Something a person said, or a correction of it."""
    content, context = content_of(message), mapping(message.get("context"))
    chat_id = _chat_of(message, sender)
    in_group = chat_id.startswith(GROUP)
    consent = None if in_group else consent_of(message_id, chat_id, sender, content, message)
    yield InboundMessage(
        external_id=message_id,
        platform_id=message_id,
        chat_id=chat_id,
        sender=_with_phone(sender, content),
        kind=content.kind,
        text=content.text,
        payload=content.payload,
        attachments=() if content.attachment is None or edit_of else (content.attachment,),
        reply_to=text(context.get("id")),
        edit_of=edit_of,
        referral=referral_of(message) or _link(content),
        sent_at=moment(message.get("timestamp")),
        answerable=not in_group,
        data=_data(content, context, consent),
    )
    if consent is not None:
        yield consent


def _data(
    content: Content, context: Mapping[str, Any], consent: ConsentChange | None
) -> dict[str, Any]:
    data = dict(content.data)
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        data["forwarded"] = True
    product = mapping(context.get("referred_product"))
    if product:
        names = ("catalog_id", "product_retailer_id")
        data["product"] = {name: text(product.get(name)) for name in names}
    if consent is not None:
        data["consent"] = {"purpose": consent.purpose, "granted": consent.granted}
    return data


def _link(content: Content) -> Referral | None:
    return Referral(source="link", ref=content.link) if content.link is not None else None


def _edit(message_id: str, message: Mapping[str, Any], sender: Sender) -> Iterator[InboundEvent]:
    """A corrected text or caption: a new message that says what it corrects."""
    edit = mapping(message.get("edit"))
    original, worded = text(edit.get("original_message_id")), mapping(edit.get("message"))
    if original is None or not worded:
        yield from _said(message_id, message, sender)
        return
    again = {
        **worded,
        **{name: message[name] for name in ("timestamp", "group_id") if name in message},
    }
    yield from _said(message_id, again, sender, edit_of=original)


def _revoke(message_id: str, message: Mapping[str, Any], chat_id: str) -> Iterator[Deletion]:
    original = text(mapping(message.get("revoke")).get("original_message_id"))
    if original is not None:
        yield Deletion(external_id=message_id, chat_id=chat_id, platform_id=original)


def _reaction(message_id: str, message: Mapping[str, Any], sender: Sender) -> Iterator[Reaction]:
    """An empty or missing emoji takes the reaction back."""
    told = mapping(message.get("reaction"))
    if (target := text(told.get("message_id"))) is not None:
        yield Reaction(
            external_id=message_id,
            chat_id=_chat_of(message, sender),
            platform_id=target,
            emoji=text(told.get("emoji")),
            at=moment(message.get("timestamp")),
        )


def _system(
    message_id: str, message: Mapping[str, Any], sender: Sender | None
) -> Iterator[InboundEvent]:
    """WhatsApp's own lines: a person has a new number or id, or another phone (their identity)."""
    told = mapping(message.get("system"))
    kind = text(told.get("type")) or ""
    old = sender.external_id if sender is not None else text(told.get("previous_user_id"))
    number = text(told.get("wa_id")) or text(told.get("new_wa_id"))
    new = text(told.get("user_id")) or (number if kind != "user_changed_user_id" else None)
    if old is None:
        return
    if kind in _MOVES and new is not None and _may_move(old, new):
        yield _move(message_id, old, new, number)
    else:
        data = {"event": kind[:100] or "system", "chat_id": old}
        yield Notice(external_id=message_id, topic="account", data=data)


def _new_ids(value: Mapping[str, Any]) -> Iterator[InboundEvent]:
    """https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids#user-id-update-webhook."""
    for told in mappings(value.get("user_id_update")):
        ids = mapping(told.get("user_id"))
        old, new = text(ids.get("previous")), text(ids.get("current"))
        if old is not None and new is not None and _may_move(old, new):
            at = str(told.get("timestamp"))[:20]
            yield _move(f"{old}:{new}:{at}", old, new, text(told.get("wa_id")))


def _may_move(old: str, new: str) -> bool:
    """A chat called by a user id is never called by a number again: numbers may be hidden."""
    return old != new and (is_user_id(new) or not is_user_id(old))


def _move(external_id: str, old: str, new: str, number: str | None) -> ChatMove:
    sender = Sender(external_id=new, phone=phone_of(number))
    return ChatMove(external_id=external_id, chat_id=old, new_chat_id=new, sender=sender)


def _echoes(value: Mapping[str, Any]) -> Iterator[InboundEvent]:
    people = People(value)
    for echo in mappings(value.get("message_echoes")):
        yield from _echo(echo, people)


def _echo(echo: Mapping[str, Any], people: People) -> Iterator[InboundEvent]:
    """What a person wrote on the phone that shares the number with us ("coexistence").

    A correction made there is shown as a new line: what was sent before stays as it was.
    """
    echo_id, addressee = text(echo.get("id")), people.addressee_of(echo)
    kind = echo.get("type")
    if echo_id is None or addressee is None or kind == "reaction":
        return
    chat_id = _chat_of(echo, addressee)
    if kind == "revoke":
        yield from _revoke(echo_id, echo, chat_id)
        return
    said = mapping(mapping(echo.get("edit")).get("message")) if kind == "edit" else echo
    content = content_of(said or echo)
    yield Echo(
        external_id=echo_id,
        chat_id=chat_id,
        platform_id=echo_id,
        kind=content.kind,
        text=content.text,
        attachments=() if content.attachment is None or kind == "edit" else (content.attachment,),
        addressee=addressee if chat_id == addressee.external_id else None,
        sent_at=moment(echo.get("timestamp")),
    )


def _calls(value: Mapping[str, Any]) -> Iterator[InboundMessage]:
    """A person rang the number: nobody answers here, and people should know of it."""
    people = People(value)
    for call in mappings(value.get("calls")):
        call_id, sender = text(call.get("id")), people.sender_of(call)
        ours = call.get("direction") == "BUSINESS_INITIATED" or call.get("event") != "connect"
        if call_id is not None and sender is not None and not ours:
            yield InboundMessage(
                external_id=call_id,
                chat_id=sender.external_id,
                sender=sender,
                kind=MessageKind.UNSUPPORTED,
                sent_at=moment(call.get("timestamp")),
                data={"type": "call"},
            )


def _chat_of(message: Mapping[str, Any], sender: Sender) -> str:
    group = text(message.get("group_id"))
    return f"{GROUP}{group}" if group is not None else sender.external_id


def _with_phone(sender: Sender, content: Content) -> Sender:
    """A shared number of one's own is the sender's, also where WhatsApp hides it."""
    if content.own_phone is None or sender.phone is not None:
        return sender
    return Sender(
        external_id=sender.external_id,
        name=sender.name,
        username=sender.username,
        phone=content.own_phone,
    )


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[InboundEvent]]]] = {
    "messages": _messages,
    "smb_message_echoes": _echoes,
    "user_preferences": wish_of,
    "user_id_update": _new_ids,
    "calls": _calls,
}
