"""A Graph API on loopback that answers as WhatsApp's Cloud API documents.

It keeps accounts, numbers, templates and files in memory, calls webhooks with Meta's signature,
records what numbers send, and fails when told to. Alone:

    python -m tests.fakes.whatsapp_server --port 8082

prints what the console's form asks for; then `POST /fake/say {"text": "Сәлем"}` speaks as a
customer, `POST /fake/tap {"id": "wamid…", "title": "Иә"}` taps, `POST /fake/tell` takes any content of a
message, `POST /fake/status {"id": "wamid…", "status": "read"}` tells a status, and `GET /fake/sent`
shows what was sent.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.fakes.loopback import LoopbackServer
from tests.fakes.whatsapp_api import (
    APP_SECRET,
    CONFIG,
    Failure,
    FakeAccount,
    FakeGraph,
    FakeNumber,
    GraphError,
    Json,
    body,
    customer,
    message,
    said,
    status,
    unknown,
    value,
)

SIGNATURE_HEADER = "X-Hub-Signature-256"


def signed(payload: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """The headers of a delivery: https://developers.facebook.com/docs/graph-api/webhooks/getting-started."""
    digest = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return {SIGNATURE_HEADER: f"sha256={digest}", "Content-Type": "application/json"}


class WhatsAppServer(LoopbackServer):
    """The server. ``async with WhatsAppServer() as server: server.url``."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.graph = FakeGraph()
        self.number = self.graph.number
        self.tells_statuses = False
        """Whether every message sent is told to be sent, delivered and read."""
        self.shakes_hands = True
        """Whether an address is asked first, as Meta does."""
        self.undelivered: list[tuple[Json, str]] = []
        """Bodies that were not confirmed, with the number they were for."""
        self._news = asyncio.Condition()
        self._telling: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=110 * 2**20)
        app.add_routes(
            [
                web.get("/fake/sent", self._sent),
                web.post("/fake/say", self._say),
                web.post("/fake/status", self._status),
                web.post("/fake/tap", self._tap),
                web.post("/fake/tell", self._raw),
                web.get("/lookaside/{media_id}", self._download),
                web.route("*", "/v{version}/{object_id}", self._object),
                web.route("*", "/v{version}/{object_id}/{edge:.*}", self._object),
            ]
        )
        await self._serve(app)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self._stop()

    # What customers do

    async def say(
        self, text: str, *, person: Json | None = None, number: FakeNumber | None = None
    ) -> Json:
        """A customer writes. Returns the body, delivered or waiting."""
        return await self.tell(
            message(self.graph.new_id(), person, text={"body": text}), person=person, number=number
        )

    async def send(
        self,
        kind: str,
        content: bytes,
        mime: str,
        *,
        person: Json | None = None,
        number: FakeNumber | None = None,
        **told: Any,
    ) -> Json:
        """A customer sends a file: image, audio, video, document or sticker."""
        media_id = str(2_000_000_000_000_000 + len(self.graph.files))
        self.graph.files[media_id] = (content, mime)
        sha256 = hashlib.sha256(content).hexdigest()
        file = {"id": media_id, "mime_type": mime, "sha256": sha256, **told}
        return await self.tell(
            message(self.graph.new_id(), person, **{kind: file}), person=person, number=number
        )

    async def tap(self, sent: Json, title: str, *, person: Json | None = None) -> Json:
        """A customer taps a reply button, or a row of a list, under a message of the number."""
        action = sent["interactive"]["action"]
        kind = "list_reply" if "sections" in action else "button_reply"
        choices = (
            [row for section in action["sections"] for row in section["rows"]]
            if kind == "list_reply"
            else [button["reply"] for button in action["buttons"]]
        )
        reply = next(choice for choice in choices if choice["title"] == title)
        return await self.tell(
            message(
                self.graph.new_id(),
                person,
                type="interactive",
                context={"from": "77273555010", "id": sent["id"]},
                interactive={"type": kind, kind: reply},
            ),
            person=person,
        )

    async def tell(
        self, *messages: Json, person: Json | None = None, number: FakeNumber | None = None
    ) -> Json:
        """Deliver messages of one person, in one body."""
        number = number or self.number
        told = said(*messages, person=person, number_id=number.id)
        told["entry"][0]["id"] = self.graph.account_of(number.id).id
        await self.publish(told, number=number)
        return told

    async def progress(self, message_id: str, *states: str, **content: Any) -> None:
        """Tell how far a message of the number has come."""
        for state in states:
            told = value(self.number.id, statuses=[status(message_id, state, **content)])
            await self.publish(body(told))

    async def publish(self, told: Json, *, number: FakeNumber | None = None) -> int | None:
        """Deliver a body when a webhook is set; returns its status."""
        number = number or self.number
        if self.address(number) is None:
            self.undelivered.append((told, number.id))
            return None
        return await self.deliver(told, number=number)

    async def deliver(
        self, told: Json, *, number: FakeNumber | None = None, secret: str = APP_SECRET
    ) -> int:
        """Call the webhook, for the first time or again. 200 confirms it."""
        number = number or self.number
        assert self._client is not None
        payload = json.dumps(told, ensure_ascii=True).encode()  # Meta escapes what is not ASCII
        url, headers = self.address(number), signed(payload, secret)
        assert url is not None
        async with self._client.post(url, data=payload, headers=headers, ssl=False) as answer:
            found = answer.status
        self.undelivered = [one for one in self.undelivered if one[0] != told]
        if found != 200:
            self.undelivered.append((told, number.id))
        return found

    async def redeliver(self) -> list[int]:
        """Deliver again what was not confirmed, in order, as Meta does for up to seven days."""
        numbers = {n.id: n for a in self.graph.accounts.values() for n in a.numbers.values()}
        waiting = list(self.undelivered)
        return [await self.deliver(told, number=numbers[one]) for told, one in waiting]

    def address(self, number: FakeNumber) -> str | None:
        """Where a number's calls go: its own address, else the account's, else the app's."""
        account = self.graph.account_of(number.id)
        if not account.subscribed:
            return None
        return number.override or account.override or self.graph.app_callback

    async def wait_for_sent(self, count: int, *, seconds: float = 10.0) -> list[Json]:
        """Wait until the first number has sent so many messages."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(self.number.sent) >= count)
        return self.number.sent

    # The API

    async def _object(self, request: web.Request) -> web.StreamResponse:
        object_id, edge = request.match_info["object_id"], request.match_info.get("edge", "")
        operation = _operation(self.graph, object_id, edge)
        given = await _given(request)
        self.graph.calls.append((f"{request.method} {operation}", {**request.query, **given}))
        failure = self.graph.next_failure(operation)
        try:
            if failure is not None and not failure.after_doing:
                return await _fail(request, failure)
            result = await self._do(request, operation, object_id, given)
        except GraphError as error:
            return _answer_error(error)
        async with self._news:
            self._news.notify_all()
        return await _fail(request, failure) if failure is not None else web.json_response(result)

    async def _do(self, request: web.Request, operation: str, object_id: str, given: Json) -> Json:
        graph = self.graph
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if operation == "debug_token":
            return graph.debug(request.query["input_token"], token)
        graph.check_token(token, request.query.get("appsecret_proof"))
        if operation == "media_url":
            return self._media_url(object_id)
        if operation in {"phone_numbers", "subscribed_apps", "message_templates"}:
            return await self._of_account(request, operation, object_id, given)
        return await self._of_number(request, operation, object_id, given)

    async def _of_number(
        self, request: web.Request, operation: str, number_id: str, given: Json
    ) -> Json:
        account = self.graph.account_of(number_id)
        number = account.numbers[number_id]
        if operation == "messages":
            result = self.graph.message(number, given)
            if self.tells_statuses and "messages" in result:
                self._tell(result["messages"][0]["id"])
            return result
        if operation == "media":
            name, content, mime = given["file"]
            return self.graph.upload(content, mime, name)
        if request.method == "POST":
            return await self._configure(number, given["webhook_configuration"])
        return number.fields(account, self.graph.app_callback)

    async def _of_account(
        self, request: web.Request, operation: str, account_id: str, given: Json
    ) -> Json:
        account = self.graph.accounts.get(account_id)
        if account is None:
            raise unknown(account_id)
        if operation == "message_templates":
            return self.graph.templates(account, dict(request.query))
        if operation == "phone_numbers":
            numbers = account.numbers.values()
            return {"data": [one.fields(account, self.graph.app_callback) for one in numbers]}
        if request.method == "POST":
            await self._configure(account, given)
            account.subscribed = True
            return {"success": True}
        if request.method == "DELETE":
            account.subscribed = False
            return {"success": True}
        return self.graph.subscriptions(account)

    async def _configure(self, target: FakeAccount | FakeNumber, given: Json) -> Json:
        """Set or remove an address of one's own. Meta asks a new address for the handshake first."""
        url, token = given.get("override_callback_uri") or None, given.get("verify_token")
        if url is not None and self.shakes_hands:
            await self._handshake(url, str(token))
        target.override, target.verify_token = url, token if url else None
        return {"success": True}

    async def _handshake(self, url: str, token: str) -> None:
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise GraphError(400, 2200, "Callback verification failed: an HTTPS URL is needed")
        if not url.startswith("http://127.0.0.1"):
            return  # an example's address, which nobody can reach
        assert self._client is not None
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
        async with self._client.get(url, params=query) as answer:
            if answer.status != 200 or await answer.text() != "1158201444":
                raise GraphError(400, 2200, "Callback verification failed: wrong challenge")

    def _media_url(self, media_id: str) -> Json:
        if media_id not in self.graph.files:
            raise unknown(media_id)
        content, mime = self.graph.files[media_id]
        return {
            "url": f"{self.url}/lookaside/{media_id}",
            "mime_type": mime,
            "sha256": hashlib.sha256(content).hexdigest(),
            "file_size": len(content),
            "id": media_id,
            "messaging_product": "whatsapp",
        }

    async def _download(self, request: web.Request) -> web.StreamResponse:
        failure = self.graph.next_failure("download")
        if failure is not None:
            return await _fail(request, failure)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.graph.tokens:
            raise web.HTTPUnauthorized
        found = self.graph.files.get(request.match_info["media_id"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found[0], content_type=found[1])

    def _tell(self, message_id: str) -> None:
        async def tell() -> None:
            pricing = {
                "billable": False,
                "pricing_model": "PMP",
                "category": "service",
                "type": "free_customer_service",
            }
            await asyncio.sleep(0.05)
            with contextlib.suppress(aiohttp.ClientError):
                await self.progress(message_id, "sent", "delivered", "read", pricing=pricing)

        task = asyncio.create_task(tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    # For trying things by hand

    async def _say(self, request: web.Request) -> web.Response:
        given = await request.json()
        person = customer(
            given.get("user_id", "KZ.13491208655302741918"), given.get("wa_id", "77010000501")
        )
        return web.json_response(await self.say(given["text"], person=person))

    async def _tap(self, request: web.Request) -> web.Response:
        given = await request.json()
        sent = next(one for one in self.number.sent if one["id"] == given["id"])
        return web.json_response(await self.tap(sent, given["title"]))

    async def _raw(self, request: web.Request) -> web.Response:
        """Any content that a message may have: ``{"reaction": {"message_id": "…", "emoji": "👍"}}``."""
        content = await request.json()
        return web.json_response(await self.tell(message(self.graph.new_id(), **content)))

    async def _status(self, request: web.Request) -> web.Response:
        given = await request.json()
        await self.progress(given["id"], given["status"])
        return web.json_response({"ok": True})

    async def _sent(self, request: web.Request) -> web.Response:
        return web.json_response(self.number.sent)


def _operation(graph: FakeGraph, object_id: str, edge: str) -> str:
    if object_id == "debug_token":
        return "debug_token"
    if edge.strip("/"):
        return edge.strip("/")
    numbers = {one for account in graph.accounts.values() for one in account.numbers}
    return "number" if object_id in numbers else "media_url"


async def _given(request: web.Request) -> Json:
    if request.content_type == "application/json":
        found = await request.json() if request.can_read_body else {}
        assert isinstance(found, dict)
        return found
    if request.content_type == "multipart/form-data":
        form: Json = {}
        for name, part in (await request.post()).items():
            is_file = isinstance(part, web.FileField)
            form[name] = (part.filename, part.file.read(), part.content_type) if is_file else part  # type: ignore[union-attr]
        return form
    return {}


async def _fail(request: web.Request, failure: Failure) -> web.Response:
    if failure.status < 0:
        await asyncio.sleep(30)
    if failure.status == 0:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    if failure.error is None:
        return web.Response(status=failure.status, text=failure.text or "")
    return _answer_error(failure.error)


def _answer_error(error: GraphError) -> web.Response:
    return web.json_response({"error": error.body}, status=error.status, headers=error.headers)


async def _serve(port: int, tell: Callable[[str], None]) -> None:
    async with WhatsAppServer(port=port) as server:
        server.tells_statuses = True
        tell(f"Graph API: {server.url} (AITYS_GRAPH_API_URL)")
        for name, known in CONFIG.items():
            tell(f"{name}: {known}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Graph API on loopback.")
    parser.add_argument("--port", type=int, default=8082)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args().port, lambda line: print(line, flush=True)))  # noqa: T201 - its user reads it
