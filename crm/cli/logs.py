"""A log file that never grows beyond its bounds."""

from collections import deque
from pathlib import Path

from bot.privacy.logs import mask_identifiers

LARGEST_BYTES = 5 * 1024**2
KEPT_FILES = 3
REMEMBERED_LINES = 200


class LogFile:
    """Takes a process's output: `name.log`, and the ones before as `name.log.1`, `name.log.2`.

    Remembers the last lines, so that it can be said why a process ended. What people wrote is masked here too: not every
    process masks its own output, the database quotes slow queries, and an interpreter's last words pass no logger.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab")
        self._size = self._file.tell()
        self._last: deque[str] = deque(maxlen=REMEMBERED_LINES)

    @property
    def last_lines(self) -> list[str]:
        """The newest lines, oldest first; at most two hundred."""
        return list(self._last)

    def forget(self) -> None:
        """Forget the remembered lines, when a process is started anew."""
        self._last.clear()

    def write(self, line: bytes) -> None:
        """Append one line, with its line end."""
        if self._size > LARGEST_BYTES:
            self._rotate()
        text = mask_identifiers(line.decode("utf-8", "backslashreplace"))
        masked = text.encode()
        self._file.write(masked)
        self._file.flush()
        self._size += len(masked)
        self._last.append(text.rstrip())

    def close(self) -> None:
        """Close the file; the remembered lines stay."""
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(KEPT_FILES - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = (
                self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            )
            if newer.exists():
                newer.replace(older)
        self._file = self.path.open("ab")
        self._size = 0
