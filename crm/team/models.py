"""Stored documents of organizations and people."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from beanie import PydanticObjectId
from pydantic import BaseModel, Field

from crm.core.api import Role
from crm.core.api.fields import Language
from crm.core.documents import OrganizationDocument, StoredDocument
from crm.team.defaults import default_assistant, default_business_hours


class Handoff(BaseModel):
    """When a conversation left alone by its operator returns to the bot."""

    return_after_minutes: int = 30


class Organization(StoredDocument):
    """A tenant."""

    hidden: ClassVar[frozenset[str]] = frozenset(
        {"llm", "privacy", "assistant", "assistant_gate", "knowledge_version"}
    )

    name: str
    slug: str
    timezone: str = "Asia/Almaty"
    language: Language = "ru"
    currency: str = "KZT"
    business_hours: dict[str, list[list[str]]] = Field(default_factory=default_business_hours)
    holidays: list[str] = Field(default_factory=list)
    handoff: Handoff = Field(default_factory=Handoff)
    llm: dict[str, Any] | None = None
    privacy: dict[str, Any] = Field(default_factory=dict)
    assistant: dict[str, Any] = Field(default_factory=default_assistant)
    knowledge_version: int = 0
    knowledge_goes_live: Literal["at_once", "with_publishing"] = "at_once"

    class Settings:
        """Where it is stored."""

        name = "organizations"


class User(StoredDocument):
    """A person who signs in; may belong to several organizations."""

    email: str
    name: str
    password_hash: str
    language: Language = "ru"

    class Settings:
        """Where it is stored."""

        name = "users"


class Membership(OrganizationDocument):
    """A person's place in an organization."""

    user_id: PydanticObjectId
    role: Role

    class Settings:
        """Where it is stored."""

        name = "memberships"


class UserSession(BaseModel):
    """A sign-in. Its id is the SHA-256 of the cookie, so that the stored one opens nothing."""

    id: str = Field(serialization_alias="_id")
    user_id: PydanticObjectId
    organization_id: PydanticObjectId
    csrf_token: str
    created_at: datetime
    expires_at: datetime


DOCUMENTS = (Organization, User, Membership)
