"""The addresses of contacts."""

from bson import ObjectId

from crm.contacts.duplicates import Duplicates
from crm.contacts.schemas import (
    ConsentCreate,
    ContactCreate,
    ContactMerge,
    ContactPage,
    ContactQuery,
    ContactRead,
    ContactUpdate,
    DuplicateDismiss,
    DuplicatePage,
    DuplicateQuery,
    DuplicatesOf,
    Timeline,
)
from crm.contacts.service import ContactInUse, Contacts, PhoneTaken
from crm.core.api import Access, Principal, endpoint
from crm.core.database import RawDocument


class ContactRoutes:
    """Contacts."""

    def __init__(self, *, contacts: Contacts, duplicates: Duplicates) -> None:
        self._contacts = contacts
        self._duplicates = duplicates

    @endpoint("GET", "/api/contacts", access=Access.VIEWER, response=ContactPage)
    async def list(self, principal: Principal, query: ContactQuery) -> RawDocument:
        """List contacts."""
        return await self._contacts.list(principal.organization_id, query)

    @endpoint(
        "POST",
        "/api/contacts",
        access=Access.OPERATOR,
        response=ContactRead,
        status=201,
        errors=[PhoneTaken],
    )
    async def create(self, principal: Principal, body: ContactCreate) -> RawDocument:
        """Write a contact down."""
        return await self._contacts.create(principal.organization_id, body, principal.actor)

    @endpoint("GET", "/api/contacts/duplicates", access=Access.VIEWER, response=DuplicatePage)
    async def list_duplicates(self, principal: Principal, query: DuplicateQuery) -> RawDocument:
        """List contacts that may be one person."""
        return await self._duplicates.page(principal.organization_id, query)

    @endpoint("GET", "/api/contacts/{contact_id}", access=Access.VIEWER, response=ContactRead)
    async def read(self, principal: Principal, contact_id: ObjectId) -> RawDocument:
        """Read a contact."""
        return await self._contacts.read(principal.organization_id, contact_id)

    @endpoint(
        "PATCH",
        "/api/contacts/{contact_id}",
        access=Access.OPERATOR,
        response=ContactRead,
        errors=[PhoneTaken],
    )
    async def update(
        self, principal: Principal, contact_id: ObjectId, body: ContactUpdate
    ) -> RawDocument:
        """Change a contact."""
        return await self._contacts.change(
            principal.organization_id, contact_id, body, principal.actor
        )

    @endpoint("DELETE", "/api/contacts/{contact_id}", access=Access.OPERATOR, errors=[ContactInUse])
    async def delete(self, principal: Principal, contact_id: ObjectId) -> None:
        """Delete a contact that has no conversations and no deals."""
        await self._contacts.delete(principal.organization_id, contact_id, principal.actor)

    @endpoint(
        "POST", "/api/contacts/{contact_id}/merge", access=Access.OPERATOR, response=ContactRead
    )
    async def merge(
        self, principal: Principal, contact_id: ObjectId, body: ContactMerge
    ) -> RawDocument:
        """Make another contact part of this one."""
        return await self._contacts.merge(
            principal.organization_id, contact_id, body.other_id, principal.actor
        )

    @endpoint(
        "GET",
        "/api/contacts/{contact_id}/duplicates",
        access=Access.VIEWER,
        response=DuplicatesOf,
    )
    async def duplicates(self, principal: Principal, contact_id: ObjectId) -> RawDocument:
        """List who else a contact may be."""
        return await self._duplicates.of(principal.organization_id, contact_id)

    @endpoint("POST", "/api/contacts/{contact_id}/duplicates/dismiss", access=Access.OPERATOR)
    async def dismiss_duplicate(
        self, principal: Principal, contact_id: ObjectId, body: DuplicateDismiss
    ) -> None:
        """Note that another contact is somebody else."""
        await self._duplicates.dismiss(
            principal.organization_id, contact_id, body.other_id, principal.actor
        )

    @endpoint(
        "POST",
        "/api/contacts/{contact_id}/consents",
        access=Access.OPERATOR,
        response=ContactRead,
        status=201,
    )
    async def record_consent(
        self, principal: Principal, contact_id: ObjectId, body: ConsentCreate
    ) -> RawDocument:
        """Record a yes or a no to messages of a kind."""
        return await self._contacts.note_consent(
            principal.organization_id, contact_id, body, principal.actor
        )

    @endpoint("GET", "/api/contacts/{contact_id}/timeline", access=Access.VIEWER, response=Timeline)
    async def timeline(self, principal: Principal, contact_id: ObjectId) -> RawDocument:
        """Read what happened with a contact, newest first."""
        return await self._contacts.timeline(principal.organization_id, contact_id)
