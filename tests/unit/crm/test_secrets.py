"""Encryption of credentials."""

import pytest
from pydantic import SecretStr

from crm.core.secrets import SecretBox, SecretUnreadableError

KEY = SecretStr("0123456789abcdef")


def test_what_was_encrypted_comes_back() -> None:
    box = SecretBox(KEY)
    token = box.encrypt("токен 🔑")
    assert "токен" not in token
    assert SecretBox(KEY).decrypt(token) == "токен 🔑"
    assert box.encrypt("a") != box.encrypt("a")


@pytest.mark.parametrize("broken", ["", "gAAAA", "кириллица"])
def test_another_key_or_damage_is_an_error(broken: str) -> None:
    token = SecretBox(KEY).encrypt("a")
    with pytest.raises(SecretUnreadableError):
        SecretBox(SecretStr("fedcba9876543210")).decrypt(token)
    with pytest.raises(SecretUnreadableError):
        SecretBox(KEY).decrypt(broken)
    with pytest.raises(SecretUnreadableError):
        SecretBox(KEY).decrypt(token[:-6] + "AAAA==")
