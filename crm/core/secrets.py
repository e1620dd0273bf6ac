"""Encryption of credentials at rest."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr


class SecretUnreadableError(Exception):
    """A stored secret cannot be decrypted: the secret key has changed or the data is damaged."""


class SecretBox:
    """Encrypts short texts with a key derived from the product's secret key (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, secret_key: SecretStr) -> None:
        digest = hashlib.sha256(
            b"aitys/secret-box:" + secret_key.get_secret_value().encode()
        ).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))

    def encrypt(self, text: str) -> str:
        """Return `text` encrypted, as ASCII. Two calls give different results."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return what `encrypt` was given.

        Raises:
            SecretUnreadableError: another key made it, or it was changed.
        """
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretUnreadableError(
                "A stored secret cannot be read with the present secret key."
            ) from None
