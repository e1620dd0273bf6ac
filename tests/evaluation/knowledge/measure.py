"""Prints the figures of one part of the question sets."""

import asyncio
import json
import sys
from pathlib import Path

from bot.answering.evaluation import Result, evaluate, figures

HERE = Path(__file__).parent
DEMO = Path("crm/demo/knowledge")


async def results_of(part: str) -> list[Result]:
    """Answer all questions of `dev` or `heldout`."""
    results: list[Result] = []
    for tenant in sorted((HERE / part).iterdir()):
        own = tenant / "documents"
        results += await evaluate(own if own.exists() else DEMO, tenant / "questions.jsonl")
    return results


def _went_wrong(result: Result) -> bool:
    parts = result.question.get("must_contain", [])
    if not result.answerable:
        return result.answer.answered
    return not all(part in result.answer.text for part in parts)


def main() -> None:
    """Print figures as JSON; with -v also what went wrong."""
    results = asyncio.run(results_of(sys.argv[1]))
    if "-v" in sys.argv:
        for result in filter(_went_wrong, results):
            print(f"\n## {result.question['text']} ({result.answer.confidence:.2f})")  # noqa: T201
            print(result.answer.text)  # noqa: T201
    print(json.dumps(figures(results), indent=1, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
