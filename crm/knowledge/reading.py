"""Documents are read in a process of their own, which is killed when it takes too long."""

import asyncio
import dataclasses
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.knowledge.documents import Reading, read
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.limits import LIMITS, MEGABYTE, Limits
from bot.knowledge.formats.reading import TEXT_KINDS, kind_of
from bot.knowledge.reader import reading_from_mapping

_log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
_PROGRAM = (
    f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from bot.knowledge.reader import main; main()"
)
_MAX_LINE = 256 * MEGABYTE

SMALL_BYTES = 64 * 1024
"""A typed text up to this size is read in the process that asks: that takes milliseconds."""

type Tell = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads documents.

    Attributes:
        limits: of a document.
        seconds: of reading one, by the clock; half of it as the process's own time.
        memory_bytes: that reading one may take.
    """

    limits: Limits = LIMITS
    seconds: float = 300.0
    memory_bytes: int = 1536 * MEGABYTE

    async def read_text(
        self, name: str, content: str, *, language: str | None, title: str | None
    ) -> Reading:
        """Read a small typed text in a thread of this process.

        Raises:
            DocumentError: the document cannot be used.
        """
        return await asyncio.to_thread(
            read, name=name, content=content, language=language, title=title, limits=self.limits
        )

    async def read(
        self,
        name: str,
        content: AsyncIterator[bytes],
        *,
        language: str | None,
        title: str | None,
        tell: Tell,
    ) -> Reading:
        """Read a document in a process of its own.

        Args:
            name: its file name, whose ending tells the kind.
            content: its bytes.
            language: that it is in, if known.
            title: that it has, if one was given.
            tell: told how far it is: parts done, and of how many.

        Raises:
            DocumentError: the document cannot be used; `document_took_too_long` or `document_too_complex`, too.
        """
        order = {
            "name": name,
            "language": language,
            "title": title,
            "limits": dataclasses.asdict(self.limits),
            "memory_bytes": self.memory_bytes,
            "seconds": max(1, int(self.seconds)),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-c", _PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={},  # what reads a stranger's file knows none of our secrets
            limit=_MAX_LINE,
        )
        try:
            async with asyncio.timeout(self.seconds):
                answer = await _converse(process, order, content, tell)
        except TimeoutError:
            raise DocumentError(
                "document_took_too_long",
                f"It could not be read within {self.seconds:.0f} seconds: divide it into smaller documents.",
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if answer is None:
            raise _death(process.returncode)
        if "error" in answer:
            raise DocumentError(answer["error"]["code"], answer["error"]["detail"])
        return reading_from_mapping(answer["reading"])


def is_small_text(name: str, size: int) -> bool:
    """Whether a typed text is read where it comes in."""
    return size <= SMALL_BYTES and kind_of(name) in TEXT_KINDS


async def _converse(
    process: asyncio.subprocess.Process,
    order: dict[str, Any],
    content: AsyncIterator[bytes],
    tell: Tell,
) -> dict[str, Any] | None:
    """Give the process its document and return its last word; None when it died without one."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    complaints = asyncio.create_task(process.stderr.read())
    feeding = asyncio.create_task(_feed(process.stdin, order, content))
    answer: dict[str, Any] | None = None
    try:
        while line := await process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if "done" in said:
                await tell(said["done"], said["total"])
            else:
                answer = said
        await process.wait()
        await feeding
        if complaint := (await complaints).decode(errors="replace").strip():
            _log.warning("the reader of a document said: %s", complaint[-1_000:])
    finally:
        for task in (feeding, complaints):
            task.cancel()
        await asyncio.gather(feeding, complaints, return_exceptions=True)
    return answer


async def _feed(
    stdin: asyncio.StreamWriter, order: dict[str, Any], content: AsyncIterator[bytes]
) -> None:
    try:
        stdin.write(json.dumps(order).encode() + b"\n")
        async for chunk in content:
            stdin.write(chunk)
            await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # it has seen enough, or died: its answer tells
    finally:
        stdin.close()  # also where the content broke off: nobody waits for the rest


def _death(returncode: int | None) -> DocumentError:
    if returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        return DocumentError(
            "document_took_too_long", "Reading it took too long: divide it into smaller documents."
        )
    return DocumentError(
        "document_too_complex",
        "The document made its reader fail: save it anew, or as another format.",
    )
