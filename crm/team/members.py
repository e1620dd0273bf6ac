"""Who belongs to an organization."""

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm.core.api import Principal, Role
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.errors import Conflict, FieldError, Forbidden, Invalid
from crm.core.events import EventLog, NewEvent
from crm.core.listing import Listing, ListQuery, Sortable
from crm.team.models import Membership, User
from crm.team.passwords import Passwords
from crm.team.schemas import MemberCreate
from crm.team.sessions import Sessions


class AlreadyMember(Conflict):
    """The person belongs to the organization."""

    default_code = "already_member"
    title = "This person is already a member"


class LastOwner(Conflict):
    """An organization keeps at least one owner."""

    default_code = "last_owner"
    title = "The organization needs another owner first"


class RoleTooHigh(Forbidden):
    """Only an owner gives or takes the owner's role."""

    default_code = "role_too_high"
    title = "Only an owner may do this to an owner"


_LISTING = Listing(
    sorts={"created_at": Sortable("created_at")},
    default_sort="created_at",
    projection={"user_id": 1, "role": 1, "created_at": 1},
)


class Members:
    """The members of organizations."""

    def __init__(
        self, *, database: Database, events: EventLog, sessions: Sessions, passwords: Passwords
    ) -> None:
        self._database = database
        self._events = events
        self._sessions = sessions
        self._passwords = passwords
        self._memberships = database.collection("memberships")
        self._users = database.collection("users")

    async def list(self, organization_id: ObjectId, query: ListQuery) -> RawDocument:
        """Return a page of members."""
        page = await _LISTING.page(self._memberships, {"organization_id": organization_id}, query)
        people = self._users.find(
            {"_id": {"$in": [row["user_id"] for row in page["items"]]}}, {"email": 1, "name": 1}
        )
        by_id = {person["_id"]: person async for person in people}
        for row in page["items"]:
            row["email"] = by_id[row["user_id"]]["email"]
            row["name"] = by_id[row["user_id"]]["name"]
        return page

    async def add(self, principal: Principal, asked: MemberCreate) -> RawDocument:
        """Add a person: a new one with the password given, or one who has an account, who keeps theirs.

        Raises:
            AlreadyMember, RoleTooHigh: as they say.
            Invalid: a new person needs a password.
        """
        _check_rank(principal, asked.role)
        user = await User.find_one({"email": asked.email})
        if user is None:
            if asked.password is None:
                missing = FieldError("password", "missing", "A new person needs a first password.")
                raise Invalid(fields=[missing])
            password_hash = await self._passwords.hash(asked.password.get_secret_value())
            new = User(email=asked.email, name=asked.name, password_hash=password_hash)
        else:
            new = user

        async def work(session: Session) -> RawDocument:
            try:
                if user is None:
                    await new.insert(session=session)
                assert new.id is not None
                membership = Membership(
                    organization_id=principal.organization_id, user_id=new.id, role=asked.role
                )
                await membership.insert(session=session)
            except DuplicateKeyError:
                raise AlreadyMember from None
            read = _read(membership, new)
            await self._append(principal, "member.updated", read, session)
            return read

        return await self._database.in_transaction(work, serial=principal.organization_id)

    async def change_role(
        self, principal: Principal, membership_id: ObjectId, role: Role
    ) -> RawDocument:
        """Give a member another role.

        Raises:
            NotFound, RoleTooHigh, LastOwner: as they say.
        """

        async def work(session: Session) -> RawDocument:
            membership = await Membership.get_in(principal.organization_id, membership_id, session)
            _check_rank(principal, role, membership.role)
            if membership.role is Role.OWNER and role is not Role.OWNER:
                await self._check_other_owner(principal.organization_id, session)
            membership.role = role
            await self._memberships.update_one(
                {"organization_id": principal.organization_id, "_id": membership_id},
                {"$set": {"role": role, "updated_at": utc_now()}},
                session=session,
            )
            user = await User.get(membership.user_id, session=session)
            assert user is not None
            read = _read(membership, user)
            await self._append(principal, "member.updated", read, session)
            return read

        changed = await self._database.in_transaction(work, serial=principal.organization_id)
        self._sessions.forget_all()
        return changed

    async def remove(self, principal: Principal, membership_id: ObjectId) -> None:
        """Take a member out and end their sessions here; what they did stays.

        Raises:
            NotFound, RoleTooHigh, LastOwner: as they say.
        """

        async def work(session: Session) -> None:
            membership = await Membership.get_in(principal.organization_id, membership_id, session)
            _check_rank(principal, membership.role)
            if membership.role is Role.OWNER:
                await self._check_other_owner(principal.organization_id, session)
            await self._memberships.delete_one(
                {"organization_id": principal.organization_id, "_id": membership_id},
                session=session,
            )
            await self._sessions.end_all(
                membership.user_id, organization_id=principal.organization_id, session=session
            )
            gone = {"id": membership_id, "user_id": membership.user_id}
            await self._append(principal, "member.deleted", gone, session)

        await self._database.in_transaction(work, serial=principal.organization_id)
        self._sessions.forget_all()

    async def _check_other_owner(self, organization_id: ObjectId, session: Session) -> None:
        # Two owners who demote each other at once collide on the event number, so one of them counts again.
        owners = await self._memberships.count_documents(
            {"organization_id": organization_id, "role": Role.OWNER}, session=session
        )
        if owners < 2:
            raise LastOwner

    async def _append(
        self, principal: Principal, kind: str, data: RawDocument, session: Session
    ) -> None:
        event = NewEvent(type=kind, subject_id=data["id"], data=data, actor=principal.actor)
        await self._events.append(principal.organization_id, [event], session)


def _check_rank(principal: Principal, *roles: Role) -> None:
    if Role.OWNER in roles and principal.role is not Role.OWNER:
        raise RoleTooHigh


def _read(membership: Membership, user: User) -> RawDocument:
    return {
        "id": membership.id,
        "user_id": membership.user_id,
        "email": user.email,
        "name": user.name,
        "role": membership.role,
        "created_at": membership.created_at,
    }
