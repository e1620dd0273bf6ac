"""Who a visitor is: a name the server gave, sealed so that nobody can take another's.

The token is kept by the visitor's browser. Whoever holds it reads this visitor's chat and no other.
A visitor who is signed in at the company's own site has one name on all their devices: it follows
from the user's id, which the site's server signs with the connection's identity secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

from crm.contract import Connection

_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")
_FILE: Final = re.compile(r"([0-9a-f]{24})\.([0-9a-f]{64})")


def new_visitor() -> str:
    """A name nobody can guess (128 random bits)."""
    return secrets.token_urlsafe(16)


def token_of(connection: Connection, visitor: str) -> str:
    """The visitor's token. It opens this connection's chats only."""
    return f"{visitor}.{_seal(connection, 'visitor', visitor)}"


def visitor_of(connection: Connection, token: str | None) -> str | None:
    """The visitor whose token this is, or None when the server did not give it."""
    match = _TOKEN.fullmatch(token or "")
    if match is None:
        return None
    visitor, seal = match.groups()
    good = hmac.compare_digest(seal, _seal(connection, "visitor", visitor))
    return visitor if good else None


def signature_of(identity_secret: str, user_id: str) -> str:
    """What the company's own server makes of a user's id: HMAC-SHA256, as lower-case hex."""
    return hmac.new(identity_secret.encode(), user_id.encode(), hashlib.sha256).hexdigest()


def signed_visitor(connection: Connection, user_id: str) -> str:
    """The name of a user of the company's site, the same on all their devices."""
    words = f"webchat-user\n{connection.id}\n{user_id}"
    digest = hmac.new(connection.webhook_secret.encode(), words.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def sealed_file(connection: Connection, visitor: str, file_id: str) -> str:
    """The name of a visitor's own upload, of no use to anybody else."""
    return f"{file_id}.{_seal(connection, 'file', f'{visitor}\n{file_id}')}"


def file_of(connection: Connection, visitor: str, sealed: str) -> str | None:
    """The id of the file that this visitor uploaded, or None."""
    match = _FILE.fullmatch(sealed)
    if match is None:
        return None
    file_id, seal = match.groups()
    good = hmac.compare_digest(seal, _seal(connection, "file", f"{visitor}\n{file_id}"))
    return file_id if good else None


def _seal(connection: Connection, kind: str, name: str) -> str:
    words = f"webchat-{kind}\n{connection.id}\n{name}"
    return hmac.new(connection.webhook_secret.encode(), words.encode(), hashlib.sha256).hexdigest()
