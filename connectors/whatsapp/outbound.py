"""Messages of the contract as WhatsApp's: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages.

What cannot be shown as it is degrades once: choices become a numbered list, addresses are written
out, files that WhatsApp does not take go as links.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.base import Capabilities, MediaLimit
from connectors.base.marks import numbered, read_marks
from connectors.base.rendering import is_choice
from connectors.whatsapp.buttons import MAX_BODY, Menu, menu_of
from connectors.whatsapp.formatting import length, shown_parts
from crm.contract import MessageKind, OutboundFile, OutboundMessage, RejectedError

_MEGABYTE: Final = 1024 * 1024
_ADDRESS: Final = re.compile(r"https?://\S")

CAPABILITIES: Final = Capabilities(
    max_text=4096,
    max_caption=1024,
    max_buttons=3,
    max_button_title=20,
    max_list=10,
    typing=True,
    replies=True,
    # https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media#supported-media-types
    media={
        MessageKind.IMAGE: MediaLimit(
            max_bytes=5 * _MEGABYTE, mimes=frozenset({"image/jpeg", "image/png"})
        ),
        MessageKind.VIDEO: MediaLimit(
            max_bytes=16 * _MEGABYTE, mimes=frozenset({"video/mp4", "video/3gpp"})
        ),
        MessageKind.AUDIO: MediaLimit(
            max_bytes=16 * _MEGABYTE,
            mimes=frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        ),
        MessageKind.STICKER: MediaLimit(max_bytes=500 * 1024, mimes=frozenset({"image/webp"})),
        MessageKind.DOCUMENT: MediaLimit(
            max_bytes=100 * _MEGABYTE,
            mimes=frozenset(
                {
                    "text/plain",
                    "application/pdf",
                    "application/msword",
                    "application/vnd.ms-excel",
                    "application/vnd.ms-powerpoint",
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
                }
            ),
        ),
    },
    measure=length,
)
_CAPTIONED: Final = frozenset({"image", "video", "document"})
_HEADERS: Final = _CAPTIONED
"""What may stand above a body with buttons."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message as Graph gets it: its ``type``, and the object of that name.

    ``file`` is the place of the file that is uploaded first; its id is then put where it belongs.
    """

    type: str
    content: Mapping[str, Any] = field(default_factory=dict)
    file: int | None = None
    reply_to: str | None = None


def render(message: OutboundMessage) -> list[Part]:
    """Cut a message into what WhatsApp accepts.

    Files come first. A single one takes a short text as its caption, or stands above the body
    when there are buttons; buttons hang under the last part, the answered message above the first.

    Raises:
        RejectedError: there is nothing to send.
    """
    if message.template is not None:
        file = 0 if message.attachments else None
        return [Part("template", file=file, reply_to=message.reply_to)]
    # A menu hangs under a body, so without words the choices are the words.
    worded = read_marks(message.text).text.strip()
    menu = menu_of(message.buttons, message.language) if worded else None
    files = [_file_part(place, file) for place, file in enumerate(message.attachments)]
    links = [
        f"{f.name}: {f.link}" for f, p in zip(message.attachments, files, strict=True) if not p
    ]
    texts = [piece for link in links for piece in shown_parts(link, CAPABILITIES.max_text)]
    texts += shown_parts(
        _worded(message, menu), CAPABILITIES.max_text, last=MAX_BODY if menu else None
    )
    parts = _joined([part for part in files if part is not None], texts, menu)
    if not parts:
        raise RejectedError("empty_message", "There is nothing to send.")
    parts[0] = replace(parts[0], reply_to=message.reply_to)
    return parts


def _worded(message: OutboundMessage, menu: Menu | None) -> str:
    """The text with what of the buttons has to be written out."""
    written = [button for button in message.buttons if menu is None or button not in menu.shown]
    choices = [button.title for button in written if is_choice(button)]
    addresses = [f"{button.title}: {button.url}" for button in written if button.url]
    blocks = (message.text, numbered(choices), "\n".join(addresses))
    return "\n\n".join(block for block in blocks if block.strip())


def _joined(files: list[Part], texts: list[str], menu: Menu | None) -> list[Part]:
    """Files, then texts, the menu under the last; one part where one can carry file and text."""
    one = files[0] if len(files) == len(texts) == 1 else None
    if menu is not None:
        header = one if one is not None and menu.takes_file and one.type in _HEADERS else None
        before = files if header is None else []
        return [*before, *map(_text_part, texts[:-1]), _menu_part(texts[-1], menu, header)]
    if one is not None and one.type in _CAPTIONED and length(texts[0]) <= CAPABILITIES.max_caption:
        return [replace(one, content={**one.content, "caption": texts[0]})]
    return [*files, *map(_text_part, texts)]


def _text_part(text: str) -> Part:
    """With a preview of the first address in it."""
    return Part("text", {"body": text, "preview_url": _ADDRESS.search(text) is not None})


def _menu_part(body: str, menu: Menu, header: Part | None) -> Part:
    content: dict[str, Any] = {"type": menu.type, "body": {"text": body}, "action": menu.action}
    if header is not None:
        content["header"] = {"type": header.type, header.type: header.content}
    return Part("interactive", content, file=header.file if header is not None else None)


def _file_part(place: int, file: OutboundFile) -> Part | None:
    """How a file goes: as what it is, else as a document; None when WhatsApp takes it as neither."""
    for kind in (file.kind, MessageKind.DOCUMENT):
        limit = CAPABILITIES.media.get(kind)
        if limit is not None and file.mime in limit.mimes and file.size <= limit.max_bytes:
            content: dict[str, Any] = {}
            if kind is MessageKind.DOCUMENT:
                content["filename"] = file.name
            elif kind is MessageKind.AUDIO and file.mime == "audio/ogg":
                content["voice"] = True  # Opus in Ogg is what WhatsApp's own recordings are
            return Part(kind.value, content, file=place)
    return None


def with_file(part: Part, media_id: str) -> dict[str, Any]:
    """A part's object with the id of its uploaded file in its place."""
    if part.type != "interactive":
        return {**part.content, "id": media_id}
    header = part.content["header"]
    file = {**header[header["type"]], "id": media_id}
    return {**part.content, "header": {**header, header["type"]: file}}
