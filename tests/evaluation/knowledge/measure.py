"""Prints the figures of one part of the question sets."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.answering.evaluation import Question, Result, evaluate, read_folder, read_questions
from bot.answering.evaluation_figures import contains_all, figures
from bot.knowledge.index import Index

HERE = Path(__file__).parent
DEMO = Path("crm/demo/knowledge")


def companies(part: str) -> Iterator[tuple[str, Index, list[Question]]]:
    """Yield the name, the documents and the questions of each company of `dev` or `heldout`."""
    for company in sorted((HERE / part).iterdir()):
        own = company / "documents"
        index = read_folder(own if own.exists() else DEMO)
        yield company.name, index, read_questions(company / "questions.jsonl")


async def results_of(part: str) -> list[Result]:
    """Answer all questions of `dev` or `heldout`."""
    results: list[Result] = []
    for _, index, questions in companies(part):
        results += await evaluate(index, questions)
    return results


def _went_wrong(result: Result) -> bool:
    return not contains_all(result) if result.answerable else result.answer.answered


def main() -> None:
    """Print figures as JSON; with -v also what went wrong."""
    results = asyncio.run(results_of(sys.argv[1]))
    if "-v" in sys.argv:
        for result in filter(_went_wrong, results):
            print(f"\n## {result.question.text} ({result.answer.confidence:.2f})")  # noqa: T201
            print(result.answer.text)  # noqa: T201
    print(json.dumps(figures(results), indent=1, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main()
