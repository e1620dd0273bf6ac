"""Runs the steps of the set-up, side by side where they do not need each other, and tells how it goes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WORTH_MENTIONING_SECONDS = 0.5
STILL_WORKING_EVERY_SECONDS = 20.0
LINES_SHOWN_ON_FAILURE = 12

WITHOUT_NETWORK = (
    "A package registry could not be reached: check the network (or the proxy settings), then run the same command"
    " again; what is done is kept."
)
NO_NETWORK = re.compile(
    r"dns error|failed to lookup|name resolution|error sending request|connection refused"
    r"|network is unreachable|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|timed out|failed to fetch"
    r"|max retries exceeded|could not connect",
    re.IGNORECASE,
)
NO_SPACE = re.compile(r"no space left on device|ENOSPC|disk quota exceeded", re.IGNORECASE)


class SetupError(Exception):
    """The set-up cannot go on; the text is a sentence for a person, with the way out."""


@dataclass(frozen=True)
class Step:
    """One piece of work.

    Attributes:
        name: what other steps name in `after`, and the name of its log.
        title: what is shown.
        run: does the work; returns a word on what was done, or None when there was nothing to do.
        after: names of the steps that must have ended before.
    """

    name: str
    title: str
    run: Callable[[], str | None]
    after: tuple[str, ...] = ()


class Narrator:
    """Prints one line an occasion; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._green, self._red, self._grey, self._end = (
            ("\033[32m", "\033[31m", "\033[90m", "\033[0m") if colours else ("",) * 4
        )

    def begun(self, step: Step) -> None:
        """Say that a step has begun."""
        self._print(f"{self._grey}  …  {step.title}{self._end}")

    def still(self, step: Step, seconds: float) -> None:
        """Say that a long step is alive."""
        self._print(f"{self._grey}  …  {step.title}: {seconds:.0f} s so far{self._end}")

    def ended(self, step: Step, outcome: str | None, seconds: float) -> None:
        """Say that a step has ended and what it did."""
        words = outcome or "nothing to do"
        self._print(f"{self._green}  ✓{self._end}  {step.title}: {words} ({seconds:.1f} s)")

    def failed(self, step: Step) -> None:
        """Say that a step has failed."""
        self._print(f"{self._red}  ✗  {step.title}{self._end}")

    def why(self, step: Step, error: SetupError) -> None:
        """Say at the end why a step failed: the last thing printed is the thing to read."""
        self._print(f"\n{self._red}{step.title}{self._end}: {error}")

    def _print(self, text: str) -> None:
        with self._lock:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()


def run_steps(steps: Sequence[Step], narrator: Narrator) -> bool:
    """Run all steps, each as soon as the ones it comes after are done. Return whether all of them succeeded.

    After a failure nothing new begins; what is running is waited for.
    """
    waiting = list(steps)
    done: set[str] = set()
    running: dict[Future[None], Step] = {}
    failures: list[tuple[Step, SetupError]] = []
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        while running or (waiting and not failures):
            ready = [s for s in waiting if not failures and done.issuperset(s.after)]
            for step in ready:
                waiting.remove(step)
                running[pool.submit(_run_one, step, narrator)] = step
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                step = running.pop(future)
                error = future.exception()
                if error is None:
                    done.add(step.name)
                elif isinstance(error, SetupError):
                    narrator.failed(step)
                    failures.append((step, error))
                else:
                    raise error
    for step, error in failures:
        narrator.why(step, error)
    return not failures


def _run_one(step: Step, narrator: Narrator) -> None:
    began = time.monotonic()
    with _heartbeat(step, narrator, began):
        outcome = step.run()
    narrator.ended(step, outcome, time.monotonic() - began)


@contextmanager
def _heartbeat(step: Step, narrator: Narrator, began: float) -> Iterator[None]:
    over = threading.Event()

    def beat() -> None:
        if over.wait(WORTH_MENTIONING_SECONDS):
            return
        narrator.begun(step)
        while not over.wait(STILL_WORKING_EVERY_SECONDS):
            narrator.still(step, time.monotonic() - began)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def call(
    command: Sequence[str | Path],
    *,
    log: Path,
    failure: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    without_network: str = WITHOUT_NETWORK,
) -> None:
    """Run a command to its end, with its output in `log`.

    Args:
        command: the words of the command.
        log: where its output goes.
        failure: the sentence when no better one is known.
        cwd: the folder it runs in.
        environment: variables on top of this process's own.
        without_network: the sentence when something could not be fetched.

    Raises:
        SetupError: the command failed: a known cause in one sentence, else `failure` and the output's last lines.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        try:
            code = subprocess.run(
                [str(part) for part in command],
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        except OSError as error:
            raise SetupError(f"{failure} ({error})") from None
    if code != 0:
        raise SetupError(_explain(log, failure, without_network))


def _explain(log: Path, failure: str, without_network: str) -> str:
    with log.open(encoding="utf-8", errors="replace") as output:
        last = deque(output, maxlen=200)
    text = "".join(last)
    shown = "".join(list(last)[-LINES_SHOWN_ON_FAILURE:]).rstrip()
    if NO_SPACE.search(text):
        return "The disk is full: free some space, then run the same command again; what is done is kept."
    if NO_NETWORK.search(text):
        return f"{without_network}\n\n{shown}"
    return f"{failure} The whole output is in {log}; its end:\n\n{shown}"
