"""One `aitys run` a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm.cli.processes import StartError

LOCK_FILE = "run.lock"


@contextmanager
def data_folder_lock(data_dir: Path) -> Iterator[None]:
    """Hold the data folder while the body runs. The system lets go of it when the process ends, however it does.

    Raises:
        StartError: another process holds it, or the folder cannot be used.
    """
    path = data_dir / LOCK_FILE
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("a+", encoding="ascii")
    except OSError as error:
        raise StartError(
            f"The data folder cannot be used: {error.strerror} ({error.filename}). Give it to the user who starts Aitys,"
            " or set AITYS_DATA_DIR to another folder."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(
                f"Aitys is running already on the data folder {data_dir} (process {holder_of(data_dir) or 'unknown'}): use"
                " that one or stop it first, or set AITYS_DATA_DIR to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder_of(data_dir: Path) -> int | None:
    """Return the process that holds the data folder, if one does."""
    try:
        with (data_dir / LOCK_FILE).open(encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(file.read() or 0)
    except (OSError, ValueError):
        return None
    return None
