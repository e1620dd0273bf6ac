"""Compares NLU pipelines on the training data by cross-validation, and reports the held-out set once.

Run in the engine's environment: `.venv-engine/bin/python tests/bench/nlu_pipelines.py [--folds 3] [--only NAME ...]`.
Every training runs in a process of its own, so that time and peak memory are its own. Nothing is chosen by the held-out set:
pipelines are compared by cross-validation, each one's threshold comes from the development set.
"""

# ruff: noqa: PLC0415, T201 - Rasa takes seconds to import, and the figures are printed
import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TQDM_DISABLE", "1")
warnings.simplefilter("ignore")

from bot.engine.evaluate import FOREIGN, read_lines  # noqa: E402 - after the environment is set

SEED = 7
COUNT_VECTORS = [
    {"name": "WhitespaceTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
OURS = "bot.engine.nlu.classifier.FoldedIntentClassifier"
PIPELINES: dict[str, list[dict[str, Any]]] = {
    "rasa-logistic": [*COUNT_VECTORS, {"name": "LogisticRegressionClassifier"}],
    "rasa-diet": [
        *COUNT_VECTORS,
        {"name": "DIETClassifier", "epochs": 30, "entity_recognition": False},
    ],
    "folded-letters-words": [{"name": OURS, "threshold": 0.0, "views": ["letters", "words"]}],
    "folded-with-concepts": [{"name": OURS, "threshold": 0.0}],
}
DEVELOPMENT = ROOT / "tests" / "evaluation" / "nlu-dev.jsonl"
HELD_OUT = ROOT / "tests" / "evaluation" / "nlu.jsonl"


def training_lines() -> list[dict[str, str]]:
    """Return all training messages without their annotations."""
    from rasa.shared.nlu.training_data.loading import load_data

    data = load_data(str(ROOT / "data" / "nlu"))
    lines = [{"text": one.get("text"), "intent": one.get("intent")} for one in data.intent_examples]
    return sorted(lines, key=lambda line: (line["intent"], line["text"]))


def folds_of(lines: list[dict[str, str]], count: int) -> list[int]:
    """Return each line's fold, the same at every run, intents spread evenly."""
    by_intent: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        by_intent[line["intent"]].append(place)
    folds = [0] * len(lines)
    for places in by_intent.values():
        random.Random(SEED).shuffle(places)
        for order, place in enumerate(places):
            folds[place] = order % count
    return folds


def run_one(job: dict[str, Any]) -> dict[str, Any]:
    """Train one pipeline on some lines and predict others; runs in a process of its own."""
    import logging

    import structlog
    import yaml
    from rasa.core.channels.channel import UserMessage
    from rasa.core.processor import MessageProcessor
    from rasa.model_training import train_nlu
    from rasa.shared.core.trackers import DialogueStateTracker

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_intent: dict[str, list[str]] = defaultdict(list)
        for line in job["train"]:
            by_intent[line["intent"]].append(line["text"])
        nlu = [
            {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
            for intent, texts in by_intent.items()
        ]
        (folder / "nlu.yml").write_text(
            yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True)
        )
        config = {
            "recipe": "default.v1",
            "language": "ru",
            "assistant_id": "bench",
            "pipeline": PIPELINES[job["pipeline"]],
        }
        (folder / "config.yml").write_text(yaml.safe_dump(config))
        started = time.perf_counter()
        archive = train_nlu(
            str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models")
        )
        seconds = time.perf_counter() - started
        megabytes = Path(archive).stat().st_size / 1e6
        _, metadata, runner = MessageProcessor._load_model(archive)
    tracker = DialogueStateTracker.from_events("bench", [])

    def predict(text: str) -> tuple[str, float]:
        inputs = {"__message__": [UserMessage(text=text.lstrip("/"))], "__tracker__": tracker}
        intent = runner.run(inputs=inputs, targets=[metadata.nlu_target])[metadata.nlu_target][
            0
        ].get("intent")
        return str(intent["name"]), float(intent["confidence"])

    predict("сәлем")
    started = time.perf_counter()
    predictions = {
        group: [predict(text) for text in texts] for group, texts in job["predict"].items()
    }
    asked = sum(map(len, job["predict"].values()))
    return {
        "predictions": predictions,
        "train_seconds": seconds,
        "ms": (time.perf_counter() - started) * 1000 / asked,
        "megabytes": megabytes,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def in_process(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job in a fresh process."""
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "job.json", Path(name) / "result.json"
        source.write_text(json.dumps(job))
        subprocess.run(
            [sys.executable, __file__, "--job", str(source), str(target)],
            check=True,
            stdout=sys.stderr,
        )
        return dict(json.loads(target.read_text()))


def product_accuracy(
    expected: list[str], predicted: list[tuple[str, float]], threshold: float
) -> tuple[float, float]:
    """Return accuracy and out-of-scope recall by the product's rule (see `bot.engine.evaluate`)."""
    hits, foreign = [], []
    for intent, (name, confidence) in zip(expected, predicted, strict=True):
        understood = confidence >= threshold
        hit = (name == intent and understood) or (intent == FOREIGN and not understood)
        hits.append(hit)
        if intent == FOREIGN:
            foreign.append(hit)
    return sum(hits) / len(hits), sum(foreign) / max(len(foreign), 1)


def calibration_error(
    expected: list[str], predicted: list[tuple[str, float]], bins: int = 10
) -> float:
    """Return the expected calibration error: mean distance of confidence and accuracy over bins of equal width."""
    error = 0.0
    for place in range(bins):
        inside = [
            (confidence, name == intent)
            for intent, (name, confidence) in zip(expected, predicted, strict=True)
            if place / bins < confidence <= (place + 1) / bins
        ]
        if inside:
            mean = sum(confidence for confidence, _ in inside) / len(inside)
            error += (
                abs(mean - sum(hit for _, hit in inside) / len(inside))
                * len(inside)
                / len(expected)
            )
    return error


def rejection_auc(expected: list[str], predicted: list[tuple[str, float]]) -> float:
    """Return how well confidence in a skill tells own from foreign messages: the area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    # A message predicted foreign is rejected, the surer the more.
    scores = [-confidence if name == FOREIGN else confidence for name, confidence in predicted]
    return float(roc_auc_score([intent != FOREIGN for intent in expected], scores))


def best_threshold(expected: list[str], predicted: list[tuple[str, float]]) -> float:
    """Return the threshold of the best accuracy among those that reject 85% of foreign messages, else of the best sum."""
    places = [step / 100 for step in range(96)]
    figures = {place: product_accuracy(expected, predicted, place) for place in places}
    enough = [place for place in places if figures[place][1] >= 0.85]
    if enough:
        return max(enough, key=lambda place: figures[place][0])
    return max(places, key=lambda place: sum(figures[place]))


def compare(name: str, folds: int, used: int) -> dict[str, Any]:
    """Return one pipeline's figures."""
    lines = training_lines()
    fold_of = folds_of(lines, folds)
    expected: list[str] = []
    predicted: list[tuple[str, float]] = []
    for fold in range(min(folds, used)):
        train = [line for line, of in zip(lines, fold_of, strict=True) if of != fold]
        test = [line for line, of in zip(lines, fold_of, strict=True) if of == fold]
        result = in_process(
            {"pipeline": name, "train": train, "predict": {"fold": [line["text"] for line in test]}}
        )
        expected += [line["intent"] for line in test]
        predicted += result["predictions"]["fold"]
    groups = {"dev": read_lines(DEVELOPMENT), "held_out": read_lines(HELD_OUT)}
    whole = in_process(
        {
            "pipeline": name,
            "train": lines,
            "predict": {group: [line["text"] for line in found] for group, found in groups.items()},
        }
    )
    gold = {group: [line["intent"] for line in found] for group, found in groups.items()}
    threshold = best_threshold(gold["dev"], whole["predictions"]["dev"])
    return {
        "cv_accuracy": sum(
            name == intent for intent, (name, _) in zip(expected, predicted, strict=True)
        )
        / len(expected),
        "cv_calibration_error": calibration_error(expected, predicted),
        "cv_rejection_auc": rejection_auc(expected, predicted),
        "threshold": threshold,
        "dev": product_accuracy(gold["dev"], whole["predictions"]["dev"], threshold),
        "held_out": product_accuracy(gold["held_out"], whole["predictions"]["held_out"], threshold),
        "held_out_calibration_error": calibration_error(
            gold["held_out"], whole["predictions"]["held_out"]
        ),
        **{key: whole[key] for key in ("train_seconds", "ms", "megabytes", "peak_mb")},
    }


def main() -> None:
    """Compare and print one JSON object a pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument(
        "--use-folds", type=int, default=99, help="stop after so many folds (DIET takes long)"
    )
    parser.add_argument("--only", nargs="*", default=list(PIPELINES), choices=list(PIPELINES))
    parser.add_argument("--job", nargs=2, type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.job:
        source, target = wanted.job
        target.write_text(json.dumps(run_one(json.loads(source.read_text()))))
        return
    for name in wanted.only:
        print(
            json.dumps({"pipeline": name, **compare(name, wanted.folds, wanted.use_folds)}),
            flush=True,
        )


if __name__ == "__main__":
    main()
