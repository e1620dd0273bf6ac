"""The `@endpoint` decorator: what a handler declares about itself."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from crm.core.api.principal import Access
from crm.core.errors import (
    CsrfFailed,
    DomainError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    PayloadTooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

SAFE_METHODS = frozenset({"GET", "HEAD"})
DEFAULT_MAX_BODY = 256 * 1024
_SPEC = "__endpoint__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The declaration of one endpoint."""

    method: str
    path: str
    access: Access
    summary: str
    tag: str
    name: str
    response: Any = None
    """The type of the body, or None for no content (or a stream)."""
    status: int = 200
    errors: tuple[type[DomainError], ...] = ()
    """The errors it raises beyond those every endpoint can."""
    max_body: int = DEFAULT_MAX_BODY
    """Bytes of the request body that are accepted."""
    upload: bool = False
    """The body is a form with one file, which the handler reads while it comes in; `body` declares its other fields."""
    websocket: bool = False
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    path_parameters: dict[str, type] = field(default_factory=dict)
    bound: frozenset[str] = frozenset()
    """Which of the special parameters (principal, request, client) the handler asks for."""

    @property
    def needs_csrf(self) -> bool:
        """Whether the session's CSRF token must come with the request."""
        return self.access.role is not None and self.method not in SAFE_METHODS

    def all_errors(self) -> list[type[DomainError]]:
        """All errors it can answer with, also those of the machinery around the handler."""
        errors: list[type[DomainError]] = [*self.errors, Unavailable, DomainError]
        if self.access.role is not None:
            errors += [Unauthenticated, Forbidden]
        if self.access is Access.INTERNAL:
            errors.append(Unauthenticated)
        if self.method not in SAFE_METHODS or self.websocket:
            errors.append(CsrfFailed)
        if self.path_parameters:
            errors.append(NotFound)
        if self.body is not None or self.upload:
            errors += [Malformed, PayloadTooLarge, UnsupportedMediaType]
        # Query parameters are always checked: an unknown one is an error, too.
        errors.append(Invalid)
        return list(dict.fromkeys(errors))


def endpoint(
    method: str,
    path: str,
    *,
    access: Access,
    response: Any = None,
    status: int | None = None,
    errors: Sequence[type[DomainError]] = (),
    tag: str | None = None,
    max_body: int = DEFAULT_MAX_BODY,
    websocket: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method of a routes class as an endpoint.

    Args:
        method: the HTTP method.
        path: the path, with parameters in braces.
        access: who may call it.
        response: the type of the answer; None answers 204, `bytes` a file, which the handler streams itself.
        status: 200, or 204 without a response, unless given.
        errors: domain errors it raises beyond those of the machinery.
        tag: its group in the OpenAPI document; the first word of the path unless given.
        max_body: bytes of the body that are accepted; of the file, where the handler takes an `upload`.
        websocket: it upgrades the connection and returns the stream itself.
    """

    def declare(handler: Callable[..., Any]) -> Callable[..., Any]:
        parameters = inspect.signature(handler, eval_str=True).parameters
        in_path = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        special = {"principal", "request", "client"}
        known = {"self", "body", "query", "upload", *special, *in_path}
        if unknown := set(parameters) - known:
            raise TypeError(f"{handler.__qualname__} asks for {', '.join(sorted(unknown))}")
        if missing := set(in_path) - set(parameters):
            raise TypeError(f"{handler.__qualname__} ignores {', '.join(sorted(missing))}")
        if access.role is None and "principal" in parameters:
            raise TypeError(f"{handler.__qualname__} is {access.value}: there is no principal")
        if access.role is not None and "principal" not in parameters:
            raise TypeError(
                f"{handler.__qualname__} must take the principal to know its organization"
            )
        spec = Endpoint(
            method=method,
            path=path,
            access=access,
            summary=(inspect.getdoc(handler) or handler.__name__).splitlines()[0].rstrip("."),
            tag=tag or path.strip("/").split("/")[1 if path.startswith("/api") else 0],
            name=handler.__name__,
            response=response,
            status=status or (101 if websocket else 204 if response is None else 200),
            errors=tuple(errors),
            max_body=max_body,
            upload="upload" in parameters,
            websocket=websocket,
            body=parameters["body"].annotation if "body" in parameters else None,
            query=parameters["query"].annotation if "query" in parameters else None,
            path_parameters={name: parameters[name].annotation for name in in_path},
            bound=frozenset(special & set(parameters)),
        )
        setattr(handler, _SPEC, spec)
        return handler

    return declare


def endpoints_of(routes: object) -> list[tuple[Endpoint, Callable[..., Any]]]:
    """Return the endpoints a routes object declares, with their bound methods."""
    found = []
    for name in vars(type(routes)):
        method = getattr(routes, name)
        spec = getattr(method, _SPEC, None)
        if isinstance(spec, Endpoint):
            found.append((spec, method))
    return found
