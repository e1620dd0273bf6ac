"""Messages of the contract as Telegram's: https://core.telegram.org/bots/api#sendmessage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    MessageEntity,
    ReplyKeyboardMarkup,
)

from connectors.base import Capabilities, MediaLimit
from connectors.base.marks import Mark, MarkedText, read_marks, split_marked
from connectors.base.rendering import cut_title, is_choice, with_buttons_as_text
from crm.contract import Button, MessageKind, OutboundFile, OutboundMessage, RejectedError

MAX_CALLBACK_BYTES: Final = 64
"""https://core.telegram.org/bots/api#inlinekeyboardbutton: ``callback_data``, 1-64 bytes."""
_SHORT_TITLE: Final = 16
_MEGABYTE: Final = 1_000_000
_VOICE_TYPES: Final = frozenset({"audio/ogg", "audio/opus"})


def utf16_length(text: str) -> int:
    """Length as Telegram counts it: a letter outside the basic plane, such as an emoji, is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


CAPABILITIES: Final = Capabilities(
    max_text=4096,
    max_caption=1024,
    max_buttons=20,
    max_button_title=64,
    typing=True,
    replies=True,
    media={
        MessageKind.IMAGE: MediaLimit(
            max_bytes=10 * _MEGABYTE, mimes=frozenset({"image/jpeg", "image/png", "image/webp"})
        ),
        MessageKind.VIDEO: MediaLimit(max_bytes=50 * _MEGABYTE, mimes=frozenset({"video/mp4"})),
        MessageKind.AUDIO: MediaLimit(
            max_bytes=50 * _MEGABYTE,
            mimes=frozenset({"audio/mpeg", "audio/mp4", "audio/x-m4a"}) | _VOICE_TYPES,
        ),
        MessageKind.DOCUMENT: MediaLimit(max_bytes=50 * _MEGABYTE),
    },
    measure=utf16_length,
)
_NO_BUTTONS: Final = Capabilities(max_text=4096, measure=utf16_length)
_ENTITIES: Final[Mapping[str, str]] = {
    "bold": MessageEntity.BOLD,
    "italic": MessageEntity.ITALIC,
    "code": MessageEntity.CODE,
    "link": MessageEntity.TEXT_LINK,
}

type Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup


@dataclass(frozen=True, slots=True)
class Part:
    """One message as Telegram gets it: a text, or a file by its place with a caption.

    ``method`` is the Bot API's noun: message, photo, video, audio, voice or document.
    """

    text: str = ""
    entities: tuple[MessageEntity, ...] = ()
    keyboard: Keyboard | None = None
    method: str = "message"
    file: int | None = None
    reply_to: str | None = None


def render(message: OutboundMessage) -> list[Part]:
    """Cut a message into what Telegram accepts.

    Files come first. A single one takes a short text as its caption; buttons hang under the last
    part, the answered message above the first.

    Raises:
        RejectedError: there is nothing to send.
    """
    shown = _shows_buttons(message.buttons)
    marked = read_marks(with_buttons_as_text(message, CAPABILITIES if shown else _NO_BUTTONS))
    files = [_file_part(place, file) for place, file in enumerate(message.attachments)]
    parts = [part for part in files if part is not None]
    links = [
        f"{f.name}: {f.link}" for f, p in zip(message.attachments, files, strict=True) if not p
    ]
    texts = _texts(marked, links)
    if len(parts) == len(texts) == 1 and utf16_length(texts[0].text) <= CAPABILITIES.max_caption:
        parts = [replace(parts[0], text=texts[0].text, entities=texts[0].entities)]
    else:
        parts += texts
    if not parts:
        raise RejectedError("empty_message", "There is nothing to send.")
    if shown and message.buttons:
        parts[-1] = replace(parts[-1], keyboard=_keyboard(message.buttons))
    parts[0] = replace(parts[0], reply_to=message.reply_to)
    return parts


def _shows_buttons(buttons: Sequence[Button]) -> bool:
    """Whether Telegram can show them all as they are."""
    return len(buttons) <= CAPABILITIES.max_buttons and all(
        button.title.strip()
        and (not is_choice(button) or len(button.payload.encode()) <= MAX_CALLBACK_BYTES)
        for button in buttons
    )


def _texts(marked: MarkedText, links: Sequence[str]) -> list[Part]:
    pieces = split_marked(marked, CAPABILITIES) if marked.text.strip() else []
    for link in links:
        pieces += split_marked(MarkedText(link), CAPABILITIES)
    return [Part(piece.text, _entities(piece)) for piece in pieces]


def _entities(marked: MarkedText) -> tuple[MessageEntity, ...]:
    """The marks as Telegram counts them: in UTF-16 units."""
    return tuple(_entity(marked.text, mark) for mark in marked.marks)


def _entity(text: str, mark: Mark) -> MessageEntity:
    return MessageEntity(
        _ENTITIES[mark.kind],
        offset=utf16_length(text[: mark.start]),
        length=utf16_length(text[mark.start : mark.end]),
        url=mark.url,
    )


def _file_part(place: int, file: OutboundFile) -> Part | None:
    """How a file goes: as what it is, else as a document; None when it is too large for either."""
    limit = CAPABILITIES.media.get(file.kind)
    if limit and file.size <= limit.max_bytes and (not limit.mimes or file.mime in limit.mimes):
        method = {
            MessageKind.IMAGE: "photo",
            MessageKind.VIDEO: "video",
            MessageKind.AUDIO: "voice" if file.mime in _VOICE_TYPES else "audio",
        }.get(file.kind, "document")
        return Part(method=method, file=place)
    if file.size <= CAPABILITIES.media[MessageKind.DOCUMENT].max_bytes:
        return Part(method="document", file=place)
    return None


def _keyboard(buttons: Sequence[Button]) -> Keyboard:
    """Short choices stand two in a row, long ones alone, so that no title is cut on a phone.

    Only a keyboard in place of the letters' one can ask for a phone or a place; the choices in it
    are then typed by their title, which is understood.
    """
    width = 2 if all(len(button.title) <= _SHORT_TITLE for button in buttons) else 1
    if any(button.share for button in buttons):
        asked = [
            KeyboardButton(
                _title(button),
                request_contact=button.share == "phone",
                request_location=button.share == "location",
            )
            for button in buttons
        ]
        keys = [asked[place : place + width] for place in range(0, len(asked), width)]
        return ReplyKeyboardMarkup(keys, resize_keyboard=True, one_time_keyboard=True)
    made = [
        InlineKeyboardButton(_title(button), url=button.url)
        if button.url
        else InlineKeyboardButton(_title(button), callback_data=button.payload)
        for button in buttons
    ]
    rows = [made[place : place + width] for place in range(0, len(made), width)]
    return InlineKeyboardMarkup(rows)


def _title(button: Button) -> str:
    return cut_title(button.title, CAPABILITIES.max_button_title)
