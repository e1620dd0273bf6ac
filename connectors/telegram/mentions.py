"""What in a group is said to the bot: what mentions it, answers it, or is a command for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telegram import Chat, Message, MessageEntity

GROUPS: Final = ("group", "supergroup")


@dataclass(frozen=True, slots=True)
class Myself:
    """The bot, as it is mentioned in groups. ``username`` without the @; None when unknown."""

    id: int
    username: str | None = None


def is_for_us(message: Message, myself: Myself) -> bool:
    """In a private chat everything; in a group only what mentions or answers the bot."""
    if message.chat.type == Chat.PRIVATE:
        return True
    if message.chat.type not in GROUPS:
        return False
    answered = message.reply_to_message
    if answered and answered.from_user and answered.from_user.id == myself.id:
        return True
    return any(
        _names(entity, text, myself)
        for parsed in (message.parse_entities(), message.parse_caption_entities())
        for entity, text in parsed.items()
    )


def _names(entity: MessageEntity, text: str, myself: Myself) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == myself.id
    if not myself.username:
        return False
    name = f"@{myself.username}".lower()
    if entity.type == MessageEntity.MENTION:
        return text.lower() == name
    return entity.type == MessageEntity.BOT_COMMAND and text.lower().endswith(name)


def without_mention(text: str, chat: Chat, myself: Myself) -> str:
    """What was said to the bot, without its name in it."""
    if chat.type == Chat.PRIVATE or not myself.username:
        return text
    name = f"@{myself.username}".lower()
    place = text.lower().find(name)
    if place < 0:
        return text
    before, after = text[:place].rstrip(), text[place + len(name) :].lstrip(" ,:")
    return f"{before} {after}".strip()
