"""Choices that were typed: the number of a listed choice, or its title, is the choice itself.

Channels without buttons show them as a numbered list (``connectors.base.rendering``); people also
type what stands on a button in front of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crm.inbox.models import Document

_NUMBER: Final = re.compile(r"(?:№|#)?\s*(\d{1,2})\s*[.)]?")


def offered(buttons: Sequence[Mapping[str, Any]]) -> list[Document]:
    """What of a message's buttons can be chosen, in the order in which a list numbers them."""
    return [
        {"title": button["title"], "payload": button["payload"]}
        for button in buttons
        if button.get("payload") and not button.get("url") and not button.get("share")
    ]


def chosen(text: str, choices: Sequence[Mapping[str, Any]]) -> str | None:
    """The payload of the choice that a text names, or None."""
    if not choices:
        return None
    if (number := _NUMBER.fullmatch(text.strip())) is not None:
        place = int(number[1])
        return str(choices[place - 1]["payload"]) if 1 <= place <= len(choices) else None
    said = _folded(text)
    named = [choice["payload"] for choice in choices if _folded(choice["title"]) == said]
    return str(named[0]) if len(named) == 1 and said else None


def _folded(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
