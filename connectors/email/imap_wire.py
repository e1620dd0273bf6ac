"""Commands to an IMAP server and its answers (RFC 3501), on asyncio.

Every wait has a limit. After any failure the session is of no use: close it and open another.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from typing import Final, Self

from connectors.email.errors import ImapError, shown
from connectors.email.imap_syntax import (
    ImapSyntaxError,
    Quoted,
    Token,
    literal_size,
    parsed,
    written,
)

CONNECT_SECONDS: Final = 15.0
COMMAND_SECONDS: Final = 40.0
_LONGEST_LINE: Final = 16_000_000
"""A search over a mailbox of a million mails answers in one line."""
_LARGEST_LITERAL: Final = 64_000_000
RESPONSE_CODE: Final = re.compile(rb"\[([^\]\s]+)(?:\s+([^\]]*))?\]\s?(.*)", re.DOTALL)


class ImapWire:
    """One connection. Make it with ``open``, which also closes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tag = 0
        self._untagged: list[list[Token]] = []
        self.capabilities: frozenset[str] = frozenset()
        self.exists = 0
        self.news = False
        """Whether a mail has come since the folder was opened."""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, host: str, port: int, *, security: str, tls: ssl.SSLContext
    ) -> AsyncIterator[Self]:
        """A session that is greeted and, unless ``security`` is none, encrypted; not logged in.

        Raises:
            OSError, TimeoutError, ImapError, ImapSyntaxError, EOFError: as they say.
        """
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=tls if security == "tls" else None, limit=_LONGEST_LINE
            )
        session = cls(reader, writer)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                greeting = await session._answer()
                if greeting[:2] == [b"*", b"BYE"]:
                    raise ImapError("BYE", "UNAVAILABLE", "the server is closing")
                if security == "starttls":
                    await session._start_tls(tls, host)
                await session._learn_capabilities()
            yield session
        finally:
            await session._close()

    async def command(self, name: str, *arguments: str, raw: str = "") -> list[list[Token]]:
        """Send a command and return the untagged answers that came.

        Raises:
            ImapError: the server answered NO or BAD.
            TimeoutError, EOFError, OSError, ImapSyntaxError: the session is of no use any more.
        """
        tag = self._next_tag()
        self._untagged = []
        line = f"{tag} {name}".encode()
        for argument in arguments:
            simple = written(argument)
            if simple is not None:
                line += b" " + simple.encode()
                continue
            octets = argument.encode()
            await self._write(line + f" {{{len(octets)}}}\r\n".encode())
            await self._continued(tag)
            line = octets
        await self._write(line + (f" {raw}" if raw else "").encode() + b"\r\n")
        await self._until(tag)
        return self._untagged

    async def _authenticate(self, mechanism: str, secret: bytes) -> None:
        encoded = base64.b64encode(secret)
        tag = self._next_tag()
        self._untagged = []
        start = f"{tag} AUTHENTICATE {mechanism}".encode()
        if "SASL-IR" in self.capabilities:
            await self._write(start + b" " + encoded + b"\r\n")
        else:
            await self._write(start + b"\r\n")
            await self._continued(tag)
            await self._write(encoded + b"\r\n")
        async with asyncio.timeout(COMMAND_SECONDS):
            answer = await self._answer()
            if answer[:1] == [b"+"]:  # why a token is refused; an empty line asks for the end
                await self._write(b"\r\n")
                answer = await self._answer()
            while not self._check_tagged(answer, tag):
                self._note(answer)
                answer = await self._answer()

    async def _start_tls(self, tls: ssl.SSLContext, host: str) -> None:
        await self.command("STARTTLS")
        # What stands in the buffer came before the handshake, from anybody (CVE-2011-0411).
        if self._reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - no public way to ask
            raise ImapSyntaxError("words before TLS")
        await self._writer.start_tls(tls, server_hostname=host)

    async def _learn_capabilities(self) -> None:
        for answer in await self.command("CAPABILITY"):
            if answer[:2] == [b"*", b"CAPABILITY"]:
                self.capabilities = frozenset(
                    one.decode("ascii", "replace").upper()
                    for one in answer[2:]
                    if isinstance(one, bytes)
                )

    def _next_tag(self) -> str:
        self._tag += 1
        return f"a{self._tag}"

    async def _write(self, octets: bytes) -> None:
        self._writer.write(octets)
        async with asyncio.timeout(COMMAND_SECONDS):
            await self._writer.drain()

    async def _continued(self, tag: str) -> None:
        """Wait for the server's ``+``."""
        async with asyncio.timeout(COMMAND_SECONDS):
            while (answer := await self._answer())[:1] != [b"+"]:
                self._check_tagged(answer, tag)
                self._note(answer)

    async def _until(self, tag: str) -> None:
        """Read untagged answers until the command's own."""
        async with asyncio.timeout(COMMAND_SECONDS):
            while not self._check_tagged(answer := await self._answer(), tag):
                self._note(answer)

    def _check_tagged(self, answer: list[Token], tag: str) -> bool:
        """Whether this is the command's own answer. Raises ImapError when it is NO or BAD."""
        if answer[:1] != [tag.encode()]:
            return False
        if answer[1:2] == [b"OK"]:
            self._untagged.append(answer)
            return True
        status = answer[1] if len(answer) > 1 and isinstance(answer[1], bytes) else b"BAD"
        raise _refusal(status.decode("ascii", "replace"), answer)

    def _note(self, answer: list[Token]) -> None:
        match answer:
            case [b"*", int() as count, b"EXISTS", *_]:
                self.news |= count > self.exists
                self.exists = count
            case [b"*", int(), b"EXPUNGE", *_]:
                self.exists = max(0, self.exists - 1)
            case [b"*", b"BYE", *_]:
                raise _refusal("BYE", answer)
            case _:
                pass
        self._untagged.append(answer)

    async def _answer(self, *, may_wait: bool = False) -> list[Token]:
        """The next answer of the server.

        A status line's words are free text and not parsed: ``[b"a1", b"NO", text]``.
        """
        try:
            line = await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError:
            raise ImapSyntaxError("a line without end") from None
        except asyncio.IncompleteReadError:
            raise EOFError("the server closed the connection") from None
        match = re.match(
            rb"(\+|\*|a\d+) (OK|NO|BAD|BYE|PREAUTH)\b ?(.*)\r\n\Z", line, re.DOTALL | re.IGNORECASE
        )
        if match:
            return [match[1], match[2].upper(), Quoted(match[3])]
        if line.startswith(b"+"):
            return [b"+", Quoted(line[1:].strip())]
        fragments = [line]
        async with asyncio.timeout(COMMAND_SECONDS) if may_wait else contextlib.nullcontext():
            while (size := literal_size(fragments[-1])) is not None:
                if size > _LARGEST_LITERAL:
                    raise ImapSyntaxError("a literal is too large")
                try:
                    fragments.append(await self._reader.readexactly(size))
                    fragments.append(await self._reader.readuntil(b"\r\n"))
                except asyncio.IncompleteReadError:
                    raise EOFError("the server closed the connection") from None
                except asyncio.LimitOverrunError:
                    raise ImapSyntaxError("a line without end") from None
        return _upper_keyword(parsed(fragments))

    async def _close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self._writer.write(f"{self._next_tag()} LOGOUT\r\n".encode())
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                await self._writer.wait_closed()


def _upper_keyword(answer: list[Token]) -> list[Token]:
    """The words by which answers are told apart may come in small letters."""
    for place in (1, 2):
        if len(answer) > place and type(answer[place]) is bytes:
            answer[place] = answer[place].upper()  # type: ignore[union-attr]
    return answer


def _refusal(status: str, answer: list[Token]) -> ImapError:
    octets = answer[2] if len(answer) > 2 and isinstance(answer[2], bytes) else b""
    match = RESPONSE_CODE.match(octets)
    code, text = (match[1], match[3]) if match else (b"", octets)
    return ImapError(
        status, code.decode("ascii", "replace"), shown(text.decode("utf-8", "replace"))
    )
