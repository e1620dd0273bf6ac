"""The stored contact."""

import re
import unicodedata
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field

from crm.contacts.consents import ConsentKind, ConsentSource, consent_read
from crm.core.api.fields import Language
from crm.core.clock import utc_now
from crm.core.database import RawDocument, string
from crm.core.documents import OrganizationDocument, read_form
from crm.core.name_words import name_words

_KAZAKH_TO_RUSSIAN = str.maketrans("әғқңөұүһіё", "агкноуухие")
_PHONE_LIKE = re.compile(r"[\d\s()+\-.]+")


class Identity(BaseModel):
    """Who a contact is on a platform. The key is (connection, external id), never the phone."""

    connection_id: PydanticObjectId
    channel: str
    external_id: str
    profile_name: str | None = None
    username: str | None = None
    phone: str | None = None
    email: str | None = None


class Consent(BaseModel):
    """One saying of yes or no; the newest of a kind holds."""

    kind: ConsentKind
    granted: bool
    at: datetime
    channel: str | None = None
    connection_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    source: ConsentSource | None = None
    text: str | None = None


class Source(BaseModel):
    """What brought a contact to us: the first referral that was told, else that they came by themselves."""

    channel: str
    connection_id: PydanticObjectId
    source: str
    ref: str | None = None
    ad_id: str | None = None
    title: str | None = None
    url: str | None = None
    at: datetime


class Contact(OrganizationDocument):
    """A person who writes to the company, or is written down by hand."""

    hidden: ClassVar[frozenset[str]] = frozenset(
        {"search", "name_words", "match_keys", "phone_typed"}
    )

    name: str | None = None
    phone: str | None = None
    phone_typed: bool = False
    """The person said so of themselves, and nobody has vouched for it: neither a platform nor the team."""
    email: str | None = None
    language: Language | None = None
    identities: list[Identity] = Field(default_factory=list)
    consents: list[Consent] = Field(default_factory=list)
    attributes: dict[str, Any] = Field(default_factory=dict)
    note: str = ""
    source: Source | None = None
    avatar_file_id: PydanticObjectId | None = None
    search: list[str] = Field(default_factory=list)
    name_words: list[str] = Field(default_factory=list)
    match_keys: list[str] = Field(default_factory=list)

    class Settings:
        """Where it is stored."""

        name = "contacts"


def new_contact(organization_id: ObjectId, **values: Any) -> RawDocument:
    """Return a complete contact ready to be stored; `values` are what is known."""
    now = utc_now()
    document: RawDocument = {
        "_id": ObjectId(),
        "organization_id": organization_id,
        "name": None,
        "phone": None,
        "phone_typed": False,
        "email": None,
        "language": None,
        "identities": [],
        "consents": [],
        "attributes": {},
        "note": "",
        "source": None,
        "avatar_file_id": None,
        **values,
        "created_at": now,
        "updated_at": now,
    }
    return {**document, **lookup_fields(document)}


def lookup_fields(document: RawDocument) -> RawDocument:
    """Return what a contact is found by: typed into a search box, named in a text, or compared with others."""
    called = [document.get("name")]
    called += [identity.get("profile_name") for identity in document.get("identities", ())]
    return {
        "search": search_words(document),
        "name_words": name_words(called),
        "match_keys": match_keys(document),
    }


def match_keys(document: RawDocument) -> list[str]:
    """Return what tells that two contacts are one person: phones, e-mails, and accounts of messengers."""
    identities = document.get("identities", ())
    phones = {document.get("phone"), (document.get("attributes") or {}).get("other_phone")}
    phones |= {identity.get("phone") for identity in identities}
    emails = {document.get("email"), *(identity.get("email") for identity in identities)}
    keys = {f"phone:{phone}" for phone in phones if phone}
    keys |= {f"email:{email.lower()}" for email in emails if email}
    keys |= {
        f"account:{identity.get('channel')}:{identity['external_id']}"
        for identity in identities
        if identity.get("external_id")
    }
    return sorted(keys)[:50]


def identified(connection_id: ObjectId, external_id: str) -> dict[str, Any]:
    """Return the condition that a contact is this person of a connection, as its index answers it."""
    key = {"connection_id": connection_id, "external_id": external_id}
    return {"identities": {"$elemMatch": key}, "identities.external_id": string(external_id)}


def contact_read(document: RawDocument) -> RawDocument:
    """Return a contact as the API and the event log show it."""
    return complete(read_form(document, Contact.hidden))


def complete(read: RawDocument) -> RawDocument:
    """Return the read form with what older contacts do not know of themselves."""
    unknown = dict.fromkeys(("profile_name", "username", "phone", "email"))
    return {
        "source": None,
        "avatar_file_id": None,
        **read,
        "identities": [{**unknown, **identity} for identity in read["identities"]],
        "consents": [consent_read(consent) for consent in read["consents"]],
    }


def contact_name(document: RawDocument) -> str | None:
    """Return what to call a contact: the name, else what a platform calls them, else phone or e-mail."""
    if document.get("name"):
        return str(document["name"])
    for identity in document.get("identities", ()):
        called = identity.get("profile_name") or identity.get("username")
        if called:
            return str(called)
    return document.get("phone") or document.get("email")


def search_words(document: RawDocument) -> list[str]:
    """Return the folded words a contact is found by, each by its beginning."""
    texts = [document.get("name"), document.get("email")]
    for identity in document.get("identities", ()):
        texts += [identity.get("profile_name"), identity.get("username")]
    words = {word for text in texts if text for word in fold(text).split()}
    if phone := document.get("phone"):
        digits = phone.lstrip("+")
        words.add(digits)
        if digits.startswith("7"):  # people type 8 701 ... or 701 ... as well
            words |= {"8" + digits[1:], digits[1:]}
    return sorted(words)[:60]


def fold(text: str) -> str:
    """Return a text as searching compares it: letter case, accents and Kazakh letters make no difference.

    A text that can only be a telephone number becomes its digits.
    """
    if _PHONE_LIKE.fullmatch(text) and any(letter.isdigit() for letter in text):
        return "".join(letter for letter in text if letter.isdigit())
    lowered = text.casefold().translate(_KAZAKH_TO_RUSSIAN)
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", lowered)
        if not unicodedata.combining(letter)
    )
    return re.sub(r"[^\w@.+-]+", " ", bare)
