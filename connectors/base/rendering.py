"""What every connector does alike when it renders a message: degrade choices once, sensibly."""

from __future__ import annotations

from connectors.base.connector import Capabilities
from connectors.base.marks import numbered
from crm.contract import Button, OutboundMessage


def with_buttons_as_text(message: OutboundMessage, capabilities: Capabilities) -> str:
    """The text of a message whose buttons the channel cannot show: a numbered list under it.

    A customer who types the number, or the title, has chosen: the CRM understands it
    (``crm.inbox.choices``). Buttons that open an address are written out with it.
    """
    if not message.buttons or len(message.buttons) <= capabilities.max_buttons:
        return message.text
    choices = [button for button in message.buttons if is_choice(button)]
    links = [f"{button.title}: {button.url}" for button in message.buttons if button.url]
    blocks = [message.text, numbered([button.title for button in choices]), "\n".join(links)]
    return "\n\n".join(block for block in blocks if block.strip())


def is_choice(button: Button) -> bool:
    """Whether tapping the button says something to us."""
    return bool(button.payload) and button.url is None and button.share is None


def cut_title(title: str, limit: int) -> str:
    """A button's title in so many characters."""
    return title if len(title) <= limit else f"{title[: limit - 1].rstrip()}…"
