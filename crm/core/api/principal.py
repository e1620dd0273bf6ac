"""Who calls, and what they may do."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol

from aiohttp import web
from bson import ObjectId

from crm.core.events import Actor


class Role(StrEnum):
    """A person's role in an organization; each may do all that the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    OWNER = "owner"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Access(Enum):
    """Who reaches an endpoint. Every endpoint declares one; there is no default."""

    PUBLIC = "public"
    """Anybody. The handler has no organization and must not answer with data of one."""
    INTERNAL = "internal"
    """Our own processes, by the internal token."""
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def role(self) -> Role | None:
        """The least role that is let through; None where no person signs in."""
        return None if self in {Access.PUBLIC, Access.INTERNAL} else Role(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The signed-in person, acting in one organization. Every query is scoped by `organization_id`."""

    user_id: ObjectId
    organization_id: ObjectId
    role: Role
    session_id: str
    csrf_token: str
    user_name: str = ""
    language: str = "ru"

    @property
    def actor(self) -> Actor:
        """This person as the cause of events."""
        return Actor("user", self.user_id)


class Authenticator(Protocol):
    """Recognises the person behind a request."""

    async def authenticate(self, request: web.Request) -> Principal | None:
        """Return who is signed in, or None."""
        ...
