"""The pictures of contacts: when a contact goes, so does its picture."""

from __future__ import annotations

from bson import ObjectId

from crm.core.database import Database, RawDocument, Session
from crm.files.store import FileStore


class ContactPictures:
    """What the contacts' feature tells of contacts (`crm.contacts.related.Related`)."""

    def __init__(self, *, database: Database, store: FileStore) -> None:
        self._contacts = database.collection("contacts")
        self._store = store

    async def move(
        self, organization_id: ObjectId, source: ObjectId, target: RawDocument, session: Session
    ) -> None:
        """Let go of the picture of a contact that is merged into another; it stays if that one takes it over."""
        del target
        await self.release(organization_id, source, session)

    async def renamed(self, contact: RawDocument, session: Session) -> None:
        """Nothing is copied from a contact."""

    async def release(
        self, organization_id: ObjectId, contact_id: ObjectId, session: Session
    ) -> bool:
        """Let go of the picture of a contact that is to be deleted."""
        contact = await self._contacts.find_one(
            {"_id": contact_id, "organization_id": organization_id},
            {"avatar_file_id": 1},
            session=session,
        )
        picture = (contact or {}).get("avatar_file_id")
        if picture is not None:
            await self._store.release(organization_id, [picture], session)
        return True

    async def timeline(self, organization_id: ObjectId, contact_id: ObjectId) -> list[RawDocument]:
        """A picture is no event."""
        del organization_id, contact_id
        return []
