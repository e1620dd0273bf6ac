"""What the command prints: one line an occasion, the last one the thing to read."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Terminal:
    """Prints to standard output, in colour when that is a terminal and NO_COLOR is not set."""

    def __init__(self) -> None:
        coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._green, self._red, self._yellow, self._bold, self._end = (
            ("\033[32m", "\033[31m", "\033[33m", "\033[1m", "\033[0m") if coloured else ("",) * 5
        )

    def say(self, text: str = "") -> None:
        """Print a line as it is."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def good(self, text: str) -> None:
        """Print something that is as it should be."""
        self.say(f"{self._green}  ✓{self._end}  {text}")

    def doubtful(self, text: str) -> None:
        """Print something that may matter."""
        self.say(f"{self._yellow}  !{self._end}  {text}")

    def bad(self, text: str) -> None:
        """Print something that is wrong."""
        self.say(f"{self._red}  ✗{self._end}  {text}")

    def strong(self, text: str) -> str:
        """Return the text in bold."""
        return f"{self._bold}{text}{self._end}"

    @contextmanager
    def timed(self, title: str) -> Iterator[None]:
        """Print the title with the seconds the body took, once it has succeeded."""
        began = time.monotonic()
        yield
        self.good(f"{title} ({time.monotonic() - began:.1f} s)")
