"""A Graph API on loopback that answers for Instagram as Meta documents it, with both kinds of login.

It keeps accounts in memory, delivers signed events to the app's webhook, echoes what is sent, gives out
files, and fails when told to. Accounts' own tokens are served at ``url``, Pages' at ``graph_url``. Alone:

    python -m tests.fakes.instagram_server --port 8083 --webhook http://127.0.0.1:8080/webhooks/instagram/<id>

prints the token and the secret; then `POST /fake/say {"text": "Сәлем"}`, `/fake/mention`, `/fake/react`
and `/fake/seen` do what a customer does, and `GET /fake/sent` shows what was sent.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.fakes.instagram_api import (
    APP_SECRET,
    IG_ID,
    PAGE_TOKEN,
    TOKEN,
    ApiError,
    Failure,
    FakeAccount,
    Json,
    call,
    renewed,
    token_facts,
)
from tests.fakes.loopback import LoopbackServer
from tests.support.patience import ended

SIGNATURE_HEADER = "X-Hub-Signature-256"
CUSTOMER = "501200300400500"


class InstagramServer(LoopbackServer):
    """The server. ``async with InstagramServer() as server: server.url``."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.account = FakeAccount()
        self.page_account = FakeAccount(
            ig_id="17841400000000002", username="tau_page", token=PAGE_TOKEN, login="facebook"
        )
        self.accounts = [self.account, self.page_account]
        self.webhook: str | None = None
        self.echoes = True
        """Whether what is sent through the API comes back as an echo, as it does at Meta."""
        self.files: dict[str, tuple[bytes, str]] = {}
        self.redirects: dict[str, str] = {}
        self.chunked: set[str] = set()
        """Files whose size is not told."""
        self.cut: set[str] = set()
        """Files that break off in the middle."""
        self.silent: set[str] = set()
        """Files that never come."""
        self.undelivered: list[Json] = []
        self.statuses: list[int] = []
        """What the webhook answered, in order."""
        self._number = 0
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[object]] = set()

    @property
    def graph_url(self) -> str:
        return f"{self.url}/facebook"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/cdn/{name}", self._file),
                web.post("/fake/{deed}", self._deed),
                web.get("/fake/sent", self._sent),
                web.get("/refresh_access_token", self._renew),
                web.get("/facebook/{version:v[0-9.]+}/debug_token", self._debug_token),
                web.route("*", "/facebook/{version:v[0-9.]+}/{path:.+}", self._handle),
                web.route("*", "/{version:v[0-9.]+}/{path:.+}", self._handle),
            ]
        )
        await self._serve(app)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stop()

    def begin_at(self, number: int) -> None:
        """Let the ids of messages go on from a number, so that none comes twice after a restart."""
        self._number = self.account.first_id = number

    # What an admin does in the app's dashboard

    async def set_webhook(self, url: str, verify_token: str) -> int:
        """Type the address in; Meta asks it at once. Returns its answer's status."""
        assert self._client is not None
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": "1158201444",
            "hub.verify_token": verify_token,
        }
        async with self._client.get(url, params=query) as answer:
            good = answer.status == 200 and await answer.text() == "1158201444"
        self.webhook = url if good else None
        return answer.status

    # What customers do

    def mid(self) -> str:
        """A new message's id."""
        self._number += 1
        return f"aWdfZAG1faW4{self._number:08d}"

    def keep(self, name: str, content: bytes, mime: str = "image/jpeg") -> str:
        """Put a file where Meta keeps files; its address."""
        self.files[name] = (content, mime)
        return f"{self.url}/cdn/{name}"

    def item(
        self, *, account: FakeAccount | None = None, customer: str = CUSTOMER, **event: Any
    ) -> Json:
        """One event of a customer."""
        account = account or self.account
        return {
            "sender": {"id": customer},
            "recipient": {"id": account.ig_id},
            "timestamp": int(time.time() * 1000),
            **event,
        }

    async def say(
        self,
        text: str = "",
        *,
        account: FakeAccount | None = None,
        customer: str = CUSTOMER,
        **message: Any,
    ) -> Json:
        """A customer writes. Returns the body, delivered or kept for later."""
        account = account or self.account
        account.last_inbound[customer] = time.time()
        told = {"mid": self.mid(), **({"text": text} if text else {}), **message}
        item = self.item(account=account, customer=customer, message=told)
        return await self.publish(item, account=account)

    async def send(
        self, kind: str, content: bytes, *, mime: str = "image/jpeg", **told: Any
    ) -> Json:
        """A customer sends a file."""
        url = self.keep(f"{kind}{len(self.files)}.bin", content, mime)
        return await self.say(attachments=[{"type": kind, "payload": {"url": url}}], **told)

    async def publish(self, *items: Json, account: FakeAccount | None = None) -> Json:
        """Deliver events of one account when it is subscribed and there is an address."""
        account = account or self.account
        body = {"object": "instagram", "entry": [self.entry(account, *items)]}
        if self.webhook and account.fields:
            await self.deliver(body, secret=account.app_secret)
        return body

    def entry(self, account: FakeAccount, *items: Json, key: str = "messaging") -> Json:
        return {"id": account.ig_id, "time": int(time.time() * 1000), key: list(items)}

    async def deliver(
        self, body: Json | bytes, *, secret: str = APP_SECRET, signature: str | None = None
    ) -> int:
        """Call the webhook, for the first time or again. 2xx confirms; all else is kept for later."""
        assert self._client is not None
        assert self.webhook is not None
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        made = f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"
        headers = {"Content-Type": "application/json"}
        if signature != "":
            headers[SIGNATURE_HEADER] = made if signature is None else signature
        async with self._client.post(self.webhook, data=raw, headers=headers) as answer:
            status = answer.status
        self.statuses.append(status)
        if isinstance(body, dict):
            with contextlib.suppress(ValueError):
                self.undelivered.remove(body)
            if not 200 <= status < 300:
                self.undelivered.append(body)
        return status

    async def redeliver(self) -> list[int]:
        """Deliver again what was not confirmed, in order, as Meta does for up to 36 hours."""
        return [await self.deliver(body) for body in list(self.undelivered)]

    async def settle(self) -> None:
        """Wait until all echoes were delivered."""
        await ended(self._tasks)

    async def wait_for_sent(self, count: int, *, seconds: float = 10.0) -> list[Json]:
        """Wait until the first account has sent so many messages."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: len(self.account.sent) >= count)
        return self.account.sent

    # The API

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"].split("/")
        account = self._account_of(request)
        given: Json = dict(request.query)
        if request.can_read_body:
            given |= await request.json()
        node = path[0]
        alone = "me" if node == "me" else "profile"
        edge = alone if len(path) == 1 else path[1]
        if account is None:
            return _answer_error(ApiError(400, 190, "Invalid OAuth access token - Cannot parse"))
        account.calls.append((request.method, edge, given))
        failure = account.next_failure(edge)
        if failure is not None and not failure.after_doing:
            return await _fail(request, failure)
        try:
            if edge not in {"me", "profile"} and node not in {"me", account.node}:
                raise ApiError(
                    400, 100, f"Unsupported request. Object with ID '{node}' does not exist"
                )
            _check_proof(account, request)
            answer = call(account, request.method, edge, node, given)
        except ApiError as error:
            return _answer_error(error)
        if answer.get("profile_pic") == "PICTURE":
            answer["profile_pic"] = self.keep("picture.jpg", b"\xff\xd8\xff picture")
        if edge == "messages" and "message_id" in answer:
            await self._tell_sent(account)
        if failure is not None:
            return await _fail(request, failure)
        return web.json_response(answer, headers=account.headers)

    async def _tell_sent(self, account: FakeAccount) -> None:
        async with self._news:
            self._news.notify_all()
        if self.echoes and self.webhook and account.fields:
            sent = account.sent[-1]
            task = asyncio.create_task(self._echo_if_it_can(sent, account))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _echo_if_it_can(self, sent: Json, account: FakeAccount) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await self.echo(sent, account=account)

    async def echo(
        self, sent: Json, *, account: FakeAccount | None = None, with_app: bool = True
    ) -> Json:
        """What was sent comes back: https://developers.facebook.com/docs/instagram-platform/webhooks/examples."""
        account = account or self.account
        message = {"mid": sent["message_id"], "is_echo": True}
        if with_app:
            message["app_id"] = account.app_id
        for name in ("text", "attachment"):
            if name in sent["message"]:
                value = sent["message"][name]
                message |= {"text": value} if name == "text" else {"attachments": [value]}
        item = {
            "sender": {"id": account.ig_id},
            "recipient": {"id": sent["recipient"]["id"]},
            "timestamp": int(time.time() * 1000),
            "message": message,
        }
        return await self.publish(item, account=account)

    async def write_from_phone(self, text: str, *, customer: str = CUSTOMER) -> Json:
        """The owner answers in the Instagram app."""
        sent = {
            "recipient": {"id": customer},
            "message": {"text": text},
            "message_id": self.mid(),
        }
        return await self.echo(sent, with_app=False)

    async def _renew(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("access_token")
        account = next((one for one in self.accounts if one.token == token), None)
        if account is None or request.query.get("grant_type") != "ig_refresh_token":
            return _answer_error(ApiError(400, 190, "Error validating access token"))
        account.calls.append(("GET", "refresh_access_token", {}))
        failure = account.next_failure("refresh_access_token")
        if failure is not None:
            return await _fail(request, failure)
        try:
            return web.json_response(renewed(account))
        except ApiError as error:
            return _answer_error(error)

    async def _debug_token(self, request: web.Request) -> web.StreamResponse:
        asked = request.query.get("input_token")
        account = next((one for one in self.accounts if one.token == asked), None)
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if account is None or given != f"{account.app_id}|{account.app_secret}":
            return _answer_error(ApiError(400, 190, "Invalid OAuth access token"))
        return web.json_response(token_facts(account))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name in self.redirects:
            raise web.HTTPFound(self.redirects[name])
        if name not in self.files:
            raise web.HTTPNotFound
        if name in self.silent:
            await asyncio.sleep(30)
        content, mime = self.files[name]
        if name not in self.chunked | self.cut:
            return web.Response(body=content, content_type=mime)
        answer = web.StreamResponse(headers={"Content-Type": mime})
        if name in self.cut:
            answer.content_length = len(content)
        await answer.prepare(request)
        if name in self.chunked:
            await answer.write(content)
            await answer.write_eof()
            return answer
        await answer.write(content[: len(content) // 2])
        assert request.transport is not None
        request.transport.abort()
        return answer

    def _account_of(self, request: web.Request) -> FakeAccount | None:
        """By its token, at the host of its kind of login."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        login = "facebook" if request.path.startswith("/facebook/") else "instagram"
        found = (one for one in self.accounts if one.token == given and one.login == login)
        return next(found, None)

    # For trying things by hand

    async def _deed(self, request: web.Request) -> web.Response:
        given = await request.json() if request.can_read_body else {}
        customer = str(given.get("customer", CUSTOMER))
        deed = request.match_info["deed"]
        if deed == "say":
            return web.json_response(await self.say(given["text"], customer=customer))
        if deed == "phone":
            return web.json_response(await self.write_from_phone(given["text"], customer=customer))
        if deed == "mention":
            url = self.keep("story.jpg", b"\xff\xd8\xff story")
            attachments = [{"type": "story_mention", "payload": {"url": url}}]
            return web.json_response(await self.say(attachments=attachments, customer=customer))
        if deed == "tap":
            tap = {"mid": self.mid(), "title": given["title"], "payload": given["payload"]}
            return web.json_response(await self.publish(self.item(customer=customer, postback=tap)))
        last = given.get("mid") or (
            self.account.sent[-1]["message_id"] if self.account.sent else ""
        )
        if deed == "react":
            reaction = {"mid": last, "action": "react", "reaction": "love", "emoji": "❤"}
            event = self.item(customer=customer, reaction=reaction)
        elif deed == "seen":
            event = self.item(customer=customer, read={"mid": last})
        else:
            raise web.HTTPNotFound
        return web.json_response(await self.publish(event))

    async def _sent(self, request: web.Request) -> web.Response:
        return web.json_response(self.account.sent)


def _check_proof(account: FakeAccount, request: web.Request) -> None:
    """An app may demand to be called with its secret's proof; a wrong one is always refused."""
    proof = request.query.get("appsecret_proof")
    made = hmac.new(account.app_secret.encode(), account.token.encode(), hashlib.sha256)
    if proof is not None and proof != made.hexdigest():
        raise ApiError(400, 100, "Invalid appsecret_proof provided in the API argument")


async def _fail(request: web.Request, failure: Failure) -> web.StreamResponse:
    if failure.error.status == 0:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    if failure.error.status < 0:
        await asyncio.sleep(30)
    return _answer_error(failure.error)


def _answer_error(error: ApiError) -> web.Response:
    if error.status >= 500:
        return web.Response(status=error.status, text="<html>error</html>")
    return web.json_response(error.body(), status=error.status, headers=error.headers)


async def _serve(port: int, webhook: str | None) -> None:
    async with InstagramServer(port=port) as server:
        server.webhook = webhook
        print(  # noqa: T201 - its user reads it
            f"Instagram:  {server.url} (Pages: {server.graph_url})\nToken:      {TOKEN}\n"
            f"App secret: {APP_SECRET}\nAccount:    {IG_ID}",
            flush=True,
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Instagram's Graph API on loopback.")
    parser.add_argument("--port", type=int, default=8083)
    parser.add_argument("--webhook", help="the connection's address of ours")
    with contextlib.suppress(KeyboardInterrupt):
        arguments = parser.parse_args()
        asyncio.run(_serve(arguments.port, arguments.webhook))
