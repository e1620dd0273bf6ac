"""Training: the same every time, from messages whose names are marked where they stand."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bot.privacy.names.corpus.segments import Segment, disturbed
from bot.privacy.names.corpus.sentences import Sentences

ROOT = Path(__file__).parents[4]
SMALL = "from pathlib import Path; from bot.privacy.names.train import train; train(Path({!r}), messages=60, rounds=3)"


def test_training_twice_makes_the_same_model(tmp_path: Path) -> None:
    models = []
    for seed in ("1", "2"):  # the order of sets must not matter
        path = tmp_path / seed / "names.crfsuite"
        subprocess.run(
            [sys.executable, "-c", SMALL.format(str(path))],
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        models.append(path.read_bytes())
        assert [file.name for file in path.parent.iterdir()] == ["names.crfsuite"]
    assert models[0] == models[1]


@pytest.fixture(scope="module")
def sentences() -> Sentences:
    return Sentences(random.Random(5))


def test_messages_with_and_without_names_come_in_fair_shares(sentences: Sentences) -> None:
    drawn = [sentences.draw() for _ in range(1000)]
    with_names = sum(any(piece.name for piece in message) for message in drawn)
    assert 400 < with_names < 800
    assert not any(piece.text == "" for message in drawn for piece in message)
    assert len({"".join(piece.text for piece in message) for message in drawn}) > 950


def test_no_slot_of_a_carrier_is_left_unfilled(sentences: Sentences) -> None:
    for _ in range(2000):
        text = "".join(piece.text for piece in sentences.draw())
        assert "{" not in text
        assert "[" not in text


def test_disturbing_keeps_what_is_a_name(sentences: Sentences) -> None:
    rng = random.Random(7)
    message = (Segment("это "), Segment("Айгүл Серікқызы", name=True), Segment(", добрый день!"))
    for _ in range(200):
        names = [piece.text for piece in disturbed(message, rng) if piece.name]
        assert len(names) == 1
        assert len(names[0].split()) == 2
