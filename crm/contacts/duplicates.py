"""People who seem to be here twice: proposed for merging, never merged silently.

Two contacts are proposed when they share a phone, an e-mail, or an account of the same messenger. Proposals are kept
up to date with every change of a contact, in the same transaction.
"""

from collections.abc import Sequence
from typing import Final

from bson import ObjectId

from crm.contacts.models import Contact, contact_read
from crm.contacts.schemas import DuplicateQuery
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import FieldError, Invalid, NotFound
from crm.core.events import SYSTEM, Actor, EventLog, NewEvent
from crm.core.listing import Listing, Sortable

OPEN: Final = "open"
DISMISSED: Final = "dismissed"
MOST: Final = 20
"""More people than this with one phone are a switchboard, not one person."""

_LISTING = Listing(
    sorts={"created_at": Sortable("created_at")},
    default_sort="-created_at",
    projection={"contact_ids": 1, "reasons": 1, "created_at": 1},
)


class Duplicates:
    """The proposals of organizations."""

    def __init__(self, *, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events
        self._pairs = database.collection("contact_duplicates")
        self._contacts = database.collection("contacts")

    async def refresh(
        self, contact: RawDocument, session: Session, *, new: bool = False
    ) -> list[NewEvent]:
        """Compare a contact that was just written with the others; return the events of what is new.

        What was dismissed stays so, unless they have come to share more. One that is `new` has no proposals yet.
        """
        organization_id, contact_id = contact["organization_id"], contact["_id"]
        keys = contact["match_keys"]
        others = (
            await self._contacts.find(
                {
                    "organization_id": organization_id,
                    "match_keys": {"$in": keys},
                    "_id": {"$ne": contact_id},
                },
                {"match_keys": 1},
                session=session,
            )
            .limit(MOST)
            .to_list()
            if keys
            else []
        )
        if new and not others:
            return []
        own = {"organization_id": organization_id, "contact_ids": contact_id}
        known = {
            pair["pair"]: pair async for pair in self._pairs.find(own, session=session).limit(500)
        }
        events = []
        for other in others:
            reasons = _reasons(keys, other["match_keys"])
            low, high = sorted((contact_id, other["_id"]))
            pair = known.pop(_pair(low, high), None)
            if pair is not None and set(reasons) <= set(pair["reasons"]):
                continue
            events.append(await self._propose(organization_id, (low, high), reasons, session))
        gone = [pair["_id"] for pair in known.values() if pair["state"] == OPEN]
        if gone:
            await self._pairs.delete_many({**own, "_id": {"$in": gone}}, session=session)
        return events

    async def forget(
        self, organization_id: ObjectId, contact_id: ObjectId, session: Session
    ) -> None:
        """Drop the proposals of a contact that is there no more."""
        own = {"organization_id": organization_id, "contact_ids": contact_id}
        await self._pairs.delete_many(own, session=session)

    async def page(self, organization_id: ObjectId, query: DuplicateQuery) -> RawDocument:
        """Return a page of all open proposals, newest first, each with its two contacts."""
        conditions = {"organization_id": organization_id, "state": OPEN}
        page = await _LISTING.page(self._pairs, conditions, query)
        wanted = [one for row in page["items"] for one in row["contact_ids"]]
        found = await self._read(organization_id, wanted)
        page["items"] = [
            {
                "id": row["id"],
                "contacts": [found[one] for one in row["contact_ids"]],
                "reasons": row["reasons"],
                "created_at": row["created_at"],
            }
            for row in page["items"]
            if all(one in found for one in row["contact_ids"])
        ]
        return page

    async def of(self, organization_id: ObjectId, contact_id: ObjectId) -> RawDocument:
        """Return who else a contact may be.

        Raises:
            NotFound: there is no such contact.
        """
        await self._must_exist(organization_id, contact_id)
        own = {"organization_id": organization_id, "contact_ids": contact_id, "state": OPEN}
        pairs = await self._pairs.find(own).sort("created_at", -1).limit(MOST).to_list()
        found = await self._read(
            organization_id, [_other(pair["contact_ids"], contact_id) for pair in pairs]
        )
        return {
            "items": [
                {
                    "id": pair["_id"],
                    "contact": found[_other(pair["contact_ids"], contact_id)],
                    "reasons": pair["reasons"],
                    "created_at": pair["created_at"],
                }
                for pair in pairs
                if _other(pair["contact_ids"], contact_id) in found
            ]
        }

    async def dismiss(
        self, organization_id: ObjectId, contact_id: ObjectId, other_id: ObjectId, actor: Actor
    ) -> None:
        """Note that the two are different people. Doing it again changes nothing.

        Raises:
            NotFound: there is no such contact.
            Invalid: the other one is not proposed.
        """
        await self._must_exist(organization_id, contact_id)
        low, high = sorted((contact_id, other_id))
        key = {"organization_id": organization_id, "pair": _pair(low, high)}

        async def work(session: Session) -> None:
            pair = await self._pairs.find_one(key, session=session)
            if pair is None:
                wrong = FieldError("other_id", "not_proposed", "This contact is not proposed.")
                raise Invalid(fields=[wrong])
            if pair["state"] == DISMISSED:
                return
            after = {**pair, "state": DISMISSED, "updated_at": utc_now()}
            await self._pairs.replace_one(key, after, session=session)
            event = _event("duplicate.dismissed", after, actor)
            await self._events.append(organization_id, [event], session)

        await self._database.in_transaction(work, serial=organization_id)

    async def _propose(
        self,
        organization_id: ObjectId,
        ids: tuple[ObjectId, ObjectId],
        reasons: Sequence[str],
        session: Session,
    ) -> NewEvent:
        moment = utc_now()
        key = {"organization_id": organization_id, "pair": _pair(*ids)}
        values = {"reasons": list(reasons), "state": OPEN, "updated_at": moment}
        await self._pairs.update_one(
            key,
            {"$set": values, "$setOnInsert": {"contact_ids": list(ids), "created_at": moment}},
            upsert=True,
            session=session,
        )
        stored = await self._pairs.find_one(key, session=session)
        assert stored is not None  # it was just written
        return _event("duplicate.found", stored, SYSTEM)

    async def _must_exist(self, organization_id: ObjectId, contact_id: ObjectId) -> None:
        key = {"organization_id": organization_id, "_id": contact_id}
        if await self._contacts.find_one(key, {"_id": 1}) is None:
            raise NotFound

    async def _read(
        self, organization_id: ObjectId, ids: Sequence[ObjectId]
    ) -> dict[ObjectId, RawDocument]:
        query = {"organization_id": organization_id, "_id": {"$in": list(set(ids))}}
        hidden = dict.fromkeys(Contact.hidden, 0)
        found = self._contacts.find(query, hidden)
        return {contact["_id"]: contact_read(contact) async for contact in found}


def _reasons(keys: Sequence[str], others: Sequence[str]) -> list[str]:
    """What two contacts share: phone, email, account."""
    return sorted({key.partition(":")[0] for key in set(keys) & set(others)})


def _pair(low: ObjectId, high: ObjectId) -> str:
    return f"{low}:{high}"


def _other(ids: Sequence[ObjectId], contact_id: ObjectId) -> ObjectId:
    return ids[1] if ids[0] == contact_id else ids[0]


def _event(kind: str, pair: RawDocument, actor: Actor) -> NewEvent:
    data = {
        "id": pair["_id"],
        "contact_ids": pair["contact_ids"],
        "reasons": pair["reasons"],
        "state": pair["state"],
        "created_at": pair["created_at"],
    }
    return NewEvent(type=kind, subject_id=pair["_id"], data=data, actor=actor)
