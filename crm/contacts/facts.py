"""What platforms tell of people comes into their contacts."""

from bson import ObjectId

from crm.contacts.platforms import DIRECT
from crm.contacts.service import Contacts
from crm.core.database import Database, RawDocument, Session
from crm.core.events import SYSTEM, Actor

_CONTACT = Actor("contact")
_OF_IDENTITY = ("profile_name", "username", "phone", "email")


class PlatformFacts:
    """Takes over what is told."""

    def __init__(self, *, database: Database, contacts: Contacts) -> None:
        self._database = database
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
                {"organization_id": organization_id, "identities": {"$elemMatch": key}},
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
            values |= await free_facts(self._database, contact, facts, session)
            known = contact.get("source")
            if source is not None and (known is None or known["source"] == DIRECT):
                values["source"] = source
            return await self._contacts.store(contact, values, _CONTACT, session)

        return await self._database.in_transaction(work, serial=organization_id)

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
        query = {"organization_id": contact["organization_id"], field: value}
        taken = field != "language" and await database.collection("contacts").find_one(
            query, {"_id": 1}, session=session
        )
        if not taken:
            free[field] = value
    return free
