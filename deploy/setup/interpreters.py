"""Finds a Python of a wanted version that really runs.

A name on PATH is not enough: pyenv puts a shim there for every version it has ever had, which leaves with 127 when
that version is not the selected one. So each candidate is run, and asked where it really lies.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

# What the environments need of the interpreter itself; a Python compiled without some library lacks one of these.
PROBE = (
    "import bz2, ctypes, json, lzma, sqlite3, ssl, sys, zlib;"
    "path = getattr(sys, '_base_executable', None) or sys.executable;"
    "print(json.dumps([path, list(sys.version_info[:2]), sys.implementation.name]))"
)


def find_interpreter(versions: Sequence[str], downloads: Path) -> Path | None:
    """Return the full path of a CPython of the first of `versions` that there is.

    Args:
        versions: such as ("3.13", "3.12"), the liked one first.
        downloads: a folder where uv may have put interpreters earlier.
    """
    for version in versions:
        for candidate in _candidates(version, downloads):
            path = _real_path(candidate, version)
            if path is not None:
                return path
    return None


def _candidates(version: str, downloads: Path) -> Iterator[Path]:
    name = f"python{version}"
    for entry in os.get_exec_path():
        yield Path(entry) / name
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in _newest_first(pyenv / "versions", f"{version}.*"):
        yield folder / "bin" / name
    for root in (downloads, Path.home() / ".local/share/uv/python"):
        for folder in _newest_first(root, f"cpython-{version}.*"):
            yield folder / "bin" / name


def _newest_first(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern), reverse=True)


def _real_path(candidate: Path, version: str) -> Path | None:
    if not os.access(candidate, os.X_OK):
        return None
    try:
        answer = subprocess.run(
            [str(candidate), "-I", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=True,
        ).stdout
        path, found, implementation = json.loads(answer)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if implementation != "cpython" or ".".join(map(str, found)) != version:
        return None
    return Path(path)
