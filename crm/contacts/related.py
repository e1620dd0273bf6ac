"""What other features hold of a contact."""

from typing import Protocol

from bson import ObjectId

from crm.contacts.models import contact_name
from crm.core.database import Database, RawDocument, Session


class Related(Protocol):
    """A feature whose things belong to contacts. All of it happens within the caller's transaction."""

    async def move(
        self, organization_id: ObjectId, source: ObjectId, target: RawDocument, session: Session
    ) -> None:
        """Let all things of the contact `source` belong to the contact `target`."""
        ...

    async def renamed(self, contact: RawDocument, session: Session) -> None:
        """Take over what is copied from the contact."""
        ...

    async def release(
        self, organization_id: ObjectId, contact_id: ObjectId, session: Session
    ) -> bool:
        """Let go of a contact that is to be deleted, or answer False: these things need it."""
        ...

    async def timeline(self, organization_id: ObjectId, contact_id: ObjectId) -> list[RawDocument]:
        """Return timeline entries: kind, what, at, subject_id, title."""
        ...


TIMELINE_LENGTH = 200


class RelatedCollection:
    """Things that point at their contact by a field `contact_id`.

    Args:
        database: where they are.
        collection: the name of the collection.
        kind: what the timeline calls them.
        moments: the field of a time, and what happened then.
        title: the field that names a thing.
        keeps_contact: whether a contact with such a thing cannot be deleted; otherwise the thing goes on without.
        copied_name: the field that repeats the contact's name, if there is one.
    """

    def __init__(
        self,
        *,
        database: Database,
        collection: str,
        kind: str,
        moments: dict[str, str],
        title: str,
        keeps_contact: bool,
        copied_name: str | None = None,
    ) -> None:
        self._things = database.collection(collection)
        self._kind = kind
        self._moments = moments
        self._title = title
        self._keeps_contact = keeps_contact
        self._copied_name = copied_name

    async def move(
        self, organization_id: ObjectId, source: ObjectId, target: RawDocument, session: Session
    ) -> None:
        """See the protocol."""
        await self._things.update_many(
            {"organization_id": organization_id, "contact_id": source},
            {"$set": {"contact_id": target["_id"]}},
            session=session,
        )
        await self.renamed(target, session)

    async def renamed(self, contact: RawDocument, session: Session) -> None:
        """See the protocol."""
        if self._copied_name is not None:
            query = {"organization_id": contact["organization_id"], "contact_id": contact["_id"]}
            name = contact_name(contact)
            await self._things.update_many(
                query, {"$set": {self._copied_name: name}}, session=session
            )

    async def release(
        self, organization_id: ObjectId, contact_id: ObjectId, session: Session
    ) -> bool:
        """See the protocol."""
        query = {"organization_id": organization_id, "contact_id": contact_id}
        if self._keeps_contact:
            return await self._things.find_one(query, {"_id": 1}, session=session) is None
        await self._things.update_many(query, {"$set": {"contact_id": None}}, session=session)
        return True

    async def timeline(self, organization_id: ObjectId, contact_id: ObjectId) -> list[RawDocument]:
        """See the protocol."""
        query = {"organization_id": organization_id, "contact_id": contact_id}
        fields = dict.fromkeys([self._title.split(".")[0], *self._moments], 1)
        newest = self._things.find(query, fields).sort("created_at", -1).limit(TIMELINE_LENGTH)
        return [
            {
                "kind": self._kind,
                "what": what,
                "at": thing[field],
                "subject_id": thing["_id"],
                "title": _text(thing, self._title),
            }
            async for thing in newest
            for field, what in self._moments.items()
            if thing.get(field) is not None
        ]


def _text(thing: RawDocument, path: str) -> str:
    value: object = thing
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return str(value or "")
