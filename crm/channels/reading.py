"""The forms in which a stored connection is given away."""

import orjson

from crm.channels.configuration import joined_config
from crm.channels.models import ChannelConnection
from crm.contract import Account, Connection
from crm.core.database import RawDocument
from crm.core.documents import read_form
from crm.core.secrets import SecretBox, SecretUnreadableError


def connection_read(stored: RawDocument, secrets: SecretBox) -> RawDocument:
    """Return a connection as the API and the event log show it: the names of its credentials only."""
    try:
        names = sorted(orjson.loads(secrets.decrypt(stored["credentials_encrypted"])))
    except SecretUnreadableError:
        names = []
    hidden = ChannelConnection.hidden | {"revision_id"}
    return {**read_form(stored, hidden), "credentials": names}


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
            external_id=account["id"], name=account["name"], data=account.get("data") or {}
        ),
        status=stored["status"],
        language=language,
        updated_at=stored["updated_at"],
    )
