"""`python -m tests.leaks`: a thousand conversations through a recording proxy; returns 1 when an identifier left."""

import argparse
import asyncio
import sys

from tests.leaks.proof import as_json, prove


def main() -> int:
    """Run the long form and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.leaks", description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--seed", type=int, default=1, help="of what is said where (1)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--show", action="store_true", help="list what left")
    asked = parser.parse_args()
    outcome = asyncio.run(prove(asked.conversations, seed=asked.seed))
    sys.stdout.write((as_json(outcome) if asked.json else outcome.summary()) + "\n")
    if asked.show:
        for kind, leaks in sorted(outcome.leaks.items()):
            for value, number in leaks:
                sys.stdout.write(f"{kind} in conversation {number}: {value}\n")
        for value, number in outcome.unexplained:
            sys.stdout.write(f"unexplained in conversation {number}: {value}\n")
    return 1 if outcome.structured_leaks or outcome.unwritten else 0


if __name__ == "__main__":
    sys.exit(main())
