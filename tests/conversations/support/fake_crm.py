"""The CRM's internal API as the skills see it: keeps what was written, once per source key, and can be made to fail."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.prompts.content import AssistantContent

ORGANIZATION = "65f0000000000000000000a1"
STAGE = {"ru": "В работе", "kk": "Орындалуда", "en": "In progress"}


@dataclass
class FakeCrm:
    """State of the fake, which tests set and read."""

    token: str
    open_now: bool = True
    opens_at: str | None = None
    contact: dict[str, Any] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)
    status: str = "open"
    newest_deal: dict[str, Any] | None = None
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failures: int = 0
    calls: int = 0
    _by_key: dict[str, dict[str, Any]] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget everything between tests."""
        self.open_now, self.opens_at, self.contact, self.newest_deal = True, None, {}, None
        self.content, self.status = {}, "open"
        self.writes, self.failures, self.calls, self._by_key = [], 0, 0, {}

    def written(self, kind: str) -> list[dict[str, Any]]:
        """Return the bodies written to one kind of thing."""
        return [body for name, body in self.writes if name == kind]

    def app(self) -> web.Application:
        """Return the HTTP application."""
        app = web.Application(middlewares=[self._guard])
        base = "/internal/conversations/{id}"
        app.router.add_get(f"{base}/context", self._context)
        for kind in ("lead", "tasks", "handoff", "consents", "feedback"):
            app.router.add_post(f"{base}/{kind}", self._write(kind))
        app.router.add_patch(f"{base}/contact", self._write("contact"))
        app.router.add_get("/internal/organizations/{id}/knowledge/{version}", self._knowledge)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"code": "unauthenticated"}, status=401)
        if request.headers.get("X-Aitys-Organization") != ORGANIZATION:
            return web.json_response({"code": "not_found"}, status=404)
        self.calls += 1
        if self.failures:
            self.failures -= 1
            return web.json_response({"code": "unavailable"}, status=503)
        response: web.StreamResponse = await handler(request)
        return response

    async def _context(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "organization": {
                    "id": ORGANIZATION,
                    "name": "Demo",
                    "timezone": "Asia/Almaty",
                    "language": "ru",
                    "open_now": self.open_now,
                    "opens_at": self.opens_at,
                },
                "assistant": {
                    "version": 1, "name": "Aitys", "tone": "", "instructions": "", "knowledge_version": 3, "llm": None,
                    "content": AssistantContent().with_changes(self.content).document(),
                },
                "conversation": {
                    "id": request.match_info["id"], "language": "ru", "channel": "webchat", "facts": {},
                    "owner": "bot", "status": self.status,
                },
                "contact": {
                    "id": "c", "name": None, "phone": None, "email": None, "marketing_consent": None, **self.contact,
                },
                "newest_deal": self.newest_deal,
                "history": [],
            }
        )  # fmt: skip

    def _write(self, kind: str) -> Any:
        async def handle(request: web.Request) -> web.Response:
            body = await request.json()
            key = body.get("source_key")
            if kind != "contact" and not key:
                return web.json_response({"code": "invalid"}, status=422)
            if key in self._by_key:
                return web.json_response(self._by_key[key])
            answer: dict[str, Any] = {}
            if kind == "handoff":
                answer = {"open_now": self.open_now, "opens_at": self.opens_at}
            elif kind == "lead":
                answer = {"contact_id": "c", "deal_id": "d", "task_id": "t"}
            elif kind == "tasks":
                answer = {"task_id": "t"}
            self.writes.append((kind, body))
            if key:
                self._by_key[key] = answer
            if kind in {"consents", "feedback"}:
                return web.Response(status=204)
            return web.json_response(answer)

        return handle

    async def _knowledge(self, request: web.Request) -> web.Response:
        passage = {
            "id": "p1", "document": "delivery.md", "title": "Доставка", "heading": [], "language": "ru", "position": 0,
            "text": "Доставка по Алматы бесплатная.",
        }  # fmt: skip
        version = int(request.match_info["version"])
        return web.json_response({"version": version, "passages": [passage]})
