"""The stored connection."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from crm.core.documents import OrganizationDocument

ConnectionStatus = Literal["active", "paused", "failing"]


class ExternalAccount(BaseModel):
    """Whose account the credentials open."""

    id: str
    name: str
    aliases: list[str] = Field(default_factory=list)
    data: dict[str, Any] = Field(default_factory=dict)


class LastError(BaseModel):
    """What the platform refused last. `code` is translated by the console."""

    code: str
    detail: str
    at: datetime


class ChannelConnection(OrganizationDocument):
    """A connected channel. `config` holds what may be seen, the credentials are encrypted JSON.

    `account_key` names the platform's account, unique in the whole installation: two connections would take each
    other's messages. It is absent where there is no account (the web chat). A platform's calls find the connection by
    the account's id and its aliases, which `account_ids` holds together.

    Other parts of the product keep their own notes in the same document, without `updated_at`: what the platform said
    of itself (`health`, `notices`), when it is to be asked again (`health_due_at`, `templates_due`,
    `templates_due_at`), a connector's state and the poller's lease.
    """

    channel: str
    name: str
    status: ConnectionStatus = "active"
    config: dict[str, Any] = Field(default_factory=dict)
    credentials_encrypted: str = ""
    webhook_secret: str
    external_account: ExternalAccount
    account_ids: list[str] = Field(default_factory=list)
    last_event_at: datetime | None = None
    last_error: LastError | None = None

    class Settings:
        """Where it is stored."""

        name = "connections"
