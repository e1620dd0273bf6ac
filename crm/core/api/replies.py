"""What is sent back: JSON and problem documents (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from bson import ObjectId
from pydantic import BaseModel, SecretStr

from crm.core.errors import DomainError

JSON = "application/json"
PROBLEM = "application/problem+json"
# A person's data must not stay in a shared cache or a disk cache.
API_HEADERS: Mapping[str, str] = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set, or to delete when `value` is None."""

    name: str
    value: str | None
    max_age: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A handler's answer that needs more than a body."""

    body: Any = None
    cookies: tuple[Cookie, ...] = field(default=())


def dump_json(value: Any) -> bytes:
    """Return JSON: ids as hex strings, times as RFC 3339 in UTC with `Z`."""
    return orjson.dumps(value, default=_default, option=_OPTIONS)


def _default(value: Any) -> Any:
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, SecretStr):  # never by accident
        return None
    raise TypeError(f"{type(value).__name__} has no JSON form")


def json_response(value: Any, status: int = 200) -> web.Response:
    """Return a JSON response."""
    return web.Response(
        body=dump_json(value), status=status, content_type=JSON, headers=API_HEADERS
    )


def problem_document(error: DomainError) -> dict[str, Any]:
    """Return the problem document of an error."""
    return {
        **error.members,
        "type": f"urn:aitys:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "errors": [
            {"field": item.field, "code": item.code, "detail": item.detail} for item in error.fields
        ],
    }


def problem_response(error: DomainError) -> web.Response:
    """Return the response of an error."""
    return web.Response(
        body=dump_json(problem_document(error)),
        status=error.status,
        content_type=PROBLEM,
        headers={**API_HEADERS, **error.headers},
    )
