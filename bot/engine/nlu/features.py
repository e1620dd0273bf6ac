"""What of a message the intent model sees: the folded text, with numbers, phones and addresses as one token each."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.nlu.concepts import concepts
from bot.engine.nlu.folding import fold

_MASKS = (
    (re.compile(r"\S+@\S+\.\w+"), " zmail "),
    (re.compile(r"https?://\S+|\bwww\.\S+|\b\w+\.(?:kz|ru|com|me)\b\S*"), " zlink "),
    (re.compile(r"(?<!\w)@\w{3,}"), " znick "),
    (
        re.compile(r"(?<![\w])\+?[78]?[\s(.-]*\d{3}[\s).-]*\d{3}[\s.-]*\d{2}[\s.-]*\d{2}(?!\d)"),
        " zphone ",
    ),
    (re.compile(r"\b\d{1,2}[:.]\d{2}\b"), " ztime "),
    (re.compile(r"\d{5,}"), " zlong "),
    (re.compile(r"\d+"), " znum "),
)
_SPACES = re.compile(r"\s+")
_PUNCTUATION = re.compile(r"([?!])\1*")


@lru_cache(maxsize=16)
def masked(text: str) -> str:
    """Return the folded text in which every phone, e-mail, link, time and number is one token of its kind."""
    for pattern, token in _MASKS:
        text = pattern.sub(token, text)
    spaced = _PUNCTUATION.sub(r" \1 ", fold(text))
    return _SPACES.sub(" ", spaced).strip()


def concept_text(text: str) -> str:
    """Return the concepts of a text, its rough length, and how it ends, as words."""
    folded = masked(text)
    count = folded.count(" ") + 1
    length = next(
        name
        for name, most in (("l1", 1), ("l2", 2), ("l4", 4), ("l8", 8), ("l16", 16), ("l99", 10**6))
        if count <= most
    )
    return " ".join([length, *concepts().find(folded)])


@dataclass(frozen=True)
class View:
    """One way to look at a text.

    Attributes:
        text: Turns a message into what the vectorizer counts.
        settings: Settings of the vectorizer.
        weight: Weight of the view beside the others.
    """

    text: Callable[[str], str]
    settings: dict[str, Any]
    weight: float = 1.0

    def vectorizer(self, vocabulary: list[str] | None = None) -> TfidfVectorizer:
        """Return an untrained vectorizer, or one with a known vocabulary, in its order."""
        return TfidfVectorizer(
            **self.settings,
            sublinear_tf=True,
            lowercase=False,
            dtype=np.float32,
            vocabulary=vocabulary,
        )


VIEWS: dict[str, View] = {
    "letters": View(masked, {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 2}),
    "concepts": View(
        concept_text, {"token_pattern": r"\S+", "ngram_range": (1, 2), "min_df": 2}, 0.35
    ),
    "words": View(masked, {"token_pattern": r"\S+", "ngram_range": (1, 2), "min_df": 1}, 0.7),
}
