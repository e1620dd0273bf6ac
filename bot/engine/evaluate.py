"""Judge the trained NLU by a file of labelled messages: `python -m bot.engine.evaluate FILE.jsonl [--json] [--model ARCHIVE]`.

Each line is `{"text", "intent", "lang"?}`. What counts is what the product would do:

- a message of an intent is right only when that intent is predicted and acted on; understood with too little confidence, it
  is answered by the fallback and counts as wrong;
- a foreign message (`out_of_scope`) is right when no skill acts on it: it is predicted `out_of_scope`, or is so unlike
  anything known that the fallback answers. The table also says how many were predicted `out_of_scope` outright.
"""

import argparse
import json
import os
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TQDM_DISABLE", "1")

FALLBACK = "nlu_fallback"
FOREIGN = "out_of_scope"


class BadFile(ValueError):
    """The file of messages cannot be read; the text says which line."""


def read_lines(path: Path) -> list[dict[str, str]]:
    """Return the labelled messages of a file.

    Raises:
        BadFile: A line is not an object with text and intent, or there are none.
        OSError: The file cannot be read.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            found.append(
                {
                    "text": str(fields["text"]),
                    "intent": str(fields["intent"]),
                    "lang": str(fields.get("lang") or "?"),
                }
            )
        except (ValueError, KeyError, TypeError):
            raise BadFile(
                f"{path}, line {number}: expected an object with text and intent"
            ) from None
    if not found:
        raise BadFile(f"{path} holds no messages")
    return found


def right(expected: str, predicted: str) -> bool:
    """Return whether the product does the right thing, by the rule in this module's description."""
    return predicted == expected or (expected == FOREIGN and predicted == FALLBACK)


def judge(lines: Sequence[Mapping[str, str]], predict: Callable[[str], str]) -> dict[str, Any]:
    """Return the figures of a prediction over labelled messages.

    `per_intent` and `per_language` give count and accuracy (recall for an intent, with precision); `confusion` is counts by
    expected and predicted intent.
    """
    confusion: dict[str, Counter[str]] = defaultdict(Counter)
    by_language: dict[str, list[bool]] = defaultdict(list)
    hits: list[bool] = []
    started = time.perf_counter()
    predictions = [predict(line["text"]) for line in lines]
    seconds = time.perf_counter() - started
    for line, predicted in zip(lines, predictions):
        hit = right(line["intent"], predicted)
        hits.append(hit)
        by_language[line["lang"]].append(hit)
        confusion[line["intent"]][predicted] += 1
    predicted_counts = Counter(predictions)
    per_intent = {}
    for intent, row in sorted(confusion.items()):
        count = sum(row.values())
        correct = sum(number for predicted, number in row.items() if right(intent, predicted))
        precision = row[intent] / predicted_counts[intent] if predicted_counts[intent] else None
        per_intent[intent] = {
            "count": count,
            "recall": round(correct / count, 4),
            "precision": None if precision is None else round(precision, 4),
        }
    return {
        "accuracy": round(sum(hits) / len(hits), 4),
        "out_of_scope_recall": per_intent[FOREIGN]["recall"] if FOREIGN in per_intent else None,
        "per_intent": per_intent,
        "per_language": {
            language: {"count": len(found), "accuracy": round(sum(found) / len(found), 4)}
            for language, found in sorted(by_language.items())
        },
        "confusion": {intent: dict(row.most_common()) for intent, row in sorted(confusion.items())},
        "ms_per_message": round(seconds * 1000 / len(lines), 2),
    }


def trained_predictor(model: Path) -> Callable[[str], str]:
    """Return what the trained model predicts for a message, through the same steps as in a conversation."""
    import logging

    import structlog
    from rasa.core.channels.channel import UserMessage
    from rasa.core.processor import MessageProcessor
    from rasa.shared.core.trackers import DialogueStateTracker

    from bot.engine.messages import clean_text, text_to_parse

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    _, metadata, runner = MessageProcessor._load_model(model)
    tracker = DialogueStateTracker.from_events("evaluation", [])

    def predict(text: str) -> str:
        message = UserMessage(text=text_to_parse(clean_text(text)))
        inputs = {"__message__": [message], "__tracker__": tracker}
        parsed = runner.run(inputs=inputs, targets=[metadata.nlu_target])[metadata.nlu_target][0]
        return str((parsed.get("intent") or {}).get("name") or FALLBACK)

    predict("сәлем")
    return predict


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as text for people."""
    rows = [f"{'intent':18s} {'count':>5s} {'recall':>7s} {'precision':>9s}"]
    for intent, found in figures["per_intent"].items():
        precision = "-" if found["precision"] is None else f"{found['precision']:.1%}"
        rows.append(f"{intent:18s} {found['count']:5d} {found['recall']:7.1%} {precision:>9s}")
    rows += ["", f"{'language':18s} {'count':>5s} {'accuracy':>8s}"]
    for language, found in figures["per_language"].items():
        rows.append(f"{language:18s} {found['count']:5d} {found['accuracy']:8.1%}")
    mistakes = [
        (number, intent, predicted)
        for intent, row in figures["confusion"].items()
        for predicted, number in row.items()
        if not right(intent, predicted)
    ]
    if mistakes:
        rows += ["", "most frequent mistakes (expected -> predicted)"]
        rows += [
            f"{number:5d}  {intent} -> {predicted}"
            for number, intent, predicted in sorted(mistakes, reverse=True)[:10]
        ]
    rows += ["", f"accuracy             {figures['accuracy']:.1%}"]
    if figures["out_of_scope_recall"] is not None:
        outright = (
            figures["confusion"][FOREIGN].get(FOREIGN, 0) / figures["per_intent"][FOREIGN]["count"]
        )
        rows.append(
            f"out_of_scope recall  {figures['out_of_scope_recall']:.1%} (outright {outright:.1%})"
        )
    rows.append(f"time                 {figures['ms_per_message']:.1f} ms a message")
    return "\n".join(rows)


def main() -> int:
    """Evaluate and print; return the exit status."""
    from bot.engine.settings import ROOT
    from bot.engine.train import ensure_model

    parser = argparse.ArgumentParser(description="Judge the trained NLU by labelled messages.")
    parser.add_argument("file", type=Path, help="JSON lines with text, intent and perhaps lang")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--model", type=Path, help="model archive; by default that of the present inputs"
    )
    wanted = parser.parse_args()
    try:
        lines = read_lines(wanted.file)
        if wanted.model is None:
            # What training prints must not stand before the JSON.
            out, sys.stdout = sys.stdout, sys.stderr
            try:
                wanted.model = ensure_model(ROOT / "models")
            finally:
                sys.stdout = out
        figures = judge(lines, trained_predictor(wanted.model))
    except (BadFile, OSError, RuntimeError) as error:
        print(f"evaluate: {error}", file=sys.stderr)  # noqa: T201 - for the person who started it
        return 2
    print(json.dumps(figures, ensure_ascii=False) if wanted.json else table(figures))  # noqa: T201 - for the person who started it
    return 0


if __name__ == "__main__":
    sys.exit(main())
