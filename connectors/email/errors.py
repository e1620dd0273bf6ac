"""What mail servers refuse, in the contract's words."""

from __future__ import annotations

import re
import ssl
from typing import Final

import aiosmtplib

from connectors.email.reports import reason_code
from crm.contract import (
    AuthenticationFailedError,
    ConnectorError,
    RejectedError,
    RetryableError,
)

SENDING_LIMIT_SECONDS: Final = 3_600.0
"""How long to rest when a provider says that an account has sent too many mails."""
_TRANSIENT: Final = re.compile(
    r"temporar|try again|too many|unavailable|timed? ?out|internal|server (?:error|busy)|system error|limit|throttl"
    r"|in ?use|not connected|overload|lookup failed",
    re.IGNORECASE,
)
_MISSING: Final = re.compile(
    r"(?:mailbox|folder).{0,20}(?:exist|not found|unknown)|no such (?:mailbox|folder)|unknown (?:mailbox|folder)",
    re.IGNORECASE,
)
_LIMIT: Final = re.compile(
    r"\b5?4?\.?4\.5\b|limit|quota|too many (?:messages|mails|recipients|letters)", re.IGNORECASE
)


class ImapError(ConnectorError):
    """The server answered a command with NO or BAD; ``code`` is its response code, if it gave one."""

    def __init__(self, status: str, response_code: str, text: str) -> None:
        super().__init__("imap_refused", f"The mailbox answered {status}: {shown(text)}")
        self.status = status
        self.response_code = response_code.upper()
        self.text = text


def shown(text: str) -> str:
    """A server's words, fit to be shown to an admin: one short line."""
    return " ".join(text.split())[:200]


def imap_login_error(error: ImapError) -> ConnectorError:
    """Why a server does not let us in (response codes: RFC 5530)."""
    transient = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"}
    certain = {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED"}
    if (
        error.status != "NO"
        or error.response_code in transient
        or (error.response_code not in certain and _TRANSIENT.search(error.text))
    ):
        return RetryableError(
            "mailbox_unavailable", f"The mailbox cannot be opened now: {shown(error.text)}"
        )
    return AuthenticationFailedError(
        "imap_login_rejected", f"The mailbox (IMAP) does not accept the login: {shown(error.text)}"
    )


def imap_error(error: Exception) -> ConnectorError:
    """Any failure of a session with a mailbox."""
    if isinstance(error, ImapError):
        if error.response_code in {"NONEXISTENT", "TRYCREATE"} or _MISSING.search(error.text):
            return RejectedError("folder_missing", f"There is no such folder: {shown(error.text)}")
        return RetryableError("mailbox_refused", error.detail)
    if isinstance(error, ConnectorError):
        return error
    return network_error(error, "The mailbox (IMAP)")


def network_error(error: Exception, whom: str) -> ConnectorError:
    """A failure below the protocol."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return RejectedError(
            "certificate_rejected",
            f"{whom} shows a certificate that is not valid: {error.verify_message}",
        )
    if isinstance(error, ssl.SSLError):
        return RejectedError(
            "tls_failed", f"{whom} does not speak TLS on this port, or not this kind."
        )
    if isinstance(error, TimeoutError):
        return RetryableError("platform_timeout", f"{whom} did not answer in time.")
    return RetryableError("platform_unavailable", f"{whom} cannot be reached now.")


def smtp_error(error: Exception) -> ConnectorError:
    """Why a mail did not go out (reply codes: RFC 5321, section 4.2; RFC 3463)."""
    match error:
        case ConnectorError():
            found: ConnectorError = error
        case aiosmtplib.SMTPAuthenticationError() if error.code >= 500:
            found = AuthenticationFailedError(
                "smtp_login_rejected",
                f"The sending server (SMTP) does not accept the login: {shown(error.message)}",
            )
        case aiosmtplib.SMTPResponseException():
            found = _refused(error.code, error.message)
        case aiosmtplib.SMTPTimeoutError():
            found = network_error(TimeoutError(), "The sending server (SMTP)")
        case aiosmtplib.SMTPException():
            cause = error.__cause__ or error.__context__
            inner = cause if isinstance(cause, OSError) else error
            found = network_error(inner, "The sending server (SMTP)")
        case _:
            found = network_error(error, "The sending server (SMTP)")
    return found


def _refused(code: int, message: str) -> ConnectorError:
    reason = reason_code(message, message)
    detail = f"{code} {shown(message)}"
    if reason == "sending_limit" or (code in {421, 450, 451, 452, 454} and _LIMIT.search(message)):
        return RetryableError("sending_limit", detail, retry_after=SENDING_LIMIT_SECONDS)
    if code in {530, 535, 534}:
        return AuthenticationFailedError(
            "smtp_login_rejected", f"The sending server (SMTP) does not accept the login: {detail}"
        )
    if code < 500:
        return RetryableError(
            "platform_unavailable", f"The sending server (SMTP) does not take it now: {detail}"
        )
    return RejectedError(reason, detail)
