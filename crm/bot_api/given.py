"""What skills give, read alike in conversations and in trials."""

from __future__ import annotations

from typing import Any

from crm.bot_api.schemas import ContactWrite, LeadWrite
from crm.contacts.phones import normalise_phone
from crm.core.errors import FieldError, Invalid


def lead_details(lead: LeadWrite) -> dict[str, Any]:
    """Return the details of an order that were given, the phone in its normal form.

    Raises:
        Invalid: the phone is none.
    """
    given = lead.model_dump(exclude={"source_key"}, exclude_none=True)
    return {**given, "phone": _phone(lead.phone)} if lead.phone else given


def contact_details(asked: ContactWrite) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the customer said of himself: what a contact keeps of it, and what the conversation shows.

    Raises:
        Invalid: the phone is none.
    """
    values = asked.model_dump(exclude={"facts"}, exclude_none=True)
    if asked.phone is not None:
        values["phone"] = _phone(asked.phone)
    shown = {name: value for name, value in values.items() if name != "language"}
    return values, {**shown, **asked.facts}


def _phone(text: str) -> str:
    phone = normalise_phone(text)
    if phone is None:
        raise Invalid(fields=[FieldError("phone", "phone_invalid", "This is no telephone number.")])
    return phone
