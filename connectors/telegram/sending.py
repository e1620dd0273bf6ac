"""Giving one part to the Bot API. Files are spooled to disk, never held whole in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from telegram import Bot, InputFile, Message, ReplyParameters

from connectors.base.spooling import spooled
from connectors.telegram.chats import address_of, message_id_of
from connectors.telegram.outbound import Part
from crm.contract import OutboundMessage

_UPLOAD_SECONDS: Final = 100.0


async def send_part(bot: Bot, message: OutboundMessage, part: Part) -> Message:
    """Send a text, or a file with its caption. Raises TelegramError."""
    address = address_of(message.chat_id)
    common: dict[str, Any] = {
        "reply_markup": part.keyboard,
        "business_connection_id": address.business,
        "reply_parameters": _reply(part),
    }
    if part.file is None:
        return await bot.send_message(
            address.chat_id, part.text, entities=part.entities or None, **common
        )
    file = message.attachments[part.file]
    async with spooled(file) as spool:
        return await _METHODS[part.method](
            bot,
            address.chat_id,
            InputFile(spool, filename=file.name, read_file_handle=False),
            caption=part.text or None,
            caption_entities=part.entities or None,
            write_timeout=_UPLOAD_SECONDS,
            **common,
        )


_METHODS: Final[Mapping[str, Callable[..., Awaitable[Message]]]] = {
    "photo": Bot.send_photo,
    "video": Bot.send_video,
    "audio": Bot.send_audio,
    "voice": Bot.send_voice,
    "document": Bot.send_document,
}


def _reply(part: Part) -> ReplyParameters | None:
    """Quote the message that is answered; if it was deleted meanwhile, the answer goes alone."""
    message_id = message_id_of(part.reply_to) if part.reply_to else None
    if message_id is None:
        return None
    return ReplyParameters(message_id, allow_sending_without_reply=True)
