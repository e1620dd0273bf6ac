"""`python -m tests.faults`: kill -9 of web, worker, engine and actions in turn during 200 conversations.

Then 200 messages a second over all five channels for a minute, with web and worker killed in between.
"""

import argparse
import asyncio
import sys

from tests.faults.campaign import Outcome, run
from tests.faults.load import run_flood
from tests.faults.stage import staged

VICTIMS = ("web", "worker", "web", "worker")
"""Of the flood."""


def main() -> int:
    """Run the long form; return 1 when anything was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--conversations", type=int, default=200, help="how many (200)")
    parser.add_argument("--wave", type=int, default=10, help="how many begin with each kill (10)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills (1)")
    parser.add_argument("--load", action="store_true", help="the flood alone")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the flood (60)")
    parser.add_argument("--rate", type=float, default=200.0, help="messages a second of it (200)")
    asked = parser.parse_args()
    problems = 0
    if not asked.load:
        outcome = asyncio.run(_run(asked.conversations, asked.wave, asked.seed))
        sys.stdout.write(outcome.summary() + "\n\n")
        problems += len(outcome.problems)
    flood = asyncio.run(run_flood(seconds=asked.seconds, rate=asked.rate, victims=VICTIMS))
    sys.stdout.write(flood.summary() + "\n")
    return 1 if problems or flood.problems else 0


async def _run(conversations: int, wave: int, seed: int) -> Outcome:
    async with staged() as stage:
        return await run(stage, conversations=conversations, wave=wave, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
