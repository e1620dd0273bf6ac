"""`python -m tests.faults`: kill -9 of web, worker, engine and actions in turn during 200 conversations."""

import argparse
import asyncio
import sys

from tests.faults.campaign import Outcome, run
from tests.faults.stage import staged


def main() -> int:
    """Run the long form; return 1 when anything was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--conversations", type=int, default=200, help="how many (200)")
    parser.add_argument("--wave", type=int, default=10, help="how many begin with each kill (10)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills (1)")
    asked = parser.parse_args()
    outcome = asyncio.run(_run(asked.conversations, asked.wave, asked.seed))
    sys.stdout.write(outcome.summary() + "\n")
    return 1 if outcome.problems else 0


async def _run(conversations: int, wave: int, seed: int) -> Outcome:
    async with staged() as stage:
        return await run(stage, conversations=conversations, wave=wave, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
