"""Giving one mail to the sending server: once, within the time that the CRM waits, a few at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

import aiosmtplib

from connectors.email.client import NETWORK, Servers
from connectors.email.composing import ReadFile, composed
from connectors.email.config import EmailConfig
from connectors.email.errors import smtp_error
from connectors.email.outbound import MAX_FILE_BYTES, Part
from crm.contract import OutboundFile, OutboundMessage, RejectedError, RetryableError

SMTP_DATA_SECONDS: Final = 90.0
"""How long a server may take over a mail: filters look at it before they say yes."""
SEND_SECONDS: Final = 125.0
"""How long all of sending may take; less than the CRM waits, so that it is known how far it came."""
SESSIONS_AT_ONCE: Final = 3
"""Mails of one account on their way at a time: providers allow few connections."""
TURN_SECONDS: Final = 5.0
"""How long a mail waits for one of these; then it is put off, so that its own time does not run out."""
PERHAPS_SENT_SECONDS: Final = 600.0
"""How soon a mail goes again that the server had and did not confirm."""
_REMEMBERED: Final = 5_000


class Sending:
    """Sends the mails of this process."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._accepted: OrderedDict[str, None] = OrderedDict()

    async def send(self, config: EmailConfig, message: OutboundMessage, part: Part) -> None:
        """Hand a mail over to the sending server, unless this process knows that it was.

        Raises:
            ConnectorError: as it says; ``perhaps_sent`` when the server had it and did not answer.
        """
        known = f"{config.smtp_host}\n{config.login}\n{part.message_id}"
        if known in self._accepted:
            return
        until = asyncio.get_running_loop().time() + SEND_SECONDS
        files = [await _read(message.attachments[place]) for place in part.files]
        mail = await asyncio.to_thread(composed, part, files, now=datetime.now(UTC))
        async with self._turn(config), contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(until - SMTP_DATA_SECONDS):
                    smtp = await stack.enter_async_context(self._servers.smtp(config))
                    await self._announce(smtp, part, mail)
            except (aiosmtplib.SMTPException, *NETWORK) as error:
                raise smtp_error(error) from error
            await self._hand_over(smtp, mail, until)
            self._accepted[known] = None
            if len(self._accepted) > _REMEMBERED:
                self._accepted.popitem(last=False)

    @contextlib.asynccontextmanager
    async def _turn(self, config: EmailConfig) -> AsyncIterator[None]:
        """One of the account's few sessions. Raises RetryableError when none becomes free."""
        gate = self._gates.setdefault(
            f"{config.smtp_host}\n{config.login}", asyncio.Semaphore(SESSIONS_AT_ONCE)
        )
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await gate.acquire()
        except TimeoutError:
            raise RetryableError(
                "sessions_busy",
                "The account's earlier mails are on their way still.",
                retry_after=TURN_SECONDS,
                account_wide=True,
            ) from None
        try:
            yield
        finally:
            gate.release()

    @staticmethod
    async def _hand_over(smtp: aiosmtplib.SMTP, mail: bytes, until: float) -> None:
        """Give the mail. A line that breaks here says nothing of whether the server took it."""
        try:
            async with asyncio.timeout_at(until):
                await smtp.data(mail, timeout=None)
        except aiosmtplib.SMTPResponseException as error:
            raise smtp_error(error) from error
        except (aiosmtplib.SMTPException, *NETWORK) as error:
            if isinstance(smtp.transport, asyncio.WriteTransport):
                smtp.transport.abort()  # what has not gone out must not go now
            raise RetryableError(
                "perhaps_sent",
                "The sending server (SMTP) had the mail and did not say that it took it.",
                retry_after=PERHAPS_SENT_SECONDS,
            ) from error

    @staticmethod
    async def _announce(smtp: aiosmtplib.SMTP, part: Part, mail: bytes) -> None:
        """Say whose mail comes, for whom and how large."""
        sender, recipient = part.sender, part.recipient
        options: list[str] = []
        if smtp.supports_extension("size"):
            limit = smtp.esmtp_extensions.get("size", "")
            if limit.isdigit() and 0 < int(limit) < len(mail):
                raise RejectedError(
                    "message_too_large",
                    f"The sending server takes mails of {int(limit) // 1_000_000} MB.",
                )
            options.append(f"SIZE={len(mail)}")
        wishes: list[str] = []
        if smtp.supports_extension("dsn"):
            options += ["RET=HDRS", f"ENVID={_xtext(part.message_id)}"]
            wishes += ["NOTIFY=FAILURE,DELAY", f"ORCPT=rfc822;{_xtext(recipient)}"]
        encoding = "ascii"
        if not (sender.isascii() and recipient.isascii()):
            if not smtp.supports_extension("smtputf8"):
                raise RejectedError(
                    "address_not_supported",
                    "The sending server does not take addresses of such letters.",
                )
            options.append("SMTPUTF8")
            encoding = "utf-8"
        await smtp.mail(sender, options=options, encoding=encoding)
        await smtp.rcpt(recipient, options=wishes, encoding=encoding)


def _xtext(text: str) -> str:
    """RFC 3461, section 4."""
    return "".join(
        letter if "!" <= letter <= "~" and letter not in "+=" else f"+{ord(letter):02X}"
        for letter in text
        if ord(letter) < 128
    )[:100]


async def _read(file: OutboundFile) -> ReadFile:
    """A file's bytes. Raises RejectedError when it is larger than it said."""
    content = bytearray()
    stream: AsyncIterator[bytes] = file.open()
    async for chunk in stream:
        content += chunk
        if len(content) > MAX_FILE_BYTES:
            raise RejectedError("file_too_large", f"{file.name} is too large for a mail.")
    return ReadFile(file.name, file.mime, bytes(content))
