"""The widget's script: its modules joined into one file, so that a page loads one thing.

The modules are plain JavaScript of one dialect: ``import`` lines of siblings first, ``export``
only before declarations, and no name declared at the top of two of them. Joining needs no tool;
comments that have lines of their own stay behind.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SOURCES: Final = Path(__file__).parent / "widget"
_IMPORT: Final = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([a-z-]+\.js)";\n', re.MULTILINE)
_COMMENT: Final = re.compile(r"^[ ]*(?://[^\n]*|/\*\*[^\n]*\*/)\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A script ready to be served."""

    body: bytes
    compressed: bytes
    etag: str


def widget_script(folder: Path = _SOURCES) -> Script:
    """Join the widget's modules, each after those it imports."""
    parts = "\n".join(_IMPORT.sub("", text) for text in _in_order(folder, "main.js", set()))
    code = _COMMENT.sub("", _EXPORT.sub("", parts))
    body = f'(() => {{\n"use strict";\n{code}\n}})();\n'.encode()
    digest = hashlib.sha256(body).hexdigest()[:20]
    return Script(body, gzip.compress(body, 9, mtime=0), f'"{digest}"')


def _in_order(folder: Path, name: str, done: set[str]) -> Iterator[str]:
    if name in done:
        return
    done.add(name)
    text = (folder / name).read_text("utf-8")
    for match in _IMPORT.finditer(text):
        yield from _in_order(folder, match[1], done)
    yield text
