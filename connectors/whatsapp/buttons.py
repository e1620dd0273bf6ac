"""Buttons as WhatsApp can show them: three replies, a list of ten, an address, a request.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
and its neighbours. One message has one kind of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pywa.types.callback import (
    Button as ReplyButton,
)
from pywa.types.callback import (
    ContactInfoRequestButton,
    Section,
    SectionList,
    SectionRow,
    URLButton,
)

from connectors.base.rendering import is_choice
from connectors.whatsapp.formatting import fitted, length
from crm.contract import Button

MAX_BODY: Final = 1024
MAX_BUTTONS: Final = 3
MAX_ROWS: Final = 10
MAX_BUTTON_TITLE: Final = 20
MAX_ROW_TITLE: Final = 24
MAX_ROW_DESCRIPTION: Final = 72
_MAX_BUTTON_ID: Final = 256
_MAX_ROW_ID: Final = 200
_CHOOSE: Final[Mapping[str, str]] = {"ru": "Выбрать", "kk": "Таңдау", "en": "Choose"}


@dataclass(frozen=True, slots=True)
class Menu:
    """What hangs under a body. ``shown`` are the buttons it stands for; others are written out."""

    type: str
    action: Mapping[str, Any]
    shown: Sequence[Button]

    @property
    def takes_file(self) -> bool:
        """Whether a picture, a video or a document may stand above the body."""
        return self.type in {"button", "cta_url"}


def menu_of(buttons: Sequence[Button], language: str | None) -> Menu | None:
    """The best that WhatsApp can show of these buttons; None when it can show none of them."""
    shares = [button for button in buttons if button.share is not None]
    addresses = [button for button in buttons if button.url is not None]
    choices = [button for button in buttons if is_choice(button)]
    if shares:
        return _request(shares[0])
    if len(addresses) == 1 and not choices:
        return _address(addresses[0])
    return (_replies(choices) or _list(choices, language)) if choices else None


def _request(button: Button) -> Menu:
    """WhatsApp's own button, which asks for the place or the number; its title is WhatsApp's."""
    if button.share == "location":
        return Menu("location_request_message", {"name": "send_location"}, [button])
    return Menu("request_contact_info", ContactInfoRequestButton().to_dict(), [button])


def _address(button: Button) -> Menu | None:
    if not button.title.strip():
        return None
    made = URLButton(title=fitted(button.title, MAX_BUTTON_TITLE), url=str(button.url))
    return Menu("cta_url", _plain(made.to_dict()), [button])


def _replies(choices: Sequence[Button]) -> Menu | None:
    titles = [button.title.strip() for button in choices]
    if (
        len(choices) > MAX_BUTTONS
        or any(button.description for button in choices)
        or any(not title or length(title) > MAX_BUTTON_TITLE for title in titles)
        or not _distinct(titles, [button.payload for button in choices], _MAX_BUTTON_ID)
    ):
        return None
    made = [ReplyButton(title=b.title.strip(), callback_data=b.payload) for b in choices]
    return Menu("button", {"buttons": [button.to_dict() for button in made]}, choices)


def _list(choices: Sequence[Button], language: str | None) -> Menu | None:
    """A long title is cut, and stands whole in the row's second line where that is free."""
    rows = [_row(button) for button in choices]
    titles = [row.title for row in rows]
    payloads = [button.payload for button in choices]
    if len(rows) > MAX_ROWS or not all(titles) or not _distinct(titles, payloads, _MAX_ROW_ID):
        return None
    label = _CHOOSE.get(language or "", _CHOOSE["ru"])
    made = SectionList(button_title=label, sections=[Section(title=label, rows=rows)])
    return Menu("list", _plain(made.to_dict()), choices)


def _row(button: Button) -> SectionRow:
    title = fitted(button.title, MAX_ROW_TITLE)
    description = button.description or (button.title if title.endswith("…") else None)
    return SectionRow(
        title=title,
        callback_data=button.payload,
        description=fitted(description, MAX_ROW_DESCRIPTION) if description else None,
    )


def _distinct(titles: Sequence[str], payloads: Sequence[str], longest: int) -> bool:
    """WhatsApp refuses equal titles and equal ids (131009), and ids that are too long."""
    return (
        len(set(titles)) == len(titles)
        and len(set(payloads)) == len(payloads)
        and all(length(payload) <= longest for payload in payloads)
    )


def _plain(made: Mapping[str, Any]) -> dict[str, Any]:
    """The library's enumerations and tuples as JSON has them."""
    return {
        name: str(value)
        if isinstance(value, str)
        else [_plain(one) for one in value]
        if isinstance(value, list | tuple)
        else _plain(value)
        if isinstance(value, Mapping)
        else value
        for name, value in made.items()
    }
