"""E-mail addresses, as people have them and as they are told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Final

import idna

from connectors.email.headers import clean, decoded_words

_ADDRESS: Final = re.compile(r"[^\s<>@\"(),:;\\\[\]]{1,64}@[^\s<>@\"(),:;\\]{1,255}")
_DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)+"
    r"|localhost"
)
_MOST: Final = 100
"""Addresses of one field that are read."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address; ``value`` is normalised: small letters, the domain in its ASCII form."""

    value: str
    name: str | None = None

    @property
    def domain(self) -> str:
        """What follows the @."""
        return self.value.rpartition("@")[2]


def normalised(address: str) -> str | None:
    """The address in the form by which it is known, or None when it is none.

    Local parts are told apart by case nowhere that matters, and people type them in any.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not address.strip().isprintable() or not _ADDRESS.fullmatch(f"{local}@x"):
        return None
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    domain = domain.lower().rstrip(".")
    return f"{local.lower()}@{domain}" if _DOMAIN.fullmatch(domain) else None


def addresses(values: Iterable[str]) -> list[Address]:
    """The valid addresses of header fields, in order, each once."""
    found: dict[str, Address] = {}
    for value in values:
        for name, address in _parsed(value)[:_MOST]:
            known = normalised(address) or normalised(decoded_words(address))
            if known is not None and known not in found:
                shown = " ".join(clean(decoded_words(name)).split()).strip("'\"")
                found[known] = Address(known, shown[:200] or None)
    return list(found.values())


def without_tag(address: str) -> str:
    """The address without what follows a plus: where its mails arrive."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _parsed(value: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    try:
        pairs = [pair for pair in getaddresses([value]) if "@" in pair[1]]
    except Exception:  # the library's parser raises on some fields that are malformed
        pairs = []
    if pairs:
        return pairs
    return [("", match[0]) for match in _ADDRESS.finditer(value)]
