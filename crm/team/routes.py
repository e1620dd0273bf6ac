"""The addresses of sign-in, organization and members."""

from bson import ObjectId

from crm.core.api import Access, Principal, Reply, endpoint
from crm.core.api.replies import Cookie
from crm.core.database import RawDocument
from crm.core.errors import NotFound, TooManyRequests
from crm.core.rate_limits import Limit, RateLimiter
from crm.team.accounts import (
    Accounts,
    CredentialsWrong,
    EmailTaken,
    NoMembership,
    SignedIn,
)
from crm.team.members import AlreadyMember, LastOwner, Members, RoleTooHigh
from crm.team.organizations import GateRequired, Organizations
from crm.team.schemas import (
    MemberCreate,
    MemberPage,
    MemberQuery,
    MemberRead,
    MemberUpdate,
    MeUpdate,
    OrganizationRead,
    OrganizationUpdate,
    SessionRead,
    SignIn,
    SignUp,
    SwitchOrganization,
    UserRead,
)
from crm.team.sessions import COOKIE, LIFETIME, Sessions

SIGN_UPS_BY_ADDRESS = Limit("sign-up/address", 20, 3600)
SIGN_INS_BY_ADDRESS = Limit("sign-in/address", 100, 600)
SIGN_INS_BY_EMAIL = Limit("sign-in/email", 10, 600)


class AuthRoutes:
    """Signing up, in and out; the session; the person."""

    def __init__(self, *, accounts: Accounts, sessions: Sessions, limits: RateLimiter) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._limits = limits

    @endpoint(
        "POST",
        "/api/auth/sign-up",
        access=Access.PUBLIC,
        response=SessionRead,
        status=201,
        errors=[EmailTaken, TooManyRequests],
    )
    async def sign_up(self, body: SignUp, client: str) -> Reply:
        """Make an account with a new organization, and sign in."""
        await self._limits.hit(SIGN_UPS_BY_ADDRESS, client)
        return await self._welcome(await self._accounts.sign_up(body))

    @endpoint(
        "POST",
        "/api/auth/sign-in",
        access=Access.PUBLIC,
        response=SessionRead,
        errors=[CredentialsWrong, NoMembership, TooManyRequests],
    )
    async def sign_in(self, body: SignIn, client: str) -> Reply:
        """Sign in."""
        await self._limits.hit(SIGN_INS_BY_ADDRESS, client)
        await self._limits.hit(SIGN_INS_BY_EMAIL, body.email)
        signed_in = await self._accounts.sign_in(body)
        await self._limits.reset(SIGN_INS_BY_EMAIL, body.email)
        return await self._welcome(signed_in)

    @endpoint("POST", "/api/auth/sign-out", access=Access.VIEWER)
    async def sign_out(self, principal: Principal) -> Reply:
        """Sign out."""
        await self._sessions.end(principal.session_id)
        return Reply(cookies=(Cookie(COOKIE, None),))

    @endpoint("GET", "/api/session", access=Access.VIEWER, response=SessionRead)
    async def read_session(self, principal: Principal) -> RawDocument:
        """Tell who is signed in, where, and the CSRF token."""
        return await self._accounts.describe(principal)

    @endpoint(
        "POST",
        "/api/session/organization",
        access=Access.VIEWER,
        response=SessionRead,
        errors=[NotFound],
    )
    async def switch_organization(
        self, principal: Principal, body: SwitchOrganization
    ) -> RawDocument:
        """Act in another organization from now on."""
        await self._accounts.switch(principal, body.organization_id)
        switched = await self._sessions.recognise(principal.session_id)
        return await self._accounts.describe(switched)

    @endpoint("PATCH", "/api/me", access=Access.VIEWER, response=UserRead)
    async def change_me(self, principal: Principal, body: MeUpdate) -> RawDocument:
        """Change one's own name, language or password."""
        return await self._accounts.change_me(principal, body)

    async def _welcome(self, signed_in: SignedIn) -> Reply:
        principal = await self._sessions.recognise(signed_in.session.id)
        return Reply(
            body=await self._accounts.describe(principal),
            cookies=(Cookie(COOKIE, signed_in.token, int(LIFETIME.total_seconds())),),
        )


class OrganizationRoutes:
    """The organization's settings."""

    def __init__(self, *, organizations: Organizations) -> None:
        self._organizations = organizations

    @endpoint("GET", "/api/organization", access=Access.VIEWER, response=OrganizationRead)
    async def read(self, principal: Principal) -> RawDocument:
        """Read the organization's settings."""
        return await self._organizations.read(principal.organization_id)

    @endpoint(
        "PATCH",
        "/api/organization",
        access=Access.ADMIN,
        response=OrganizationRead,
        errors=[GateRequired],
    )
    async def change(self, principal: Principal, body: OrganizationUpdate) -> RawDocument:
        """Change the organization's settings."""
        return await self._organizations.change(principal, body)


class MemberRoutes:
    """The organization's people."""

    def __init__(self, *, members: Members) -> None:
        self._members = members

    @endpoint("GET", "/api/members", access=Access.VIEWER, response=MemberPage)
    async def list(self, principal: Principal, query: MemberQuery) -> RawDocument:
        """List the members."""
        return await self._members.list(principal.organization_id, query)

    @endpoint(
        "POST",
        "/api/members",
        access=Access.ADMIN,
        response=MemberRead,
        status=201,
        errors=[AlreadyMember, RoleTooHigh],
    )
    async def create(self, principal: Principal, body: MemberCreate) -> RawDocument:
        """Add a member."""
        return await self._members.add(principal, body)

    @endpoint(
        "PATCH",
        "/api/members/{member_id}",
        access=Access.ADMIN,
        response=MemberRead,
        errors=[RoleTooHigh, LastOwner],
    )
    async def update(
        self, principal: Principal, member_id: ObjectId, body: MemberUpdate
    ) -> RawDocument:
        """Give a member another role."""
        return await self._members.change_role(principal, member_id, body.role)

    @endpoint(
        "DELETE", "/api/members/{member_id}", access=Access.ADMIN, errors=[RoleTooHigh, LastOwner]
    )
    async def delete(self, principal: Principal, member_id: ObjectId) -> None:
        """Take a member out."""
        await self._members.remove(principal, member_id)
