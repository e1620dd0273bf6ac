"""Contacts: written down, learned from conversations, merged."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crm.contacts.consents import in_order, new_consent
from crm.contacts.duplicates import Duplicates
from crm.contacts.merging import merged_values
from crm.contacts.models import (
    Contact,
    complete,
    contact_read,
    fold,
    lookup_fields,
    new_contact,
)
from crm.contacts.phones import normalise_phone
from crm.contacts.related import TIMELINE_LENGTH, Related
from crm.contacts.schemas import ConsentCreate, ContactCreate, ContactQuery, ContactUpdate
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session, string
from crm.core.errors import Conflict, FieldError, Invalid, NotFound
from crm.core.events import Actor, EventLog, NewEvent
from crm.core.listing import Listing, Sortable, prefix_search

_LISTING = Listing(
    sorts={
        "created_at": Sortable("created_at"),
        "updated_at": Sortable("updated_at"),
        "name": Sortable("name", nullable=True),
    },
    default_sort="-created_at",
    projection=Contact.projection(),
)


class PhoneTaken(Conflict):
    """Another contact of the organization has this phone."""

    default_code = "contact_phone_taken"
    title = "Another contact has this phone"


class ContactInUse(Conflict):
    """The contact has conversations or deals."""

    default_code = "contact_in_use"
    title = "The contact has conversations or deals"


class Contacts:
    """The contacts of organizations. `related` are the features whose things belong to contacts."""

    def __init__(
        self, *, database: Database, events: EventLog, related: Sequence[Related] = ()
    ) -> None:
        self._database = database
        self._events = events
        self._duplicates = Duplicates(database=database, events=events)
        self._related = related
        self._contacts = database.collection("contacts")

    async def list(self, organization_id: ObjectId, query: ContactQuery) -> RawDocument:
        """Return a page of contacts."""
        conditions: RawDocument = {"organization_id": organization_id}
        if query.q:
            conditions |= prefix_search("search", query.q, fold)
        if query.phone is not None:
            conditions["phone"] = normalise_phone(query.phone) or query.phone
        if query.email is not None:
            conditions["email"] = query.email.lower()
        if query.channel is not None:
            conditions["identities.channel"] = query.channel
        if query.language is not None:
            conditions["language"] = query.language
        if query.connection_id is not None:
            conditions["identities.connection_id"] = query.connection_id
        for field in ("source", "ref", "ad_id"):
            if (value := getattr(query, field)) is not None:
                conditions[f"source.{field}"] = value
        page = await _LISTING.page(self._contacts, conditions, query)
        page["items"] = [complete(row) for row in page["items"]]
        return page

    async def read(self, organization_id: ObjectId, contact_id: ObjectId) -> RawDocument:
        """Return one contact."""
        return contact_read(await self.get(organization_id, contact_id))

    async def get(
        self, organization_id: ObjectId, contact_id: ObjectId, session: Session | None = None
    ) -> RawDocument:
        """Return the stored contact.

        Raises:
            NotFound: there is none such in the organization.
        """
        query = {"_id": contact_id, "organization_id": organization_id}
        found = await self._contacts.find_one(query, session=session)
        if found is None:
            raise NotFound
        return found

    async def create(
        self, organization_id: ObjectId, asked: ContactCreate, actor: Actor
    ) -> RawDocument:
        """Write a contact down.

        Raises:
            PhoneTaken: as it says.
        """
        contact = new_contact(organization_id, **asked.model_dump())

        async def work(session: Session) -> RawDocument:
            try:
                await self._contacts.insert_one(contact, session=session)
            except DuplicateKeyError:
                raise PhoneTaken from None
            await self._append("contact.created", contact, actor, session, compare=True)
            return contact_read(contact)

        return await self._database.in_transaction(work, serial=organization_id)

    async def change(
        self, organization_id: ObjectId, contact_id: ObjectId, change: ContactUpdate, actor: Actor
    ) -> RawDocument:
        """Change what is given.

        Raises:
            NotFound, PhoneTaken: as they say.
        """

        async def work(session: Session) -> RawDocument:
            contact = await self.get(organization_id, contact_id, session)
            values = change.given()
            if "phone" in values:
                values["phone_typed"] = False
            return contact_read(await self.store(contact, values, actor, session))

        return await self._database.in_transaction(work, serial=organization_id)

    async def learn(
        self,
        organization_id: ObjectId,
        contact_id: ObjectId,
        facts: RawDocument,
        *,
        actor: Actor,
        session: Session | None = None,
    ) -> RawDocument:
        """Take over what a contact said of itself (name, phone, email, language) and return the stored contact.

        When another contact has the phone, the two are one person: this contact becomes part of the other, which is
        returned and whose own words stay, its name too. Somebody who already has a different phone only gets an attribute
        `other_phone` then: two known people are not made one by what one of them types.
        """

        async def work(session: Session) -> RawDocument:
            contact = await self.get(organization_id, contact_id, session)
            values = {name: value for name, value in facts.items() if value is not None}
            phone = values.get("phone")
            if phone is None or phone == contact["phone"]:
                return await self.store(contact, values, actor, session)
            values["phone_typed"] = True
            other = await self._contacts.find_one(
                {"organization_id": organization_id, "phone": string(phone)}, session=session
            )
            if other is None:
                return await self.store(contact, values, actor, session)
            if contact["phone"] is not None:
                del values["phone"], values["phone_typed"]
                values["attributes"] = {**contact["attributes"], "other_phone": phone}
                return await self.store(contact, values, actor, session)
            # Whoever types a known phone is believed, but renames nobody: it may be somebody else's.
            news = {name: value for name, value in values.items() if other.get(name) is None}
            merged = await self._merge(other, contact, actor, session)
            return await self.store(merged, news, actor, session)

        return await self._database.within(session, work, serial=organization_id)

    async def merge(
        self, organization_id: ObjectId, contact_id: ObjectId, other_id: ObjectId, actor: Actor
    ) -> RawDocument:
        """Make `other_id` part of `contact_id`: identities, deals, tasks and conversations move; return the contact.

        Raises:
            NotFound, Invalid: one does not exist, or both are the same.
        """
        if contact_id == other_id:
            raise Invalid(fields=[FieldError("other_id", "same_contact", "Name another contact.")])

        async def work(session: Session) -> RawDocument:
            target = await self.get(organization_id, contact_id, session)
            try:
                source = await self.get(organization_id, other_id, session)
            except NotFound:
                unknown = FieldError("other_id", "unknown_id", "There is no such contact.")
                raise Invalid(fields=[unknown]) from None
            return contact_read(await self._merge(target, source, actor, session))

        return await self._database.in_transaction(work, serial=organization_id)

    async def record_consent(
        self,
        organization_id: ObjectId,
        contact_id: ObjectId,
        consent: RawDocument,
        *,
        actor: Actor,
        session: Session | None = None,
    ) -> RawDocument:
        """Add a consent, as `new_consent` makes it, and return the stored contact."""

        async def work(session: Session) -> RawDocument:
            contact = await self.get(organization_id, contact_id, session)
            consents = in_order([*contact["consents"], consent])
            return await self.store(contact, {"consents": consents}, actor, session)

        return await self._database.within(session, work, serial=organization_id)

    async def note_consent(
        self, organization_id: ObjectId, contact_id: ObjectId, asked: ConsentCreate, actor: Actor
    ) -> RawDocument:
        """Record what a person allowed or forbade outside the conversations.

        Raises:
            NotFound: as it says.
        """
        consent = new_consent(
            kind=asked.kind,
            granted=asked.granted,
            source=asked.source,
            text=asked.text,
            at=asked.at,
        )
        return contact_read(
            await self.record_consent(organization_id, contact_id, consent, actor=actor)
        )

    async def delete(self, organization_id: ObjectId, contact_id: ObjectId, actor: Actor) -> None:
        """Delete a contact; its tasks go on without it.

        Raises:
            NotFound, ContactInUse: as they say.
        """

        async def work(session: Session) -> None:
            contact = await self.get(organization_id, contact_id, session)
            for feature in self._related:
                if not await feature.release(organization_id, contact_id, session):
                    raise ContactInUse
            await self._contacts.delete_one(
                {"organization_id": organization_id, "_id": contact_id}, session=session
            )
            await self._duplicates.forget(organization_id, contact_id, session)
            await self._append("contact.deleted", contact, actor, session)

        await self._database.in_transaction(work, serial=organization_id)

    async def timeline(self, organization_id: ObjectId, contact_id: ObjectId) -> RawDocument:
        """Return what happened with the contact, newest first."""
        contact = await self.get(organization_id, contact_id)
        entries: list[RawDocument] = [
            {
                "kind": "contact",
                "what": "created",
                "at": contact["created_at"],
                "subject_id": contact_id,
                "title": contact["name"] or "",
            }
        ]
        entries += [
            {
                "kind": "consent",
                "what": "granted" if consent["granted"] else "refused",
                "at": consent["at"],
                "subject_id": contact_id,
                "title": consent["kind"],
            }
            for consent in contact["consents"]
        ]
        for feature in self._related:
            entries += await feature.timeline(organization_id, contact_id)
        entries.sort(key=lambda entry: entry["at"], reverse=True)
        return {"items": entries[:TIMELINE_LENGTH]}

    async def store(
        self, contact: RawDocument, values: RawDocument, actor: Actor, session: Session
    ) -> RawDocument:
        """Change a stored contact within a transaction, with all that hangs on it, and return it.

        Raises:
            NotFound, PhoneTaken: as they say.
        """
        changed = {name: value for name, value in values.items() if contact.get(name) != value}
        if not changed:
            return contact
        found_by = lookup_fields({**contact, **changed})
        try:
            stored = await self._contacts.find_one_and_update(
                {"organization_id": contact["organization_id"], "_id": contact["_id"]},
                {"$set": {**changed, **found_by, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        except DuplicateKeyError:
            raise PhoneTaken from None
        if stored is None:
            raise NotFound
        if {"name", "phone", "email", "identities"} & set(changed):
            for feature in self._related:
                await feature.renamed(stored, session)
        compare = found_by["match_keys"] != contact.get("match_keys")
        await self._append("contact.updated", stored, actor, session, compare=compare)
        return stored

    async def _merge(
        self, target: RawDocument, source: RawDocument, actor: Actor, session: Session
    ) -> RawDocument:
        # The source goes first: the two share phone or identities under unique indexes.
        organization_id = target["organization_id"]
        await self._contacts.delete_one(
            {"organization_id": organization_id, "_id": source["_id"]}, session=session
        )
        await self._duplicates.forget(organization_id, source["_id"], session)
        values: dict[str, Any] = {**merged_values(target, source), "updated_at": utc_now()}
        values |= lookup_fields({**target, **values})
        stored = await self._contacts.find_one_and_update(
            {"organization_id": organization_id, "_id": target["_id"]},
            {"$set": values},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if stored is None:
            raise NotFound
        for feature in self._related:
            await feature.move(organization_id, source["_id"], stored, session)
        await self._append(
            "contact.merged",
            stored,
            actor,
            session,
            compare=True,
            merged_contact_id=source["_id"],
        )
        return stored

    async def _append(
        self,
        kind: str,
        contact: RawDocument,
        actor: Actor,
        session: Session,
        *,
        compare: bool = False,
        **more: Any,
    ) -> None:
        """Tell of a contact; with `compare`, propose whoever it now seems to be as well."""
        found = await self._duplicates.refresh(contact, session) if compare else []
        event = NewEvent(
            type=kind,
            subject_id=contact["_id"],
            data={**contact_read(contact), **more},
            actor=actor,
        )
        await self._events.append(contact["organization_id"], [event, *found], session)
