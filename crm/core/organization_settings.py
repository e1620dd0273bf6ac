"""Changing an organization's settings, with the event that tells it."""

from collections.abc import Callable

from bson import ObjectId
from pymongo import ReturnDocument

from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import NotFound
from crm.core.events import Actor, EventLog, NewEvent

ORGANIZATIONS = "organizations"


class OrganizationSettings:
    """Changes settings: each change and its event in one transaction."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._organizations = database.collection(ORGANIZATIONS)

    async def change(
        self,
        organization_id: ObjectId,
        values: RawDocument,
        *,
        event: str,
        read: Callable[[RawDocument], RawDocument],
        actor: Actor,
        session: Session | None = None,
    ) -> RawDocument:
        """Set fields of an organization, and return what `read` makes of it.

        Args:
            organization_id: whose settings.
            values: by their stored names, dotted where a part of one is meant.
            event: the event's type.
            read: from the stored organization, after the change, to what is told and returned: no secrets.
            actor: who changes it.
            session: the transaction the caller is in, where it looks at something before; it appends nothing after this.

        Raises:
            NotFound: there is no such organization.
        """

        async def work(session: Session) -> RawDocument:
            changed = await self._organizations.find_one_and_update(
                {"_id": organization_id},
                {"$set": {**values, "updated_at": utc_now()}},
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            if changed is None:
                raise NotFound
            told = read(changed)
            news = NewEvent(type=event, subject_id=organization_id, data=told, actor=actor)
            await self._events.append(organization_id, [news], session)
            return told

        return await self._database.within(session, work, serial=organization_id)
