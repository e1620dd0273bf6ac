"""Training the model that finds names: `python -m bot.privacy.names.train`. Offline; the same every time."""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pycrfsuite

from bot.privacy.names.corpus.segments import Message
from bot.privacy.names.corpus.sentences import Sentences
from bot.privacy.names.features import features
from bot.privacy.names.model import BEGIN, INSIDE, MODEL, OUTSIDE
from bot.privacy.names.tokens import tokenize

_SEED = 20
_MESSAGES = 28_000
_ROUNDS = 70
# Shares of words that are shown to the training as if no list had them, or as if they had not been met: chats are full of
# such words, the training messages are not.
_UNKNOWN_WORDS, _UNKNOWN_NAMES, _UNMET = 0.15, 0.08, 0.7
# Share of names that are shown as ordinary words of the dictionary: what surrounds them must tell.
_DOUBTED_NAMES = 0.03


def train(path: Path, *, messages: int = _MESSAGES, rounds: int = _ROUNDS) -> None:
    """Write a trained model to `path`, complete or not at all."""
    rng = random.Random(_SEED)  # noqa: S311 - nothing secret is drawn
    sentences = Sentences(rng)
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(
        {"c1": 0.4, "c2": 0.3, "max_iterations": rounds, "feature.possible_transitions": True}
    )
    for message in sentences.every_plain():
        _learn(trainer, message, rng)
    for _ in range(messages):
        _learn(trainer, sentences.draw(), rng)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    trainer.train(str(unfinished))
    unfinished.replace(path)


def _learn(trainer: pycrfsuite.Trainer, message: Message, rng: random.Random) -> None:
    text = "".join(piece.text for piece in message)
    tokens = tokenize(text)
    if not tokens:
        return
    names = list(_names(message))
    tags = []
    for token in tokens:
        span = next((span for span in names if span[0] <= token.start < span[1]), None)
        tags.append(OUTSIDE if span is None else BEGIN if token.start == span[0] else INSIDE)
    unknown, unmet, doubted = set(), set(), set()
    for place, tag in enumerate(tags):
        draw = rng.random()
        if draw < (_UNKNOWN_WORDS if tag == OUTSIDE else _UNKNOWN_NAMES):
            unknown.add(place)
        elif draw < _UNMET:
            unmet.add(place)
        if tag != OUTSIDE and rng.random() < _DOUBTED_NAMES:
            doubted.add(place)
    found, _ = features(tokens, unknown=unknown, unmet=unmet, doubted=doubted)
    trainer.append(found, tags)


def _names(message: Message) -> Iterator[tuple[int, int]]:
    end = 0
    for piece in message:
        start, end = end, end + len(piece.text)
        if piece.name:
            yield start + len(piece.text) - len(piece.text.lstrip()), end


def main() -> None:
    """Train and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    arguments = parser.parse_args()
    began = time.monotonic()
    train(arguments.model)
    size = arguments.model.stat().st_size / 1e6
    sys.stdout.write(
        f"Trained {arguments.model} ({size:.1f} MB) in {time.monotonic() - began:.0f} s.\n"
    )


if __name__ == "__main__":
    main()
