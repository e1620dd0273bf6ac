"""The process that reads one document: it can be killed, and takes nobody with it.

    python -I -c "from bot.knowledge.reader import main; main()"

It reads one line of JSON (what to read, how much of it) and then the file from its input, and writes lines of JSON: `{"done",
"total"}` while it works, at the end `{"reading": {...}}` or `{"error": {"code", "detail"}}`.
"""

import dataclasses
import json
import sys
import time
import traceback
from typing import Any, BinaryIO

from bot.confinement import die_with_parent, hold_to
from bot.knowledge.blocks import Notice
from bot.knowledge.documents import Reading, read
from bot.knowledge.errors import DocumentError
from bot.knowledge.formats.limits import Limits
from bot.knowledge.passages import Passage

_TELL_EVERY_SECONDS = 0.2


def main() -> None:
    """Read what comes in; never raises and never answers with nothing."""
    die_with_parent()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        order: dict[str, Any] = json.loads(source.readline())
        hold_to(order["memory_bytes"], order["seconds"])
        answer = _answer(order, source, sink)
    except MemoryError:
        answer = _error(
            "document_too_complex", "Reading it needs more memory than a document may take."
        )
    except RecursionError:
        answer = _error("document_too_complex", "It is nested too deeply.")
    except Exception as error:
        # Where it happened, without the error's words: they may quote the document.
        for frame in traceback.extract_tb(error.__traceback__)[-5:]:
            sys.stderr.write(f"{type(error).__name__} {frame.filename}:{frame.lineno}\n")
        answer = _error("document_broken", "It cannot be read: open it and save it again.")
    _write(sink, answer)


def _answer(order: dict[str, Any], source: BinaryIO, sink: BinaryIO) -> dict[str, Any]:
    told_at = 0.0

    def report(done: int, total: int) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at >= _TELL_EVERY_SECONDS or done == total:
            told_at = now
            _write(sink, {"done": done, "total": total})

    try:
        reading = read(
            name=order["name"],
            content=source.read(),
            language=order["language"],
            title=order["title"],
            limits=Limits(**order["limits"]),
            report=report,
        )
    except DocumentError as error:
        return _error(error.code, error.detail)
    return {"reading": reading_to_mapping(reading)}


def reading_to_mapping(reading: Reading) -> dict[str, Any]:
    """Return what was read as JSON can hold it."""
    return {
        "title": reading.title,
        "language": reading.language,
        "text": reading.text,
        "passages": [passage.to_mapping() for passage in reading.passages],
        "notices": [dataclasses.asdict(notice) for notice in reading.notices],
    }


def reading_from_mapping(data: dict[str, Any]) -> Reading:
    """Return what `reading_to_mapping` was given."""
    return Reading(
        title=data["title"],
        language=data["language"],
        text=data["text"],
        passages=[Passage.from_mapping(passage) for passage in data["passages"]],
        notices=tuple(
            Notice(notice["code"], notice["detail"], tuple(notice["pages"]))
            for notice in data["notices"]
        ),
    )


def _error(code: str, detail: str) -> dict[str, Any]:
    return {"error": {"code": code, "detail": detail}}


def _write(sink: BinaryIO, value: dict[str, Any]) -> None:
    sink.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
    sink.flush()
