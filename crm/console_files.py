"""Serves the built operator console: a single page whose own router knows the addresses."""

import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

DIST = Path(__file__).parent / "console" / "dist"
RESERVED = ("/api", "/internal", "/webhooks", "/widget", "/files")
"""Addresses below these are never pages of the console."""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE_HEADERS: Mapping[str, str] = {
    # Styles may stand inline, because the component library sets them so; scripts may not.
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOT_BUILT = "<!doctype html><title>Aitys</title><p>The console is not built yet: run <code>make setup</code>."


class ConsoleFiles:
    """Answers addresses nobody else knows with the console's files or its page.

    The files are listed once: an address can only name one of them, never a path.
    """

    def __init__(self, folder: Path = DIST) -> None:
        self._page = folder / "index.html"
        self._files = {
            "/" + path.relative_to(folder).as_posix(): path
            for path in (sorted(folder.rglob("*")) if folder.is_dir() else ())
            if path.is_file() and path != self._page
        }

    def middleware(self) -> Middleware:
        """Return the middleware that turns "not found" into the console."""

        @web.middleware
        async def console(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except web.HTTPNotFound:
                if request.method not in {"GET", "HEAD"} or request.path.startswith(RESERVED):
                    raise
                return self._serve(request)

        return console

    def _serve(self, request: web.Request) -> web.StreamResponse:
        path = self._files.get(request.path)
        if path is not None:
            headers = dict(PAGE_HEADERS)
            if request.path.startswith("/assets/"):  # their names change with their content
                headers |= _FOREVER
            kind, _ = mimetypes.guess_type(path.name)
            headers["Content-Type"] = kind or "application/octet-stream"
            return web.FileResponse(path, headers=headers)
        if "." in request.path.rsplit("/", 1)[-1]:
            raise web.HTTPNotFound
        if not self._page.exists():
            return web.Response(text=_NOT_BUILT, content_type="text/html", headers=PAGE_HEADERS)
        return web.FileResponse(
            self._page, headers={**PAGE_HEADERS, "Content-Type": "text/html; charset=utf-8"}
        )
