"""The figures of an evaluation, and their table."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.answering.evaluation import Result

_SPACES = re.compile(r"\s+")


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """Return the figures of all results, of each kind of question and of each language.

    Shares are 0-1 and None where there is nothing to share. A hit is a passage with any of the question's evidence;
    `must_contain` is the share of the answered answerable questions whose answer holds all it must.
    """
    known = [result for result in results if result.answerable]
    silent = [result for result in results if not result.answerable]
    times = sorted(result.search_ms for result in results)
    return {
        "hit_at_1": _hits(known, 1),
        "hit_at_3": _hits(known, 3),
        "answered_answerable": _mean([result.answer.answered for result in known]),
        "declined_unanswerable": _mean([not result.answer.answered for result in silent]),
        "answerability_auc": _area(
            [result.answer.confidence for result in known],
            [result.answer.confidence for result in silent],
        ),
        "must_contain": _mean(
            [
                contains_all(result)
                for result in known
                if result.answer.answered and result.question.must_contain
            ]
        ),
        "p95_ms": round(times[int(len(times) * 0.95)], 3) if times else None,
        "per_kind": _by(results, lambda result: result.question.kind),
        "per_language": _by(results, lambda result: result.question.language),
    }


def contains_all(result: Result) -> bool:
    """Tell whether an answer holds all it must, whatever the spaces and the case."""
    text = _plain(result.answer.text)
    return all(_plain(part) in text for part in result.question.must_contain)


def table(found: dict[str, Any]) -> str:
    """Return the figures for people."""
    rows = [("", "n", "hit@1", "hit@3", "answered", "declined")]
    for title in ("per_kind", "per_language"):
        rows += [
            (
                name,
                str(of["n"]),
                *(_percent(of[key]) for key in ("hit_at_1", "hit_at_3", "answered", "declined")),
            )
            for name, of in found[title].items()
        ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    totals = [
        ("hit@1 / hit@3", f"{_percent(found['hit_at_1'])} / {_percent(found['hit_at_3'])}"),
        ("answerable questions answered", _percent(found["answered_answerable"])),
        ("unanswerable questions declined", _percent(found["declined_unanswerable"])),
        ("answerable told from unanswerable (AUC)", _number(found["answerability_auc"])),
        ("answers that hold what they must", _percent(found["must_contain"])),
        ("retrieval, 95th percentile", f"{_number(found['p95_ms'])} ms"),
    ]
    return "\n".join([*lines, "", *(f"{name}: {value}" for name, value in totals)])


def _by(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, dict[str, Any]]:
    return {
        name: _shares([result for result in results if key(result) == name])
        for name in sorted({key(result) for result in results})
    }


def _shares(results: Sequence[Result]) -> dict[str, Any]:
    known = [result for result in results if result.answerable]
    return {
        "n": len(results),
        "hit_at_1": _hits(known, 1),
        "hit_at_3": _hits(known, 3),
        "answered": _mean([result.answer.answered for result in results]),
        "declined": _mean([not result.answer.answered for result in results]),
    }


def _hits(known: Sequence[Result], among: int) -> float | None:
    return _mean(
        [
            result.rank is not None and result.rank < among
            for result in known
            if result.question.evidence
        ]
    )


def _mean(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _area(high: Sequence[float], low: Sequence[float]) -> float | None:
    """Return the probability that an answerable question is judged surer than an unanswerable one."""
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in high for b in low]
    return round(sum(pairs) / len(pairs), 4) if pairs else None


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).casefold()


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
