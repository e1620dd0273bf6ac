"""Messages of the contract as Telegram's, and what is sent for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from connectors.base import Capabilities
from connectors.base.marks import split_text
from connectors.base.rendering import with_buttons_as_text
from crm.contract import Button, OutboundMessage, RejectedError

MAX_CALLBACK_BYTES: Final = 64
"""https://core.telegram.org/bots/api#inlinekeyboardbutton: ``callback_data``, 1-64 bytes."""
_SHORT_TITLE: Final = 16


def utf16_length(text: str) -> int:
    """Length as Telegram counts it: a letter outside the basic plane, such as an emoji, is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


CAPABILITIES: Final = Capabilities(
    max_text=4096, max_buttons=20, max_button_title=64, typing=True, measure=utf16_length
)
_NO_BUTTONS: Final = Capabilities(max_text=4096, measure=utf16_length)


@dataclass(frozen=True, slots=True)
class Part:
    """One message as Telegram gets it."""

    text: str
    keyboard: InlineKeyboardMarkup | None = None


def render(message: OutboundMessage) -> list[Part]:
    """Cut a message into what Telegram accepts; the buttons hang under the last part.

    Raises:
        RejectedError: there is nothing to send.
    """
    fits = all(
        1 <= len(button.payload.encode()) <= MAX_CALLBACK_BYTES and button.title.strip()
        for button in message.buttons
    )
    capabilities = CAPABILITIES if fits else _NO_BUTTONS
    shown = fits and len(message.buttons) <= capabilities.max_buttons
    text = with_buttons_as_text(message, capabilities)
    if not text.strip():
        raise RejectedError("empty_message", "There is no text to send.")
    parts = [Part(piece) for piece in split_text(text, capabilities)]
    if shown and message.buttons:
        parts[-1] = Part(parts[-1].text, _keyboard(message.buttons))
    return parts


def _keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup:
    """Short choices stand two in a row, long ones alone, so that no title is cut on a phone."""
    made = [
        InlineKeyboardButton(_title(button.title), callback_data=button.payload)
        for button in buttons
    ]
    width = 2 if all(len(button.title) <= _SHORT_TITLE for button in buttons) else 1
    rows = [made[place : place + width] for place in range(0, len(made), width)]
    return InlineKeyboardMarkup(rows)


def _title(title: str) -> str:
    limit = CAPABILITIES.max_button_title
    return title if len(title) <= limit else f"{title[: limit - 1].rstrip()}…"
