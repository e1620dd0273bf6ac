"""IMAPClient on a line whose answers have a limit. Blocking: only ``imap.py`` uses it, in its threads."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from typing import Any, Final

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, LoginError, ProtocolError

from connectors.email.errors import ImapError, shown
from crm.contract import ConnectorError, RejectedError

ANSWER_BYTES: Final = 4_000_000
"""What all answers to one command may amount to; mails are asked for in smaller pieces."""
_LINE_COST: Final = 100
"""What a kept line takes beside its letters: a million empty ones are no small answer."""
_RESPONSE_CODE: Final = re.compile(r"\[([^\]\s]+)[^\]]*\]\s?(.*)", re.DOTALL)
_FORMS: Final = {
    "NO": re.compile(r"\w+ failed: (.*)", re.DOTALL),
    "BAD": re.compile(r"\w+ command error: BAD \[b?['\"](.*)['\"]\]", re.DOTALL),
}
_BROKEN: Final = ("socket error:", "unexpected ", "too much")


class ImapProtocolError(ValueError):
    """The server sent what is no IMAP, or too much of it."""


class Line(imaplib.IMAP4):
    """imaplib's connection over a socket that is connected already.

    imaplib limits the length of a line only: it reserves room for a literal of any size, and keeps
    as many lines as a server sends.
    """

    def __init__(self, sock: socket.socket, host: str, tls: ssl.SSLContext | None) -> None:
        self._given = sock
        self._tls = tls
        self._allowance = ANSWER_BYTES
        super().__init__(host)

    def _create_socket(self, timeout: float | None) -> socket.socket:  # noqa: ARG002 - imaplib calls it
        if self._tls is None:
            return self._given
        return self._tls.wrap_socket(self._given, server_hostname=self.host)

    def begin(self) -> None:
        """Forget what was answered to earlier commands."""
        self.untagged_responses: dict[str, list[Any]] = {}
        self._allowance = ANSWER_BYTES

    def readline(self) -> bytes:
        """See imaplib."""
        line = super().readline()
        self._count(len(line) + _LINE_COST)
        return line

    def read(self, size: int) -> bytes:
        """See imaplib. What is too large is refused before any of it is taken."""
        self._count(size)
        return super().read(size)

    def has_more(self) -> bool:
        """Whether something has come that was not read yet; it stays unread. Does not wait."""
        wait = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            return bool(self.file.peek(1))  # type: ignore[union-attr]  # a BufferedReader
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.sock.settimeout(wait)

    def _count(self, size: int) -> None:
        self._allowance -= size
        if self._allowance < 0:
            raise self.abort("too much in one answer")


class Client(IMAPClient):  # type: ignore[misc]  # the library has no types
    """The library's client on our line, greeted; with TLS from the start if ``tls`` is given.

    Raises:
        Exception: see ``failure_of``.
    """

    line: Line

    def __init__(
        self, sock: socket.socket, host: str, *, tls: ssl.SSLContext | None, seconds: float
    ) -> None:
        sock.settimeout(seconds)
        self._given = (sock, host, tls)
        super().__init__(host, ssl=False, timeout=seconds)
        self.normalise_times = False
        self.line.debug = 0  # the library sets it so that mails' contents go to the log

    def _create_IMAP4(self) -> Line:  # noqa: N802 - the library's name
        self.line = Line(*self._given)
        return self.line

    def idle(self) -> None:
        """As the library's; but servers may tell news before they agree to wait (RFC 3501, 7)."""
        self._idle_tag = self.line._command("IDLE")  # noqa: SLF001
        while self.line._get_response() is not None:  # noqa: SLF001
            if answer := self.line.tagged_commands[self._idle_tag]:
                self._checkok("idle", *answer)
                raise ProtocolError("a wait that ended before it began")

    def names(self) -> frozenset[str]:
        """The server's capabilities, in capitals."""
        return frozenset(one.decode("ascii", "replace") for one in self.capabilities())

    def sign_in(self, username: str, password: str) -> None:
        """Log in with a password in a way that the server offers."""
        offered = self.names()
        if "AUTH=PLAIN" in offered:
            self.plain_login(username, password)
        elif "LOGINDISABLED" in offered:
            raise RejectedError("tls_required", "The mailbox takes no password without TLS.")
        elif username.isascii() and password.isascii():
            escaped = username.replace("\\", "\\\\").replace(
                '"', '\\"'
            )  # imaplib leaves it as it is
            self.login(f'"{escaped}"', password)
        else:
            raise RejectedError(
                "login_not_offered", "The mailbox (IMAP) takes passwords of Latin letters only."
            )

    def sign_in_with_token(self, username: str, token: str) -> None:
        """XOAUTH2 (https://developers.google.com/workspace/gmail/imap/xoauth2-protocol).

        A refusal is a challenge that has to be answered with nothing.
        """
        answers = iter([f"user={username}\x01auth=Bearer {token}\x01\x01"])
        self.sasl_login("XOAUTH2", lambda _: next(answers, ""))


def failure_of(error: Exception) -> Exception:
    """What the library raised as ImapError, or as an error of a session that is of no use any more.

    The library tells refusals from broken lines in its messages only. Whatever else it raises is
    what it makes of answers that are none.
    """
    cause = error.__context__
    at_login = isinstance(error, LoginError)
    if at_login and isinstance(cause, imaplib.IMAP4.error):
        error = cause  # the library says of any failure of a login that it was refused
    match error:
        case OSError() | ConnectorError():
            return error
        case CapabilityError():
            return RejectedError(
                "tls_failed", "The mailbox (IMAP) does not offer TLS on this port."
            )
        case imaplib.IMAP4.error() if not isinstance(error, ProtocolError):
            return _told(error, at_login=at_login)
        case _:
            return ImapProtocolError(type(error).__name__)


def _told(error: imaplib.IMAP4.error, *, at_login: bool) -> Exception:
    """What the message says: a refusal, or that the line is broken."""
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    if isinstance(error, imaplib.IMAP4.abort):
        text = re.sub(r"^command: \w+ => ", "", text)
        return ImapProtocolError(shown(text)) if text.startswith(_BROKEN) else _refusal("BYE", text)
    if text.startswith("* BYE"):
        return _refusal("BYE", text.removeprefix("* BYE"))
    for status, form in _FORMS.items():
        if match := form.fullmatch(text):
            return _refusal(status, match[1])
    if at_login and not text.startswith("command"):  # the server's bare words
        return _refusal("NO", text)
    return ImapProtocolError(shown(text))


def _refusal(status: str, text: str) -> ImapError:
    match = _RESPONSE_CODE.match(text.strip())
    code, words = (match[1], match[2]) if match else ("", text)
    return ImapError(status, code, shown(words))
