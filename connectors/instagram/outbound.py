"""Messages of the contract as Instagram's.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api
and its pages on quick replies and the button template. Instagram shows no formatting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.base import Capabilities, MediaLimit
from connectors.base.marks import bare, read_marks, split_text
from connectors.base.rendering import cut_title, is_choice, with_buttons_as_text
from crm.contract import Button, MessageKind, OutboundFile, OutboundMessage, RejectedError

MAX_QUICK_REPLIES: Final = 13
MAX_TEMPLATE_BUTTONS: Final = 3
MAX_TEMPLATE_TEXT: Final = 640
MAX_PAYLOAD: Final = 1000
MAX_CARD_TITLE: Final = 80
"""Letters of what stands under a card's picture."""
_MEGABYTE: Final = 1_000_000


def bytes_of(text: str) -> int:
    """Length as Instagram counts it: bytes of UTF-8, two for most letters of Russian and Kazakh."""
    return len(text.encode("utf-8", "surrogatepass"))


CAPABILITIES: Final = Capabilities(
    max_text=1000,
    max_buttons=MAX_QUICK_REPLIES,
    max_button_title=20,
    typing=True,
    replies=True,
    media={
        # https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload
        MessageKind.IMAGE: MediaLimit(
            max_bytes=8 * _MEGABYTE, mimes=frozenset({"image/jpeg", "image/png", "image/gif"})
        ),
        MessageKind.VIDEO: MediaLimit(
            max_bytes=25 * _MEGABYTE,
            mimes=frozenset(
                {"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"}
            ),
        ),
        MessageKind.AUDIO: MediaLimit(
            max_bytes=25 * _MEGABYTE,
            mimes=frozenset(
                {"audio/aac", "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/wav", "audio/x-wav"}
            ),
        ),
        MessageKind.DOCUMENT: MediaLimit(
            max_bytes=25 * _MEGABYTE, mimes=frozenset({"application/pdf"})
        ),
    },
    measure=bytes_of,
)
_NO_BUTTONS: Final = replace(CAPABILITIES, max_buttons=0)
_TEMPLATE: Final = replace(CAPABILITIES, max_text=MAX_TEMPLATE_TEXT, measure=len)
_TYPES: Final = {
    MessageKind.IMAGE: "image",
    MessageKind.VIDEO: "video",
    MessageKind.AUDIO: "audio",
    MessageKind.DOCUMENT: "file",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One message as Instagram gets it: a text with what hangs under it, or a file by its place.

    A picture with a text and buttons is one card.
    """

    text: str = ""
    quick_replies: tuple[Mapping[str, str], ...] = ()
    buttons: tuple[Mapping[str, str], ...] = ()
    file: int | None = None
    type: str = ""
    reply_to: str | None = None


def render(message: OutboundMessage) -> list[Part]:
    """Cut a message into what Instagram accepts: files first, then texts, buttons under the last.

    Choices go as quick replies; with an address among up to three they go as the buttons of a
    card, together with a picture where the text is short. More than fit become a numbered list.

    Raises:
        RejectedError: there is nothing to send.
    """
    buttons = [button for button in message.buttons if button.share != "location"]
    quick, card, listed = _arranged(buttons)
    text = with_buttons_as_text(replace(message, buttons=listed), _NO_BUTTONS)
    pieces = _pieces(read_marks(text).shown(bare))
    parts: list[Part] = []
    for place, file in enumerate(message.attachments):
        if (kind := _type_of(file)) is not None:
            parts.append(Part(file=place, type=kind))
        else:
            pieces += split_text(f"{file.name}: {file.link}", CAPABILITIES)
    if (quick or card) and not pieces:
        pieces = ["\n".join(button.title for button in quick or card)]
    if card and _is_caption(pieces) and [part.type for part in parts] == ["image"]:
        parts = [replace(parts[0], text=pieces[0])]
        pieces = []
    elif card:  # a card holds less text than a message
        pieces[-1:] = split_text(pieces[-1], _TEMPLATE)
    parts += [Part(text=piece) for piece in pieces]
    if not parts:
        raise RejectedError("empty_message", "There is nothing to send.")
    if quick or card:
        parts[-1] = replace(
            parts[-1],
            quick_replies=tuple(_quick_reply(button) for button in quick),
            buttons=tuple(_card_button(button) for button in card),
        )
    parts[0] = replace(parts[0], reply_to=message.reply_to)
    return parts


def body_of(message: OutboundMessage, part: Part) -> dict[str, Any]:
    """The ``message`` object of a part."""
    if part.file is not None and part.buttons:
        shown = {"title": part.text, "image_url": message.attachments[part.file].url}
        element = {**shown, "buttons": list(part.buttons)}
        return _attachment("template", {"template_type": "generic", "elements": [element]})
    if part.file is not None:
        return _attachment(part.type, {"url": message.attachments[part.file].url})
    if part.buttons:
        card = {"template_type": "button", "text": part.text, "buttons": list(part.buttons)}
        return _attachment("template", card)
    body: dict[str, Any] = {"text": part.text}
    if part.quick_replies:
        body["quick_replies"] = list(part.quick_replies)
    return body


def _arranged(
    buttons: Sequence[Button],
) -> tuple[Sequence[Button], Sequence[Button], Sequence[Button]]:
    """Which buttons go as quick replies, which on a card, and which are written out."""
    if not buttons:
        return (), (), ()
    links = [button for button in buttons if button.url]
    others = [button for button in buttons if not button.url]
    if any(not button.title.strip() or len(button.payload) > MAX_PAYLOAD for button in buttons):
        return (), (), buttons
    if not links:
        fit = len(others) <= MAX_QUICK_REPLIES
        return (others, (), ()) if fit else ((), (), others)
    if len(buttons) <= MAX_TEMPLATE_BUTTONS and all(map(is_choice, others)):
        return (), buttons, ()
    if len(others) <= MAX_QUICK_REPLIES:
        return others, (), links
    return (), (), buttons


def _is_caption(pieces: Sequence[str]) -> bool:
    return len(pieces) == 1 and len(pieces[0]) <= MAX_CARD_TITLE


def _pieces(text: str) -> list[str]:
    return split_text(text, CAPABILITIES) if text.strip() else []


def _type_of(file: OutboundFile) -> str | None:
    """How a file goes; None when Instagram takes none of its size or type: then as a link."""
    limit = CAPABILITIES.media.get(file.kind)
    if limit is None or file.size > limit.max_bytes or file.mime not in limit.mimes:
        return None
    return _TYPES[file.kind]


def _quick_reply(button: Button) -> dict[str, str]:
    if button.share == "phone":
        # Filled in with the number from the person's profile, and not shown when there is none.
        return {"content_type": "user_phone_number"}
    title = cut_title(button.title, CAPABILITIES.max_button_title)
    return {"content_type": "text", "title": title, "payload": button.payload or button.title}


def _card_button(button: Button) -> dict[str, str]:
    title = cut_title(button.title, CAPABILITIES.max_button_title)
    if button.url:
        return {"type": "web_url", "title": title, "url": button.url}
    return {"type": "postback", "title": title, "payload": button.payload}


def _attachment(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"attachment": {"type": kind, "payload": payload}}
