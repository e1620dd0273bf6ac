"""One open socket of one visitor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Final

import orjson
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from connectors.webchat.frames import (
    FRAMES,
    Frame,
    Hello,
    Language,
    Ping,
    Say,
    Seen,
    Tap,
    Typing,
    shown,
)
from connectors.webchat.limits import Allowances
from connectors.webchat.visitors import new_visitor, token_of, visitor_of
from crm.contract import ChatMessage, Connection, InboundMessage, Inbox, Sender

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
        config: dict[str, Any],
        address: str,
    ) -> None:
        self.visitor = ""
        self._socket = socket
        self._connection = connection
        self._inbox = inbox
        self._allowances = allowances
        self._config = config
        self._address = address
        self._language: str | None = None
        self._page: str | None = None
        self._after: str | None = None
        self._shown: set[str] = set()
        self._welcomed = asyncio.Event()
        self._mistakes = 0

    async def greet(self) -> bool:
        """Learn who it is. Returns whether the chat may begin."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                frame = await self._next_frame()
        except TimeoutError:
            frame = None
        if not isinstance(frame, Hello):
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"hello expected")
            return False
        known = visitor_of(self._connection, frame.token)
        if known is None and self._allowances.newcomers.take(self._address):
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many")
            return False
        self.visitor = known or new_visitor()
        self._language = frame.language
        if frame.page and frame.page.startswith(("http://", "https://")):
            self._page = frame.page
        self._after = frame.after if known else None
        return True

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

    async def close(self) -> None:
        """The process stops; the widget finds another one."""
        await self._socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart")

    async def _next_frame(self) -> Frame | None:
        """The next frame that makes sense; None when it made none or the socket closed."""
        message = await self._socket.receive()
        if message.type is not WSMsgType.TEXT:
            if message.type is WSMsgType.BINARY:
                await self._mistake()
            return None
        if self._allowances.frames.take(self.visitor or self._address):
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too fast")
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
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"malformed")
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
        except Exception as error:  # whatever is wrong on our side, the widget tries again
            _log.error("web chat has no history: %s", type(error).__name__)
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"unavailable")
            return
        self._shown |= {message.id for message in history}
        await self._send(
            {
                "type": "welcome",
                "token": token_of(self._connection, self.visitor),
                "resumed": self._after is not None,
                "history": [self._told(message) for message in history],
                "config": self._config,
            }
        )
        self._welcomed.set()

    async def _history(self, *, after: str | None) -> Sequence[ChatMessage]:
        return await self._inbox.history(self._connection, self.visitor, after=after, limit=HISTORY)

    async def _take(self, frame: Frame) -> None:
        match frame:
            case Say() | Tap():
                await self._store(frame)
            case Typing():
                if not self._allowances.typing.take(self.visitor):
                    await self._inbox.typing(self._connection, self.visitor)
            case Seen():
                await self._note_seen(frame.id)
            case Language():
                self._language = frame.language
            case Ping():
                await self._send({"type": "pong"})
            case Hello():
                await self._mistake()

    async def _store(self, frame: Say | Tap) -> None:
        wait = self._allowances.messages.take(self.visitor)
        if wait:
            retry_after = round(wait + 0.1, 1)
            await self._send(
                {"type": "error", "code": "too_fast", "id": frame.id, "retry_after": retry_after}
            )
            return
        message = InboundMessage(
            # The widget's ids are its own affair: two visitors may choose the same.
            external_id=f"{self.visitor}:{frame.id}",
            chat_id=self.visitor,
            sender=Sender(external_id=self.visitor, language=self._language),
            text=frame.text if isinstance(frame, Say) else frame.title,
            payload=frame.payload if isinstance(frame, Tap) else None,
            data={"client_id": frame.id, **({"page": self._page} if self._page else {})},
        )
        try:
            await self._inbox.receive(self._connection, [message])
        except Exception as error:  # the widget keeps the message and sends it again
            _log.error("web chat message put off: %s", type(error).__name__)
            await self._send({"type": "error", "code": "unavailable", "id": frame.id})
            return
        await self._send({"type": "ack", "id": frame.id})

    async def _note_seen(self, message_id: str) -> None:
        """Only what is in this visitor's own chat can be seen by them."""
        with contextlib.suppress(Exception):  # of no consequence
            if message_id not in self._shown:
                self._shown |= {message.id for message in await self._history(after=None)}
            if message_id in self._shown:
                await self._inbox.seen(self._connection, message_id)

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
        await self._socket.close(code=WSCloseCode.SERVICE_RESTART, message=b"come back")

    async def _catch_up(self) -> None:
        """Show what came while the news were only beginning to be listened to."""
        await self._welcomed.wait()
        await asyncio.sleep(CATCH_UP_SECONDS)
        with contextlib.suppress(Exception):  # the next hello asks again
            for message in await self._history(after=None):
                await self._show(message)

    async def _show(self, message: ChatMessage) -> None:
        if message.id in self._shown:
            return
        self._shown.add(message.id)
        await self._send({"type": "message", "message": self._told(message)})

    def _told(self, message: ChatMessage) -> dict[str, Any]:
        told = shown(message)
        prefix = f"{self.visitor}:"
        if message.client_id is not None:
            told["client_id"] = message.client_id.removeprefix(prefix)
        return told

    async def _send(self, frame: dict[str, Any]) -> None:
        if not self._socket.closed:
            await self._socket.send_str(orjson.dumps(frame).decode())
