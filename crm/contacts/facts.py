"""What platforms tell of people comes into their contacts."""

from collections.abc import Awaitable, Callable

from bson import ObjectId

from crm.contacts.models import identified
from crm.contacts.platforms import DIRECT, PROVEN_PHONES
from crm.contacts.service import Contacts
from crm.core.database import Database, RawDocument, Session, string
from crm.core.events import SYSTEM, Actor

type PhoneTakenFrom = Callable[[RawDocument, str, Session], Awaitable[None]]

_CONTACT = Actor("contact")
_OF_IDENTITY = ("profile_name", "username", "phone", "email")


class PlatformFacts:
    """Takes over what is told.

    Args:
        database: where contacts are.
        contacts: change them.
        phone_taken: told, in the transaction, of a contact whose phone turned out to be another's, and of the phone.
    """

    def __init__(
        self, *, database: Database, contacts: Contacts, phone_taken: PhoneTakenFrom
    ) -> None:
        self._database = database
        self._phone_taken = phone_taken
        self._contacts = contacts
        self._stored = database.collection("contacts")

    async def take(
        self,
        organization_id: ObjectId,
        connection_id: ObjectId,
        external_id: str,
        facts: RawDocument,
        *,
        source: RawDocument | None = None,
    ) -> RawDocument | None:
        """Note what a platform tells of a person, and return the stored contact; None when nobody is known by this.

        The identity shows what was told last. The contact's own phone, e-mail and language are filled where they are
        lacking; a phone or an e-mail that another contact has is left to that one, and the two are proposed for merging.
        But a phone that the platform vouches for is taken from a contact that only typed it.

        Args:
            organization_id: whose contact it is.
            connection_id: on which connection.
            external_id: the person's id there.
            facts: as `crm.contacts.platforms.told` gives them.
            source: what brought the person; the first referral stays.

        Raises:
            PhoneTaken: another contact got the phone at this moment.
        """
        key = {"connection_id": connection_id, "external_id": external_id}

        async def work(session: Session) -> RawDocument | None:
            contact = await self._stored.find_one(
                {"organization_id": organization_id, **identified(connection_id, external_id)},
                session=session,
            )
            if contact is None:
                return None
            news = {name: facts[name] for name in _OF_IDENTITY if facts.get(name) is not None}
            values: RawDocument = {
                "identities": [
                    {**identity, **news} if key.items() <= identity.items() else identity
                    for identity in contact["identities"]
                ]
            }
            proven = any(
                key.items() <= one.items() and one["channel"] in PROVEN_PHONES
                for one in contact["identities"]
            )
            if proven and facts.get("phone") is not None:
                values |= await self._proven(contact, facts["phone"], session)
            values |= await free_facts(self._database, {**contact, **values}, facts, session)
            known = contact.get("source")
            if source is not None and (known is None or known["source"] == DIRECT):
                values["source"] = source
            return await self._contacts.store(contact, values, _CONTACT, session)

        return await self._database.in_transaction(work, serial=organization_id)

    async def _proven(self, contact: RawDocument, phone: str, session: Session) -> RawDocument:
        """See that whoever only typed the phone does not have it; return what the contact knows by that."""
        if contact.get("phone") == phone:
            return {"phone_typed": False}
        if contact.get("phone") is not None:
            return {}
        other = await self._stored.find_one(
            {"organization_id": contact["organization_id"], "phone": string(phone)},
            session=session,
        )
        if other is not None and _only_typed(other):
            left = {**other["attributes"], "other_phone": phone}
            values = {"phone": None, "phone_typed": False, "attributes": left}
            await self._contacts.store(other, values, _CONTACT, session)
            await self._phone_taken(other, phone, session)
        return {}

    async def set_picture(
        self, organization_id: ObjectId, contact_id: ObjectId, file_id: ObjectId
    ) -> None:
        """Let a stored file be the contact's picture.

        Raises:
            NotFound: there is no such contact.
        """

        async def work(session: Session) -> None:
            contact = await self._contacts.get(organization_id, contact_id, session)
            await self._contacts.store(contact, {"avatar_file_id": file_id}, SYSTEM, session)

        await self._database.in_transaction(work, serial=organization_id)


async def free_facts(
    database: Database, contact: RawDocument, facts: RawDocument, session: Session
) -> RawDocument:
    """Return what of the facts the contact lacks and nobody else has: phone, e-mail, language."""
    free = {}
    for field in ("phone", "email", "language"):
        value = facts.get(field)
        if value is None or contact.get(field) is not None:
            continue
        query = {"organization_id": contact["organization_id"], field: string(value)}
        taken = field != "language" and await database.collection("contacts").find_one(
            query, {"_id": 1}, session=session
        )
        if not taken:
            free[field] = value
    if "phone" in free:
        channels = {
            one["channel"] for one in contact["identities"] if one.get("phone") == free["phone"]
        }
        free["phone_typed"] = not channels & PROVEN_PHONES
    return free


def _only_typed(contact: RawDocument) -> bool:
    """Whether neither a platform nor the team vouches for a contact's phone."""
    channels = {
        one["channel"] for one in contact["identities"] if one.get("phone") == contact["phone"]
    }
    # Of older contacts it is known only where a channel keeps what was typed.
    return not channels & PROVEN_PHONES and bool(contact.get("phone_typed", channels))
