"""What every endpoint has in common: problems, the OpenAPI document, events, the console's files."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from openapi_spec_validator import OpenAPIV31SpecValidator
from pymongo.errors import ConnectionFailure

from crm.api_document import document
from crm.app import API
from crm.console_files import ConsoleFiles
from crm.core.api.event_stream import SIGNED_OUT, EventRoutes
from crm.core.feature import Core
from tests.support.console import Console
from tests.support.patience import PATIENCE_SECONDS


async def problem_of(response: aiohttp.ClientResponse) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    problem: dict[str, Any] = await response.json(content_type=None)
    assert set(problem) == {"type", "title", "status", "detail", "code", "errors"}
    assert problem["status"] == response.status
    return problem


class TestProblems:
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{", 400, "malformed_json"),
            (b"\xff\xfe", 400, "malformed_json"),
            (b'{"name": "\\ud800"}', 400, "malformed_json"),
            (b"[1]", 422, "validation_failed"),
            (b"null", 422, "validation_failed"),
            (b'{"name": 1}', 422, "validation_failed"),
            (b'{"attributes": {"a": NaN}}', 422, "validation_failed"),
            (b'{"attributes": {"a": 1e999}}', 422, "validation_failed"),
            (b'{"nome": "x"}', 422, "validation_failed"),
            (b"[" * 100_000, 400, "malformed_json"),
            (b'{"note": "' + b"x" * 300_000 + b'"}', 413, "payload_too_large"),
        ],
    )
    async def test_bad_bodies(self, operator: Console, body: bytes, status: int, code: str) -> None:
        response = await operator.request(
            "POST", "/api/contacts", data=body, headers={"Content-Type": "application/json"}
        )
        assert response.status == status, await response.text()
        assert (await problem_of(response))["code"] == code

    async def test_a_body_without_length_is_limited_too(self, operator: Console) -> None:
        async def endless() -> Any:
            for _ in range(1000):
                yield b"x" * 1000

        response = await operator.request(
            "POST", "/api/contacts", data=endless(), headers={"Content-Type": "application/json"}
        )
        assert response.status == 413

    @pytest.mark.parametrize(
        "headers",
        [
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ],
    )
    async def test_only_plain_json(self, operator: Console, headers: dict[str, str]) -> None:
        response = await operator.request("POST", "/api/contacts", data=b"{}", headers=headers)
        assert response.status in {400, 415}  # aiohttp itself refuses what is not gzip
        if response.status == 415:
            assert (await problem_of(response))["code"] == "unsupported_media_type"

    async def test_null_bytes_and_odd_letters_are_kept(self, operator: Console) -> None:
        name = "a\u0000б\u202eעברית 👩‍👩‍👧 \ufffe"
        made = await operator.post("/api/contacts", {"name": name})
        assert (await operator.get(f"/api/contacts/{made['id']}"))["name"] == name

    @pytest.mark.parametrize(
        ("query", "field", "code"),
        [
            ("limit=0", "limit", "greater_than_equal"),
            ("limit=201", "limit", "less_than_equal"),
            ("limit=x", "limit", "int_parsing"),
            ("nope=1", "nope", "extra_forbidden"),
            ("limit=1&limit=2", "limit", "repeated"),
            ("sort=password", "sort", "sort_unknown"),
            ("cursor=x", "cursor", "cursor_invalid"),
            ("q[$ne]=1", "q[$ne]", "extra_forbidden"),
        ],
    )
    async def test_bad_parameters(self, viewer: Console, query: str, field: str, code: str) -> None:
        response = await viewer.request("GET", f"/api/contacts?{query}")
        assert response.status == 422
        assert {
            (item["field"], item["code"]) for item in (await problem_of(response))["errors"]
        } == {(field, code)}

    async def test_parameters_where_none_are_taken(self, viewer: Console) -> None:
        response = await viewer.request("GET", "/api/organization?x=1")
        assert (await problem_of(response))["errors"][0]["field"] == "x"

    async def test_unknown_addresses_and_methods(self, visitor: Console) -> None:
        for path in ("/api/nothing", "/api", "/internal/nothing", "/api/contacts/1/2/3"):
            response = await visitor.request("GET", path)
            assert (await problem_of(response))["code"] == "not_found"
        response = await visitor.request("PUT", "/api/contacts")
        assert (await problem_of(response))["code"] == "method_not_allowed"
        assert response.headers["Allow"] == "GET, POST"

    async def test_what_nobody_expected_tells_nothing(
        self, viewer: Console, monkeypatch: pytest.MonkeyPatch, core: Core
    ) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr("crm.contacts.service.contact_read", fail)
        response = await viewer.request("GET", "/api/contacts/" + "0" * 24)
        assert response.status == 404
        made = await core.database.collection("contacts").insert_one(
            {"organization_id": viewer.organization_id}
        )
        response = await viewer.request("GET", f"/api/contacts/{made.inserted_id}")
        assert response.status == 500
        problem = await problem_of(response)
        assert problem["code"] == "internal_error"
        assert "secret detail" not in str(problem)


class TestDocument:
    async def test_it_is_valid_and_complete(self, visitor: Console, app: web.Application) -> None:
        document = await visitor.get("/api/openapi.json")
        OpenAPIV31SpecValidator(document).validate()
        described = {
            (method.upper(), path)
            for path, operations in document["paths"].items()
            for method in operations
        }
        served = {
            (route.method, route.resource.canonical)
            for route in app.router.routes()
            if route.resource is not None and route.resource.canonical.startswith("/api/")
        }
        assert described == served
        identifiers = [
            operation["operationId"]
            for operations in document["paths"].values()
            for operation in operations.values()
        ]
        assert len(identifiers) == len(set(identifiers))
        for operations in document["paths"].values():
            for operation in operations.values():
                assert operation["summary"]
                assert "500" in operation["responses"]
                assert "503" in operation["responses"]
                if operation["security"]:
                    assert {"401", "403"} <= set(operation["responses"])

    async def test_secrets_are_not_in_what_is_answered(self, app: web.Application) -> None:
        for spec in app[API].endpoints:
            if spec.response is None:
                continue
            text = str(spec.response)
            for word in ("password", "encrypted", "webhook_secret"):
                assert word not in text


class TestEvents:
    async def test_the_console_follows_and_resumes(
        self, viewer: Console, operator: Console, stranger: Console
    ) -> None:
        async with viewer.client.ws_connect("/api/events") as socket:
            hello = await socket.receive_json()
            assert hello["type"] == "hello"
            made = await operator.post("/api/contacts", {"name": "Айгүл"})
            await stranger.post("/api/contacts", {"name": "Foreign"})
            event = await socket.receive_json(timeout=PATIENCE_SECONDS)
            assert event["type"] == "contact.created"
            assert event["seq"] == hello["seq"] + 1
            assert event["subject_id"] == made["id"]
            # A snapshot and an event tell the same.
            assert event["data"] == made
            assert event["actor"] == {"kind": "user", "id": str(operator.user_id)}
        await operator.patch(f"/api/contacts/{made['id']}", {"note": "missed"})
        async with viewer.client.ws_connect(f"/api/events?after={event['seq']}") as socket:
            assert (await socket.receive_json())["seq"] == event["seq"] + 1
            missed = await socket.receive_json(timeout=PATIENCE_SECONDS)
            assert missed["data"]["note"] == "missed"
        async with viewer.client.ws_connect("/api/events?after=999999") as socket:
            await socket.receive_json()
            assert (await socket.receive_json(timeout=PATIENCE_SECONDS))["type"] == "reset"

    async def test_strangers_and_other_sites_hear_nothing(
        self, visitor: Console, viewer: Console
    ) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await visitor.client.ws_connect("/api/events")
        assert raised.value.status == 401
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await viewer.client.ws_connect("/api/events", origin="https://evil.example")
        assert raised.value.status == 403
        assert (await viewer.get("/api/events", status=426))["code"] == "upgrade_required"

    async def test_signing_out_closes_the_stream(
        self, viewer: Console, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("crm.core.api.event_stream.RECHECK_SECONDS", 0.05)
        async with viewer.client.ws_connect("/api/events") as socket:
            await socket.receive_json()
            await viewer.post("/api/auth/sign-out")
            message = await socket.receive(timeout=PATIENCE_SECONDS)
            assert (message.type, message.data) == (WSMsgType.CLOSE, SIGNED_OUT)

    async def test_a_stopping_server_says_goodbye(
        self, viewer: Console, server: TestServer
    ) -> None:
        async with viewer.client.ws_connect("/api/events") as socket:
            await socket.receive_json()
            closing = asyncio.create_task(server.close())
            message = await socket.receive(timeout=PATIENCE_SECONDS)
            assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
            await socket.close()
            await asyncio.wait_for(closing, PATIENCE_SECONDS)

    def test_the_stream_declares_who_may_follow(self) -> None:
        assert EventRoutes.follow.__endpoint__.websocket  # type: ignore[attr-defined]


class TestHealth:
    async def test_it_tells_when_the_database_is_away(
        self, visitor: Console, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert (await visitor.get("/api/health"))["status"] == "ok"

        class Away:
            async def command(self, _: str) -> None:
                raise ConnectionFailure

        monkeypatch.setattr(core.database, "db", Away())
        response = await visitor.request("GET", "/api/health")
        assert response.status == 503
        assert (await problem_of(response))["code"] == "unavailable"


class TestConsoleFiles:
    @pytest.fixture
    async def files(self, tmp_path: Path) -> Any:
        (tmp_path / "assets").mkdir()
        (tmp_path / "index.html").write_text("<h1>Aitys</h1>")
        (tmp_path / "assets" / "index-1a2b.js").write_text("1")
        (tmp_path.parent / "secret.txt").write_text("secret")
        app = web.Application(middlewares=[ConsoleFiles(tmp_path).middleware()])
        server = TestServer(app)
        await server.start_server()
        async with aiohttp.ClientSession(server.make_url("/")) as session:
            yield session
        await server.close()

    async def test_pages_and_files(self, files: aiohttp.ClientSession) -> None:
        for path in ("/", "/inbox/656", "/contacts?sort=name"):
            response = await files.get(path)
            assert await response.text() == "<h1>Aitys</h1>"
            assert response.headers["Cache-Control"] == "no-cache"
            assert "script-src 'self'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        response = await files.get("/assets/index-1a2b.js")
        assert response.content_type in {"text/javascript", "application/javascript"}
        assert "immutable" in response.headers["Cache-Control"]

    @pytest.mark.parametrize(
        "path",
        [
            "/assets/gone.js",
            "/favicon.ico",
            "/api/x",
            "/webhooks/x",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
        ],
    )
    async def test_what_is_not_there(self, files: aiohttp.ClientSession, path: str) -> None:
        response = await files.get(path)
        assert response.status == 404
        assert "secret" not in await response.text()

    async def test_only_reading(self, files: aiohttp.ClientSession) -> None:
        assert (await files.post("/inbox")).status == 404

    async def test_a_console_that_is_not_built_is_told(self, tmp_path: Path) -> None:
        server = TestServer(
            web.Application(middlewares=[ConsoleFiles(tmp_path / "no").middleware()])
        )
        await server.start_server()
        async with aiohttp.ClientSession() as session:
            response = await session.get(server.make_url("/"))
            assert "make setup" in await response.text()
        await server.close()


async def test_a_document_can_be_printed_without_a_database() -> None:
    assert json.dumps(await document())
