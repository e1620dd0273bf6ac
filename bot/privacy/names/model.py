"""Finding names with the trained model."""

import re
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pycrfsuite

from bot.privacy.names.features import features
from bot.privacy.names.second_look import names_at
from bot.privacy.names.tokens import Token, tokenize

MODEL = Path(__file__).resolve().parents[3] / "models" / "privacy" / "names.crfsuite"
BEGIN, INSIDE, OUTSIDE = "B", "I", "O"
_TITLE_BEFORE = re.compile(r"Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Madam", re.IGNORECASE)

# The tagger holds the message it was set to: another thread in between would get its names from somebody else's words.
_one_at_a_time = threading.Lock()


class NamesModelMissingError(RuntimeError):
    """The model was not trained yet: `make setup` trains it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a name stands in a text: from `start` up to, without, `end`."""

    start: int
    end: int


def find_people(text: str) -> list[Span]:
    """Return where people are named in a message in Russian, Kazakh or English, in order, none overlapping.

    Raises:
        NamesModelMissingError: there is no trained model.
    """
    tokens = tokenize(text)
    if not any(token.is_word for token in tokens):
        return []
    found, evidence = features(tokens)
    with _one_at_a_time:
        tagger = _tagger()
        tagger.set(found)
        chances = [
            (tagger.marginal(BEGIN, place), tagger.marginal(INSIDE, place))
            for place in range(len(tokens))
        ]
    named = names_at(tokens, evidence, [begin + inside for begin, inside in chances])
    tags = [
        _tag(tokens, named, place, begins=begin >= inside)
        for place, (begin, inside) in enumerate(chances)
    ]
    return _spans(tokens, tags)


def _tag(tokens: list[Token], named: list[bool], place: int, *, begins: bool) -> str:
    if not named[place]:
        return OUTSIDE
    goes_on = place > 0 and named[place - 1]
    # A dot or hyphen in the middle of a name begins none, nor does what stands behind it.
    if goes_on and not (tokens[place].is_word and tokens[place - 1].is_word):
        return INSIDE
    return BEGIN if begins else INSIDE


def _spans(tokens: list[Token], tags: list[str]) -> list[Span]:
    runs: list[range] = []
    previous = OUTSIDE
    for place, tag in enumerate(tags):
        if tag == INSIDE and previous != OUTSIDE:
            runs[-1] = range(runs[-1].start, place + 1)
        elif tag != OUTSIDE:
            runs.append(range(place, place + 1))
        previous = tag
    trimmed = (_trimmed(run, tokens) for run in runs)
    return _joined([_with_title(run, tokens) for run in trimmed if run])


def _joined(spans: list[Span]) -> list[Span]:
    """Return the spans with overlapping ones made one: a title may have been found by itself as well."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start < joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return joined


def _with_title(run: range, tokens: list[Token]) -> Span:
    """Return the span of a run of tokens with a title that stands right before it: Mr. Brown."""
    first, last = run[0], run[-1]
    before = first - 2 if first > 1 and tokens[first - 1].text == "." else first - 1
    if before >= 0 and _TITLE_BEFORE.fullmatch(tokens[before].text):
        first = before
    return Span(tokens[first].start, tokens[last].end)


def _trimmed(run: range, tokens: list[Token]) -> range:
    """Return the run without signs at its ends, but for the dot of an initial; empty when no letter is left."""
    while run and not tokens[run[0]].is_word:
        run = run[1:]
    while run and not tokens[run[-1]].is_word:
        if tokens[run[-1]].text == "." and len(run) > 1 and len(tokens[run[-2]].text) == 1:
            break
        run = run[:-1]
    return run


@cache
def _tagger() -> pycrfsuite.Tagger:
    if not MODEL.exists():
        raise NamesModelMissingError(
            f"There is no model to find names with at {MODEL}. Run `make setup`, or `python -m bot.privacy.names.train`."
        )
    tagger = pycrfsuite.Tagger()
    tagger.open(str(MODEL))
    return tagger
