"""Telegram's updates as events of the contract. Pure: no network, no clock.

Source of all names: https://core.telegram.org/bots/api#update. Message ids are unique within a
chat only, so the platform's id of a message is ``<chat>:<message>``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from telegram import (
    BusinessMessagesDeleted,
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberUpdated,
    Message,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    Update,
    User,
)

from connectors.base.forms import is_well_formed
from connectors.telegram.chats import business_chat, platform_id
from connectors.telegram.commands import payload_of
from connectors.telegram.content import Content, content_of
from connectors.telegram.mentions import GROUPS, Myself, is_for_us, without_mention
from crm.contract import (
    ChatChange,
    Deletion,
    Echo,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Reaction,
    Referral,
    Sender,
)

_log = logging.getLogger(__name__)

LANGUAGES: Final = ("ru", "kk", "en")
_PLAIN_KEYS: Final = frozenset({"message_id", "from", "chat", "date", "text", "entities"})
_AWAY: Final = (ChatMember.BANNED, ChatMember.LEFT)
_CUSTOM_EMOJI: Final = "✨"
"""Stands for a reaction that is a picture of its own, or a paid star."""


class MalformedUpdateError(ValueError):
    """It is no update at all."""


def parse_update(raw: Any, myself: Myself) -> list[InboundEvent]:
    """The events in an update; none when it holds nothing for us.

    Never fails on content: what is not understood becomes an ``UNSUPPORTED`` message when at
    least its chat and sender can be told.

    Raises:
        MalformedUpdateError: it is not an object with an ``update_id``.
    """
    external_id = _external_id(raw, myself)
    if (plain := _plain_text(raw, external_id)) is not None:
        return [plain]
    try:
        events = _events_of(Update.de_json(dict(raw)), external_id, myself)
    except Exception as error:  # the library raises anything on an unexpected shape
        _log.warning("an update is not understood: %s", type(error).__name__)
    else:
        if all(map(is_well_formed, events)):
            return events
        _log.warning("an update is of an unknown form")
    return plain_update(raw, myself)


def plain_update(raw: Any, myself: Myself) -> list[InboundEvent]:
    """What is left to say of an update that was not understood, or not stored: who wrote it.

    Raises:
        MalformedUpdateError: it is not an object with an ``update_id``.
    """
    unsupported = _unsupported(raw, _external_id(raw, myself))
    return [] if unsupported is None else [unsupported]


def _external_id(raw: Any, myself: Myself) -> str:
    """Telegram numbers the updates of each bot by itself, and a connection may change its bot."""
    if not isinstance(raw, Mapping):
        raise MalformedUpdateError("an update is an object")
    update_id = raw.get("update_id")
    if not _is_id(update_id):
        raise MalformedUpdateError("an update has an update_id")
    return f"update:{myself.id}:{update_id}"


def _plain_text(raw: Mapping[str, Any], external_id: str) -> InboundMessage | None:
    """The short way for what nearly all updates are: a person's plain text in a private chat.

    Gives exactly what the long way gives (a test compares them), at a tenth of the time.
    """
    message = raw.get("message")
    if not isinstance(message, dict) or not message.keys() <= _PLAIN_KEYS or len(raw) != 2:
        return None
    chat, user, text = message.get("chat"), message.get("from"), message.get("text")
    if (
        not isinstance(chat, dict)
        or not isinstance(user, dict)
        or not isinstance(text, str)
        or text.startswith("/")
        or chat.get("type") != "private"
        or user.get("is_bot") is not False
        or not (_is_id(chat.get("id")) and _is_id(user.get("id")))
        or not (_is_id(message.get("message_id")) and _is_moment(message.get("date")))
        or not isinstance(first := user.get("first_name"), str)
        or not isinstance(last := user.get("last_name") or "", str)
        or not isinstance(username := user.get("username") or "", str)
        or not isinstance(language := user.get("language_code") or "", str)
    ):
        return None
    chat_id = str(chat["id"])
    return InboundMessage(
        external_id=external_id,
        platform_id=platform_id(chat_id, message["message_id"]),
        chat_id=chat_id,
        sender=Sender(
            external_id=str(user["id"]),
            name=f"{first} {last}".strip() or None,
            username=username or None,
            language=_language(language),
        ),
        text=text,
        sent_at=datetime.fromtimestamp(message["date"], UTC),
    )


def _events_of(update: Update, external_id: str, myself: Myself) -> list[InboundEvent]:
    found: InboundEvent | None = None
    if update.callback_query is not None:
        found = _tap(update.callback_query, external_id)
    elif update.message is not None:
        found = _message(update.message, external_id, myself)
    elif update.edited_message is not None:
        found = _edit(update.edited_message, external_id, myself)
    elif update.business_message is not None:
        found = _business(update.business_message, external_id, myself)
    elif update.edited_business_message is not None:
        found = _edit(update.edited_business_message, external_id, myself)
    elif update.message_reaction is not None:
        found = _reaction(update.message_reaction, external_id)
    elif update.my_chat_member is not None:
        found = _membership(update.my_chat_member, external_id)
    elif update.deleted_business_messages is not None:
        return list(_deletions(update.deleted_business_messages, external_id))
    return [] if found is None else [found]


def _message(message: Message, external_id: str, myself: Myself) -> InboundMessage | None:
    user = message.from_user
    if user is None or user.is_bot or message.sender_chat is not None:
        return None
    if not is_for_us(message, myself):
        return None
    content = content_of(message)
    if content is None:
        return None
    chat_id, answered = _chat_of(message), message.reply_to_message
    data = dict(content.data)
    if message.forward_origin is not None:
        data["forwarded"] = True
    if message.media_group_id is not None:
        data["album"] = message.media_group_id
    return InboundMessage(
        external_id=external_id,
        platform_id=platform_id(chat_id, message.message_id),
        chat_id=chat_id,
        sender=_sender(user, content),
        kind=content.kind,
        text=without_mention(content.text, message.chat, myself),
        payload=payload_of(content.text) if content.kind is MessageKind.TEXT else None,
        attachments=(content.attachment,) if content.attachment is not None else (),
        reply_to=platform_id(chat_id, answered.message_id) if answered is not None else None,
        referral=Referral(source="link", ref=content.start) if content.start else None,
        sent_at=message.date,
        data=data,
    )


def _edit(message: Message, external_id: str, myself: Myself) -> InboundMessage | None:
    """A corrected text is answered like a new one; other edits say nothing new.

    Telegram reports an edit also when a live location moves or a preview appears.
    """
    if not (message.text or message.caption) or message.location is not None:
        return None
    found = _message(message, external_id, myself)
    if found is None:
        return None
    return replace(
        found,
        platform_id=None,
        edit_of=found.platform_id,
        attachments=(),
        sent_at=message.edit_date,
    )


def _business(message: Message, external_id: str, myself: Myself) -> InboundEvent | None:
    """A message in a chat of the owner's own account: the customer's, or the owner's.

    The account's owner is whoever is not the other side of the private chat.
    """
    user = message.from_user
    if user is None or user.id == message.chat.id:
        return _message(message, external_id, myself)
    if user.is_bot or message.sender_business_bot is not None:  # what we sent ourselves
        return None
    content, chat_id = content_of(message), _chat_of(message)
    if content is None:
        return None
    return Echo(
        external_id=external_id,
        chat_id=chat_id,
        platform_id=platform_id(chat_id, message.message_id),
        kind=content.kind,
        text=content.text,
        attachments=(content.attachment,) if content.attachment is not None else (),
        author_name=_name(user),
        addressee=Sender(
            external_id=str(message.chat.id),
            name=_name(message.chat),
            username=message.chat.username or None,
        ),
        sent_at=message.date,
    )


def _deletions(deleted: BusinessMessagesDeleted, external_id: str) -> list[Deletion]:
    chat_id = business_chat(deleted.business_connection_id, deleted.chat.id)
    return [
        Deletion(
            external_id=f"{external_id}:{message_id}",
            chat_id=chat_id,
            platform_id=platform_id(chat_id, message_id),
        )
        for message_id in deleted.message_ids
    ]


def _reaction(told: MessageReactionUpdated, external_id: str) -> Reaction | None:
    if told.user is None or told.user.is_bot:  # a group's anonymous administrator
        return None
    newest = told.new_reaction[-1] if told.new_reaction else None
    emoji = newest.emoji if isinstance(newest, ReactionTypeEmoji) else _CUSTOM_EMOJI
    chat_id = str(told.chat.id)
    return Reaction(
        external_id=external_id,
        chat_id=chat_id,
        platform_id=platform_id(chat_id, told.message_id),
        emoji=None if newest is None else emoji,
        at=told.date,
    )


def _membership(told: ChatMemberUpdated, external_id: str) -> ChatChange | None:
    """The customer blocked the bot or came back; or a group put it out or took it in."""
    if told.chat.type != Chat.PRIVATE and told.chat.type not in GROUPS:
        return None
    return ChatChange(
        external_id=external_id,
        chat_id=str(told.chat.id),
        sender=_sender(told.from_user),
        reachable=told.new_chat_member.status not in _AWAY,
        at=told.date,
    )


def _tap(query: CallbackQuery, external_id: str) -> InboundMessage | None:
    if query.data is None or query.message is None:  # a game, or a button of an inline message
        return None
    title = query.data
    if isinstance(query.message, Message) and query.message.reply_markup is not None:
        buttons = (b for row in query.message.reply_markup.inline_keyboard for b in row)
        title = next((b.text for b in buttons if b.callback_data == query.data), title)
    chat_id = str(query.message.chat.id)
    if isinstance(query.message, Message):
        chat_id = _chat_of(query.message)
    return InboundMessage(
        external_id=external_id,
        chat_id=chat_id,
        sender=_sender(query.from_user),
        text=title,
        payload=query.data,
        reply_to=platform_id(chat_id, query.message.message_id),
        data={"callback_query_id": query.id},
    )


def _chat_of(message: Message) -> str:
    if message.business_connection_id is not None:
        return business_chat(message.business_connection_id, message.chat.id)
    return str(message.chat.id)


def _sender(user: User, content: Content | None = None) -> Sender:
    return Sender(
        external_id=str(user.id),
        name=_name(user),
        username=user.username or None,
        phone=content.own_phone if content is not None else None,
        language=_language(user.language_code or ""),
    )


def _name(user: User | Chat) -> str | None:
    return f"{user.first_name or ''} {user.last_name or ''}".strip() or None


def _language(code: str) -> str | None:
    """Telegram tells an IETF tag such as ``ru`` or ``en-GB``."""
    language = code.partition("-")[0].lower()
    return language if language in LANGUAGES else None


def _unsupported(raw: Mapping[str, Any], external_id: str) -> InboundMessage | None:
    """What is left to say of an update that the library could not read."""
    query = raw.get("callback_query")
    query = query if isinstance(query, Mapping) else None
    message = raw.get("message") or (query or {}).get("message")
    if not isinstance(message, Mapping):
        return None
    chat, user = message.get("chat"), (query or message).get("from")
    if not (isinstance(chat, Mapping) and isinstance(user, Mapping)):
        return None
    if chat.get("type", "private") != "private" or user.get("is_bot") is True:
        return None
    if not (_is_id(chat.get("id")) and _is_id(user.get("id"))):
        return None
    text = message.get("text")
    return InboundMessage(
        external_id=external_id,
        chat_id=str(chat["id"]),
        sender=Sender(external_id=str(user["id"])),
        kind=MessageKind.UNSUPPORTED,
        text=text if isinstance(text, str) else "",
        data={"type": "unreadable"},
    )


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    """Whether it is a Unix time that the calendar of the library has, too."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 253_402_300_800
