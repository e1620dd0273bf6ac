"""The two servers of a mailbox, reached with its credentials."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
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
IMAP_THREADS: Final = 512
"""Commands to mailboxes on their way at a time; further ones wait. Waiting for news takes no thread."""
NETWORK: Final = (OSError, EOFError, TimeoutError, ImapProtocolError)


class Servers:
    """Opens sessions with any mailbox's servers."""

    def __init__(
        self, *, addresses_of: AddressesOf, tokens: Tokens, tls: ssl.SSLContext | None = None
    ) -> None:
        self._addresses_of = addresses_of
        self._tokens = tokens
        self._tls = tls or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(IMAP_THREADS, thread_name_prefix="imap")
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
        except NETWORK as error:
            raise imap_error(error) from error

    def close(self) -> None:
        """Let the threads end. Sessions that are open still are cut by whoever opened them."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check_smtp(self, config: EmailConfig) -> None:
        """Log in and out. Raises ConnectorError."""
        async with self.smtp(config):
            pass

    @contextlib.asynccontextmanager
    async def smtp(self, config: EmailConfig) -> AsyncIterator[aiosmtplib.SMTP]:
        """A session that is logged in. Raises ConnectorError."""
        try:
            async with asyncio.timeout(SMTP_CONNECT_SECONDS):
                sock = await connected(self._addresses_of, config.smtp_host, config.smtp_port)
        except NETWORK as error:
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
            if isinstance(error, (aiosmtplib.SMTPException, ConnectorError, *NETWORK)):
                raise smtp_error(error) from error
            raise
        try:
            yield smtp
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, *NETWORK):
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
