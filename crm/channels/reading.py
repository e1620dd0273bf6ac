"""The forms in which a stored connection is given away."""

from typing import Any, Final

import orjson

from crm.channels.configuration import joined_config
from crm.contract import Account, Connection
from crm.core.database import RawDocument
from crm.core.secrets import SecretBox, SecretUnreadableError

_SHOWN: Final = (
    "channel",
    "name",
    "status",
    "config",
    "last_event_at",
    "last_error",
    "created_at",
    "updated_at",
)


def connection_read(stored: RawDocument, secrets: SecretBox) -> RawDocument:
    """Return a connection as the API and the event log show it: the names of its credentials only."""
    try:
        names = sorted(orjson.loads(secrets.decrypt(stored["credentials_encrypted"])))
    except SecretUnreadableError:
        names = []
    health = stored.get("health") or {}
    account = stored["external_account"]
    return {
        "id": stored["_id"],
        **{name: stored.get(name) for name in _SHOWN},
        "external_account": {"id": account["id"], "name": account["name"]},
        "credentials": names,
        "warnings": health.get("warnings") or [],
        "token_expires_at": health.get("token_expires_at"),
    }


def health_read(stored: RawDocument, numbers: RawDocument) -> RawDocument:
    """Return how a connection does: what its platform said last, and what `numbers` were counted here."""
    health: dict[str, Any] = stored.get("health") or {}
    return {
        "checked_at": health.get("checked_at"),
        "token_expires_at": health.get("token_expires_at"),
        "quotas": health.get("quotas") or [],
        "warnings": health.get("warnings") or [],
        "last_event_at": stored["last_event_at"],
        "last_error": stored["last_error"],
        **numbers,
    }


def contract_connection(stored: RawDocument, secrets: SecretBox, language: str) -> Connection:
    """Return a connection as connectors use it, with its credentials decrypted.

    Raises:
        SecretUnreadableError: the secret key has changed.
    """
    account = stored["external_account"]
    return Connection(
        id=str(stored["_id"]),
        organization_id=str(stored["organization_id"]),
        channel=stored["channel"],
        name=stored["name"],
        config=joined_config(stored, secrets),
        webhook_secret=stored["webhook_secret"],
        account=Account(
            external_id=account["id"],
            name=account["name"],
            aliases=account.get("aliases") or (),
            data=account.get("data") or {},
        ),
        status=stored["status"],
        language=language,
        updated_at=stored["updated_at"],
        state=stored.get("connector_state") or {},
    )
