"""Signing up, signing in, and a person's own data."""

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm.core.api import Principal, Role
from crm.core.clock import utc_now
from crm.core.database import Database, RawDocument, Session
from crm.core.documents import read_form
from crm.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from crm.team.defaults import default_assistant
from crm.team.models import Membership, Organization, User, UserSession
from crm.team.passwords import Passwords
from crm.team.schemas import MeUpdate, SignIn, SignUp
from crm.team.sessions import Sessions


class EmailTaken(Conflict):
    """Somebody has an account with this e-mail."""

    default_code = "email_taken"
    title = "This e-mail already has an account"


class CredentialsWrong(Unauthenticated):
    """The e-mail or the password is wrong; which of them is not told."""

    default_code = "credentials_wrong"
    title = "The e-mail or the password is wrong"


class NoMembership(Forbidden):
    """The person belongs to no organization any more."""

    default_code = "no_membership"
    title = "You belong to no organization"


type Founding = Callable[[RawDocument, RawDocument, Session], Awaitable[None]]
"""Stores what a new organization begins with: gets the organization and its owner as they are stored."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A begun session: the cookie's value and the stored part."""

    token: str
    session: UserSession


class Accounts:
    """People's accounts."""

    def __init__(
        self,
        *,
        database: Database,
        sessions: Sessions,
        passwords: Passwords,
        founding: Sequence[Founding] = (),
    ) -> None:
        """`founding` is what other features store of a new organization, in the same transaction."""
        self._founding = founding
        self._database = database
        self._sessions = sessions
        self._passwords = passwords

    async def sign_up(self, asked: SignUp) -> SignedIn:
        """Make a person, an organization they own, and a session.

        Raises:
            EmailTaken: as it says.
        """
        password_hash = await self._passwords.hash(asked.password.get_secret_value())
        user = User(
            email=asked.email,
            name=asked.name,
            password_hash=password_hash,
            language=asked.language,
        )
        organization = Organization(
            name=asked.organization_name,
            slug=_slug(asked.organization_name),
            language=asked.language,
            assistant=default_assistant(asked.language),
        )

        async def work(session: Session) -> SignedIn:
            try:
                await user.insert(session=session)
            except DuplicateKeyError:
                raise EmailTaken from None
            await organization.insert(session=session)
            assert user.id is not None
            assert organization.id is not None
            membership = Membership(
                organization_id=organization.id, user_id=user.id, role=Role.OWNER
            )
            await membership.insert(session=session)
            for found in self._founding:
                await found(organization.raw(), user.raw(), session)
            return SignedIn(*await self._sessions.create(user.id, organization.id, session))

        return await self._database.in_transaction(work)

    async def sign_in(self, asked: SignIn) -> SignedIn:
        """Begin a session in the organization the person joined first.

        Raises:
            CredentialsWrong: the e-mail or the password is wrong.
            NoMembership: the person belongs to no organization.
        """
        user = await User.find_one({"email": asked.email})
        right = await self._passwords.matches(
            asked.password.get_secret_value(), user.password_hash if user else None
        )
        if user is None or user.id is None or not right:
            raise CredentialsWrong
        first = await Membership.find({"user_id": user.id}).sort("+_id").first_or_none()
        if first is None:
            raise NoMembership
        return SignedIn(*await self._sessions.create(user.id, first.organization_id))

    async def describe(self, principal: Principal) -> RawDocument:
        """Return who is signed in, where, and where else they may act."""
        user = await User.get(principal.user_id)
        organization = await Organization.get(principal.organization_id)
        if user is None or organization is None:
            raise Unauthenticated
        memberships = await Membership.find({"user_id": principal.user_id}).sort("+_id").to_list()
        roles = {membership.organization_id: membership.role for membership in memberships}
        names = self._database.collection("organizations").find(
            {"_id": {"$in": list(roles)}}, {"name": 1}
        )
        by_id = {found["_id"]: found["name"] async for found in names}
        return {
            "user": user_read(user.raw()),
            "organization": read_form(organization.raw(), Organization.hidden),
            "role": principal.role,
            "organizations": [
                {"id": organization_id, "name": by_id[organization_id], "role": role}
                for organization_id, role in roles.items()
                if organization_id in by_id
            ],
            "csrf_token": principal.csrf_token,
        }

    async def switch(self, principal: Principal, organization_id: ObjectId) -> None:
        """Act in another organization from now on.

        Raises:
            NotFound: the person does not belong to it.
        """
        if not await Membership.find_one(
            {"organization_id": organization_id, "user_id": principal.user_id}
        ):
            raise NotFound
        await self._sessions.switch(principal, organization_id)

    async def change_me(self, principal: Principal, change: MeUpdate) -> RawDocument:
        """Change the person's own data; a new password ends all their other sessions.

        Raises:
            Invalid: the present password is not the one given.
        """
        user = await User.get(principal.user_id)
        if user is None:
            raise Unauthenticated
        values = change.given()
        current, new = values.pop("current_password", None), values.pop("new_password", None)
        if new is not None:
            given = current.get_secret_value() if current else ""
            if not await self._passwords.matches(given, user.password_hash):
                wrong = FieldError(
                    "current_password", "password_wrong", "This is not your password."
                )
                raise Invalid(fields=[wrong])
            values["password_hash"] = await self._passwords.hash(new.get_secret_value())
        await user.set({**values, "updated_at": utc_now()})
        if new is not None:
            await self._sessions.end_all(principal.user_id, but=principal.session_id)
        self._sessions.forget(principal.session_id)
        return user_read(user.raw())


def user_read(user: RawDocument) -> RawDocument:
    """Return a person as they see themselves."""
    return {"id": user["_id"], **{name: user[name] for name in ("email", "name", "language")}}


def _slug(name: str) -> str:
    """Return a unique word for addresses; letters beyond ASCII are left out, the ending makes it unique."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{words or 'company'}-{secrets.token_hex(4)}"
