"""Addresses that clients give."""

from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError


def http_url(value: str) -> str:
    """Return an http or https address without a slash at its end.

    Raises:
        PydanticCustomError: it is none.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PydanticCustomError("url_invalid", "Give an address that begins with https://.")
    return value.rstrip("/")
