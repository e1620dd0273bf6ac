"""`python -m tests.bench [rows]`: measure, print the tables, write them to docs/benchmarks.md."""

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from tests.bench import report
from tests.bench.figures import Row
from tests.bench.ground import Effort, Ground, prepared
from tests.bench.rows import (
    channels,
    contacts,
    history,
    ingestion,
    intake,
    masking,
    retrieval,
    turns,
)

ROWS: dict[str, Callable[[Ground], Awaitable[Row]]] = {
    "a": turns.measure,
    "b": history.measure,
    "c": intake.measure,
    "d": contacts.measure,
}
# Rows of parts that are measured by themselves, without a running product.
ALONE: dict[str, Callable[[Effort], Awaitable[Row]]] = {
    "e": retrieval.measure,
    "f": masking.measure,
    "g": ingestion.measure,
    "h": channels.measure,
}


def main() -> int:
    """Measure; return 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help="of: a b c d e f g h; all when none is named")
    parser.add_argument("--rounds", type=int, default=3, help="rounds a side (3)")
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds a round (5)")
    parser.add_argument("--dry", action="store_true", help="print only, leave the page alone")
    asked = parser.parse_args()
    unknown = set(asked.rows) - {*ROWS, *ALONE}
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    keys = asked.rows or sorted({*ROWS, *ALONE})
    command = f"python -m tests.bench {' '.join(keys)} --rounds {asked.rounds} --seconds {asked.seconds:g}"
    rows = asyncio.run(
        _measure(
            keys,
            Effort(rounds=asked.rounds, seconds=asked.seconds),
            lambda row: _tell(row, command, dry=asked.dry),
        )
    )
    return 0 if all(line.met is not False for row in rows for line in row.lines) else 1


async def _measure(keys: list[str], effort: Effort, tell: Callable[[Row], None]) -> list[Row]:
    rows = []
    for key in [key for key in keys if key in ALONE]:
        sys.stderr.write(f"Measuring ({key})\n")
        rows.append(await ALONE[key](effort))
        tell(rows[-1])
    standing = [key for key in keys if key in ROWS]
    if not standing:
        return rows
    async with prepared(effort) as ground:
        for key in standing:
            sys.stderr.write(f"Measuring ({key})\n")
            await ground.quiet()
            rows.append(await ROWS[key](ground))
            tell(rows[-1])
    return rows


def _tell(row: Row, command: str, *, dry: bool) -> None:
    circumstances = _circumstances(command)
    sys.stdout.write(report.section(row, circumstances) + "\n\n")
    sys.stdout.flush()
    if not dry:
        report.write(row, circumstances)


def _circumstances(command: str) -> str:
    now = datetime.now(UTC)
    return (
        f"Measured on {now:%d %B %Y} with {os.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()}), "
        f"load average {os.getloadavg()[2]:.1f} over the last 15 minutes, by `{command}`."
    )


if __name__ == "__main__":
    sys.exit(main())
