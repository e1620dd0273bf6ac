"""The stored contact."""

import re
import unicodedata
from datetime import datetime
from typing import Any, ClassVar, Literal

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field

from crm.core.api.fields import Language
from crm.core.clock import utc_now
from crm.core.database import RawDocument
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


class Consent(BaseModel):
    """One saying of yes or no; the newest of a kind holds."""

    kind: Literal["marketing"]
    granted: bool
    at: datetime
    channel: str | None = None
    conversation_id: PydanticObjectId | None = None


class Contact(OrganizationDocument):
    """A person who writes to the company, or is written down by hand."""

    hidden: ClassVar[frozenset[str]] = frozenset({"search", "name_words"})

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    language: Language | None = None
    identities: list[Identity] = Field(default_factory=list)
    consents: list[Consent] = Field(default_factory=list)
    attributes: dict[str, Any] = Field(default_factory=dict)
    note: str = ""
    search: list[str] = Field(default_factory=list)
    name_words: list[str] = Field(default_factory=list)

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
        "email": None,
        "language": None,
        "identities": [],
        "consents": [],
        "attributes": {},
        "note": "",
        **values,
        "created_at": now,
        "updated_at": now,
    }
    return {**document, **lookup_fields(document)}


def lookup_fields(document: RawDocument) -> RawDocument:
    """Return what a contact is found by: typed into a search box, or named in a text."""
    called = [document.get("name")]
    called += [identity.get("profile_name") for identity in document.get("identities", ())]
    return {"search": search_words(document), "name_words": name_words(called)}


def contact_read(document: RawDocument) -> RawDocument:
    """Return a contact as the API and the event log show it."""
    return read_form(document, Contact.hidden)


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
