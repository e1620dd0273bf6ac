"""How platforms fail, in three kinds that tell what to do next."""

from __future__ import annotations


class ConnectorError(Exception):
    """A platform did not do what was asked. ``code`` is stable and translated by the console."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class RetryableError(ConnectorError):
    """It may work later. ``retry_after`` in seconds is the platform's own wish, obeyed exactly.

    It is this chat's, or, where ``account_wide``, that of all the connection's chats.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retry_after: float | None = None,
        account_wide: bool = False,
    ) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after
        self.account_wide = account_wide


class RejectedError(ConnectorError):
    """It will never work for this message: blocked by the customer, too old, not allowed."""


class AuthenticationFailedError(ConnectorError):
    """The credentials are wrong or were revoked: the connection needs its admin."""
