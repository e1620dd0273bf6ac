"""Who is who on WhatsApp, and how they are written to.

A person has a business-scoped user id (``KZ.1349…``), always told since 2026, and a number, which
they may hide: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids.
A chat is called by the user id where it is known, else by the number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connectors.whatsapp.values import mapping, mappings, text
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


def sender_of(message: Mapping[str, Any], value: Mapping[str, Any]) -> Sender | None:
    """Who wrote a message. ``value`` is the change around it, with its ``contacts``."""
    return _person(text(message.get("from_user_id")), text(message.get("from")), value)


def addressee_of(echo: Mapping[str, Any], value: Mapping[str, Any]) -> Sender | None:
    """To whom our side wrote from the phone."""
    return _person(text(echo.get("to_user_id")), text(echo.get("to")), value)


def _person(user_id: str | None, number: str | None, value: Mapping[str, Any]) -> Sender | None:
    contact = _contact_of(user_id, number, mappings(value.get("contacts")))
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


def _contact_of(
    user_id: str | None, number: str | None, contacts: list[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """What is told of this person.

    A change's only contact is whoever it is about: a number and the id made of it may differ
    (in Mexico and Argentina they do).
    """
    for contact in contacts:
        if user_id is not None and contact.get("user_id") == user_id:
            return contact
        if number is not None and contact.get("wa_id") == number:
            return contact
    only = contacts[0] if len(contacts) == 1 else {}
    stranger = user_id is not None and only.get("user_id") not in {None, user_id}
    return {} if stranger else only
