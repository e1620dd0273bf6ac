"""How a process that opens a stranger's file is kept within bounds: it can be killed, and takes nobody with it."""

import contextlib
import ctypes
import os
import resource
import signal
import sys

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""
_NICENESS = 5


def hold_to(memory_bytes: int, seconds: int) -> None:
    """Take no more than this of the machine, write no file, and give way to those who talk to customers."""
    for kind, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # not every system holds all of them
            resource.setrlimit(kind, (value, value))
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)


def die_with_parent() -> None:
    """End when the worker is killed: nobody would read the answer. Elsewhere than on Linux the limits end it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
