"""Why the MongoDB server does not run, in words; each with the way out."""

import re
import signal
from pathlib import Path

FATAL_ASSERTION = 14  # exit code: the storage engine found what it cannot read
_GRAVE = re.compile(r'"s":"[EF]"')

OTHER_FOLDER = "set AITYS_DATA_DIR to another folder"
OWN_SERVER = "set AITYS_MONGODB_URI to a MongoDB of your own"

# What the server says when it cannot go on, and what that means for its folder. The first match counts.
_DAMAGE = (
    r"WT_TRY_SALVAGE|WT_PANIC|WT_ERROR|checksum error|corrupt|Failed to open a WiredTiger|turtle"
    r"|not a WiredTiger|file system inconsistency|Unable to read from storage"
)
_DAMAGED = (
    "The database in {folder} is damaged: restore the folder from a backup, or move it away"
    " (mv {folder} {folder}.damaged) to begin with an empty one."
)
_IN_USE = f"The database in {{folder}} is in use by another MongoDB server: stop that one first, or {OTHER_FOLDER}."
_FULL = "The disk of {folder} is full: make room, then start again; nothing is lost."
_FOREIGN = (
    "The database in {folder} belongs to another user or is read-only: give the folder to the user who starts Aitys, or"
    f" {OTHER_FOLDER}."
)
_OTHER_VERSION = (
    "The database in {folder} was written by another version of MongoDB: start it with that version, or"
    f" {OTHER_FOLDER}."
)
_PORT = (
    "Another program has just taken the database's port: start again, another one is chosen then."
)
_FAULTS = (
    (r"DBPathInUse", _IN_USE),
    (r"No space left on device|ENOSPC", _FULL),
    (r"Permission denied|Operation not permitted|Attempted to create a lock file", _FOREIGN),
    (r"featureCompatibilityVersion|UPGRADE PROBLEM|unsupported WiredTiger", _OTHER_VERSION),
    (r"Address already in use", _PORT),
    (_DAMAGE, _DAMAGED),
)


def explain_server(code: int, lines: list[str], folder: Path) -> str | None:
    """Return in one sentence why the server over `folder` ended, where its output tells.

    Args:
        code: exit code; negative is a signal's number.
        lines: its last output: JSON of MongoDB's structured log, or plain words from before that.
        folder: the database files.
    """
    if code in {-signal.SIGKILL, -signal.SIGTERM}:
        return None  # somebody ended it; what it said before is no cause
    text = "\n".join(line for line in lines if not line.startswith("{") or _GRAVE.search(line))
    for pattern, sentence in _FAULTS:
        if re.search(pattern, text, re.IGNORECASE):
            return sentence.format(folder=folder)
    if code == FATAL_ASSERTION:
        return _DAMAGED.format(folder=folder)
    if code == -signal.SIGILL:
        return explain_loader(code, text, "mongod")
    return None


def explain_loader(code: int, text: str, binary: Path | str) -> str:
    """Return in one sentence why the server's program does not run on this machine at all."""
    library = re.search(r"loading shared libraries: (\S+):", text)
    if library:
        package = "libcurl4" if "curl" in library[1] else "libssl3"
        return (
            f"MongoDB needs the library {library[1]}, which this machine lacks: install it (Debian and Ubuntu: sudo"
            f" apt-get install {package}), or {OWN_SERVER}."
        )
    if code == -signal.SIGILL:
        return f"This machine's processor lacks the AVX instructions MongoDB needs: {OWN_SERVER}."
    last = text.strip().splitlines()[-1:] or [f"exit code {code}"]
    return f"The MongoDB server {binary} does not run on this machine ({last[0].strip()}): {OWN_SERVER}."
