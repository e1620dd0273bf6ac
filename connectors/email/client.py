"""The two servers of a mailbox, reached with its credentials."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import aiosmtplib

from connectors.base.addresses import AddressesOf, connected
from connectors.email.config import EmailConfig
from connectors.email.errors import imap_error, smtp_error
from connectors.email.imap import ImapSession
from connectors.email.imap_line import ImapProtocolError
from connectors.email.oauth import Tokens
from crm.contract import (
    AuthenticationFailedError,
    ConnectorError,
    RejectedError,
    RetryableError,
)

SMTP_CONNECT_SECONDS: Final = 8.0
SMTP_COMMAND_SECONDS: Final = 12.0
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
IMAP_THREADS: Final = 512
"""Commands to mailboxes on their way at a time; further ones wait. Waiting for news takes no thread."""
_REMEMBERED: Final = 5_000
_NETWORK: Final = (OSError, EOFError, TimeoutError, ImapProtocolError)


class Servers:
    """Opens sessions with any mailbox's servers."""

    def __init__(
        self, *, addresses_of: AddressesOf, tokens: Tokens, tls: ssl.SSLContext | None = None
    ) -> None:
        self._addresses_of = addresses_of
        self._tokens = tokens
        self._tls = tls or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(IMAP_THREADS, thread_name_prefix="imap")
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._accepted: OrderedDict[str, None] = OrderedDict()
        self._refused: set[str] = set()
        """Logins whose last access token was refused."""

    @contextlib.asynccontextmanager
    async def imap(self, config: EmailConfig) -> AsyncIterator[ImapSession]:
        """A session that is logged in.

        Raises:
            ConnectorError: whatever goes wrong, also within the block.
        """
        try:
            async with ImapSession.open(
                config.imap_host,
                config.imap_port,
                addresses_of=self._addresses_of,
                security=config.imap_security,
                tls=self._tls,
                threads=self._threads,
            ) as session:
                await self._log_in(session, config)
                yield session
        except ConnectorError as error:
            raise imap_error(error) from error
        except _NETWORK as error:
            raise imap_error(error) from error

    def close(self) -> None:
        """Let the threads end. Sessions that are open still are cut by whoever opened them."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check_smtp(self, config: EmailConfig) -> None:
        """Log in and out. Raises ConnectorError."""
        async with self._smtp(config):
            pass

    async def send(
        self,
        config: EmailConfig,
        *,
        message_id: str,
        sender: str,
        recipient: str,
        mail: bytes,
        until: float,
    ) -> None:
        """Hand a mail over to the sending server, unless this process knows that it was.

        Args:
            config: whose account sends it.
            message_id: the same for a second try of the same message.
            sender: who gets its bounces.
            recipient: who gets it.
            mail: the mail.
            until: by when it must be over, by the loop's clock.

        Raises:
            ConnectorError: as it says; ``perhaps_sent`` when the server had it and did not answer.
        """
        known = f"{config.smtp_host}\n{config.login}\n{message_id}"
        if known in self._accepted:
            return
        async with self._turn(config), contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(until - SMTP_DATA_SECONDS):
                    smtp = await stack.enter_async_context(self._smtp(config))
                    await self._announce(smtp, message_id, sender, recipient, mail)
            except (aiosmtplib.SMTPException, *_NETWORK) as error:
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
        except (aiosmtplib.SMTPException, *_NETWORK) as error:
            if isinstance(smtp.transport, asyncio.WriteTransport):
                smtp.transport.abort()  # what has not gone out must not go now
            raise RetryableError(
                "perhaps_sent",
                "The sending server (SMTP) had the mail and did not say that it took it.",
                retry_after=PERHAPS_SENT_SECONDS,
            ) from error

    async def _announce(
        self, smtp: aiosmtplib.SMTP, message_id: str, sender: str, recipient: str, mail: bytes
    ) -> None:
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
            options += ["RET=HDRS", f"ENVID={_xtext(message_id)}"]
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

    @contextlib.asynccontextmanager
    async def _smtp(self, config: EmailConfig) -> AsyncIterator[aiosmtplib.SMTP]:
        """A session that is logged in. Raises ConnectorError."""
        try:
            async with asyncio.timeout(SMTP_CONNECT_SECONDS):
                sock = await connected(self._addresses_of, config.smtp_host, config.smtp_port)
        except _NETWORK as error:
            raise smtp_error(error) from error
        smtp = aiosmtplib.SMTP(
            hostname=config.smtp_host,  # whose certificate it has to be
            sock=sock,
            use_tls=config.smtp_security == "tls",
            start_tls=config.smtp_security == "starttls",
            tls_context=self._tls if config.smtp_security != "none" else None,
            local_hostname=config.address.rpartition("@")[2],
            timeout=SMTP_COMMAND_SECONDS,
        )
        try:
            await smtp.connect(timeout=SMTP_CONNECT_SECONDS)
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
            await self._log_in_smtp(smtp, config)
        except BaseException as error:
            # The socket is the connection's own from here on: closed behind its back, its number
            # would be another connection's while this one still listens to it.
            smtp.close()
            if isinstance(error, (aiosmtplib.SMTPException, ConnectorError, *_NETWORK)):
                raise smtp_error(error) from error
            raise
        try:
            yield smtp
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, *_NETWORK):
                await smtp.quit(timeout=2)
            smtp.close()

    async def _log_in(self, session: ImapSession, config: EmailConfig) -> None:
        if config.auth == "password":
            assert config.password is not None
            await session.log_in(config.login, config.password.get_secret_value())
            return
        if "AUTH=XOAUTH2" not in session.capabilities:
            raise RejectedError(
                "oauth_not_offered", "The mailbox (IMAP) does not take OAuth tokens."
            )
        token = await self._tokens.access_token(config)
        try:
            await session.log_in_with_token(config.login, token)
        except AuthenticationFailedError as error:
            await self._renew(config, error)
        self._refused.discard(config.login)

    async def _log_in_smtp(self, smtp: aiosmtplib.SMTP, config: EmailConfig) -> None:
        if config.auth != "password":
            token = await self._tokens.access_token(config)
            try:
                await smtp.auth_xoauth2(config.login, token)
            except aiosmtplib.SMTPAuthenticationError as error:
                await self._renew(config, smtp_error(error))
            self._refused.discard(config.login)
            return
        assert config.password is not None
        if not smtp.supported_auth_methods:
            if config.smtp_security == "none":
                return  # a relay within one's own network
            raise RejectedError(
                "login_not_offered", "The sending server (SMTP) offers no login here."
            )
        await smtp.login(config.login, config.password.get_secret_value())

    async def _renew(self, config: EmailConfig, refusal: ConnectorError) -> None:
        """An access token was refused: it may be spoilt. A second one in turn is the account's fault.

        Raises:
            ConnectorError: always.
        """
        if config.login in self._refused or not isinstance(refusal, AuthenticationFailedError):
            raise refusal
        self._refused.add(config.login)
        await self._tokens.access_token(config, anew=True)
        raise RetryableError("token_expired", refusal.detail, retry_after=1) from refusal


def _xtext(text: str) -> str:
    """RFC 3461, section 4."""
    return "".join(
        letter if "!" <= letter <= "~" and letter not in "+=" else f"+{ord(letter):02X}"
        for letter in text
        if ord(letter) < 128
    )[:100]
