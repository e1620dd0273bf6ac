"""What a platform tells of a person, in the form in which it is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

from bson import ObjectId

from crm.contacts.phones import normalise_phone
from crm.core.api.fields import Language
from crm.core.database import RawDocument

DIRECT: Final = "direct"
"""The source of who came by no link that is known."""
PROVEN_PHONES: Final = frozenset({"whatsapp", "telegram"})
"""Channels whose platform vouches that a phone is the person's own; elsewhere people type what they like."""
_LANGUAGES: Final = frozenset(get_args(Language))
_LONGEST_NAME: Final = 200
_LONGEST_EMAIL: Final = 254


def told(sender: Mapping[str, Any]) -> RawDocument:
    """Return what is known of a sender or a profile: profile_name, username, phone, email, language; None: not told."""
    language = (sender.get("language") or "").partition("-")[0].lower()
    return {
        "profile_name": _short(sender.get("name")),
        "username": _short(sender.get("username")),
        "phone": _phone(sender.get("phone")),
        "email": _email(sender.get("email")),
        "language": language if language in _LANGUAGES else None,
    }


def new_identity(
    connection_id: ObjectId, channel: str, external_id: str, facts: Mapping[str, Any]
) -> RawDocument:
    """Return who a contact is on a platform; `facts` as `told` gives them."""
    return {
        "connection_id": connection_id,
        "channel": channel,
        "external_id": external_id,
        **{name: facts.get(name) for name in ("profile_name", "username", "phone", "email")},
    }


def new_source(
    channel: str,
    connection_id: ObjectId,
    referral: Mapping[str, Any] | None,
    at: datetime,
) -> RawDocument:
    """Return what brought a contact to us."""
    given = referral or {}
    return {
        "channel": channel,
        "connection_id": connection_id,
        "source": given.get("source") or DIRECT,
        **{name: given.get(name) for name in ("ref", "ad_id", "title", "url")},
        "at": at,
    }


def _short(text: str | None) -> str | None:
    cut = (text or "").strip()[:_LONGEST_NAME]
    return cut or None


def _phone(text: str | None) -> str | None:
    """Platforms tell numbers with their country's code, and often without the plus."""
    if not text:
        return None
    digits = "".join(letter for letter in text if letter.isdigit())
    return normalise_phone(text) or normalise_phone(f"+{digits}")


def _email(text: str | None) -> str | None:
    address = (text or "").strip().lower()
    before, at, after = address.rpartition("@")
    good = before and at and "." in after and len(address) <= _LONGEST_EMAIL and " " not in address
    return address if good else None
