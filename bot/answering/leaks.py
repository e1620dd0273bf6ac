"""What an answer must not hold, whatever the model was talked into: foreign markers, and the prompt itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.answering.prompt import CANARY
from bot.knowledge.letters import words
from bot.privacy.markers import find_markers

SHINGLE = 8
"""So many words in a row of the prompt are no accident."""


def foreign_markers(text: str, sent: Iterable[str], masking: Any) -> list[str]:
    """Return the markers of a model's text that the prompt did not hold.

    The conversation's book knows more values than one prompt shows, and what was not shown cannot be told by right.

    Args:
        text: the model's, markers in place.
        sent: the prompt's messages, masked.
        masking: the conversation's.
    """

    def values(of: str) -> dict[str, str]:
        spans = [of[start:end] for start, end in find_markers(of)]
        return {span: masking.restore(span).text for span in spans}

    shown = {value for message in sent for value in values(message).values() if value}
    return [span for span, value in values(text).items() if not value or value not in shown]


def tells_prompt(text: str, secret: str, public: Sequence[str]) -> bool:
    """Tell whether a text repeats the system prompt.

    Args:
        text: the model's.
        secret: the system prompt, masked.
        public: passages and messages: what stands there too is no secret.
    """
    if CANARY in text:
        return True
    known = _shingles(secret) - {shingle for other in public for shingle in _shingles(other)}
    return bool(known & _shingles(text))


def _shingles(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + SHINGLE]) for start in range(len(found) - SHINGLE + 1)}
