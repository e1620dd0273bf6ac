"""The virus scanner that looks at every file before it is given out, where the installation has one."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, Protocol
from urllib.parse import urlsplit

from crm.files.errors import FileTooLarge

CONNECT_SECONDS: Final = 5.0
SCAN_SECONDS: Final = 120.0
_PIECE: Final = 64 * 1024
_LONGEST_ANSWER: Final = 4_096


class ScannerUnavailableError(Exception):
    """The scanner did not say whether a file is clean: it cannot be reached, or failed. Ask again later."""


class Scanner(Protocol):
    """Looks at files."""

    async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
        """Return what was found in a file, or None when it is clean.

        Raises:
            FileTooLarge: the scanner does not look at files of this size.
            ScannerUnavailableError: it did not say.
        """
        ...


def scanner_of(setting: str | None) -> Scanner | None:
    """The scanner that the setting `virus_scan` names; None when there is none."""
    if setting is None:
        return None
    if not setting.startswith("clamd:"):
        return CommandScanner(shlex.split(setting))
    parts = urlsplit(setting)
    if parts.hostname and parts.port:
        return ClamdScanner(host=parts.hostname, port=parts.port)
    return ClamdScanner(path=parts.path)


class ClamdScanner:
    """ClamAV's daemon, by its command INSTREAM: https://docs.clamav.net/manual/Usage/Scanning.html#clamd."""

    def __init__(self, *, host: str = "", port: int = 0, path: str = "") -> None:
        self._host, self._port, self._path = host, port, path

    async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
        """See the protocol."""
        try:
            async with asyncio.timeout(SCAN_SECONDS):
                answer = await self._ask(chunks)
        except (OSError, TimeoutError) as error:
            raise ScannerUnavailableError(f"clamd: {type(error).__name__}") from None
        return _verdict(answer)

    async def _ask(self, chunks: AsyncIterator[bytes]) -> str:
        async with asyncio.timeout(CONNECT_SECONDS):
            if self._path:
                reader, writer = await asyncio.open_unix_connection(self._path)
            else:
                reader, writer = await asyncio.open_connection(self._host, self._port)
        # It answers in the middle, and closes, when it wants no more: who has not read by then never hears why.
        answering = asyncio.create_task(_read_answer(reader))
        try:
            with suppress(ConnectionError):
                writer.write(b"zINSTREAM\0")
                async for chunk in chunks:
                    for start in range(0, len(chunk), _PIECE):
                        piece = chunk[start : start + _PIECE]
                        writer.write(len(piece).to_bytes(4) + piece)
                        await writer.drain()
                    if answering.done():
                        break
                writer.write((0).to_bytes(4))
                await writer.drain()
            return await answering
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read_answer(reader: asyncio.StreamReader) -> str:
    answer = bytearray()
    while len(answer) < _LONGEST_ANSWER and b"\0" not in answer:
        piece = await reader.read(_LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.partition(b"\0")[0].decode(errors="replace").strip()


def _verdict(answer: str) -> str | None:
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return None
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")
    if "size limit exceeded" in said:
        raise FileTooLarge("The virus scanner does not look at files of this size.")
    raise ScannerUnavailableError(f"clamd said {said[:200]!r}")


class CommandScanner:
    """A command that gets the file on its input and ends with 0 for clean, 1 for infected, as `clamscan -` does.

    It knows none of our secrets: of the environment it gets the search path alone.
    """

    def __init__(self, words: list[str]) -> None:
        self._words = words

    async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
        """See the protocol."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.defpath},
                start_new_session=True,
            )
        except OSError as error:
            raise ScannerUnavailableError(f"{self._words[0]}: {type(error).__name__}") from None
        try:
            async with asyncio.timeout(SCAN_SECONDS):
                assert process.stdin is not None
                with suppress(BrokenPipeError, ConnectionResetError):  # it has seen enough
                    async for chunk in chunks:
                        process.stdin.write(chunk)
                        await process.stdin.drain()
                process.stdin.close()
                code = await process.wait()
        except TimeoutError:
            raise ScannerUnavailableError(f"{self._words[0]} took too long") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if code not in {0, 1}:
            raise ScannerUnavailableError(f"{self._words[0]} ended with {code}")
        return "found" if code else None
