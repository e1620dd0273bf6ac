"""The composition of endpoints into an aiohttp application."""

import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from pydantic import SecretStr, TypeAdapter
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError, WTimeoutError

from crm.core.api.binding import bind
from crm.core.api.endpoints import SAFE_METHODS, Endpoint, endpoints_of
from crm.core.api.principal import Access, Authenticator, Principal
from crm.core.api.replies import (
    API_HEADERS,
    JSON,
    Cookie,
    Reply,
    dump_json,
    problem_response,
)
from crm.core.clients import client_address
from crm.core.database import TransactionConflictError
from crm.core.errors import (
    CsrfFailed,
    DomainError,
    Forbidden,
    NotFound,
    Unauthenticated,
    Unavailable,
)

log = logging.getLogger(__name__)

_DATABASE_AWAY = (ConnectionFailure, ExecutionTimeout, WTimeoutError, TransactionConflictError)
CSRF_HEADER = "X-CSRF-Token"
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MethodNotAllowed(DomainError):
    """The path exists, the method does not."""

    status = 405
    default_code = "method_not_allowed"
    title = "This method is not allowed here"


class ApiApplication:
    """Holds all endpoints, guards each by what it declares, and adds them to an aiohttp application.

    Args:
        authenticator: recognises who is signed in.
        internal_token: what our own processes show.
        public_url: the address people use; browsers elsewhere may not change anything.
        trusted_proxy_hops: reverse proxies whose X-Forwarded-For is believed.
        check_responses: compare each answer with its declared type (for tests; it costs time).
    """

    def __init__(
        self,
        *,
        authenticator: Authenticator,
        internal_token: SecretStr,
        public_url: str,
        trusted_proxy_hops: int = 0,
        check_responses: bool = False,
    ) -> None:
        self.endpoints: list[Endpoint] = []
        self.public_routes: list[web.AbstractRouteDef] = []
        self._handlers: list[tuple[Endpoint, Handler]] = []
        self._authenticator = authenticator
        self._internal_token = internal_token.get_secret_value().encode()
        self._public_origin = _origin(public_url)
        self._hops = trusted_proxy_hops
        self._check_responses = check_responses

    def add(self, *routes: object) -> None:
        """Add all endpoints of routes objects."""
        for group in routes:
            for spec, method in endpoints_of(group):
                self.endpoints.append(spec)
                self._handlers.append((spec, self._guarded(spec, method)))

    def add_public(self, routes: Sequence[web.AbstractRouteDef]) -> None:
        """Add plain aiohttp routes that anybody may call: webhooks, the widget, static files.

        They get no principal; whatever they do must follow from a secret of their own.
        """
        self.public_routes.extend(routes)

    def install(self, application: web.Application) -> None:
        """Add everything to the aiohttp application, and see that nothing else is reachable in it."""
        for spec, handler in self._handlers:
            application.router.add_route(spec.method, spec.path, handler)
        application.add_routes(self.public_routes)
        application.middlewares.append(_problems)
        alone = web.UrlDispatcher()  # registers what a GET brings along (HEAD) as the real one does
        alone.add_routes(self.public_routes)
        declared = len(self._handlers) + len(alone.routes())

        async def refuse_undeclared(app: web.Application) -> None:
            if len(app.router.routes()) != declared:
                raise RuntimeError("a route was added past ApiApplication: nobody guards it")

        application.on_startup.append(refuse_undeclared)

    def _guarded(self, spec: Endpoint, method: Callable[..., Awaitable[Any]]) -> Handler:
        answer = (
            None if spec.response is None or spec.response is bytes else TypeAdapter(spec.response)
        )
        wants_principal = "principal" in spec.bound
        wants_request = "request" in spec.bound
        wants_client = "client" in spec.bound

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                principal = await self._admit(spec, request)
                arguments = await bind(spec, request)
                if wants_principal:
                    arguments["principal"] = principal
                if wants_request:
                    arguments["request"] = request
                if wants_client:
                    arguments["client"] = client_address(request, self._hops)
                result = await method(**arguments)
            except (web.HTTPException, ConnectionError):
                raise
            except Exception as error:
                return self._problem(spec, _as_domain_error(spec, error))
            if isinstance(result, web.StreamResponse):
                return result
            return self._answer(spec, result, answer)

        return handle

    async def _admit(self, spec: Endpoint, request: web.Request) -> Principal | None:
        """Let the caller through, or raise. The order of checks is what an outsider may learn."""
        if spec.access is Access.INTERNAL:
            given = request.headers.get(hdrs.AUTHORIZATION, "").encode()
            if not hmac.compare_digest(given, b"Bearer " + self._internal_token):
                raise Unauthenticated
            return None
        changes = spec.method not in SAFE_METHODS
        if (changes or spec.websocket) and not self._same_site(request):
            raise CsrfFailed("The request comes from another site.")
        if spec.access is Access.PUBLIC:
            return None
        principal = await self._authenticator.authenticate(request)
        if principal is None:
            raise Unauthenticated
        if changes:
            given = request.headers.get(CSRF_HEADER, "").encode()
            if not hmac.compare_digest(given, principal.csrf_token.encode()):
                raise CsrfFailed
        needed = spec.access.role
        if needed is None or not principal.role.includes(needed):
            raise Forbidden(f"This needs the role {needed}.")
        return principal

    def _same_site(self, request: web.Request) -> bool:
        """Whether a browser says that our own pages made the request; other clients say nothing."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return True
        return origin == self._public_origin or urlsplit(origin).netloc == request.host

    def _problem(self, spec: Endpoint, error: DomainError) -> web.Response:
        if self._check_responses and not any(
            error.status == known.status and error.code in {known.default_code, *_codes(known)}
            for known in spec.all_errors()
        ):
            raise AssertionError(
                f"{spec.method} {spec.path} does not declare {error.code}"
            ) from error
        return problem_response(error)

    def _answer(
        self, spec: Endpoint, result: Any, answer: TypeAdapter[Any] | None
    ) -> web.StreamResponse:
        cookies: tuple[Cookie, ...] = ()
        if isinstance(result, Reply):
            result, cookies = result.body, result.cookies
        if answer is None:
            response = web.Response(status=spec.status, headers=API_HEADERS)
        else:
            body = dump_json(result)
            if self._check_responses:
                answer.validate_json(body, strict=False)
            response = web.Response(
                body=body, status=spec.status, content_type=JSON, headers=API_HEADERS
            )
        for cookie in cookies:
            if cookie.value is None:
                response.del_cookie(cookie.name, path="/")
            else:
                response.set_cookie(
                    cookie.name,
                    cookie.value,
                    max_age=cookie.max_age,
                    path="/",
                    httponly=True,
                    samesite="Lax",
                    secure=self._public_origin.startswith("https://"),
                )
        return response


def _as_domain_error(spec: Endpoint, error: Exception) -> DomainError:
    """Return what the caller is told; what nobody expected is logged and told to no one."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, _DATABASE_AWAY) or (
        isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")
    ):
        log.warning("%s %s: the database: %s", spec.method, spec.path, type(error).__name__)
        return Unavailable("The database does not answer now.")
    log.error("%s %s failed", spec.method, spec.path, exc_info=error)
    return DomainError()


def _codes(known: type[DomainError]) -> frozenset[str]:
    """The further codes a family declares in `codes`."""
    return frozenset(getattr(known, "codes", ()))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what the router refuses with problem documents, under the addresses of the API."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if not request.path.startswith(("/api/", "/internal/")) and request.path != "/api":
            raise
        if isinstance(error, web.HTTPMethodNotAllowed):
            allowed = ", ".join(sorted(error.allowed_methods))
            return problem_response(MethodNotAllowed(headers={"Allow": allowed}))
        if isinstance(error, web.HTTPNotFound):
            return problem_response(NotFound("There is no such address."))
        raise
