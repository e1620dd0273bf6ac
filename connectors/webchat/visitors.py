"""Who a visitor is: a name the server gave, sealed so that nobody can take another's.

The token is kept by the visitor's browser. Whoever holds it reads this visitor's chat and no other.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

from crm.contract import Connection

_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")


def new_visitor() -> str:
    """A name nobody can guess (128 random bits)."""
    return secrets.token_urlsafe(16)


def token_of(connection: Connection, visitor: str) -> str:
    """The visitor's token. It opens this connection's chats only."""
    return f"{visitor}.{_seal(connection, visitor)}"


def visitor_of(connection: Connection, token: str | None) -> str | None:
    """The visitor whose token this is, or None when the server did not give it."""
    match = _TOKEN.fullmatch(token or "")
    if match is None:
        return None
    visitor, seal = match.groups()
    return visitor if hmac.compare_digest(seal, _seal(connection, visitor)) else None


def _seal(connection: Connection, visitor: str) -> str:
    words = f"webchat-visitor\n{connection.id}\n{visitor}"
    return hmac.new(connection.webhook_secret.encode(), words.encode(), hashlib.sha256).hexdigest()
