"""What one Telegram message holds, in the contract's kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from telegram import Message

from crm.contract import Attachment, MessageKind

_START: Final = re.compile(r"/start(?:@\w+)?(?:\s+(?P<parameter>\S+))?\s*")
_NOTICES: Final = (
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "write_access_allowed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "chat_background_set",
    "boost_added",
    "proximity_alert_triggered",
)
"""Messages that Telegram itself writes into a chat: nobody says anything with them."""


@dataclass(frozen=True, slots=True)
class Content:
    """A message's kind, its words, and what the kind needs beyond them."""

    kind: MessageKind
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    attachment: Attachment | None = None
    start: str | None = None
    """The parameter of the link that opened the chat."""
    own_phone: str | None = None
    """The sender's own number, in E.164, when that is what was shared."""


def content_of(message: Message) -> Content | None:
    """The content of a person's message; None for Telegram's own notices in the chat."""
    if message.text is not None:
        start = _START.fullmatch(message.text)
        data = {"command": "start"} if start is not None else {}
        parameter = start["parameter"] if start is not None else None
        return Content(MessageKind.TEXT, message.text, data, start=parameter)
    found = _contact(message) or _place(message) or _media(message)
    if found is not None:
        return found
    if any(getattr(message, name, None) for name in _NOTICES):
        return None
    dice = message.dice.emoji if message.dice is not None else ""
    return Content(MessageKind.UNSUPPORTED, message.caption or dice, {"type": _type_of(message)})


def _contact(message: Message) -> Content | None:
    contact = message.contact
    if contact is None:
        return None
    phone = _international(contact.phone_number)
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    own = message.from_user is not None and contact.user_id == message.from_user.id
    return Content(
        MessageKind.CONTACT,
        phone if own else f"{name} {phone}".strip(),
        {"phone": phone, "name": name, "own": own},
        own_phone=phone if own else None,
    )


def _international(phone: str) -> str:
    """Telegram gives the number with its country code, with or without the plus."""
    digits = re.sub(r"\D", "", phone)
    return f"+{digits}" if digits else phone


def _place(message: Message) -> Content | None:
    # A venue carries a location as well, and says more.
    if message.venue is not None:
        venue = message.venue
        point = venue.location
        words = ", ".join(filter(None, (venue.title, venue.address)))
    elif message.location is not None:
        point, words = message.location, ""
    else:
        return None
    data = {"latitude": point.latitude, "longitude": point.longitude}
    return Content(MessageKind.LOCATION, words, data)


def _media(message: Message) -> Content | None:
    if message.sticker is not None:
        sticker = message.sticker
        return _with_file(MessageKind.STICKER, sticker.emoji or "", sticker)
    # In order of preference: an animation also appears as a document, for old clients. Of a
    # photo's sizes the last is the largest.
    candidates = (
        (MessageKind.IMAGE, message.photo[-1] if message.photo else None),
        (MessageKind.AUDIO, message.voice or message.audio),
        (MessageKind.VIDEO, message.video or message.video_note or message.animation),
        (MessageKind.DOCUMENT, message.document),
    )
    for kind, file in candidates:
        if file is not None:
            data = {"voice": True} if message.voice is not None else {}
            return _with_file(kind, message.caption or "", file, data)
    return None


def _with_file(
    kind: MessageKind, text: str, file: Any, data: dict[str, Any] | None = None
) -> Content:
    told = file.to_dict()
    attachment = Attachment(
        kind=kind,
        ref={"file_id": told["file_id"], "file_unique_id": told.get("file_unique_id")},
        name=told.get("file_name"),
        mime=told.get("mime_type"),
        size=told.get("file_size"),
        duration=told.get("duration"),
    )
    return Content(kind, text, data or {}, attachment=attachment)


def _type_of(message: Message) -> str:
    """The platform's own name of a content we do not know."""
    common = {"message_id", "from", "chat", "date", "entities", "reply_to_message"}
    told = [name for name, value in message.to_dict().items() if value and name not in common]
    return told[0] if told else "unknown"
