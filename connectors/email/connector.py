"""E-mail as a connector."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel

from connectors.base.addresses import AddressesOf
from connectors.email.addresses import normalised
from connectors.email.client import Servers
from connectors.email.config import EmailConfig
from connectors.email.limits import paces
from connectors.email.mailbox import IDLE_SECONDS, POLL_SECONDS, Desk, Mailbox
from connectors.email.oauth import GOOGLE_URL, MICROSOFT_URL, Tokens
from connectors.email.outbound import CAPABILITIES, Part, render
from connectors.email.sending import Sending
from connectors.email.threads import chat_id_of, new_token
from crm.contract import (
    Account,
    AuthenticationFailedError,
    Connection,
    ConnectorError,
    Health,
    Inbox,
    OutboundMessage,
    Pace,
    Quota,
    RejectedError,
    RetryableError,
    SendResult,
)

_LONGEST_PAUSE_SECONDS: Final = 300.0
_STEADY_SECONDS: Final = 120.0
"""A session that lasted so long was no failure at the door."""
_REFUSALS: Final = 3
"""So often a login is tried before the credentials count as wrong: servers refuse by mistake, too."""

type Sleep = Callable[[float], Awaitable[None]]


class EmailConnector:
    """Reads mailboxes by IMAP and sends by SMTP.

    Args:
        addresses_of: where the servers may be that tenants name.
        google_url: where Google gives access tokens; another one in tests.
        microsoft_url: the same of Microsoft.
        tls: which certificates are believed; the system's when left out.
        idle_seconds: how long a wait for news may last.
        poll_seconds: how often a server that knows no waiting is asked.
        sleep: waits; another one in tests.
    """

    channel = "email"
    title = "E-mail"
    config_model: type[BaseModel] = EmailConfig
    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        addresses_of: AddressesOf,
        google_url: str = GOOGLE_URL,
        microsoft_url: str = MICROSOFT_URL,
        tls: ssl.SSLContext | None = None,
        idle_seconds: float = IDLE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._tokens = Tokens(google_url=google_url, microsoft_url=microsoft_url)
        self._addresses_of = addresses_of
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._poll_seconds = poll_seconds
        self._sleep = sleep
        self._desk = Desk()
        self._last_uids: dict[str, int] = {}

    @functools.cached_property
    def _servers(self) -> Servers:
        return Servers(addresses_of=self._addresses_of, tokens=self._tokens, tls=self._tls)

    @functools.cached_property
    def _sending(self) -> Sending:
        return Sending(self._servers)

    async def verify(self, config: BaseModel) -> Account:
        """Log in to both servers, and open the folder. Says which of them failed."""
        checked = EmailConfig.model_validate(config, from_attributes=True)
        opened, sent = await asyncio.gather(
            self._check_mailbox(checked), self._servers.check_smtp(checked), return_exceptions=True
        )
        errors = [one for one in (opened, sent) if isinstance(one, BaseException)]
        for one in errors:
            if not isinstance(one, ConnectorError):
                raise one
        if errors:
            raise _both([one for one in errors if isinstance(one, ConnectorError)])
        assert isinstance(opened, dict)
        return Account(external_id=checked.mailbox, name=checked.address, data=opened)

    async def connect(self, connection: Connection, *, public_url: str) -> None:
        """Nothing to do: mails are fetched."""

    async def disconnect(self, connection: Connection) -> None:
        """Forget what was remembered. Nothing was left on the servers."""
        self._last_uids.pop(connection.id, None)

    def routes(self, inbox: Inbox) -> Sequence[web.AbstractRouteDef]:  # noqa: ARG002 - the protocol names it
        """None: nobody calls us."""
        return []

    def render(self, connection: Connection, message: OutboundMessage) -> Sequence[Part]:
        """See the protocol."""
        return render(connection, _config(connection), message)

    async def send(
        self, connection: Connection, message: OutboundMessage, part: Part
    ) -> SendResult:
        """See the protocol. Its Message-ID is made of its id: the same however often it is tried."""
        await self._sending.send(_config(connection), message, part)
        return SendResult(platform_id=part.message_id)

    def chat_with(self, connection: Connection, address: str, *, about: str) -> str | None:
        """See the protocol. Its token is as good as that of a thread which a mail has begun."""
        known = normalised(address)
        if known is None or known in _config(connection).own:
            return None
        return chat_id_of(new_token(connection, f"about:{about}"), known)

    def paces(self, connection: Connection, chat_id: str) -> Sequence[Pace]:
        """See the protocol."""
        return paces(connection.id, chat_id)

    async def health(self, connection: Connection, *, public_url: str) -> Health:  # noqa: ARG002 - the protocol names it
        """Log in to both servers, and tell how full the mailbox is."""
        config = _config(connection)
        quotas: list[Quota] = []
        async with self._servers.imap(config) as session:
            await session.examine(config.folder)
            storage = await session.storage()
        await self._servers.check_smtp(config)
        if storage is not None:
            quotas.append(Quota(name="mailbox_bytes", limit=storage.limit, used=storage.used))
        if (last := self._last_uids.get(connection.id)) is not None:
            quotas.append(Quota(name="last_uid", value=str(last)))
        full = storage is not None and storage.used >= storage.limit * 0.95
        return Health(quotas=quotas, warnings=["mailbox_almost_full"] if full else [])

    async def renew(self, connection: Connection, inbox: Inbox) -> None:
        """Keep the refresh token that Microsoft gives anew: the first one ends after 90 days.

        https://learn.microsoft.com/entra/identity-platform/refresh-tokens
        """
        config = _config(connection)
        if config.auth == "password":
            return
        await self._tokens.access_token(config)
        if (renewed := self._tokens.renewed(config)) is not None:
            await inbox.renew(connection, {"oauth_refresh_token": renewed})

    def wants_polling(self, connection: Connection, *, public_url: str) -> bool:  # noqa: ARG002 - the protocol names them
        """Always: a mailbox calls nobody."""
        return True

    async def poll(self, connection: Connection, inbox: Inbox) -> None:
        """Read the mailbox until cancelled; broken sessions are followed by new ones.

        Raises:
            AuthenticationFailedError: the credentials are refused, and not by a passing mistake.
        """
        mailbox = Mailbox(
            servers=self._servers,
            connection=connection,
            config=_config(connection),
            inbox=inbox,
            desk=self._desk,
            noted=functools.partial(self._last_uids.__setitem__, connection.id),
            idle_seconds=self._idle_seconds,
            poll_seconds=self._poll_seconds,
            sleep=self._sleep,
        )
        failures = 0
        while True:
            begun = time.monotonic()
            try:
                await mailbox.read()
            except ConnectorError as error:
                failures = 1 if time.monotonic() - begun > _STEADY_SECONDS else failures + 1
                if isinstance(error, AuthenticationFailedError) and failures >= _REFUSALS:
                    raise
                await self._tell(inbox, connection, error, failures)
            await self._sleep(min(2.0**failures, _LONGEST_PAUSE_SECONDS))

    async def close(self) -> None:
        """See the protocol."""
        if "_servers" in self.__dict__:
            self._servers.close()
        await self._tokens.close()

    @staticmethod
    async def _tell(
        inbox: Inbox, connection: Connection, error: ConnectorError, failures: int
    ) -> None:
        """Show admins what keeps failing. A session that breaks now and then is nothing to show."""
        if failures < 2 or isinstance(error, AuthenticationFailedError):
            return
        with contextlib.suppress(Exception):  # the mailbox is read on, whether this is shown or not
            await inbox.failed(connection, error)

    async def _check_mailbox(self, config: EmailConfig) -> dict[str, Any]:
        """Where the folder ends now: what comes from here on is new."""
        async with self._servers.imap(config) as session:
            folder = await session.examine(config.folder)
            last = folder.uid_next - 1 if folder.uid_next is not None else None
            if last is None:
                last = await session.last_uid()
        return {"folder": folder.name, "validity": folder.uid_validity, "uid": last}


def _config(connection: Connection) -> EmailConfig:
    return EmailConfig.model_validate(dict(connection.config))


def _both(errors: Sequence[ConnectorError]) -> ConnectorError:
    """One error of the two servers': the one that only the admin can mend comes first."""
    order = (AuthenticationFailedError, RejectedError, RetryableError)
    errors = sorted(
        errors,
        key=lambda one: next((n for n, kind in enumerate(order) if isinstance(one, kind)), 9),
    )
    first = errors[0]
    detail = " ".join(one.detail for one in errors)
    return type(first)(first.code, detail) if isinstance(first, order) else first
