"""One try to deliver one message: part by part, at the channel's pace, within its windows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from connectors.base import Connector, LimitsReach, SetsPace
from crm.contract import (
    AuthenticationFailedError,
    Button,
    Connection,
    ConnectorError,
    OutboundFile,
    OutboundMessage,
    Pace,
    RejectedError,
    RetryableError,
    SendResult,
    TemplateUse,
)
from crm.inbox.breaker import Breaker, Passage, pace_key
from crm.inbox.claims import MARGIN_SECONDS, PARKED, Claim
from crm.inbox.models import Document
from crm.inbox.pacing import FreeShares, Pacing
from crm.inbox.ports import Connections, OutboundFiles
from crm.inbox.reach import reach_of

_log = logging.getLogger(__name__)

UPLOAD_TIMEOUT_SECONDS: Final = 120.0
"""How long sending a part with files may take."""
FAULT: Final = "connector_failed"
"""Our own code failed on a message."""
PERHAPS_SENT: Final = "perhaps_sent"
"""What connectors say when the platform had the message and did not answer: it is tried once more, later."""
STOPPED: Final = frozenset({"connection_paused", "connection_failing"})
"""Why nothing at all is sent through a connection; messages wait until its admin is back."""
REFUSED_SECONDS: Final = 30.0
"""How soon it is tried again after the platform refused our credentials, unless that stops the connection."""
ORGANIZATION_INTERVAL_SECONDS: Final = 1 / 50
ORGANIZATION_BURST: Final = 100
"""All messengers of one organization together: nobody's campaign slows the others down."""


type NotePart = Callable[[Document, Document], Awaitable[bool]]
"""Stores a part that went out; False when somebody else has the message by now."""


class ClaimLostError(Exception):
    """Another process goes on with this message."""


class Delivery:
    """Tries to deliver single messages."""

    def __init__(
        self,
        *,
        connections: Connections,
        connectors: Mapping[str, Connector],
        files: OutboundFiles,
        pacing: Pacing,
        breaker: Breaker,
    ) -> None:
        self._connections = connections
        self._connectors = connectors
        self._files = files
        self._pacing = pacing
        self._breaker = breaker
        self._shares = FreeShares()

    def claim_seconds(self, message: Document) -> float:
        """For how long the message's next part has to be claimed."""
        connector = self._connectors.get(message["channel"])
        return _seconds(connector, message.get("attachments")) + MARGIN_SECONDS

    def limits_reach(self, message: Document) -> bool:
        """Whether it depends on the conversation if the message may go."""
        return isinstance(self._connectors.get(message["channel"]), LimitsReach)

    async def run(
        self,
        message: Document,
        claim: Claim,
        *,
        conversation: Document | None,
        note_part: NotePart,
    ) -> Document | None:
        """Send what of the message has not been sent, each part noted before the next one goes.

        ``conversation`` as it is now, where ``limits_reach``.

        Returns:
            The last part, which the caller notes together with the message's end.

        Raises:
            ConnectorError: whatever went wrong.
            ClaimLostError: as it says.
        """
        connection, connector = await self._channel_of(message)
        _check_reach(connector, connection, message, conversation or {})
        outbound = await self._outbound(message)
        try:
            parts = connector.render(connection, outbound)
        except ConnectorError:
            raise
        except Exception as error:
            _log.exception("connector %s could not render", message["channel"])
            raise RejectedError(
                "not_renderable", "The message cannot be shown in this channel."
            ) from error
        last: Document | None = None
        for part in parts[len(message.get("parts") or ()) :]:
            if last is not None and not await note_part(message, last):
                raise ClaimLostError
            result = await self._send(connector, connection, outbound, part, claim)
            last = {"platform_id": result.platform_id, "state": result.state}
        return last

    async def _channel_of(self, message: Document) -> tuple[Connection, Connector]:
        connection = await self._connections.connection(str(message["connection_id"]))
        connector = self._connectors.get(message["channel"])
        if connection is None or connector is None:
            raise RejectedError("connection_gone", "The channel is no longer connected.")
        if connection.status == "paused":
            raise _stopped("connection_paused", "The channel is paused.")
        if connection.status == "failing":
            raise _stopped(
                "connection_failing", "The platform does not accept the channel's credentials."
            )
        return connection, connector

    async def _outbound(self, message: Document) -> OutboundMessage:
        attachments = message.get("attachments") or []
        files: Sequence[OutboundFile] = ()
        if attachments:
            ids = [attachment["file_id"] for attachment in attachments]
            files = await self._files.outbound(message["organization_id"], ids)
        return outbound_message(message, files)

    async def _send(
        self,
        connector: Connector,
        connection: Connection,
        message: OutboundMessage,
        part: object,
        claim: Claim,
    ) -> SendResult:
        limit = _seconds(connector, message.attachments)
        passage = await self._enter(connector, connection, message.chat_id, limit)
        if not claim.allows(limit):
            raise ClaimLostError
        try:
            async with asyncio.timeout(limit):
                result = await connector.send(connection, message, part)
        except AuthenticationFailedError as error:
            await self._breaker.answered(passage)
            await self._connections.failed(connection, error)
            raise RetryableError(error.code, error.detail, retry_after=REFUSED_SECONDS) from error
        except RetryableError as error:
            await self._put_off(connector, connection, message.chat_id, passage, error)
            raise
        except ConnectorError:
            await self._breaker.answered(passage)
            raise
        except TimeoutError as error:
            await self._breaker.failed(passage, message.chat_id)
            raise RetryableError(
                "platform_timeout", "The platform did not answer in time."
            ) from error
        except Exception as error:
            _log.exception("connector %s failed", connection.channel)
            raise RetryableError(FAULT, "The channel's connector failed.") from error
        await self._breaker.answered(passage)
        return result

    async def _enter(
        self, connector: Connector, connection: Connection, chat_id: str, seconds: float
    ) -> Passage:
        """Wait until a part may go. A channel without paces has no platform to spare.

        Raises:
            RetryableError: it would be too long to wait for.
        """
        if not isinstance(connector, SetsPace):
            return Passage(connection.id)
        paces = [*self._shared(connection), *connector.paces(connection, chat_id)]
        on_trial = await self._breaker.check(connection.id)
        wait = await self._pacing.take(paces)
        passage = Passage(connection.id)
        if on_trial:
            passage = await self._breaker.enter(connection.id, seconds + MARGIN_SECONDS)
        await asyncio.sleep(wait)
        return passage

    async def _put_off(
        self,
        connector: Connector,
        connection: Connection,
        chat_id: str,
        passage: Passage,
        error: RetryableError,
    ) -> None:
        """Obey the platform's wish in all processes; without one, count a failure."""
        # When a doubtful one is tried again is a matter of that message alone.
        if error.retry_after is None or error.code == PERHAPS_SENT:
            await self._breaker.failed(passage, chat_id)
            return
        await self._breaker.answered(passage)
        if error.account_wide:
            await self._pacing.hold(pace_key(connection.id), error.retry_after)
        elif isinstance(connector, SetsPace) and (paces := connector.paces(connection, chat_id)):
            await self._pacing.hold(paces[-1].key, error.retry_after)

    def _shared(self, connection: Connection) -> list[Pace]:
        """The pace of all messengers of the organization, where it comes near it."""
        key = f"organization:{connection.organization_id}"
        if self._shares.take(key):
            return []
        return [Pace(key=key, interval=ORGANIZATION_INTERVAL_SECONDS, burst=ORGANIZATION_BURST)]


def _seconds(connector: Connector | None, attachments: object) -> float:
    """How long sending a part may take."""
    seconds = connector.capabilities.send_seconds if connector else 0.0
    return max(seconds, UPLOAD_TIMEOUT_SECONDS) if attachments else seconds


def _stopped(code: str, detail: str) -> RetryableError:
    return RetryableError(code, detail, retry_after=PARKED.total_seconds())


def _check_reach(
    connector: Connector, connection: Connection, message: Document, conversation: Document
) -> None:
    reach = reach_of(connector, connection, conversation, author_kind=message["author"]["kind"])
    free = reach.open or (reach.templates and message.get("template"))
    if not (free or (reach.tag and reach.tag == message.get("tag"))):
        raise RejectedError(reach.code or "window_closed", "The channel's window is closed.")


def outbound_message(message: Document, files: Sequence[OutboundFile]) -> OutboundMessage:
    """A stored message as connectors render it."""
    author, template = message["author"], message.get("template")
    reply_to = message.get("reply_to") or {}
    return OutboundMessage(
        id=str(message["_id"]),
        chat_id=message["chat_id"],
        text=message["text"],
        author_kind=author["kind"],
        author_name=author.get("name"),
        buttons=[button_of(button) for button in message["buttons"]],
        attachments=files,
        template=_template(template) if template else None,
        reply_to=reply_to.get("platform_id"),
        tag=message.get("tag"),
        language=message["language"],
        thread=message.get("thread") or {},
        resent=message.get("resent", 0),
    )


def button_of(stored: Document) -> Button:
    """A stored button. Older ones have a title and a payload only."""
    return Button(
        title=stored["title"],
        payload=stored.get("payload") or "",
        description=stored.get("description"),
        url=stored.get("url"),
        share=stored.get("share"),
    )


def _template(stored: Document) -> TemplateUse:
    return TemplateUse(
        name=stored["name"],
        language=stored["language"],
        body=stored.get("body") or [],
        header=stored.get("header") or [],
        buttons={int(place): value for place, value in (stored.get("buttons") or {}).items()},
        text=stored.get("text") or "",
    )
