"""Who is who on WhatsApp, and how they are written to.

A person has a business-scoped user id (``KZ.1349…``), always told since 2026, and a number, which
they may hide: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids.
A chat is called by the user id where it is known, else by the number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.base.values import mapping, mappings, text
from crm.contract import Sender

GROUP: Final = "group:"
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_NUMBER: Final = re.compile(r"\+?[0-9]{5,20}")


def recipient(chat_id: str) -> dict[str, str | None]:
    """How Graph is told whom a message is for."""
    if chat_id.startswith(GROUP):
        group = chat_id.removeprefix(GROUP)
        return {"to": group, "recipient": None, "recipient_type": "group"}
    if is_user_id(chat_id):
        return {"to": None, "recipient": chat_id, "recipient_type": "individual"}
    return {"to": chat_id, "recipient": None, "recipient_type": "individual"}


def is_user_id(value: str) -> bool:
    """Whether it is a business-scoped user id rather than a number."""
    return _USER_ID.fullmatch(value) is not None


def phone_of(number: str | None) -> str | None:
    """A number in E.164; None for what is none."""
    if number is None or _NUMBER.fullmatch(number) is None:
        return None
    return f"+{number.removeprefix('+')}"


class People:
    """Who is told of in a change: its ``contacts``, looked through once."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        contacts = mappings(value.get("contacts"))
        self._by_user: dict[str, Mapping[str, Any]] = {}
        self._by_number: dict[str, Mapping[str, Any]] = {}
        for contact in contacts:
            for known, name in ((self._by_user, "user_id"), (self._by_number, "wa_id")):
                if (told := text(contact.get(name))) is not None:
                    known.setdefault(told, contact)
        self._only = contacts[0] if len(contacts) == 1 else {}

    def sender_of(self, message: Mapping[str, Any]) -> Sender | None:
        """Who wrote a message."""
        return self.person(text(message.get("from_user_id")), text(message.get("from")))

    def addressee_of(self, echo: Mapping[str, Any]) -> Sender | None:
        """To whom our side wrote from the phone."""
        return self.person(text(echo.get("to_user_id")), text(echo.get("to")))

    def person(self, user_id: str | None, number: str | None) -> Sender | None:
        """The person of this id and this number; either may be missing."""
        contact = self._contact_of(user_id, number)
        user_id = user_id or text(contact.get("user_id"))
        number = number or text(contact.get("wa_id"))
        if (external_id := user_id or number) is None:
            return None
        profile = mapping(contact.get("profile"))
        return Sender(
            external_id=external_id,
            name=text(profile.get("name")),
            username=text(profile.get("username")),
            phone=phone_of(number),
        )

    def _contact_of(self, user_id: str | None, number: str | None) -> Mapping[str, Any]:
        """What is told of this person.

        A change's only contact is whoever it is about: a number and the id made of it may differ
        (in Mexico and Argentina they do).
        """
        found = self._by_user.get(user_id or "") or self._by_number.get(number or "")
        if found is not None:
            return found
        other = text(self._only.get("user_id"))
        stranger = user_id is not None and other is not None and other != user_id
        return {} if stranger else self._only
