"""The HTTP channel between the CRM and the engine; the contract stands at each handler.

Every request carries `Authorization: Bearer <token>`. Bodies are JSON. Errors are `{"code", "detail"}`: 400 for a body that
breaks the contract, 401 without the token, 503 for a turn that failed and may be sent again unchanged.
"""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from json import dumps
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.engine.errors import TrackerConflict, TurnAborted
from bot.engine.messages import BadRequest, parse_record, parse_turn
from bot.engine.processor import TurnProcessor
from bot.engine.replies import CHANNEL

logger = logging.getLogger(__name__)


class TurnChannel(InputChannel):
    """Takes turns and records; answers with the collected replies.

    Args:
        token: What a caller must show; never empty.
    """

    def __init__(self, token: str) -> None:
        if not token:
            raise ValueError("the engine's channel needs a token")
        self._token = token.encode()
        # One turn of a conversation at a time within this process. Rasa's lock store would poll once a second.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    def name(cls) -> str:
        """The channel's name in routes and events."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "TurnChannel":
        """Make the channel from its part of `credentials.yml`."""
        token = (credentials or {}).get("token")
        if not token:
            cls.raise_missing_credentials_exception()
        return cls(str(token))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes; `on_new_message` is not used, since it neither returns replies nor reports failures."""
        routes = Blueprint(f"{CHANNEL}_channel")

        @routes.middleware("request")
        async def check_token(request: Request) -> HTTPResponse | None:
            return (
                None
                if self.authorised(request)
                else _problem(401, "unauthenticated", "a bearer token is required")
            )

        @routes.get("/", name="health")
        async def health(request: Request) -> HTTPResponse:
            """200 when a model is loaded: `{"status": "ok", "model": name}`."""
            return json({"status": "ok", "model": request.app.ctx.agent.model_name})

        @routes.post("/turn", name="turn")
        async def turn(request: Request) -> HTTPResponse:
            """`{conversation_id, message{id, text, payload}, metadata}` -> `{replies, intent, language, skill}`."""
            return await self._answer(request, parse_turn, _processor(request).handle_turn)

        @routes.post("/record", name="record")
        async def record(request: Request) -> HTTPResponse:
            """`{conversation_id, events[{id, role, text}], pause}` -> `{}`."""
            return await self._answer(request, parse_record, _processor(request).record)

        return routes

    def authorised(self, request: Request) -> bool:
        """Return whether the request carries the token, as a bearer token or as `?token=` (Rasa's own habit)."""
        given = request.token or request.args.get("token") or ""
        return hmac.compare_digest(given.encode(), self._token)

    async def _answer(
        self,
        request: Request,
        parse: Callable[[object], Any],
        handle: Callable[[Any], Awaitable[Any]],
    ) -> HTTPResponse:
        try:
            wanted = parse(request.json)
        except BadRequest as error:
            return _problem(400, "invalid", str(error))
        lock = self._locks.get(wanted.conversation_id)
        if lock is None:
            lock = self._locks[wanted.conversation_id] = asyncio.Lock()
        try:
            async with lock:
                try:
                    answer = await handle(wanted)
                except TrackerConflict:
                    # Another engine has answered in this conversation since we kept it in memory. Skills may run twice.
                    answer = await handle(wanted)
        except TurnAborted as error:
            # Only ids and names are logged, never what a customer wrote.
            cause = type(error.__cause__).__name__ if error.__cause__ else "none"
            logger.warning(
                "turn aborted: conversation=%s reason=%s cause=%s",
                wanted.conversation_id,
                error,
                cause,
            )
            return _problem(503, "turn_aborted", str(error))
        return json(answer or {}, dumps=_dumps)

    @classmethod
    def raise_missing_credentials_exception(cls) -> NoReturn:
        """Say what is missing."""
        raise ValueError("credentials.yml must give the channel a token")


def _processor(request: Request) -> TurnProcessor:
    processor: TurnProcessor = request.app.ctx.agent.processor
    return processor


def _problem(status: int, code: str, detail: str) -> HTTPResponse:
    return json({"code": code, "detail": detail}, status=status)


def _dumps(value: Any) -> str:
    return dumps(value, ensure_ascii=False, separators=(",", ":"))
