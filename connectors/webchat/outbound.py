"""What the widget can show: messages as they are stored, for their store is the platform. Pure."""

from __future__ import annotations

from typing import Final

from connectors.base import Capabilities, MediaLimit
from connectors.webchat.uploads import MEGABYTE
from crm.contract import MessageKind, OutboundMessage

_ANY_FILE: Final = MediaLimit(max_bytes=100 * MEGABYTE)

CAPABILITIES: Final = Capabilities(
    max_text=10_000,
    max_buttons=13,
    max_button_title=80,
    max_caption=10_000,
    typing=True,
    replies=True,
    media=dict.fromkeys(
        (MessageKind.IMAGE, MessageKind.AUDIO, MessageKind.VIDEO, MessageKind.DOCUMENT),
        _ANY_FILE,
    ),
)


def render(message: OutboundMessage) -> list[OutboundMessage]:
    """The one part of a message: itself."""
    return [message]
