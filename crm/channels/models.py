"""The stored connection."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from crm.core.documents import OrganizationDocument

ConnectionStatus = Literal["active", "paused", "failing"]


class ExternalAccount(BaseModel):
    """Whose account the credentials open."""

    id: str
    name: str
    data: dict[str, Any] = Field(default_factory=dict)


class LastError(BaseModel):
    """What the platform refused last. `code` is translated by the console."""

    code: str
    detail: str
    at: datetime


class ChannelConnection(OrganizationDocument):
    """A connected channel. `config` holds what may be seen, the credentials are encrypted JSON."""

    hidden: ClassVar[frozenset[str]] = frozenset({"credentials_encrypted", "webhook_secret"})

    channel: str
    name: str
    status: ConnectionStatus = "active"
    config: dict[str, Any] = Field(default_factory=dict)
    credentials_encrypted: str = ""
    webhook_secret: str
    external_account: ExternalAccount
    last_event_at: datetime | None = None
    last_error: LastError | None = None

    class Settings:
        """Where it is stored."""

        name = "connections"
