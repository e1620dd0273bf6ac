"""Telling a second delivery from a failed write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.errors import BulkWriteError

_DUPLICATE_KEY = 11000


def is_redelivery(failure: Mapping[str, Any]) -> bool:
    """Whether an insert failed because its (connection, external id) is known."""
    return failure.get("code") == _DUPLICATE_KEY and "external_id" in failure.get("keyPattern", ())


def redelivered(error: BulkWriteError) -> int:
    """How many of a bulk were known; anything else that failed is raised."""
    failed: list[Mapping[str, Any]] = error.details["writeErrors"]
    if error.details.get("writeConcernErrors") or not all(map(is_redelivery, failed)):
        raise error
    return len(failed)
