"""One open socket of one visitor."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Sequence
from typing import Any, Final

import orjson
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from connectors.webchat.config import WebchatConfig
from connectors.webchat.frames import (
    FRAMES,
    Form,
    Frame,
    Hello,
    Identity,
    Mail,
    Older,
    Ping,
    Say,
    Seen,
    Share,
    Speak,
    Tap,
    Typing,
    Written,
    attended,
    shown,
)
from connectors.webchat.inbound import NotTheirFileError, Visitor, inbound
from connectors.webchat.limits import Allowances
from connectors.webchat.visitors import (
    new_visitor,
    signature_of,
    signed_visitor,
    token_of,
    visitor_of,
)
from crm.contract import ChatMessage, Connection, Inbox

_log = logging.getLogger(__name__)

HISTORY: Final = 50
HELLO_SECONDS: Final = 10.0
CATCH_UP_SECONDS: Final = 1.0
_MOST_MISTAKES: Final = 10


class Chat:
    """Speaks with one widget until it goes."""

    def __init__(
        self,
        *,
        socket: web.WebSocketResponse,
        connection: Connection,
        inbox: Inbox,
        allowances: Allowances,
        address: str,
    ) -> None:
        self._visitor = Visitor(id="")
        self._socket = socket
        self._connection = connection
        self._config = WebchatConfig.model_validate(dict(connection.config))
        self._inbox = inbox
        self._allowances = allowances
        self._address = address
        self._after: str | None = None
        self._shown: set[str] = set()
        self._attendance: dict[str, Any] | None = None
        self._welcomed = asyncio.Event()
        self._mistakes = 0

    @property
    def visitor(self) -> str:
        """The visitor's name, which is also the chat's; empty before ``greet``."""
        return self._visitor.id

    async def greet(self) -> bool:
        """Learn who it is. Returns whether the chat may begin."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                frame = await self._next_frame()
        except TimeoutError:
            frame = None
        if not isinstance(frame, Hello):
            await self._refuse(WSCloseCode.POLICY_VIOLATION, b"hello expected")
            return False
        known = visitor_of(self._connection, frame.token)
        if known is None and self._allowances.newcomers.take(self._address):
            await self._refuse(WSCloseCode.TRY_AGAIN_LATER, b"too many")
            return False
        if frame.identity is not None and not self._is_genuine(frame.identity):
            await self._send({"type": "error", "code": "wrong_signature"})
            await self._refuse(WSCloseCode.POLICY_VIOLATION, b"wrong signature")
            return False
        self._meet(frame, known)
        return True

    def _is_genuine(self, identity: Identity) -> bool:
        secret = self._config.identity_secret
        if secret is None:
            return False
        made = signature_of(secret.get_secret_value(), identity.user_id)
        given = identity.signature.strip().lower().encode("utf-8", "surrogateescape")
        return hmac.compare_digest(made.encode(), given)

    def _meet(self, frame: Hello, known: str | None) -> None:
        visitor = self._visitor
        if frame.identity is not None:
            visitor.user_id = frame.identity.user_id
            visitor.id = signed_visitor(self._connection, visitor.user_id)
            visitor.learn(frame.identity)
        else:
            visitor.id = known or new_visitor()
        if frame.details is not None:
            visitor.learn(frame.details)
        visitor.language = frame.language
        if frame.page and frame.page.startswith(("http://", "https://")):
            visitor.page = frame.page
        # What another visitor's screen showed last is no place to go on from.
        self._after = frame.after if known == visitor.id else None

    async def run(self) -> None:
        """Show history and news, and take what the visitor writes, until the socket closes."""
        # The news are listened to before history is read, so that nothing falls between them.
        news = asyncio.create_task(self._show_news())
        try:
            await asyncio.sleep(0)
            await self._welcome()
            while not self._socket.closed:
                frame = await self._next_frame()
                if frame is not None:
                    await self._take(frame)
        except ConnectionError:
            pass  # the widget is gone; it comes back with what it has
        finally:
            news.cancel()
            await asyncio.gather(news, return_exceptions=True)

    async def show_typing(self) -> None:
        """Somebody of ours is writing."""
        with contextlib.suppress(ConnectionError):
            await self._send({"type": "typing"})

    async def show_read(self, platform_id: str) -> None:
        """All up to this message of the visitor was read."""
        with contextlib.suppress(ConnectionError):
            await self._send({"type": "read", "id": platform_id.removeprefix(f"{self.visitor}:")})

    async def close(self) -> None:
        """The process stops; the widget finds another one."""
        await self._refuse(WSCloseCode.GOING_AWAY, b"restart")

    async def _refuse(self, code: WSCloseCode, why: bytes) -> None:
        await self._socket.close(code=code, message=why)

    async def _next_frame(self) -> Frame | None:
        """The next frame that makes sense; None when it made none or the socket closed."""
        message = await self._socket.receive()
        if message.type is not WSMsgType.TEXT:
            if message.type is WSMsgType.BINARY:
                await self._mistake()
            return None
        if self._allowances.frames.take(self.visitor or self._address):
            await self._refuse(WSCloseCode.POLICY_VIOLATION, b"too fast")
            return None
        try:
            return FRAMES.validate_json(message.data)
        except ValidationError:
            await self._mistake(message.data)
            return None

    async def _mistake(self, data: str = "") -> None:
        """Tell that a frame was not understood; who makes only such is sent away."""
        self._mistakes += 1
        if self._mistakes > _MOST_MISTAKES:
            await self._refuse(WSCloseCode.POLICY_VIOLATION, b"malformed")
            return
        frame: dict[str, Any] = {"type": "error", "code": "malformed"}
        with contextlib.suppress(orjson.JSONDecodeError, AttributeError, UnicodeError):
            client_id = orjson.loads(data).get("id")
            if isinstance(client_id, str) and len(client_id) <= 64:
                frame["id"] = client_id
        await self._send(frame)

    async def _welcome(self) -> None:
        try:
            history = await self._history(after=self._after)
            self._attendance = await self._attended()
        except Exception as error:  # whatever is wrong on our side, the widget tries again
            _log.error("web chat has no history: %s", type(error).__name__)
            await self._refuse(WSCloseCode.TRY_AGAIN_LATER, b"unavailable")
            return
        self._shown |= {message.id for message in history}
        name, language = self._connection.name, self._connection.language
        await self._send(
            {
                "type": "welcome",
                "token": token_of(self._connection, self.visitor),
                "user": self._visitor.user_id is not None,
                "resumed": self._after is not None,
                "history": [self._told(message) for message in history],
                "more": len(history) == HISTORY,
                "config": self._config.public(name=name, language=language),
                "attendance": self._attendance,
            }
        )
        self._welcomed.set()

    async def _history(
        self, *, after: str | None = None, before: str | None = None
    ) -> Sequence[ChatMessage]:
        return await self._inbox.history(
            self._connection, self.visitor, after=after, before=before, limit=HISTORY
        )

    async def _attended(self) -> dict[str, Any] | None:
        if not self._config.offline:
            return None
        return attended(await self._inbox.attendance(self._connection, self.visitor))

    async def _tell_attendance(self) -> None:
        """Tell who answers, when that has changed."""
        with contextlib.suppress(Exception):  # of no consequence
            attendance = await self._attended()
            if attendance != self._attendance:
                self._attendance = attendance
                await self._send({"type": "attendance", "attendance": attendance})

    async def _take(self, frame: Frame) -> None:
        match frame:
            case Say() | Tap() | Share() | Form() | Mail():
                await self._store(frame)
            case Typing():
                if not self._allowances.typing.take(self.visitor):
                    await self._inbox.typing(self._connection, self.visitor)
            case Seen():
                await self._note_seen(frame)
            case Older():
                await self._show_older(frame)
            case Speak():
                self._visitor.language = frame.language
            case Ping():
                await self._send({"type": "pong"})
            case Hello():
                await self._mistake()

    async def _store(self, frame: Written) -> None:
        wait = self._allowances.messages.take(self.visitor)
        if wait:
            retry_after = round(wait + 0.1, 1)
            await self._send(
                {"type": "error", "code": "too_fast", "id": frame.id, "retry_after": retry_after}
            )
            return
        self._learn(frame)
        try:
            message = inbound(self._connection, self._visitor, frame)
            await self._inbox.receive(self._connection, [message])
        except NotTheirFileError:
            await self._send({"type": "error", "code": "file_unknown", "id": frame.id})
            return
        except Exception as error:  # the widget keeps the message and sends it again
            _log.error("web chat message put off: %s", type(error).__name__)
            await self._send({"type": "error", "code": "unavailable", "id": frame.id})
            return
        await self._send({"type": "ack", "id": frame.id})
        await self._tell_attendance()

    def _learn(self, frame: Written) -> None:
        visitor = self._visitor
        if isinstance(frame, Form):
            visitor.learn(frame)
        elif isinstance(frame, Share):
            visitor.phone = visitor.phone or frame.phone
        elif isinstance(frame, Mail):
            visitor.email = visitor.email or frame.email

    async def _show_older(self, frame: Older) -> None:
        if self._allowances.pages.take(self.visitor):
            await self._send({"type": "error", "code": "too_fast"})
            return
        try:
            history = await self._history(before=frame.before)
        except Exception as error:  # the visitor scrolls again
            _log.error("web chat has no older page: %s", type(error).__name__)
            await self._send({"type": "error", "code": "unavailable"})
            return
        self._shown |= {message.id for message in history}
        told = [self._told(message) for message in history]
        await self._send({"type": "older", "history": told, "more": len(history) == HISTORY})

    async def _note_seen(self, frame: Seen) -> None:
        """Only what is in this visitor's own chat can be seen by them."""
        with contextlib.suppress(Exception):  # of no consequence
            if frame.id not in self._shown:
                self._shown |= {message.id for message in await self._history()}
            if frame.id in self._shown:
                await self._inbox.seen(self._connection, frame.id, read=frame.read)

    async def _show_news(self) -> None:
        """Forward what happens in the chat. When it cannot be known any more, let the widget return."""
        catch_up = asyncio.create_task(self._catch_up())
        updates = self._inbox.updates(self._connection, self.visitor)
        try:
            async for update in updates:
                await self._welcomed.wait()
                if update.message is not None:
                    await self._show(update.message)
                elif update.kind == "typing":
                    await self._send({"type": "typing"})
        except ConnectionError:
            return
        except Exception as error:  # the change stream broke
            _log.error("web chat lost its news: %s", type(error).__name__)
        finally:
            catch_up.cancel()
            await asyncio.gather(catch_up, return_exceptions=True)
        await self._refuse(WSCloseCode.SERVICE_RESTART, b"come back")

    async def _catch_up(self) -> None:
        """Show what came while the news were only beginning to be listened to."""
        await self._welcomed.wait()
        await asyncio.sleep(CATCH_UP_SECONDS)
        with contextlib.suppress(Exception):  # the next hello asks again
            for message in await self._history():
                if message.id not in self._shown:
                    await self._show(message)

    async def _show(self, message: ChatMessage) -> None:
        # The visitor's own message is told again when its files are there.
        theirs = message.author_kind == "contact" and message.files
        if message.id in self._shown and not theirs:
            return
        self._shown.add(message.id)
        await self._send({"type": "message", "message": self._told(message)})
        if message.author_kind == "system":  # it changed hands
            await self._tell_attendance()

    def _told(self, message: ChatMessage) -> dict[str, Any]:
        told = shown(message)
        if message.client_id is not None:
            told["client_id"] = message.client_id.removeprefix(f"{self.visitor}:")
        return told

    async def _send(self, frame: dict[str, Any]) -> None:
        if not self._socket.closed:
            await self._socket.send_str(orjson.dumps(frame).decode())
