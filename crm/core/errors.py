"""Errors of the domain. One middleware turns them into problem documents (RFC 9457).

`code` is stable: it is the console's translation key and what a client may test for. `detail` is English for people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is a dotted path into the body or the name of a parameter."""

    field: str
    code: str
    detail: str


class DomainError(Exception):
    """The base. A subclass fixes `status` and, unless the caller gives one, `code` and the title."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    member_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """The JSON Schemas of the ``members`` that its problem document has besides the usual ones."""

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        fields: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code or self.default_code
        self.detail = detail or self.title
        self.fields = tuple(fields)
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        super().__init__(f"{self.code}: {self.detail}")


class NotFound(DomainError):
    """There is no such thing, or it belongs to another organization: the two are never told apart."""

    status = 404
    default_code = "not_found"
    title = "Not found"


class Conflict(DomainError):
    """The request contradicts the present state."""

    status = 409
    default_code = "conflict"
    title = "Conflict with the present state"


class Invalid(DomainError):
    """A value is understood but not acceptable."""

    status = 422
    default_code = "validation_failed"
    title = "Some values are not acceptable"


class Malformed(DomainError):
    """The request cannot be read at all."""

    status = 400
    default_code = "malformed_json"
    codes = frozenset({"malformed_form"})
    title = "The body cannot be read"


class PayloadTooLarge(DomainError):
    """The body is larger than the endpoint takes."""

    status = 413
    default_code = "payload_too_large"
    title = "The body is too large"


class UnsupportedMediaType(DomainError):
    """The body is not JSON."""

    status = 415
    default_code = "unsupported_media_type"
    title = "The body must be application/json"


class Unauthenticated(DomainError):
    """Nobody is signed in."""

    status = 401
    default_code = "unauthenticated"
    title = "Sign in first"


class Forbidden(DomainError):
    """The signed-in person may not do this."""

    status = 403
    default_code = "forbidden"
    title = "Not allowed"


class CsrfFailed(Forbidden):
    """The request does not carry the session's CSRF token, or comes from another site."""

    default_code = "csrf_failed"
    title = "The request does not carry the session's X-CSRF-Token"


class TooManyRequests(DomainError):
    """A rate limit is used up; `Retry-After` says for how many seconds."""

    status = 429
    default_code = "too_many_requests"
    title = "Too many attempts"


class Unavailable(DomainError):
    """A part the request needs does not answer now; trying again later may help."""

    status = 503
    default_code = "unavailable"
    title = "Temporarily unavailable"


class UpgradeRequired(DomainError):
    """The address speaks WebSocket only."""

    status = 426
    default_code = "upgrade_required"
    title = "Connect with a WebSocket"
