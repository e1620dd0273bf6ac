"""Row (f): masking of personal data in chat messages."""

import gc
import statistics
from pathlib import Path
from typing import Any

from bot.privacy.evaluation import Message, figures, judge, read_messages
from bot.privacy.masking import Masking
from tests.bench.figures import Line, Row
from tests.bench.ground import Effort
from tests.bench.rivals.presidio import PresidioMasking

HELD_OUT = Path(__file__).parents[2] / "evaluation" / "privacy" / "heldout"
FILES = ("identifiers.jsonl", "addresses.jsonl")
STRUCTURED = ("PHONE", "EMAIL", "IIN", "BIN", "CARD", "IBAN")
OTHERS = ("ADDRESS", "PASSPORT")
MAX_MILLISECONDS = 5


async def measure(effort: Effort) -> Row:
    """Measure it."""
    messages = [
        message
        for message in read_messages(HELD_OUT / name for name in FILES)
        if not any(entity.kind == "PERSON" for entity in message.entities)
    ]
    sides: dict[str, type[Masking]] = {"ours": Masking, "rival": PresidioMasking}
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for number in range(effort.rounds + 1):
        for name, make in sides.items():
            gc.collect()
            found = figures(judge(messages, make))
            if number:
                rounds[name].append(found)
    ours, rival = rounds["ours"][0], rounds["rival"][0]
    times = {
        name: statistics.median(found["ms_per_message"] for found in of_side)
        for name, of_side in rounds.items()
    }
    return Row(
        key="f",
        title=f"Masking of {len(messages)} messages in Russian, Kazakh and English that were never tuned to",
        sides="Ours: `bot.privacy` with all its kinds, names among them. The rival: Presidio with its own recognisers and the phone regions of "
        "eleven countries, on a blank pipeline; messages that name people are left out, as it brings no names for these languages. "
        "An entity counts as found when every letter and digit of it is masked.",
        lines=[
            _line(
                "phones, e-mails, IIN, BIN, cards, accounts found",
                ours,
                rival,
                messages,
                STRUCTURED,
                1.0,
            ),
            _line("addresses and passports found", ours, rival, messages, OTHERS, 0.9),
            _share("masked words that are labelled", ours["precision"], rival["precision"], 0.9),
            _share(
                "messages without any left as they were",
                ours["untouched_clean"],
                rival["untouched_clean"],
                0.9,
            ),
            Line(
                "ms a message",
                f"{times['ours']:.2f}",
                f"{times['rival']:.2f}",
                f"{times['rival'] / times['ours']:.2f}",
                f"at most {MAX_MILLISECONDS} ms",
                met=times["ours"] <= MAX_MILLISECONDS,
            ),
        ],
    )


def _line(
    title: str,
    ours: dict[str, Any],
    rival: dict[str, Any],
    messages: list[Message],
    kinds: tuple[str, ...],
    goal: float,
) -> Line:
    counts = {
        kind: sum(entity.kind == kind for message in messages for entity in message.entities)
        for kind in kinds
    }
    total = sum(counts.values())

    def recall(found: dict[str, Any]) -> float:
        return float(sum(found["recall"][kind] * counts[kind] for kind in kinds) / total)

    return _share(f"{title}, of {total}", recall(ours), recall(rival), goal)


def _share(title: str, ours: float, rival: float, goal: float) -> Line:
    ratio = f"{ours / rival:.2f}" if rival else ""
    return Line(
        title, f"{ours:.1%}", f"{rival:.1%}", ratio, f"at least {goal:.0%}", met=ours >= goal
    )
