"""Signed addresses of files, for platforms that fetch them and for visitors of a chat: who has one needs no session.

A token holds the file's id, what of it is meant, and until when it is good, under a key that serves nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from bson import ObjectId

from crm.core.clock import utc_now
from crm.core.settings import Settings

FOR_PLATFORMS: Final = timedelta(hours=1)
FOR_VISITORS: Final = timedelta(days=1)
FOR_READERS: Final = timedelta(days=30)
"""Of a link that stands in the text of a message: people open it when they find the time."""
_BODY: Final = struct.Struct(">12sIB")
_SIGNATURE_BYTES: Final = 16
_LENGTH: Final = 44
"""Characters of a token: 33 bytes in base64."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a token names."""

    file_id: ObjectId
    thumbnail: bool
    until: datetime


class Links:
    """Makes and reads signed addresses."""

    def __init__(self, *, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self._key = bytes.fromhex(settings.derive_secret("file-links"))
        self._public_url = settings.public_url
        self._now = now

    def url(self, file_id: ObjectId, *, lasts: timedelta, thumbnail: bool = False) -> str:
        """Return an address of a file that is good for so long."""
        until = int((self._now() + lasts).timestamp())
        body = _BODY.pack(file_id.binary, until, thumbnail)
        token = base64.urlsafe_b64encode(body + self._sign(body)).decode()
        return f"{self._public_url}/files/{token}"

    def read(self, token: str) -> Linked | None:
        """Return what a token names; None when it is not ours or its time is over."""
        if len(token) != _LENGTH or not token.isascii():
            return None
        try:
            content = base64.b64decode(token, altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        body, signature = content[: _BODY.size], content[_BODY.size :]
        if not hmac.compare_digest(signature, self._sign(body)):
            return None
        file_id, until, thumbnail = _BODY.unpack(body)
        if until <= self._now().timestamp():
            return None
        moment = datetime.fromtimestamp(until, self._now().tzinfo)
        return Linked(ObjectId(file_id), bool(thumbnail), moment)

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, sha256).digest()[:_SIGNATURE_BYTES]
