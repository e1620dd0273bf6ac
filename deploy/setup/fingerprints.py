"""Tells whether the inputs of a step have changed since it was done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

MADE = frozenset({"__pycache__", "node_modules", "dist", "components.d.ts"})


def fingerprint(inputs: Iterable[Path], *words: str) -> str:
    """Return a hash of the contents of files and folders (followed to their leaves) and of some words.

    Hidden files and what is made of the others do not count; a missing input counts as missing.
    """
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    for path in inputs:
        for file in _files(path):
            digest.update(str(file).encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        digest.update(b"\1")
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.name in MADE:
        return
    if path.is_file():
        yield path
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            if not child.name.startswith("."):
                yield from _files(child)


class Stamp:
    """A file that keeps the fingerprint of what was done last, beside what was made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def matches(self, value: str) -> bool:
        """Whether the step was done with these very inputs."""
        try:
            return self._path.read_text(encoding="ascii") == value
        except (OSError, UnicodeDecodeError):
            return False

    def forget(self) -> None:
        """Call before the step begins: a step that was broken off is done again."""
        self._path.unlink(missing_ok=True)

    def keep(self, value: str) -> None:
        """Call after the step has succeeded."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(value, encoding="ascii")
